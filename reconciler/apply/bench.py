"""What the steps of one store share while they are carried out, and when they have to stop."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from reconciler.apply.cancellation import Cancellation
from reconciler.clock import Clock
from reconciler.errors import JournalError, PlatformError, StoreStopped
from reconciler.model.consent import SAID_NO, Actor, ConsentState
from reconciler.model.customer import LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import Writer
from reconciler.state.journal import Event, Journal, JournalState, OurWrites
from reconciler.state.opt_outs import OptOuts

TRIES: Final = 3
LOST: Final = "the answer was lost, and the run ended before it was looked up"

_BAD_FIRST: Final = (
    State.UNKNOWN,
    State.FAILED,
    State.UNVERIFIED,
    State.NOT_APPLIED,
    State.OPTED_OUT,
    State.STALE,
    State.NOT_REACHED,
    State.PENDING,
    State.DONE,
    State.ALREADY,
)


class StoreLeft(Exception):
    """The reason stands in the bench and is told once."""


@dataclass(slots=True, kw_only=True)
class Bench:
    """`created` maps aliases of new customers to their ids, `made_before` those whom earlier plans
    made; `own` is what our writes left behind.

    `proven` says that an update of this run was read back without a loss; `reserve_turn` takes the
    turn of a write before the read that it rests on. `requests` counts them all, `own_requests`
    those of the calling thread. `audit` keeps what became of a step, `trail_stands` raises where it
    cannot. `rereads` are records read in a batch, with when that was.
    """

    client: Writer
    rules: StoreRules
    journal: Journal
    past: JournalState
    clock: Clock
    requests: Callable[[], int]
    own_requests: Callable[[], int]
    reserve_turn: Callable[[], None]
    control: Cancellation
    audit: Callable[[StepOutcome], None]
    trail_stands: Callable[[], None]
    opt_outs: OptOuts
    only: Collection[RiskClass] = ()
    made_before: Mapping[str, str] = field(default_factory=dict)
    created: dict[str, str] = field(init=False)
    own: dict[str, OurWrites] = field(init=False)
    stopped: str = ""
    proven: bool = False
    rereads: dict[str, tuple[LiveCustomer, float]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.created = dict(self.past.created)
        self.own = dict(self.past.own)

    def stop(self, why: str) -> None:
        """Nothing more is written to this store; the first reason is the one that is told."""
        with self.lock:
            self.stopped = self.stopped or why

    def intend(self, step: Step, live: LiveCustomer | None = None) -> None:
        """Notes that a write comes next. Raises `StoreLeft` where that cannot be noted.

        Some writes wash out who opted out, and some stores subscribe in answer to a write: what
        `live` says before it is noted as well.
        """
        consents = live.consents if live is not None else ()
        no = [channel for channel, one in consents if one.state in SAID_NO]
        out = [
            channel
            for channel, one in consents
            if one.state is ConsentState.UNSUBSCRIBED and one.actor is Actor.PERSON
        ]
        try:
            self.opt_outs.note(step.change.alias, out)
            self.journal.write(
                Event.INTENDED,
                step=step.id,
                customer=step.change.alias,
                said_no=no,
                out_by_person=out,
            )
        except JournalError as error:
            self.stop(str(error))
            raise StoreLeft from error

    def failed(
        self, step: Step, error: PlatformError, state: State, remote_id: str | None = None
    ) -> StepOutcome:
        """The outcome where an error came after something was sent."""
        if isinstance(error, StoreStopped):
            self.stop(str(error))
        return StepOutcome(step=step, state=state, remote_id=remote_id, message=error.message)

    def rest(self, seconds: float) -> None:
        self.control.rest(seconds, self.clock)

    def over(self) -> bool:
        """Asked right before every write."""
        control = self.control
        try:
            self.trail_stands()
        except JournalError as error:
            self.stop(str(error))
        if control.interrupted.is_set():
            return True
        if control.has_failed_too_often():
            self.stop(f"{control.failures} failures, as many as --max-failures allows")
        return bool(self.stopped)


def worst(fields: Iterable[tuple[FieldPath, State]]) -> State:
    return min((state for _, state in fields), key=_BAD_FIRST.index, default=State.DONE)


def told(fields: Iterable[tuple[FieldPath, State]], collateral: tuple[str, ...]) -> str:
    """In words: which fields did not take, and what our write cost."""
    parts = [f"{name}: {state}" for name, state in fields if not state.good]
    if collateral:
        parts.append(f"lost by our write: {'; '.join(collateral)}")
    return ", ".join(parts)
