"""Steps that delete: only a customer who still bears the identities that the spec names."""

from reconciler.apply.bench import LOST, TRIES, Bench, StoreLeft
from reconciler.errors import (
    CustomerNotFound,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import CUSTOMER
from reconciler.plan.match import keys_of
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step


def delete(bench: Bench, step: Step, desired: DesiredCustomer, remote_id: str) -> StepOutcome:
    sent = False
    for attempt in range(1, TRIES + 1):
        bench.reserve_turn()
        try:
            live = bench.client.read(remote_id)
        except PlatformError as error:
            if not sent:
                raise
            return bench.failed(step, error, State.UNKNOWN, remote_id)
        if live is None:
            return _ended(step, State.ALREADY if attempt == 1 else State.DONE, remote_id)
        why = _moved(bench, desired, live)
        if why:
            return StepOutcome(step=step, state=State.STALE, message=why)
        if bench.over():
            if sent:
                return StepOutcome(step=step, state=State.UNKNOWN, message=LOST)
            raise StoreLeft
        bench.intend(step)
        try:
            bench.client.delete(remote_id)
        except CustomerNotFound:
            return _ended(step, State.DONE, remote_id)
        except Rejected as error:
            return StepOutcome(
                step=step,
                state=State.FAILED,
                remote_id=remote_id,
                message=f"{error.message}; customers with orders cannot be deleted",
            )
        except RateLimited as error:
            if attempt == TRIES:
                raise
            bench.rest(error.retry_after or float(attempt))
            continue
        except (OutcomeUnknown, Unavailable) as error:
            sent = sent or isinstance(error, OutcomeUnknown)
            if attempt == TRIES:
                raise
            continue
        return _confirmed(bench, step, remote_id)
    raise AssertionError("the last try returns or raises")


def _moved(bench: Bench, desired: DesiredCustomer, live: LiveCustomer) -> str:
    """Why this is no longer a customer to delete; empty where it is one."""
    if not _still_named(bench, desired, live):
        return "the customer has another identity now"
    if bench.rules.table.keeps_with_orders and live.orders:
        return "the customer has orders by now"
    return ""


def _confirmed(bench: Bench, step: Step, remote_id: str) -> StepOutcome:
    """An answer is no proof: SHOPLINE answers the delete of an unknown id like any other."""
    try:
        gone = bench.client.read(remote_id) is None
    except PlatformError as error:
        return bench.failed(step, error, State.UNVERIFIED, remote_id)
    return _ended(step, State.DONE if gone else State.NOT_APPLIED, remote_id)


def _ended(step: Step, state: State, remote_id: str) -> StepOutcome:
    return StepOutcome(step=step, state=state, remote_id=remote_id, fields=((CUSTOMER, state),))


def _still_named(bench: Bench, desired: DesiredCustomer, live: LiveCustomer) -> bool:
    """Every identity that the entry gives and the store can tell must still agree."""
    keys = dict(keys_of(live, bench.rules.comparison.region))
    told = [one for one in desired.identities if one.kind in keys]
    return bool(told) and all(keys[one.kind] == one.key for one in told)
