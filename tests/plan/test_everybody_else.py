"""Whom no entry names, and who bears a tag that nobody else is to bear, on values."""

from dataclasses import replace

import pytest

from reconciler.model.consent import Channel
from reconciler.model.customer import DesiredCustomer, LiveCustomer, ReadReceipt
from reconciler.model.entries import Entries
from reconciler.model.identity import IdentityKind
from reconciler.model.ownership import Ownership
from reconciler.model.settings import RiskClass
from reconciler.model.whole_tag import WholeTag
from reconciler.plan.changes import Change, TagChange
from reconciler.plan.everybody_else import entry_for, is_left_out
from reconciler.plan.match import Index
from reconciler.plan.plan import StorePlan
from reconciler.plan.planner import compute
from reconciler.plan.reading import LiveCounts, StoreReading
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.tag_watch import TagWatch
from tests.builders import MARK, desired, live, rules, tags

EXACT = WholeTag(name="vip", mark=MARK)
RETIRED = WholeTag(name="old", mark=replace(MARK, line=9), retired=True)
FULL = ReadReceipt(mode="full", complete=True)


def judging(
    *entries: DesiredCustomer, whole: tuple[WholeTag, ...] = (RETIRED, EXACT)
) -> StoreRules:
    return replace(
        rules(ownership=Ownership(foreign=("theirs",))),
        whole_tags=whole,
        entries=Entries.of(entries),
    )


def planned(judged: StoreRules, *people: LiveCustomer, receipt: ReadReceipt = FULL) -> StorePlan:
    index = Index(judged.entries, judged.comparison.region)
    counts = LiveCounts(watch=TagWatch(judged.comparison.owned, whole=judged.whole_tags))
    for one in people:
        counts.see(one)
        if not index.offer(one):
            counts.bearers.see(one, counts.watch)
    receipt = replace(receipt, read=len(people))
    read = StoreReading(index=index, census=counts, receipt=receipt, customers=len(people))
    return compute(read, judged, ())


def removed(change: Change) -> list[tuple[str, ...]]:
    assert all(isinstance(one, TagChange) for one in change.fields)
    return [one.delta.removed for one in change.fields if isinstance(one, TagChange)]


def test_a_stranger_loses_such_tags_and_nothing_else() -> None:
    found = planned(
        judging(desired(tags=tags("vip"))),
        live("1"),
        live("2", "cy@example.com", tags=("x", "VIP", "Old")),
        live("3", "dee@example.com", tags=("x",)),
    )

    ada, cy = sorted(found.changes, key=lambda one: one.remote_id or "")
    assert (cy.remote_id, cy.classes, removed(cy)) == ("2", (RiskClass.TAG,), [("Old", "VIP")])
    assert cy.mark == RETIRED.mark
    assert ada.remote_id == "1"
    assert found.verdicts == ()
    assert found.unchanged == 1


def test_the_line_is_that_of_a_document_whose_tag_is_borne() -> None:
    (change,) = planned(judging(), live("2", tags=("vip",))).changes

    assert change.mark == EXACT.mark


def test_a_tag_that_feeds_an_audience_is_withdrawn() -> None:
    judged = judging(whole=(EXACT,))
    judged = replace(
        judged, comparison=replace(judged.comparison, bearing=(("vip", Channel.EMAIL),))
    )

    (change,) = planned(judged, live("2", tags=("vip",))).changes
    assert change.classes == (RiskClass.WITHDRAW,)


@pytest.mark.parametrize(
    ("receipt", "rule"),
    [
        (ReadReceipt(mode="lookup", complete=True, blind=True), "read.unproven-absence"),
        (ReadReceipt(mode="since", complete=True, blind=True), "read.unproven-absence"),
        (ReadReceipt(mode="full", complete=False), "read.incomplete"),
    ],
)
def test_no_partial_reading_touches_a_stranger(receipt: ReadReceipt, rule: str) -> None:
    found = planned(judging(), live("2", tags=("vip", "old")), receipt=receipt)

    assert found.changes == ()
    assert [(one.rule, one.mark) for one in found.verdicts] == [
        (rule, EXACT.mark),
        (rule, RETIRED.mark),
    ]


@pytest.mark.parametrize(
    "record",
    [
        live("2", tags=("vip",), hidden=((IdentityKind.EMAIL, None),)),
        live("2", None, tags=("vip", "old"), unreadable=frozenset({"email"})),
    ],
)
def test_whoever_hides_who_they_are_may_be_a_member(record: LiveCustomer) -> None:
    found = planned(judging(desired("bea@example.com", tags=tags("vip"), creates=False)), record)

    assert found.changes == ()
    assert "read.masked" in [one.rule for one in found.verdicts]
    assert is_left_out(record, judging())


def test_a_retired_tag_has_no_members_and_is_taken_off_whoever_hides() -> None:
    record = live("2", tags=("old",), hidden=((IdentityKind.EMAIL, None),))

    (change,) = planned(judging(), record).changes
    assert removed(change) == [("old",)]
    assert not is_left_out(record, judging())


def test_tags_that_nobody_tells_are_told_of() -> None:
    found = planned(judging(whole=(EXACT,)), live("2", unreadable=frozenset({"tags"})))

    (verdict,) = found.verdicts
    assert verdict.rule == "read.unreadable"
    assert "the tags of 1 customer, and" in verdict.message


def test_whoever_may_be_meant_by_an_entry_that_is_unsure_keeps_the_tag() -> None:
    """Two records answer to one entry: one of them is the member, and nobody knows which."""
    entry = desired(phone="+8613800138000", tags=tags("vip"))
    found = planned(
        judging(entry),
        live("1", tags=("vip",)),
        live("2", "other@example.com", phone="+8613800138000", tags=("vip",)),
    )

    assert found.changes == ()
    assert [one.rule for one in found.verdicts] == ["identity.ambiguous"]


def test_the_mark_of_others_holds_a_stranger_too() -> None:
    found = planned(judging(), live("2", tags=("old", "theirs")))

    assert found.changes == ()
    assert [one.rule for one in found.verdicts] == ["ownership.foreign"]


def test_an_entry_for_a_stranger_is_found_again_by_number_alone() -> None:
    judged = judging()
    (change,) = planned(judged, live("2", tags=("vip",))).changes
    entry = entry_for("2", judged)

    assert entry is not None
    assert judged.pseudonyms.entry_alias(entry) == change.entry
    assert entry_for("2", judging(whole=())) is None


def test_a_stranger_whom_an_entry_names_by_now_is_left_to_it() -> None:
    record = live("2", "cy@example.com", tags=("vip",))

    assert not is_left_out(record, judging(desired()))
    assert is_left_out(record, judging(desired("Cy@example.com")))
    assert is_left_out(
        record, judging(desired("x@example.com", previously={"email": "cy@example.com"}))
    )
    assert is_left_out(record, judging(desired(None, id="2")))
    doubtful = live("2", None, phone="13800138000 ext 7", tags=("vip",))
    assert is_left_out(doubtful, judging(desired(None, phone="+8613800138000")))
    assert not is_left_out(doubtful, judging(desired(None, phone="+8613800138001")))
