"""Tags as documents: what follows for customers, and what makes no sense."""

from dataclasses import replace
from itertools import permutations

import pytest

from reconciler.diagnostics import Severity
from reconciler.model.managed import UNMANAGED
from reconciler.model.tags import TagIntent
from tests.desired.test_resolve import resolved, rules

ADA, BEA = "ada@example.com", "bea@example.com"
VIP = f"tags: [{{name: vip, exact: true, members: [{{email: {ADA}}}]}}]"


def intents_of(*texts: str) -> dict[str, TagIntent | None]:
    """What is wanted of tags, by address; there are no errors."""
    state, found = resolved(*texts)
    assert [one for one in found if one.severity is Severity.ERROR] == []
    return {
        one.identities[0].key: None if one.tags is UNMANAGED else one.tags
        for one in state.of("shop")
    }


def intents(*texts: str) -> dict[str, TagIntent | None]:
    """The same, all spelt out."""
    return {
        name: one and replace(one, absent=one.unwanted, sets=())
        for name, one in intents_of(*texts).items()
    }


def test_whoever_is_no_member_of_an_exact_tag_is_not_to_bear_it() -> None:
    assert intents(VIP, f"customers: [{{email: {ADA}}}, {{email: {BEA}}}]") == {
        ADA: TagIntent(present=("vip",)),
        BEA: TagIntent(absent=("vip",)),
    }


def test_members_of_all_entries_of_a_tag_count() -> None:
    more = f"tags: [{{name: VIP, members: [{{email: {BEA}}}]}}]"

    assert intents(VIP, more) == {
        ADA: TagIntent(present=("vip",)),
        BEA: TagIntent(present=("VIP",)),
    }


def test_whoever_is_to_be_gone_loses_no_tags() -> None:
    assert intents(VIP, f"customers: [{{email: {BEA}, state: absent}}]")[BEA] is None


def test_a_state_names_the_tags_that_are_a_matter_of_the_whole_store() -> None:
    state, _ = resolved(VIP, "tags: [{name: old, state: absent}, {name: plain}]")

    assert [(one.name, one.retired) for one in state.whole_tags_of("shop")] == [
        ("old", True),
        ("vip", False),
    ]
    assert state.whole_tags_of("other") == ()
    assert set(state.owned_by("shop")) == {"old", "plain", "vip"}


def test_a_renamed_tag_is_taken_off_its_members_alone() -> None:
    found = intents(
        f"tags: [{{name: vip, renamed_from: very, members: [{{email: {ADA}}}]}}]",
        f"customers: [{{email: {BEA}}}]",
    )

    assert found == {ADA: TagIntent(present=("vip",), absent=("very",)), BEA: None}
    state, _ = resolved("tags: [{name: vip, renamed_from: very}]")
    assert set(state.owned_by("shop")) == {"very", "vip"}


@pytest.mark.parametrize(
    ("until", "intent"),
    [
        ("2026-11-25T00:00:01Z", TagIntent(present=("trial",))),
        ("2026-11-25T00:00:00Z", TagIntent(absent=("trial",))),
        ("2026-11-25T07:59:00+08:00", TagIntent(absent=("trial",))),
    ],
)
def test_a_membership_ends_at_its_instant(until: str, intent: TagIntent) -> None:
    text = f'tags: [{{name: trial, members: [{{email: {ADA}, until: "{until}"}}]}}]'

    assert intents(text) == {ADA: intent}
    assert rules(text) == (["tags.member-ended"] if intent.absent else [])


def test_a_tag_whose_membership_has_ended_stays_where_another_entry_gives_it() -> None:
    ended = f'tags: [{{name: trial, members: [{{email: {ADA}, until: "2026-01-01T00:00:00Z"}}]}}]'

    assert intents(ended, f"customers: [{{email: {ADA}, tags: [trial]}}]") == {
        ADA: TagIntent(present=("trial",), exact=True)
    }


def test_whoever_gets_one_of_a_group_loses_the_others() -> None:
    found = intents(
        "tags: [{one_of: [gold, silver, bronze]}]",
        f"customers: [{{email: {ADA}, tags: {{add: [Silver]}}}}, {{email: {BEA}}}]",
    )

    assert found == {ADA: TagIntent(present=("Silver",), absent=("bronze", "gold")), BEA: None}


def test_of_a_group_only_what_is_ours_is_taken_off() -> None:
    owned = (
        "stores: {shop: {platform: shopline, shop: acme, token: {env: T}, "
        "tags: {owned: [gold, silver]}}}"
    )
    from reconciler.desired import schema_errors
    from reconciler.desired.files import SpecFile
    from tests.builders import state_of

    text = f"tags: [{{name: gold, one_of: [gold, silver, bronze], members: [{{email: {ADA}}}]}}]"
    documents = [
        schema_errors.read(SpecFile(name=f"{number}.yaml", content=one.encode()))[0]
        for number, one in enumerate((owned, text))
    ]
    state, found = state_of([one for one in documents if one is not None])

    assert found == []
    (ada,) = state.of("shop")
    assert isinstance(ada.tags, TagIntent)
    assert (ada.tags.present, ada.tags.unwanted) == (("gold",), ("silver",))


