"""Unsubscribing at once whom a store subscribed by itself, in answer to a write of ours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from reconciler.apply.circuit import Circuit
from reconciler.apply.write_step import TRIES, Tried, write_step
from reconciler.clock import Clock
from reconciler.errors import OutcomeUnknown, PlatformError, StoreStopped, Unavailable
from reconciler.model.consent import Actor, Channel, ConsentState, Evidence, LiveConsent
from reconciler.model.customer import LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.patch import ConsentWrite, Patch
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step, grant_of
from reconciler.platforms.base import Writer
from reconciler.state.journal import JournalState

_YES: Final = (ConsentState.SUBSCRIBED, ConsentState.PENDING)
_OURS_WITHIN: Final = timedelta(minutes=2)
_PAUSE: Final = 1.0


@dataclass(slots=True, kw_only=True)
class Undo:
    """Goes on after Ctrl-C and without a note: it belongs to the write that did the harm.

    The record alone says whether it took, so any error but a stop is as good as an answer. `back`
    is the record as read last, `left` the channels that it still shows as subscribed.
    """

    tries: ClassVar[int] = TRIES + 1  # the last one only looks
    passing: ClassVar[tuple[type[PlatformError], ...]] = (PlatformError,)
    sent_before: ClassVar[bool] = False

    step: Step
    back: LiveCustomer
    left: tuple[Channel, ...]
    patch: Patch
    client: Writer
    clock: Clock
    circuit: Circuit

    def look(self, tried: Tried) -> LiveCustomer | StepOutcome:
        if not tried.count:
            return self.back
        try:
            self.back = self.client.read(self.back.remote_id) or self.back
        except PlatformError as error:
            return self._given_up(error)
        wanted = (channel for channel, _ in self.patch.consents)
        self.left = tuple(one for one in wanted if self.back.consent(one).state in _YES)
        return self.back if self.left and tried.count < TRIES else self._ended()

    def allowed(self, ground: LiveCustomer) -> bool:  # noqa: ARG002 -- whatever it shows
        return True

    def send(self, ground: LiveCustomer) -> None:
        self.client.update(ground, self.patch)

    def check(self, ground: LiveCustomer) -> None:
        """The next look tells."""

    def after_error(
        self,
        error: PlatformError,
        ground: LiveCustomer,  # noqa: ARG002 -- one signature for all kinds
        tried: Tried,  # noqa: ARG002
    ) -> StepOutcome | None:
        if isinstance(error, StoreStopped):
            return self._given_up(error)
        if isinstance(error, (OutcomeUnknown, Unavailable)):
            self.clock.sleep(_PAUSE)
        return None

    def _given_up(self, error: PlatformError) -> StepOutcome:
        self.circuit.stop(str(error))
        return self._ended()

    def _ended(self) -> StepOutcome:
        state = State.NOT_APPLIED if self.left else State.DONE
        return StepOutcome(step=self.step, state=state)


def take_out(
    step: Step,
    back: LiveCustomer,
    channels: tuple[Channel, ...],
    client: Writer,
    clock: Clock,
    circuit: Circuit,
) -> tuple[LiveCustomer, tuple[Channel, ...]]:
    """Unsubscribes right away; the record after it, and the channels that would not go.

    It never raises for the store's sake: what could not be taken back is for the report.
    """
    write = ConsentWrite(state=ConsentState.UNSUBSCRIBED, evidence=Evidence(at=clock.now()))
    undo = Undo(
        step=step,
        back=back,
        left=channels,
        patch=Patch(consents=tuple((one, write) for one in channels)),
        client=client,
        clock=clock,
        circuit=circuit,
    )
    write_step(undo, circuit, lambda _: clock.sleep(_PAUSE))
    return undo.back, undo.left


def settle_resubscription(
    step: Step,
    past: JournalState,
    remote_id: str,
    client: Writer,
    clock: Clock,
    circuit: Circuit,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is lost and what is noticed of a write that an earlier run was cut off after.

    Whoever said no right before it, and yes since, without an act of their own and without the
    opt-in of this plan, was subscribed by the store in answer to our write. Raises `PlatformError`.
    """
    intent = past.intended[step.id]
    if not intent.said_no:
        return (), ()
    live = client.read(remote_id)
    if live is None:
        return (), ()
    (live,), _ = client.with_actors((live,))
    given = _given(step, past)
    resubscribed = tuple(
        channel
        for channel in intent.said_no
        if FieldPath.of_consent(channel) not in given
        and _rose_by_us(live.consent(channel), intent.at)
    )
    if not resubscribed:
        return (), ()
    _, left = take_out(step, live, resubscribed, client, clock, circuit)
    names = " and ".join(resubscribed)
    if left:
        return (f"the rise of {names} could not be taken back",), ()
    return (), (f"the rise of {names} after the write that was cut off was taken back",)


def _given(step: Step, past: JournalState) -> frozenset[FieldPath]:
    """The consents that the step is to give, and those that this plan has given after it."""
    fields, grant = step.fields, grant_of(step.change)
    if grant is not None and past.done(grant):
        last = past.intended.get(grant.id)
        fields += grant.fields if last is not None and last.at > past.intended[step.id].at else ()
    return frozenset(one.path for one in fields if one.risk is RiskClass.GRANT or one.moves)


def _rose_by_us(now: LiveConsent, written_at: datetime) -> bool:
    told_later = now.at is not None and now.at > written_at + _OURS_WITHIN
    return now.state is ConsentState.SUBSCRIBED and (
        now.actor is not Actor.PERSON and not told_later
    )
