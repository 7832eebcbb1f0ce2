"""Whether an approved change may still be written, on values."""

from datetime import UTC, datetime

import pytest

from reconciler.apply.recheck import Recheck, recheck
from reconciler.model.consent import Actor, Channel
from reconciler.model.customer import NOTHING_LEARNED, DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.plan.approved import (
    ApprovedChange,
    ApprovedField,
    ApprovedStore,
    change_digest,
    field_digest,
    stated_digest,
)
from reconciler.plan.changes import TagChange
from reconciler.plan.customer import plan_customer
from reconciler.plan.outcome import State
from reconciler.plan.steps import Step, StepKind, steps
from reconciler.state.journal import OurWrites
from tests.builders import desired, live, out, rules

RULES = rules("shopline")
CONSENT = FieldPath.of_consent(Channel.EMAIL)


def approved(entry: DesiredCustomer, record: LiveCustomer | None) -> tuple[Step, ...]:
    """The steps of what a plan of this entry and record approves."""
    change = plan_customer(entry, record, RULES).change
    assert change is not None
    found = ApprovedChange(
        store="shop",
        action=change.action,
        alias=change.alias,
        entry=change.entry,
        remote_id=change.remote_id,
        mark=change.mark,
        rank=0,
        fields=tuple(
            ApprovedField(
                path=RULES.pseudonyms.path(one.path),
                risk=one.risk,
                digest=field_digest(RULES.pseudonyms, "shop", change.alias, one),
                moves=getattr(one, "moves", False),
                stated=stated_digest(RULES.pseudonyms, "shop", change.alias, one),
                added=one.delta.added if isinstance(one, TagChange) else (),
                removed=one.delta.removed if isinstance(one, TagChange) else (),
            )
            for one in change.fields
        ),
        digest=change_digest(RULES.pseudonyms, change),
        seen=change.seen,
    )
    store = ApprovedStore(
        was_read=True, name="shop", blocked=False, learned=NOTHING_LEARNED, changes=(found,)
    )
    return steps(store, ())


def again(
    entry: DesiredCustomer, then: LiveCustomer, now: LiveCustomer, own: OurWrites | None = None
) -> Recheck:
    (step,) = approved(entry, then)
    return recheck(step, entry, now, own, RULES)


GRANT = desired(consent={"email": "subscribed"})
LEAVE = desired(consent={"email": "unsubscribed"})
OLD, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)


def test_what_stands_as_planned_is_written() -> None:
    found = again(desired(first_name="New"), live(first_name="Ada"), live(first_name="Ada"))

    assert [str(one.path) for one in found.write] == ["first_name"]
    assert found.settled == ()


@pytest.mark.parametrize(
    ("name", "state"), [("New", State.ALREADY), ("Somebody", State.STALE), (None, State.STALE)]
)
def test_what_moved_is_not_written(name: str | None, state: State) -> None:
    now = live(first_name=name) if name else live(unreadable=frozenset({"first_name"}))

    found = again(desired(first_name="New"), live(first_name="Ada"), now)

    assert (found.write, found.settled) == ((), ((FieldPath("first_name"), state),))


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (out(LATE, Actor.PERSON), State.OPTED_OUT),
        (out(), State.OPTED_OUT),
        ("subscribed", State.ALREADY),
        ("pending", State.PENDING),
        ("unknown", State.STALE),
    ],
)
def test_a_grant_is_decided_again(now: object, state: State) -> None:
    found = again(GRANT, live(), live(consent={"email": now}))

    assert (found.write, found.settled) == ((), ((CONSENT, state),))


@pytest.mark.parametrize("now", ["subscribed", "pending", "unknown"])
def test_a_withdrawal_is_carried_out_from_every_state(now: str) -> None:
    found = again(LEAVE, live(consent={"email": "subscribed"}), live(consent={"email": now}))

    assert [str(one.path) for one in found.write] == ["consent.email"]


def test_a_withdrawal_goes_to_whoever_hides_the_address_by_now() -> None:
    hidden = live("1", None, consent={"email": "subscribed"}, unreadable=frozenset({"email"}))

    assert again(LEAVE, live(consent={"email": "subscribed"}), hidden).write
    other = live("1", "b@example.com", consent={"email": "subscribed"})
    assert again(LEAVE, live(consent={"email": "subscribed"}), other).settled == (
        (CONSENT, State.STALE),
    )


def test_a_profile_is_not_written_to_whoever_hides_the_address() -> None:
    hidden = live("1", None, first_name="Ada", unreadable=frozenset({"email"}))

    found = again(desired(first_name="New"), live(first_name="Ada"), hidden)

    assert found.settled == ((FieldPath.parse("first_name"), State.STALE),)


def test_what_our_own_write_left_is_nobodys_act() -> None:
    before = {Channel.EMAIL: out(OLD, Actor.PERSON)}
    after = {Channel.EMAIL: out(LATE, Actor.STAFF)}
    planned = live(consent={"email": before[Channel.EMAIL]})
    now = live(consent={"email": after[Channel.EMAIL]})

    assert again(GRANT, planned, now).write == ()
    assert again(GRANT, planned, now, OurWrites(before=before, after=after)).write


def test_an_address_is_not_changed_while_it_is_subscribed() -> None:
    entry = desired("new@example.com", id="1", consent={"email": "unsubscribed"})
    record = live(consent={"email": "subscribed"})
    identity_step = next(one for one in approved(entry, record) if one.kind is StepKind.IDENTITY)

    assert recheck(identity_step, entry, record, None, RULES).settled == (
        (FieldPath.parse("email"), State.STALE),
    )
    left = live(consent={"email": out(LATE)})
    assert recheck(identity_step, entry, left, None, RULES).write
