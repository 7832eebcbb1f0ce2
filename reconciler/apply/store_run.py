"""One store's steps to outcomes, kind after kind, each customer by itself.

Every write is decided on a record read just before. What a lost answer did is found out by reading,
never assumed; a loss that our own write caused stops the store before the next write.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.apply.bench import Bench, StoreLeft
from reconciler.apply.create import create
from reconciler.apply.delete import delete
from reconciler.apply.reread import REREAD_LASTS, prefetch
from reconciler.apply.resubscription import settle_resubscription
from reconciler.apply.update import update
from reconciler.errors import JournalError, OutcomeUnknown, PlatformError, StoreStopped
from reconciler.model.customer import DesiredCustomer
from reconciler.plan.outcome import State, StepOutcome, StoreOutcome
from reconciler.plan.steps import Step, StepKind
from reconciler.state.journal import Event

MOST_THREADS: Final = 8
BATCHED: Final = (StepKind.WITHDRAW, StepKind.UPDATE)
_UPDATES: Final = (StepKind.WITHDRAW, StepKind.IDENTITY, StepKind.UPDATE, StepKind.GRANT)


@dataclass(frozen=True, slots=True)
class StoreRun:
    """Carries out the steps of one store; `entries` are its spec entries by alias, `whole` all
    steps that the plan has for it.

    Steps go one by one until an update was read back without a loss, so that a store that does more
    than it was asked costs one record and not as many as there are threads.
    """

    bench: Bench
    entries: Mapping[str, DesiredCustomer]
    progress: Callable[[StepOutcome], None]
    whole: tuple[Step, ...]

    def run(self, steps: Iterable[Step]) -> StoreOutcome:
        steps = tuple(steps)
        bench = self.bench
        bench.journal.write(Event.OPENED, steps=len(steps))
        bench.proven = not any(step.kind in _UPDATES for step in steps)
        outcomes: list[StepOutcome] = []
        with ThreadPoolExecutor(max_workers=self._threads()) as pool:
            for kind in StepKind:
                group = [step for step in steps if step.kind is kind]
                for rank in sorted({step.change.rank for step in group}):
                    batch = [step for step in group if step.change.rank == rank]
                    while batch and not bench.proven:
                        outcomes.append(self._outcome(batch.pop(0)))
                    for part in self._parts(kind, batch):
                        if kind in BATCHED and bench.rules.table.shares_rereads:
                            prefetch(bench, part)
                        outcomes.extend(pool.map(self._outcome, part))
        self._note(Event.CLOSED, finished=self._finished(outcomes))
        return StoreOutcome(
            store=bench.rules.store.name,
            outcomes=tuple(outcomes),
            stopped=bench.stopped,
            requests=bench.requests(),
        )

    def _finished(self, outcomes: Iterable[StepOutcome]) -> bool:
        """Whether nothing of the whole plan is left, whatever part of it this run was for."""
        now = {one.step for one in outcomes if one.state.good and not one.collateral}
        left = (step for step in self.whole if step not in now and not self._was_done(step, now))
        return next(left, None) is None and not self.bench.stopped

    def _was_done(self, step: Step, now: Collection[Step]) -> bool:
        """Whether earlier runs and this one have done all of its fields between them."""
        past = self.bench.past
        if past.done(step):
            return True
        parts = {one.digest for done in now if done.id == step.id for one in done.fields}
        before = past.covered.get(step.id, set()) if step.id not in past.damaged else set()
        return bool(parts) and {one.digest for one in step.fields} <= parts | before

    def _parts(self, kind: StepKind, batch: list[Step]) -> Iterator[list[Step]]:
        """Steps whose customers can be read again at once and written while that is still true."""
        size = len(batch)
        if kind in BATCHED and self.bench.rules.table.shares_rereads:
            rate = self.bench.rules.store.rate
            soon = int(REREAD_LASTS * rate.per_second / 2) if rate else 1
            size = max(1, min(self.bench.client.capabilities.ids_at_once, soon))
        for start in range(0, len(batch), size or 1):
            yield batch[start : start + size]

    def _threads(self) -> int:
        """As many as fill the rate while each request takes up to a second."""
        rate = self.bench.rules.store.rate
        return max(1, min(MOST_THREADS, round(rate.per_second) + 1 if rate else 1))

    def _outcome(self, step: Step) -> StepOutcome:
        bench = self.bench
        if bench.past.done(step):
            earlier = bench.past.ended[step.id]
            outcome = StepOutcome(step=step, state=earlier, message="done in an earlier run")
            self._record(outcome)
            return outcome
        if bench.over():
            return self._not_reached(step)
        before = bench.own_requests()
        try:
            lost, noticed = settle_resubscription(bench, step)
            outcome = self._perform(step)
            outcome = replace(
                outcome,
                collateral=(*lost, *outcome.collateral),
                noticed=(*noticed, *outcome.noticed),
            )
        except StoreLeft:
            return self._not_reached(step)
        except PlatformError as error:
            if isinstance(error, StoreStopped) and bench.control.interrupted.is_set():
                return self._not_reached(step)  # broken off while it waited for its turn
            if isinstance(error, StoreStopped):
                bench.stop(str(error))
            state = State.UNKNOWN if isinstance(error, OutcomeUnknown) else State.FAILED
            outcome = StepOutcome(step=step, state=state, message=error.message)
        except JournalError as error:
            bench.stop(str(error))
            outcome = StepOutcome(step=step, state=State.UNVERIFIED, message=error.message)
        outcome = replace(outcome, requests=bench.own_requests() - before)
        self._end(outcome)
        return outcome

    def _not_reached(self, step: Step) -> StepOutcome:
        outcome = StepOutcome(step=step, state=State.NOT_REACHED, message=self.bench.stopped)
        with suppress(JournalError):
            self.bench.audit(outcome)
        return outcome

    def _end(self, outcome: StepOutcome) -> None:
        step, bench = outcome.step, self.bench
        self._note(
            Event.ENDED,
            step=step.id,
            customer=step.change.alias,
            state=outcome.state.value,
            created=outcome.remote_id if step.kind is StepKind.CREATE else None,
            fields=[one.digest for one in step.fields],
            collateral=list(outcome.collateral),
        )
        if not outcome.state.good:
            bench.control.count_failure()
        self._record(outcome)

    def _record(self, outcome: StepOutcome) -> None:
        try:
            self.bench.audit(outcome)
        except JournalError as error:
            self.bench.stop(str(error))
        self.progress(outcome)

    def _note(self, event: Event, **values: Any) -> None:
        """What cannot be noted stops the store; what was done is told all the same."""
        try:
            self.bench.journal.write(event, **values)
        except JournalError as error:
            self.bench.stop(str(error))

    def _perform(self, step: Step) -> StepOutcome:
        desired = self.entries.get(step.change.entry)
        if desired is None:
            return StepOutcome(step=step, state=State.STALE, message="its entry is gone")
        if step.kind is StepKind.CREATE:
            return create(self.bench, step, desired)
        remote_id = step.change.remote_id or self.bench.created.get(step.change.alias)
        if remote_id is None:
            why = "the customer was not created"
            return StepOutcome(step=step, state=State.NOT_REACHED, message=why)
        if step.kind is StepKind.DELETE:
            return delete(self.bench, step, desired, remote_id)
        return update(self.bench, step, desired, remote_id)
