"""What marks of ownership do to a plan, on values."""

from dataclasses import replace

import pytest

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.ownership import Ownership
from reconciler.model.settings import RiskClass
from reconciler.plan.agreement import asks_nothing
from reconciler.plan.changes import TagChange
from reconciler.plan.customer import plan_customer
from reconciler.plan.ownership import is_mark, is_ours
from reconciler.plan.store_rules import StoreRules
from tests.builders import desired, live, out, rules, tags

MARKS = Ownership(tag="ours", foreign=("*ours", "theirs"))
MARK = FieldPath("tags", "ours")
HIDDEN = frozenset({"tags"})


def judging(*releases: str) -> StoreRules:
    return rules("shopline", *releases, ownership=MARKS)


def planned(
    entry: DesiredCustomer, record: LiveCustomer | None, *releases: str
) -> tuple[list[str], list[str]]:
    """The fields that change, and the rules that speak."""
    found = plan_customer(entry, record, judging(*releases))
    fields = found.change.fields if found.change is not None else ()
    return [str(one.path) for one in fields], [one.rule for one in found.verdicts]


@pytest.mark.parametrize("entry", [desired(), desired(tags=tags("vip", exact=True))])
def test_whoever_is_made_bears_our_mark(entry: DesiredCustomer) -> None:
    found = plan_customer(entry, None, judging()).change
    assert found is not None
    (mark,) = (one for one in found.fields if isinstance(one, TagChange) and one.claims)

    assert (mark.path, mark.risk, mark.delta.added) == (MARK, RiskClass.CREATE, ("ours",))


def test_a_store_without_a_mark_puts_none_on() -> None:
    found = plan_customer(desired(claims=True), None, rules()).change

    assert found is not None
    assert not any(isinstance(one, TagChange) for one in found.fields)


def test_a_stranger_gets_no_mark_and_a_claimed_one_does() -> None:
    record = live(first_name="Ada")
    named = desired(first_name="Grace")

    assert planned(named, record) == (["first_name"], [])
    assert planned(replace(named, claims=True), record) == (["first_name", "tags[ours]"], [])
    assert planned(desired(claims=True), live(tags=("Ours",))) == ([], [])


def test_a_claim_is_a_change_of_tags() -> None:
    found = plan_customer(desired(claims=True), live(), judging()).change

    assert found is not None
    assert found.classes == (RiskClass.TAG,)


@pytest.mark.parametrize("mark", ["ours", "OURS"])
def test_an_exact_list_leaves_our_mark_alone(mark: str) -> None:
    entry = desired(tags=tags("vip", exact=True))

    assert planned(entry, live(tags=("vip", mark))) == ([], [])
    assert asks_nothing(entry, live(tags=("vip", mark)), judging())
    change = plan_customer(entry, live(tags=("old", mark)), judging()).change
    assert change is not None
    (only,) = change.fields
    assert isinstance(only, TagChange)
    assert (only.delta.added, only.delta.removed) == (("vip",), ("old",))


def test_whoever_lacks_a_mark_that_is_claimed_is_looked_at_closely() -> None:
    entry = desired(claims=True)

    assert not asks_nothing(entry, live(), judging())
    assert asks_nothing(entry, live(tags=("ours",)), judging())
    assert asks_nothing(entry, live(), rules())


def test_whoever_bears_the_mark_of_others_is_held_but_for_opt_outs() -> None:
    entry = desired(
        first_name="Grace", tags=tags("vip"), claims=True, consent={"email": "unsubscribed"}
    )
    record = live(tags=("theirs", "ours"), consent={"email": "subscribed"})

    fields, said = planned(entry, record)
    assert (fields, said) == (["consent.email"], ["ownership.foreign"])
    fields, said = planned(entry, record, "ownership.foreign")
    assert fields == ["consent.email", "first_name", "tags"]
    assert said == ["ownership.foreign"]


@pytest.mark.parametrize("mark", ["theirs", "not-ours"])
def test_a_delete_of_whom_others_have_marked_is_held(mark: str) -> None:
    entry = desired(absent=True, consent={"sms": "unsubscribed"})
    record = live(phone="+8613800138000", tags=(mark,), consent={"sms": "subscribed"})

    assert planned(entry, record) == (["consent.sms"], ["ownership.foreign"])
    assert planned(entry, record, "ownership.foreign")[0] == ["consent.sms", "customer"]


def test_nothing_is_said_of_marks_where_nothing_would_change() -> None:
    assert planned(desired(), live(tags=("theirs",))) == ([], [])
    assert planned(desired(consent={"email": "unsubscribed"}), live(tags=("theirs",)))[1] == []
    assert asks_nothing(desired(), live(tags=("theirs",)), judging())


def test_the_mark_of_others_is_not_ours_to_take_off_even_when_released() -> None:
    change = plan_customer(
        desired(tags=tags(exact=True)),
        live(tags=("theirs", "old")),
        judging("ownership.foreign"),
    ).change

    assert change is not None
    assert [one.delta.removed for one in change.fields if isinstance(one, TagChange)] == [("old",)]


def test_tags_that_nobody_tells_may_hold_the_mark_of_others() -> None:
    record = live(unreadable=HIDDEN, consent={"email": out()})

    assert planned(desired(first_name="Grace"), record) == ([], ["ownership.foreign"])
    own = rules(ownership=Ownership(tag="ours"))
    change = plan_customer(desired(first_name="Grace"), record, own).change
    assert change is not None
    assert [str(one.path) for one in change.fields] == ["first_name"]


def test_a_claim_of_somebody_whose_tags_are_hidden_is_told() -> None:
    assert planned(desired(claims=True), live(unreadable=HIDDEN)) == ([], ["read.unreadable"])
    assert not is_ours(live(tags=("ours",), unreadable=HIDDEN), judging().store)
    assert is_ours(live(tags=("ours",)), judging().store)


def test_a_mark_with_a_personal_shape_is_known_by_its_alias() -> None:
    judged = rules(ownership=Ownership(tag="ada@example.com"))
    shown = judged.pseudonyms.path(FieldPath("tags", "ada@example.com"))

    assert shown.member != "ada@example.com"
    assert is_mark(shown, judged)
    assert not is_mark(FieldPath("tags"), judged)
