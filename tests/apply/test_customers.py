"""Whom a plan has made and what its writes left, in memory and read again from the journal."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.apply.chain import continued
from reconciler.apply.customers import Customers
from reconciler.clock import system_clock
from reconciler.model.consent import Actor, Channel, LiveConsent
from reconciler.model.customer import LiveCustomer
from reconciler.plan.changes import FieldChange
from reconciler.plan.customer import plan_customer
from reconciler.plan.steps import StepKind
from reconciler.state.journal import Journal, JournalState, OurWrites, read
from tests.apply.test_recheck import RULES, approved
from tests.builders import desired, live, out, said

ENTRY = desired(consent={"email": "subscribed"})
NEVER, YES, NO = live(), live(consent={"email": "subscribed"}), live(consent={"email": out()})
(GRANT,) = approved(ENTRY, NEVER)
CREATE = replace(GRANT, kind=StepKind.CREATE, change=replace(GRANT.change, remote_id=None))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "plan.shop.jsonl", system_clock(), JournalState())
    yield made
    made.close()


def test_a_new_customer_is_ours_in_memory_and_on_disk(journal: Journal) -> None:
    customers = Customers(journal=journal, past=JournalState())
    customers.made(CREATE, "77")

    past = read(journal.path)
    assert customers.remote_id(CREATE.change) == "77"
    assert past.created == {CREATE.change.alias: "77"}
    assert past.own == {CREATE.change.alias: OurWrites(before=None, after={})}
    assert customers.writes(CREATE.change.alias) is None


def test_what_a_write_left_is_known_to_the_next_run(journal: Journal) -> None:
    left = OurWrites(before=dict(NEVER.consents), after=dict(YES.consents))
    Customers(journal=journal, past=JournalState()).wrote(GRANT, left)
    again = Customers(journal=journal, past=read(journal.path))

    assert again.writes(GRANT.change.alias) == left
    assert again.remote_id(GRANT.change) == "1"


def test_what_one_run_learns_stays_out_of_what_the_last_one_noted(journal: Journal) -> None:
    past = JournalState()
    Customers(journal=journal, past=past).made(CREATE, "77")

    assert (past.created, past.own) == ({}, {})


def _grant() -> tuple[FieldChange, ...]:
    change = plan_customer(ENTRY, NEVER, RULES).change
    assert change is not None
    return change.fields


BEFORE = dict(NEVER.consents)


@pytest.mark.parametrize(
    ("earlier", "back", "written", "expected"),
    [
        (None, YES, _grant(), OurWrites(before=BEFORE, after=dict(YES.consents))),
        (
            None,
            NO,
            _grant(),
            OurWrites(before={**BEFORE, Channel.EMAIL: out()}, after=dict(NO.consents)),
        ),
        (None, NO, (), OurWrites(before={**BEFORE, Channel.EMAIL: out()}, after=dict(NO.consents))),
        (
            OurWrites(before=dict(YES.consents), after=BEFORE),
            NEVER,
            (),
            OurWrites(before=dict(YES.consents), after=BEFORE),
        ),
        (
            OurWrites(before=dict(YES.consents), after={}),
            NEVER,
            (),
            OurWrites(before=BEFORE, after=BEFORE),
        ),
        (
            OurWrites(before=None, after=BEFORE),
            YES,
            _grant(),
            OurWrites(before=None, after=dict(YES.consents)),
        ),
        (
            OurWrites(before=None, after=BEFORE),
            NO,
            _grant(),
            OurWrites(before=None, after={Channel.SMS: said("not_subscribed")}),
        ),
    ],
    ids=[
        "a first write",
        "a no in answer to a grant is somebody's",
        "a state that moved is too",
        "the chain goes on",
        "a broken chain begins anew",
        "a customer of our own creation",
        "who opted out of what we created is no longer ours there",
    ],
)
def test_the_chain_of_our_writes(
    earlier: OurWrites | None,
    back: LiveCustomer,
    written: tuple[FieldChange, ...],
    expected: OurWrites,
) -> None:
    assert continued(earlier, NEVER, back, written, StepKind.GRANT) == expected


def test_a_persons_own_act_breaks_the_chain_though_the_state_is_the_same() -> None:
    by_person = LiveConsent(state=said("not_subscribed").state, actor=Actor.PERSON)
    back = live(consent={"email": by_person})

    found = continued(None, NEVER, back, (), StepKind.UPDATE)

    assert found.before == {**BEFORE, Channel.EMAIL: by_person}