def test_two_of_a_group_are_refused_with_both_places() -> None:
    _, found = resolved(
        "tags: [{one_of: [gold, silver]}]",
        f"customers: [{{email: {ADA}, tags: {{add: [gold]}}}}]",
        f"tags:\n- name: silver\n  members:\n  - email: {ADA}\n",
    )

    (one,) = found
    assert one.rule == "tags.one-of"
    assert (one.mark.file, one.also and one.also.file) == ("3.yaml", "2.yaml")
    _, (one,) = resolved(
        "tags: [{one_of: [gold, silver]}]", f"customers: [{{email: {ADA}, tags: [gold, silver]}}]"
    )
    assert (one.mark.file, one.also and one.also.file) == ("2.yaml", "1.yaml")


def test_a_tag_that_is_exact_elsewhere_is_not_given_by_the_way() -> None:
    _, (one,) = resolved(VIP, f"customers: [{{email: {BEA}, tags: {{add: [Vip]}}}}]")

    assert one.rule == "tags.no-member"
    assert (one.mark.file, one.also and one.also.file) == ("2.yaml", "1.yaml")
    retired = "tags: [{name: vip, state: absent}]"
    assert rules(retired, f"customers: [{{email: {BEA}, tags: [vip]}}]") == ["tags.no-member"]
    assert rules(VIP, f"customers: [{{email: {ADA}, tags: [vip]}}]") == []


@pytest.mark.parametrize(
    "entry",
    [
        "{name: a, state: absent, members: [{email: ada@example.com}]}",
        "{name: a, state: absent, renamed_from: b}",
        "{name: a, exact: true}",
        "{name: a, exact: true, members: []}",
        "{name: a, renamed_from: A}",
        "{name: a, one_of: [b, c]}",
        "{one_of: [b, B]}",
        "{one_of: [b, c], members: [{email: ada@example.com}]}",
        "{one_of: [b, c], exact: true}",
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(entry: str) -> None:
    assert "tags.document" in rules(f"tags: [{entry}]")


def test_a_tag_is_not_retired_in_one_file_and_in_use_in_another() -> None:
    retired, used = "tags: [{name: a, state: absent}]", "tags: [{name: A, description: x}]"

    for texts in ((retired, used), (used, retired)):
        _, (one,) = resolved(*texts)
        assert one.rule == "tags.document"
        assert one.also is not None


@pytest.mark.parametrize(
    "entry", ["{name: a, exact: 1}", "{description: nameless}", "{one_of: [a]}"]
)
def test_the_schema_refuses_what_is_none(entry: str) -> None:
    (rule,) = rules(f"tags: [{entry}]")

    assert rule.startswith("schema.")


def test_whoever_stands_twice_in_a_document_is_told_also_after_the_end() -> None:
    text = (
        "tags: [{name: trial, renamed_from: test, members: [{email: ada@example.com}, "
        '{email: ADA@example.com, until: "2026-01-01T00:00:00Z"}]}]'
    )

    assert "identity.repeated" in rules(text)


def test_each_tag_that_looks_personal_is_told_once_for_a_customer() -> None:
    """Whoever bears one by a document is told of that, and of those that they are not to bear."""
    odd = "tags: [{name: x@example.com, state: absent}, {name: y@example.com, state: absent}]"
    own = f"tags: [{{name: z@example.com, exact: true, members: [{{email: {ADA}}}]}}]"
    _, found = resolved(odd, own, f"customers: [{{email: {BEA}}}]")

    told = [one.mark.file for one in found if one.rule == "personal.in-tag"]

    assert len(told) == 6
    assert len([file for file in told if file == "3.yaml"]) == 3


def test_the_order_of_groups_is_no_part_of_what_is_wanted() -> None:
    """Nor is it that one is said twice: entries that move between files ask for what they asked."""
    groups = [
        "tags: [{one_of: [gold, silver]}]",
        "tags: [{one_of: [b2b, b2c]}, {one_of: [a, B2C, b2b]}]",
    ]
    more = ["tags: [{name: old, state: absent}]", "tags: [{one_of: [Silver, gold]}]"]
    entry = f"customers: [{{email: {ADA}, tags: {{add: [gold, b2b]}}}}]"

    wanted = {intents_of(*told)[ADA] for told in permutations((*groups, *more, entry))}

    assert len(wanted) == 1
