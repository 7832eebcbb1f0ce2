"""The one loop that writes: look, decide, note the intent, send, judge, perhaps once more.

    ┌─▶ look ──▶ allowed ──▶ send ──▶ check ──▶ outcome
    │    └▶ outcome  └▶ left   │ error    │ not yet
    │                          ▼          │
    │                     after_error ──▶ outcome, or raised
    └────────── again ─────────┴──────────┘

A kind of write brings its decision and its check; the loop knows the errors, counts the tries, and
never forgets that something was sent whose answer was lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol, TypeVar

from reconciler.apply.circuit import Circuit
from reconciler.apply.left_open import left_open
from reconciler.errors import OutcomeUnknown, PlatformError, RateLimited, Unavailable
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step

TRIES: Final = 3
PASSING: Final = (RateLimited, OutcomeUnknown, Unavailable)
LOST: Final = "the answer was lost, and the run ended before it was looked up"

Ground = TypeVar("Ground")


class StoreLeft(Exception):
    """The step was not begun; why stands in the circuit, and is told once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How often it was sent in this run, and whether it was ever sent and the answer lost."""

    count: int = 0
    lost: bool = False


class Write(Protocol[Ground]):
    """`tries` is how often it is sent at most, `passing` the errors after which it is sent again.

    `sent_before` says that an earlier run sent it and never learned what became of it.
    """

    tries: ClassVar[int]
    passing: ClassVar[tuple[type[PlatformError], ...]]

    @property
    def step(self) -> Step: ...

    @property
    def sent_before(self) -> bool: ...

    def look(self, tried: Tried) -> Ground | StepOutcome:
        """What to write from, as read just now; an outcome where there is nothing to write."""
        ...

    def allowed(self, ground: Ground) -> bool:
        """Asked right before it is sent: what it notes is on disk then."""
        ...

    def send(self, ground: Ground) -> None: ...

    def check(self, ground: Ground) -> StepOutcome | None:
        """What an answered write did, as a reading shows it; None where it has to go again."""
        ...

    def after_error(self, error: PlatformError, ground: Ground, tried: Tried) -> StepOutcome | None:
        """What can be made of an error, perhaps by looking; None leaves it to the loop."""
        ...


def write_step(
    write: Write[Ground], circuit: Circuit, rest: Callable[[float], None]
) -> StepOutcome:
    """`rest` waits for so many seconds before another try.

    Raises `StoreLeft` where nothing was sent and nothing may be, and `PlatformError` where that is
    what became of the last try, or of the first look.
    """
    lost = write.sent_before
    for count in range(write.tries):
        try:
            ground = write.look(Tried(count=count, lost=lost))
        except PlatformError as error:
            if not lost:
                raise
            return left_open(write.step, State.UNKNOWN, error, circuit)
        if isinstance(ground, StepOutcome):
            return ground
        if not write.allowed(ground):
            if not lost:
                raise StoreLeft
            return StepOutcome(step=write.step, state=State.UNKNOWN, message=LOST)
        try:
            write.send(ground)
        except PlatformError as error:
            tried = Tried(count=count + 1, lost=lost or isinstance(error, OutcomeUnknown))
            outcome = _after_error(write, error, ground, tried, circuit)
            if outcome is None and isinstance(error, RateLimited):
                rest(error.retry_after or float(tried.count))
            lost = tried.lost
        else:
            outcome = write.check(ground)
        if outcome is not None:
            return outcome
    raise AssertionError("the last try returns or raises")


def _after_error(
    write: Write[Ground], error: PlatformError, ground: Ground, tried: Tried, circuit: Circuit
) -> StepOutcome | None:
    """The outcome where there is one already; None where another try is due."""
    try:
        outcome = write.after_error(error, ground, tried)
    except PlatformError as while_looking:
        if not tried.lost:
            raise
        return left_open(write.step, State.UNKNOWN, while_looking, circuit)
    if outcome is None and (tried.count == write.tries or not isinstance(error, write.passing)):
        raise error
    return outcome
