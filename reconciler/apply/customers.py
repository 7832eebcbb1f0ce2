"""Whom this plan has made, and the consents that its writes left: in memory and in the journal."""

from dataclasses import InitVar, dataclass, field
from threading import Lock

from reconciler.plan.approved import ApprovedChange
from reconciler.plan.steps import Step, StepKind
from reconciler.state.journal import (
    Event,
    Journal,
    JournalState,
    OurWrites,
    consents_json,
)


@dataclass(slots=True, kw_only=True)
class Customers:
    """Starts with what earlier runs of the plan noted. Methods that note raise `JournalError`."""

    journal: Journal
    past: InitVar[JournalState]
    _ids: dict[str, str] = field(init=False)
    _writes: dict[str, OurWrites] = field(init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __post_init__(self, past: JournalState) -> None:
        self._ids = dict(past.created)
        self._writes = dict(past.own)

    def remote_id(self, change: ApprovedChange) -> str | None:
        """The store's name for a customer, also for one whom this plan has made."""
        return change.remote_id or self._ids.get(change.alias)

    def writes(self, alias: str) -> OurWrites | None:
        """What our writes did to a customer's consents; None where we have not written."""
        return self._writes.get(alias)

    def adopt(self, alias: str, remote_id: str) -> None:
        """Somebody who is there already is the customer that was to be made."""
        with self._lock:
            self._ids[alias] = remote_id

    def made(self, step: Step, remote_id: str) -> None:
        """From here on the customer is ours, whatever becomes of reading it back."""
        self.adopt(step.change.alias, remote_id)
        self._note(step, OurWrites(before=None, after={}))

    def wrote(self, step: Step, writes: OurWrites) -> None:
        """What the customer reads like after a write of this step."""
        self._writes[step.change.alias] = writes
        self._note(step, writes)

    def _note(self, step: Step, writes: OurWrites) -> None:
        alias = step.change.alias
        made = {"created": self._ids[alias]} if step.kind is StepKind.CREATE else {}
        # Lists and searches may show a new customer late, so the number is on disk at once.
        note = self.journal.write if made else self.journal.add
        note(
            Event.WRITTEN,
            step=step.id,
            customer=alias,
            **made,
            before=consents_json(writes.before),
            after=consents_json(writes.after),
        )
