"""A few updates that one writer sends one after the other and then reads back at once.

Each is decided on a record read before, noted before it is sent, and judged by its own record, as
any update. Whatever is not plain from the common reading is read alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from reconciler.apply.left_open import left_open
from reconciler.apply.proofs import Proofs
from reconciler.apply.reread import SHARING, tells_all
from reconciler.apply.update import Ground, Update
from reconciler.apply.write_step import PASSING, TRIES, Tried
from reconciler.errors import PlatformError, StoreStopped
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import ConsentState
from reconciler.model.customer import LiveCustomer
from reconciler.plan.changes import AddressChange
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step
from reconciler.platforms.base import Reader

_NO: Final = (ConsentState.UNSUBSCRIBED, ConsentState.NOT_SUBSCRIBED)
_NOT_YET: Final = "it was not read back"


@dataclass(slots=True, kw_only=True)
class Deferred:
    """An update that is read back later where that is safe: `sent` is what it was written from
    then, and the outcome of the loop says no more than that.
    """

    tries: ClassVar[int] = TRIES
    passing: ClassVar[tuple[type[PlatformError], ...]] = PASSING
    sent_before: ClassVar[bool] = False

    update: Update
    sent: Ground | None = None

    @property
    def step(self) -> Step:
        return self.update.step

    def look(self, tried: Tried) -> Ground | StepOutcome:
        return self.update.look(tried)

    def allowed(self, ground: Ground) -> bool:
        return self.update.allowed(ground)

    def send(self, ground: Ground) -> None:
        self.update.send(ground)

    def check(self, ground: Ground) -> StepOutcome:
        if not may_wait(self.step, ground, self.update.rules.table, self.update.proofs):
            return self.update.check(ground)
        self.sent = ground
        return StepOutcome(step=self.step, state=State.UNVERIFIED, message=_NOT_YET)

    def after_error(self, error: PlatformError, ground: Ground, tried: Tried) -> None:
        self.update.after_error(error, ground, tried)


def may_wait(step: Step, ground: Ground, table: Capabilities, proofs: Proofs) -> bool:
    """Whether the reading back of a write may come after a few more writes.

    Never where it grants, or where a *yes* goes along or may be raised by being left out; and only
    where such a write was read back alone without costing any of what this customer has.
    """
    live, written = ground.live, ground.found.write
    if step.kind not in SHARING or any(one.moves for one in step.fields):
        return False
    if any(isinstance(one, AddressChange) for one in written):
        return False  # more than one request on some platforms
    if table.apart & {one.path.name for one in written}:
        return False
    sent = {one.path.channel for one in written}
    others = [one for channel, one in live.consents if channel not in sent]
    if table.resends_consent and not all(one.state in _NO for one in others):
        return False
    return tells_all(live) and proofs.cover(step.kind, written, live)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one reading of several customers tells; `stopped` where the store is to be left."""

    records: dict[str, LiveCustomer]
    stopped: StoreStopped | None = None


def read_together(client: Reader, waiting: Sequence[Deferred]) -> Shown:
    if len(waiting) < 2:
        return Shown(records={})
    try:
        return Shown(records=client.read_many(one.update.remote_id for one in waiting))
    except StoreStopped as error:
        return Shown(records={}, stopped=error)
    except PlatformError:
        return Shown(records={})  # each is read alone then, and tells what is wrong


def settled(deferred: Deferred, shown: Shown) -> StepOutcome:
    """What became of a write that was sent."""
    update, ground = deferred.update, deferred.sent
    assert ground is not None, "it was sent"  # noqa: S101
    if shown.stopped is not None:
        circuit, remote_id = update.circuit, update.remote_id
        return left_open(update.step, State.UNVERIFIED, shown.stopped, circuit, remote_id)
    back = shown.records.get(update.remote_id)
    outcome = update.shown(ground, back) if back is not None and tells_all(back) else None
    if outcome is not None:
        return outcome
    outcome = update.check(ground)
    plain = outcome.state.good and not outcome.collateral and outcome.noticed == ground.moved
    if shown.records and plain:
        update.proofs.distrust_lists()
    return outcome
