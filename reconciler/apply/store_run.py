"""One store's steps to outcomes, kind after kind, each customer by itself.

Every write is decided on a record read just before. What a lost answer did is found out by reading,
never assumed; a loss that our own write caused stops the store before the next write.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Final

from reconciler.apply.bearers import Bearers
from reconciler.apply.circuit import Circuit
from reconciler.apply.create import Create, may_be_ours
from reconciler.apply.customers import Customers
from reconciler.apply.delete import Delete
from reconciler.apply.notes import Notes
from reconciler.apply.pace import MOST_WRITERS, Pace
from reconciler.apply.proofs import Proofs
from reconciler.apply.reread import REREAD_LASTS, SHARING, Rereads, can_share
from reconciler.apply.resubscription import settle_resubscription
from reconciler.apply.siblings import Siblings
from reconciler.apply.spread import spread
from reconciler.apply.together import Deferred, Shown, read_together, settled
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
from reconciler.plan.approved import ApprovedField
from reconciler.plan.effort import MOST_TOGETHER
from reconciler.plan.outcome import State, StepOutcome, StoreOutcome
from reconciler.plan.steps import Step, StepKind
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import Writer
from reconciler.platforms.http import Session
from reconciler.state.journal import JournalState

_UPDATES: Final = (StepKind.WITHDRAW, StepKind.IDENTITY, StepKind.UPDATE, StepKind.GRANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRun:
    """Carries out the steps of one store; `entries` are its spec entries by alias, `whole` all
    steps that the plan has for it. `past` is what earlier runs of the plan noted, `made_before`
    whom earlier plans made: the store's names for them by alias. `moved_on` says that the specs at
    hand are others than those of the plan.

    Steps go one by one until an update was read back without a loss, so that a store that does more
    than it was asked costs one record and not as many as there are threads. From then on a writer
    takes a few steps at a time, and reads them again and back at once where that is as safe.
    """

    client: Writer
    session: Session
    rules: StoreRules
    siblings: Siblings
    clock: Clock
    circuit: Circuit
    notes: Notes
    past: JournalState
    customers: Customers
    rereads: Rereads
    pace: Pace
    proofs: Proofs
    entries: Mapping[str, DesiredCustomer]
    made_before: Mapping[str, str]
    only: Collection[RiskClass]
    progress: Callable[[StepOutcome], None]
    whole: tuple[Step, ...]
    moved_on: bool = False

    def run(self, steps: Iterable[Step]) -> StoreOutcome:
        """Of steps in the order of carrying out."""
        steps = tuple(steps)
        self.notes.opened(len(steps))
        self.circuit.proven = not any(step.kind in _UPDATES for step in steps)
        outcomes: list[StepOutcome] = []
        with ThreadPoolExecutor(max_workers=MOST_WRITERS) as pool:
            for (kind, _), batch in groupby(steps, key=lambda one: (one.kind, one.change.rank)):
                outcomes.extend(self._batch(kind, list(batch), pool))
        self.notes.closed(finished=self._finished(outcomes))
        return StoreOutcome(
            store=self.rules.store.name,
            outcomes=tuple(outcomes),
            stopped=self.circuit.stopped,
            requests=self.session.requests,
        )

    def _batch(
        self, kind: StepKind, batch: list[Step], pool: ThreadPoolExecutor
    ) -> Iterator[StepOutcome]:
        over = self.circuit.over
        alone = 0
        while alone < len(batch) and not self.circuit.proven and not over():
            yield self._outcome(batch[alone])
            alone += 1
        parts = self._parts(kind, batch[alone:])
        begun = alone
        for part in spread(pool, self._outcomes, parts, self.pace.writers, over):
            yield from part
            begun += len(part)
        yield from self._left(batch[begun:])

    def _finished(self, outcomes: Iterable[StepOutcome]) -> bool:
        """Whether nothing of the whole plan is left, whatever part of it this run was for."""
        now = {one.step.id: one.step.fields for one in outcomes if one.holds}
        left = (step for step in self.whole if not self._was_done(step, now.get(step.id, ())))
        return next(left, None) is None and not self.circuit.stopped

    def _was_done(self, step: Step, now: Iterable[ApprovedField]) -> bool:
        """Whether earlier runs and this one, which did `now`, have done all of its fields."""
        past = self.past
        if past.done(step):
            return True
        parts = {one.digest for one in now}
        before = past.covered.get(step.id, set()) if step.id not in past.damaged else set()
        return bool(parts) and {one.digest for one in step.fields} <= parts | before

    def _parts(self, kind: StepKind, batch: list[Step]) -> Iterator[list[Step]]:
        """The steps that a writer takes at a time, each part as large as is good when it begins."""
        start = 0
        while start < len(batch):
            size = self._at_once() if kind in SHARING else 1
            yield batch[start : start + size]
            start += size

    def _at_once(self) -> int:
        """So many that the last is written while what was read again for all is still true."""
        soon = int(REREAD_LASTS / self.pace.each()) - 1
        most = self.client.capabilities.ids_at_once
        return max(1, min(MOST_TOGETHER, most, soon if self.rules.table.shares_rereads else most))

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

    def _outcomes(self, part: list[Step]) -> list[StepOutcome]:
        """Of some steps that one writer carries out, one after the other."""
        if len(part) == 1:
            return [self._outcome(part[0])]
        if self.rules.table.shares_rereads and self.circuit.keeps_the_rest:
            self._prefetch(part)
        waiting: dict[str, Deferred] = {}
        outcomes = [self._earlier(step) or self._tried(step, waiting) for step in part]
        shown = read_together(self.client, list(waiting.values()))
        back = {
            one.step.id: self._read_back(one, waiting[one.step.id], shown)
            for one in outcomes
            if one.step.id in waiting
        }
        self._record(list(back.values()))
        return [back.get(one.step.id, one) for one in outcomes]

    def _outcome(self, step: Step) -> StepOutcome:
        return self._earlier(step) or self._tried(step, None)

    def _earlier(self, step: Step) -> StepOutcome | None:
        """Of a step that is done already, or that is not to be begun."""
        if self.past.done(step):
            return self._recorded(self._done_before(step))
        return self._not_reached(step) if self.circuit.over() else None

    def _tried(self, step: Step, waiting: dict[str, Deferred] | None) -> StepOutcome:
        """What became of a step; those whose reading back may come later are put into `waiting`,
        where there is such a place, and are not at their end yet.
        """
        outcome = self._told(step, partial(self._settled_and_performed, step, waiting))
        if outcome is None:
            return self._not_reached(step)
        if waiting is not None and step.id in waiting:
            return outcome
        return self._recorded(self._ended(outcome))

    def _read_back(self, sent: StepOutcome, deferred: Deferred, shown: Shown) -> StepOutcome:
        """At its end, and not yet recorded."""
        outcome = self._told(sent.step, partial(settled, deferred, shown))
        assert outcome is not None, "it was begun"  # noqa: S101
        return self._ended(replace(outcome, requests=sent.requests + outcome.requests))

    def _told(self, step: Step, work: Callable[[], StepOutcome]) -> StepOutcome | None:
        """The outcome, also where an error is one; None where the step was not begun."""
        before, waits = self.session.own_requests(), self.session.own_waits()
        began = self.clock.monotonic()
        try:
            outcome = work()
        except StoreLeft:
            return None
        except PlatformError as error:
            if isinstance(error, StoreStopped) and self.circuit.cancellation.interrupted.is_set():
                return None  # broken off while it waited for its turn
            self.circuit.stop_for(error)
            state = State.UNKNOWN if isinstance(error, OutcomeUnknown) else State.FAILED
            outcome = StepOutcome(step=step, state=state, message=error.message)
        except JournalError as error:
            self.circuit.stop(str(error))
            outcome = StepOutcome(step=step, state=State.UNVERIFIED, message=error.message)
        requests = self.session.own_requests() - before
        waited = self.session.own_waits() - waits
        self.pace.met(requests, self.clock.monotonic() - began - waited)
        return replace(outcome, requests=requests)

    def _ended(self, outcome: StepOutcome) -> StepOutcome:
        self.notes.ended(outcome)
        if not outcome.state.good:
            self.circuit.cancellation.count_failure()
        return outcome

    def _done_before(self, step: Step) -> StepOutcome:
        earlier = self.past.ended[step.id]
        return StepOutcome(step=step, state=earlier, message="done in an earlier run")

    def _not_reached(self, step: Step) -> StepOutcome:
        outcome = StepOutcome(step=step, state=State.NOT_REACHED, message=self.circuit.stopped)
        self.notes.record_left([outcome])
        return outcome

    def _left(self, steps: Sequence[Step]) -> list[StepOutcome]:
        """Those that nobody came to, all at once: there may be very many of them."""
        stopped = self.circuit.stopped
        outcomes = [
            self._done_before(step)
            if self.past.done(step)
            else StepOutcome(step=step, state=State.NOT_REACHED, message=stopped)
            for step in steps
        ]
        self.notes.record_left(outcomes)
        for one in outcomes:
            if one.holds:
                self.progress(one)
        return outcomes

    def _recorded(self, outcome: StepOutcome) -> StepOutcome:
        self._record([outcome])
        return outcome

    def _record(self, outcomes: Sequence[StepOutcome]) -> None:
        self.notes.record(outcomes)
        for one in outcomes:
            self.progress(one)

    def _settled_and_performed(
        self, step: Step, waiting: dict[str, Deferred] | None
    ) -> StepOutcome:
        """What an earlier run was cut off after is made good before the step goes again."""
        remote_id = self.customers.remote_id(step.change)
        if step.id not in self.past.intended:
            return self._perform(step, remote_id, waiting)
        lost: tuple[str, ...] = ()
        noticed: tuple[str, ...] = ()
        if remote_id is not None:
            lost, noticed = settle_resubscription(
                step, self.past, remote_id, self.client, self.clock, self.circuit
            )
        outcome = self._perform(step, remote_id, None)
        return replace(
            outcome,
            collateral=(*lost, *outcome.collateral),
            noticed=(*noticed, *outcome.noticed),
        )

    def _perform(
        self, step: Step, remote_id: str | None, waiting: dict[str, Deferred] | None
    ) -> StepOutcome:
        desired = self.entries.get(step.change.entry)
        if desired is None:
            return StepOutcome(step=step, state=State.NOT_ASKED, message="its entry is gone")
        if step.kind is StepKind.CREATE:
            return write_step(self._create(step, desired, remote_id), self.circuit, self._rest)
        if remote_id is None:
            why = "the customer was not created"
            return StepOutcome(step=step, state=State.NOT_REACHED, message=why)
        if step.kind is StepKind.DELETE:
            return write_step(self._delete(step, desired, remote_id), self.circuit, self._rest)
        try:
            if waiting is None:
                return self._updated(step, desired, remote_id)
            return self._sent(step, desired, remote_id, waiting)
        except Rejected:
            if step.kind is not StepKind.WITHDRAW or len(step.fields) == 1:
                raise
        return one_by_one(step, partial(self._updated, desired=desired, remote_id=remote_id))

    def _updated(self, step: Step, desired: DesiredCustomer, remote_id: str) -> StepOutcome:
        return write_step(self._update(step, desired, remote_id), self.circuit, self._rest)

    def _sent(
        self, step: Step, desired: DesiredCustomer, remote_id: str, waiting: dict[str, Deferred]
    ) -> StepOutcome:
        deferred = Deferred(update=self._update(step, desired, remote_id))
        outcome = write_step(deferred, self.circuit, self._rest)
        if deferred.sent is not None:
            waiting[step.id] = deferred
        return outcome

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

    def _update(self, step: Step, desired: DesiredCustomer, remote_id: str) -> Update:
        return Update(
            step=step,
            desired=desired,
            remote_id=remote_id,
            client=self.client,
            rules=self.rules,
            siblings=self.siblings,
            clock=self.clock,
            rereads=self.rereads,
            own=self.customers.writes(step.change.alias),
            customers=self.customers,
            notes=self.notes,
            circuit=self.circuit,
            proofs=self.proofs,
            cut_off=step.id in self.past.intended,
            moved_on=self.moved_on,
        )

    def _rest(self, seconds: float) -> None:
        self.circuit.cancellation.rest(seconds, self.clock)
