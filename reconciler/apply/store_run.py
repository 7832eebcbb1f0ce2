"""One store's steps to outcomes, kind after kind, each customer by itself.

Every write is decided on a record read just before. What a lost answer did is found out by reading,
never assumed; a loss that our own write caused stops the store before the next write.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from reconciler.apply.bearers import Bearers
from reconciler.apply.circuit import Circuit
from reconciler.apply.create import Create, may_be_ours
from reconciler.apply.customers import Customers
from reconciler.apply.delete import Delete
from reconciler.apply.notes import Notes
from reconciler.apply.pace import MOST_WRITERS, Pace
from reconciler.apply.reread import REREAD_LASTS, Rereads, can_share
from reconciler.apply.resubscription import settle_resubscription
from reconciler.apply.spread import spread
from reconciler.apply.update import Update, one_by_one
from reconciler.apply.write_step import StoreLeft, write_step
from reconciler.clock import Clock
from reconciler.errors import (
    JournalError,
    OutcomeUnknown,
    PlatformError,
    Rejected,
    StoreStopped,
)
from reconciler.model.customer import DesiredCustomer
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State, StepOutcome, StoreOutcome
from reconciler.plan.steps import Step, StepKind
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import Writer
from reconciler.platforms.http import Session
from reconciler.state.journal import JournalState

BATCHED: Final = (StepKind.WITHDRAW, StepKind.UPDATE)
_UPDATES: Final = (StepKind.WITHDRAW, StepKind.IDENTITY, StepKind.UPDATE, StepKind.GRANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRun:
    """Carries out the steps of one store; `entries` are its spec entries by alias, `whole` all
    steps that the plan has for it. `past` is what earlier runs of the plan noted, `made_before`
    whom earlier plans made: the store's names for them by alias.

    Steps go one by one until an update was read back without a loss, so that a store that does more
    than it was asked costs one record and not as many as there are threads.
    """

    client: Writer
    session: Session
    rules: StoreRules
    clock: Clock
    circuit: Circuit
    notes: Notes
    past: JournalState
    customers: Customers
    rereads: Rereads
    pace: Pace
    entries: Mapping[str, DesiredCustomer]
    made_before: Mapping[str, str]
    only: Collection[RiskClass]
    progress: Callable[[StepOutcome], None]
    whole: tuple[Step, ...]

    def run(self, steps: Iterable[Step]) -> StoreOutcome:
        steps = tuple(steps)
        self.notes.opened(len(steps))
        self.circuit.proven = not any(step.kind in _UPDATES for step in steps)
        outcomes: list[StepOutcome] = []
        with ThreadPoolExecutor(max_workers=MOST_WRITERS) as pool:
            for kind in StepKind:
                group = [step for step in steps if step.kind is kind]
                for rank in sorted({step.change.rank for step in group}):
                    batch = [step for step in group if step.change.rank == rank]
                    while batch and not self.circuit.proven:
                        outcomes.append(self._outcome(batch.pop(0)))
                    for part in self._parts(kind, batch):
                        if kind in BATCHED and self.rules.table.shares_rereads:
                            self._prefetch(part)
                        outcomes.extend(spread(pool, self._outcome, part, self.pace.writers))
        self.notes.closed(finished=self._finished(outcomes))
        return StoreOutcome(
            store=self.rules.store.name,
            outcomes=tuple(outcomes),
            stopped=self.circuit.stopped,
            requests=self.session.requests,
        )

    def _finished(self, outcomes: Iterable[StepOutcome]) -> bool:
        """Whether nothing of the whole plan is left, whatever part of it this run was for."""
        now = {one.step for one in outcomes if one.state.good and not one.collateral}
        left = (step for step in self.whole if step not in now and not self._was_done(step, now))
        return next(left, None) is None and not self.circuit.stopped

    def _was_done(self, step: Step, now: Collection[Step]) -> bool:
        """Whether earlier runs and this one have done all of its fields between them."""
        past = self.past
        if past.done(step):
            return True
        parts = {one.digest for done in now if done.id == step.id for one in done.fields}
        before = past.covered.get(step.id, set()) if step.id not in past.damaged else set()
        return bool(parts) and {one.digest for one in step.fields} <= parts | before

    def _parts(self, kind: StepKind, batch: list[Step]) -> Iterator[list[Step]]:
        """Steps whose customers can be read again at once and written while that is still true."""
        size = len(batch)
        if kind in BATCHED and self.rules.table.shares_rereads:
            rate = self.rules.store.rate
            soon = int(REREAD_LASTS * rate.per_second / 2) if rate else 1
            size = max(1, min(self.client.capabilities.ids_at_once, soon))
        for start in range(0, len(batch), size or 1):
            yield batch[start : start + size]

    def _prefetch(self, part: Iterable[Step]) -> None:
        """Reads customers again at once, where that saves a request."""
        wanted = [
            step.change.remote_id
            for step in part
            if step.change.remote_id is not None
            and self.customers.writes(step.change.alias) is None
            and not self.past.done(step)
            and can_share(step)
        ]
        if len(wanted) > 1 and not self.circuit.over():
            self.rereads.prefetch(wanted)

    def _outcome(self, step: Step) -> StepOutcome:
        if self.past.done(step):
            earlier = self.past.ended[step.id]
            outcome = StepOutcome(step=step, state=earlier, message="done in an earlier run")
            return self._recorded(outcome)
        if self.circuit.over():
            return self._not_reached(step)
        before, waits = self.session.own_requests(), self.session.own_waits()
        began = self.clock.monotonic()
        try:
            outcome = self._settled_and_performed(step)
        except StoreLeft:
            return self._not_reached(step)
        except PlatformError as error:
            if isinstance(error, StoreStopped) and self.circuit.cancellation.interrupted.is_set():
                return self._not_reached(step)  # broken off while it waited for its turn
            self.circuit.stop_for(error)
            state = State.UNKNOWN if isinstance(error, OutcomeUnknown) else State.FAILED
            outcome = StepOutcome(step=step, state=state, message=error.message)
        except JournalError as error:
            self.circuit.stop(str(error))
            outcome = StepOutcome(step=step, state=State.UNVERIFIED, message=error.message)
        outcome = replace(outcome, requests=self.session.own_requests() - before)
        self.notes.ended(outcome)
        waited = self.session.own_waits() - waits
        self.pace.met(outcome.requests, self.clock.monotonic() - began - waited)
        if not outcome.state.good:
            self.circuit.cancellation.count_failure()
        return self._recorded(outcome)

    def _not_reached(self, step: Step) -> StepOutcome:
        outcome = StepOutcome(step=step, state=State.NOT_REACHED, message=self.circuit.stopped)
        self.notes.record_left(outcome)
        return outcome

    def _recorded(self, outcome: StepOutcome) -> StepOutcome:
        self.notes.record(outcome)
        self.progress(outcome)
        return outcome

    def _settled_and_performed(self, step: Step) -> StepOutcome:
        """What an earlier run was cut off after is made good before the step goes again."""
        intent = self.past.intended.get(step.id)
        remote_id = self.customers.remote_id(step.change)
        lost: tuple[str, ...] = ()
        noticed: tuple[str, ...] = ()
        if intent is not None and remote_id is not None:
            lost, noticed = settle_resubscription(
                step, intent, remote_id, self.client, self.clock, self.circuit
            )
        outcome = self._perform(step, remote_id)
        return replace(
            outcome,
            collateral=(*lost, *outcome.collateral),
            noticed=(*noticed, *outcome.noticed),
        )

    def _perform(self, step: Step, remote_id: str | None) -> StepOutcome:
        desired = self.entries.get(step.change.entry)
        if desired is None:
            return StepOutcome(step=step, state=State.STALE, message="its entry is gone")
        if step.kind is StepKind.CREATE:
            return write_step(self._create(step, desired, remote_id), self.circuit, self._rest)
        if remote_id is None:
            why = "the customer was not created"
            return StepOutcome(step=step, state=State.NOT_REACHED, message=why)
        if step.kind is StepKind.DELETE:
            return write_step(self._delete(step, desired, remote_id), self.circuit, self._rest)
        carry_out = partial(self._update, desired=desired, remote_id=remote_id)
        try:
            return carry_out(step)
        except Rejected:
            if step.kind is not StepKind.WITHDRAW or len(step.fields) == 1:
                raise
        return one_by_one(step, carry_out)

    def _create(self, step: Step, desired: DesiredCustomer, known: str | None) -> Create:
        return Create(
            step=step,
            desired=desired,
            client=self.client,
            rules=self.rules,
            clock=self.clock,
            bearers=Bearers(client=self.client, rules=self.rules, clock=self.clock),
            customers=self.customers,
            notes=self.notes,
            circuit=self.circuit,
            only=self.only,
            sent_before=may_be_ours(step, self.past),
            known=known,
            made_before=self.made_before.get(step.change.alias),
        )

    def _delete(self, step: Step, desired: DesiredCustomer, remote_id: str) -> Delete:
        return Delete(
            step=step,
            desired=desired,
            remote_id=remote_id,
            client=self.client,
            rules=self.rules,
            rereads=self.rereads,
            notes=self.notes,
            circuit=self.circuit,
        )

    def _update(self, step: Step, desired: DesiredCustomer, remote_id: str) -> StepOutcome:
        update = Update(
            step=step,
            desired=desired,
            remote_id=remote_id,
            client=self.client,
            rules=self.rules,
            clock=self.clock,
            rereads=self.rereads,
            own=self.customers.writes(step.change.alias),
            customers=self.customers,
            notes=self.notes,
            circuit=self.circuit,
            cut_off=step.id in self.past.intended,
        )
        return write_step(update, self.circuit, self._rest)

    def _rest(self, seconds: float) -> None:
        self.circuit.cancellation.rest(seconds, self.clock)
