"""What became of an apply, as values; every count is derived from these."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.field_path import FieldPath
from reconciler.plan.steps import Step, StepKind


class State(StrEnum):
    """`DONE`, `ALREADY` and `PENDING` are what was approved; the others leave something to do."""

    DONE = "done"
    ALREADY = "done already"
    PENDING = "pending at the platform"
    NOT_APPLIED = "not applied"
    UNVERIFIED = "unverified"
    STALE = "skipped: stale"
    OPTED_OUT = "skipped: opted out meanwhile"
    OUT_BEFORE = "skipped: opted out before"
    NOT_ASKED = "skipped: no longer asked for"
    FAILED = "failed"
    UNKNOWN = "outcome unknown"
    NOT_REACHED = "not reached"

    @property
    def good(self) -> bool:
        return self in (State.DONE, State.ALREADY, State.PENDING)

    @property
    def skipped(self) -> bool:
        """Whether no other run of the same plan gets any further."""
        return self in (State.STALE, State.OPTED_OUT, State.OUT_BEFORE, State.NOT_ASKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """An opt-out that a store has now: `opt_out` is the same in all stores of its controller, and
    `seconds` is how long after the person's act that was.
    """

    path: FieldPath
    opt_out: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """`fields` tells the worst state of each field; `message` never holds a personal value.

    `collateral` are losses that our own write caused, `noticed` edits by others that were seen.
    """

    step: Step
    state: State
    message: str = ""
    remote_id: str | None = None
    fields: tuple[tuple[FieldPath, State], ...] = ()
    collateral: tuple[str, ...] = ()
    noticed: tuple[str, ...] = ()
    silences: tuple[Silence, ...] = ()
    requests: int = 0

    @property
    def holds(self) -> bool:
        """Whether the store has what was approved, and nothing was lost for it."""
        return self.state.good and not self.collateral


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEnd:
    """Where a store's trail ends, to be noted elsewhere: how many lines, and the last seal."""

    store: str
    lines: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOutcome:
    """`stopped` says why the store was left before the end; empty where it was not."""

    store: str
    outcomes: tuple[StepOutcome, ...]
    stopped: str = ""
    requests: int = 0

    @property
    def complete(self) -> bool:
        return not self.stopped and all(one.holds for one in self.outcomes)

    @property
    def resumable(self) -> bool:
        """Whether the same plan may get further here in another run."""
        never = {
            one.step.change.alias
            for one in self.outcomes
            if one.state.skipped and one.step.kind is StepKind.CREATE
        }
        return any(
            bool(one.collateral)
            or not (
                one.state.good
                or one.state.skipped
                or (one.state is State.NOT_REACHED and one.step.change.alias in never)
            )
            for one in self.outcomes
        )

    def count(self, state: State) -> int:
        return sum(one.state is state for one in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """`trails` are those of every store of the plan that was read, with steps or without.

    `earlier` is when a run before this one ended with nothing left, so that nothing was done now;
    `left` are the steps of the plan that this run was not for.
    """

    plan_digest: str
    stores: tuple[StoreOutcome, ...]
    interrupted: bool = False
    earlier: datetime | None = None
    left: tuple[Step, ...] = ()
    trails: tuple[TrailEnd, ...] = ()

    @property
    def complete(self) -> bool:
        return all(store.complete for store in self.stores)

    @property
    def resumable(self) -> bool:
        """Whether the same plan may get further in another run: what was skipped stays skipped."""
        return any(store.resumable for store in self.stores)

    def count(self, state: State) -> int:
        return sum(store.count(state) for store in self.stores)
