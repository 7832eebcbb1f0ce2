"""What is noted of a store's steps, in its journal and in the trail.

What cannot be noted stops the store; what was done before is told all the same.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from reconciler.apply.circuit import Circuit
from reconciler.errors import JournalError
from reconciler.model.consent import SAID_NO, Actor, ConsentState
from reconciler.model.customer import LiveCustomer
from reconciler.plan.outcome import StepOutcome
from reconciler.plan.steps import Step, StepKind
from reconciler.state.journal import Event, Journal
from reconciler.state.opt_outs import OptOuts


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """`audit` keeps what became of a step in the trail; it raises `JournalError` too."""

    journal: Journal
    opt_outs: OptOuts
    audit: Callable[[StepOutcome], None]
    circuit: Circuit

    def opened(self, steps: int) -> None:
        """Raises `JournalError`: nothing was begun yet."""
        self.journal.write(Event.OPENED, steps=steps)

    def intends(self, step: Step, live: LiveCustomer | None = None) -> bool:
        """Whether a write may be sent now, and it is noted that it comes next.

        Some writes wash out who opted out, and some stores subscribe in answer to a write: what
        `live` says before it is noted as well.
        """
        if self.circuit.over():
            return False
        consents = live.consents if live is not None else ()
        no = [channel for channel, one in consents if one.state in SAID_NO]
        out = [
            channel
            for channel, one in consents
            if one.state is ConsentState.UNSUBSCRIBED and one.actor is Actor.PERSON
        ]
        try:
            self.opt_outs.note(step.change.alias, out)
        except JournalError as error:
            self.circuit.stop(str(error))
            return False
        return self._note(
            Event.INTENDED,
            step=step.id,
            customer=step.change.alias,
            said_no=no,
            out_by_person=out,
        )

    def ended(self, outcome: StepOutcome) -> None:
        step = outcome.step
        self._note(
            Event.ENDED,
            step=step.id,
            customer=step.change.alias,
            state=outcome.state.value,
            created=outcome.remote_id if step.kind is StepKind.CREATE else None,
            fields=[one.digest for one in step.fields],
            collateral=list(outcome.collateral),
        )

    def closed(self, *, finished: bool) -> None:
        self._note(Event.CLOSED, finished=finished)

    def record(self, outcome: StepOutcome) -> None:
        """What became of a step, for the trail."""
        try:
            self.audit(outcome)
        except JournalError as error:
            self.circuit.stop(str(error))

    def record_left(self, outcome: StepOutcome) -> None:
        """The same of a step that the run did not come to: the run has its reason already."""
        with suppress(JournalError):
            self.audit(outcome)

    def _note(self, event: Event, **values: Any) -> bool:
        try:
            self.journal.write(event, **values)
        except JournalError as error:
            self.circuit.stop(str(error))
            return False
        return True
