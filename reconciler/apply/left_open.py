"""A step of which something was sent, and an error came after."""

from collections.abc import Callable

from reconciler.apply.circuit import Circuit
from reconciler.errors import PlatformError
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step


def left_open(
    step: Step, state: State, error: PlatformError, circuit: Circuit, remote_id: str | None = None
) -> StepOutcome:
    """The outcome, which the error does not tell; it may still stop the store."""
    circuit.stop_for(error)
    return StepOutcome(step=step, state=state, remote_id=remote_id, message=error.message)


def verified(
    step: Step, remote_id: str, read_back: Callable[[], StepOutcome], circuit: Circuit
) -> StepOutcome:
    """A write that was answered well but cannot be read back is not called done."""
    try:
        return read_back()
    except PlatformError as error:
        return left_open(step, State.UNVERIFIED, error, circuit, remote_id)
