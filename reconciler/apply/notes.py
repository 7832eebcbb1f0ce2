"""What is noted of a store's steps, in its journal and in the trail.

What cannot be noted stops the store; what was done before is told all the same. Before a write is
sent, its intent is on disk, and all that was noted before of others.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from reconciler.apply.circuit import Circuit
from reconciler.errors import JournalError
from reconciler.model.consent import SAID_NO, Actor, ConsentState
from reconciler.model.customer import LiveCustomer
from reconciler.plan.outcome import StepOutcome
from reconciler.plan.sayings import Saying
from reconciler.plan.steps import Step, StepKind
from reconciler.state.journal import Event, Journal
from reconciler.state.recorder import Record
from reconciler.state.register import RegisterFile

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """`audit` keeps what became of a step in the trail; `plan` is the id of the plan."""

    journal: Journal
    plan: str
    register: RegisterFile
    audit: Record
    circuit: Circuit

    def opened(self, steps: int) -> None:
        """Raises `JournalError`: nothing was begun yet."""
        self.journal.add(Event.OPENED, steps=steps)

    def intends(
        self, step: Step, live: LiveCustomer | None = None, sayings: Iterable[Saying] = ()
    ) -> bool:
        """Whether a write may be sent now, and it is noted that it comes next.

        Some writes wash out who opted out, and some stores subscribe in answer to a write: what
        `live` says before it is noted as well, and the `sayings` in the register.
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
        told = {"step": step.id, "customer": step.change.alias, "said_no": no, "out_by_person": out}
        return (
            self._noted(lambda: self.register.note(sayings, self.plan))
            and self._noted(self.audit.sync)
            and self._noted(lambda: self.journal.write(Event.INTENDED, **told))
        )

    def says(self, sayings: Iterable[Saying]) -> None:
        """What a write was read back to have done, for the register."""
        self._noted(lambda: self.register.add(sayings, self.plan))

    def ended(self, outcome: StepOutcome) -> None:
        """What holds is found again by reading the store, so its line waits for no sync."""
        step = outcome.step
        told = {
            "step": step.id,
            "customer": step.change.alias,
            "state": outcome.state.value,
            "created": outcome.remote_id if step.kind is StepKind.CREATE else None,
            "fields": [one.digest for one in step.fields],
            "collateral": list(outcome.collateral),
        }
        note = self.journal.add if outcome.holds else self.journal.write
        self._noted(lambda: note(Event.ENDED, **told))

    def closed(self, *, finished: bool) -> None:
        """A journal that says so is the last word, so the trail is whole before."""
        whole = self._noted(self.register.sync) and self._noted(self.audit.sync)
        self._noted(lambda: self.journal.write(Event.CLOSED, finished=finished and whole))

    def record(self, outcomes: Sequence[StepOutcome]) -> None:
        """What became of steps, for the trail: all lines at once, as each adding locks the file."""
        self._noted(lambda: self.audit.steps(outcomes))

    def record_left(self, outcomes: Sequence[StepOutcome]) -> None:
        """The same of steps that the run did not come to: it has its reason already."""
        with suppress(JournalError):
            for start in range(0, len(outcomes), _AT_ONCE):
                self.audit.left(outcomes[start : start + _AT_ONCE])

    def _noted(self, note: Callable[[], object]) -> bool:
        try:
            note()
        except JournalError as error:
            self.circuit.stop(str(error))
            return False
        return True
