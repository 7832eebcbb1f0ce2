"""The last looks before a delete, and before an opt-in of whom this plan created."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.cancellation import Cancellation
from reconciler.apply.recheck import Recheck, recheck
from reconciler.model.consent import Actor, Channel, LiveConsent
from reconciler.plan.outcome import ApplyResult, State
from reconciler.plan.steps import StepKind
from reconciler.sandbox import Fault, Sandbox
from reconciler.state.journal import OurWrites
from tests.apply.test_recheck import CONSENT, GRANT, approved
from tests.builders import live, out, rules, said
from tests.harness import opened, person, states

GONE = {"email": "ada@example.com", "state": "absent", "reason": "a duplicate"}


def deleted(folder: Path, meanwhile: Callable[[Sandbox], None], **how: Any) -> ApplyResult:
    """What becomes of an approved delete where something happens between plan and apply."""
    with opened(folder, "shopline", [person(id="7")]) as shop:
        shop.want(GONE)
        body = shop.plan()
        meanwhile(shop.box)
        result = shop.apply(body, **how)
        assert bool(shop.box.customers()) is not result.complete
        return result


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"email": "somebody@example.com"}, "the customer has another identity now"),
        ({"orders_count": 1}, "the customer has orders by now"),
    ],
    ids=["another address", "an order"],
)
def test_whoever_is_another_by_now_is_not_deleted(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    result = deleted(tmp_path, lambda box: box.edit("7", **change))

    assert states(result) == [State.STALE]
    assert result.stores[0].outcomes[0].message == why


def test_a_customer_who_is_gone_by_now_is_deleted_already(tmp_path: Path) -> None:
    assert states(deleted(tmp_path, lambda box: box.remove("7"))) == [State.ALREADY]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Fault("status", method="GET", path="customers", times=99, status=500), State.FAILED),
        (Fault("status", method="DELETE", times=99, status=429), State.FAILED),
        (Fault("status", method="DELETE", times=99, status=422), State.FAILED),
        (Fault("drop_before", method="DELETE", times=99), State.UNKNOWN),
    ],
    ids=["not readable", "too many requests", "refused", "never answered"],
)
def test_a_delete_that_does_not_come_through_is_told_as_far_as_it_is_known(
    tmp_path: Path, fault: Fault, state: State
) -> None:
    assert states(deleted(tmp_path, lambda box: box.fault(fault))) == [state]


def test_a_delete_is_not_begun_once_it_is_interrupted(tmp_path: Path) -> None:
    control = Cancellation()
    interrupting = Fault("edit_before", method="GET", edit=lambda _: control.interrupted.set())

    result = deleted(tmp_path, lambda box: box.fault(interrupting), control=control)

    assert states(result) == [State.NOT_REACHED]


def test_a_delete_that_cannot_be_read_back_is_told_so(tmp_path: Path) -> None:
    def blind(shop: Sandbox) -> None:
        shop.fault(Fault("status", method="GET", path="customers", times=99, status=500))

    with opened(tmp_path, "shopline", [person(id="7")]) as shop:
        shop.want(GONE)
        body = shop.plan()
        shop.box.fault(Fault("edit_after", method="DELETE", edit=blind))
        result = shop.apply(body)
        assert shop.box.customers() == []

    assert states(result) == [State.UNVERIFIED]


UNASKED = {Channel.EMAIL: said("not_subscribed"), Channel.SMS: said("not_subscribed")}


def after_our_create(now: LiveConsent, platform: str = "shopline") -> Recheck:
    """The opt-in of a newcomer whose create read back as never asked, and now reads so."""
    grant = next(one for one in approved(GRANT, None) if one.kind is StepKind.GRANT)
    own = OurWrites(before=None, after=UNASKED)
    return recheck(grant, GRANT, live(consent={"email": now}), own, rules(platform))


def test_a_newcomer_whom_nobody_touched_is_opted_in() -> None:
    assert [one.path for one in after_our_create(said("not_subscribed")).write] == [CONSENT]


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (said("subscribed"), State.ALREADY),
        (out(), State.OPTED_OUT),
        (said("pending"), State.STALE),
        (replace(said("not_subscribed"), actor=Actor.PERSON), State.STALE),
    ],
    ids=["opted in", "opted out", "waits", "the person said so"],
)
def test_a_newcomer_on_whom_somebody_acted_is_not_opted_in(now: LiveConsent, state: State) -> None:
    found = after_our_create(now)

    assert (found.write, found.settled) == ((), ((CONSENT, state),))


def test_a_newcomer_whose_consents_are_not_told_is_not_written_where_they_go_along() -> None:
    found = after_our_create(said("unknown"), "genstore")

    assert (found.write, found.settled) == ((), ((CONSENT, State.STALE),))
