"""One apply in the audit trail: that it began, what became of each step, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from reconciler.errors import JournalError
from reconciler.plan.outcome import ApplyResult, State, StepOutcome
from reconciler.state.trail import Head, Trail


@dataclass(slots=True, kw_only=True)
class Record:
    """A step that an earlier run ended well, and noted here, is not noted again."""

    trail: Trail
    plan: str
    about: Mapping[str, Any]
    _noted: set[tuple[str, str]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def begin(self) -> None:
        """Raises `JournalError` before anything is written to any store."""
        self._noted = set(self.trail.recorded(self.plan))
        self.trail.append("began", plan=self.plan, **self.about)

    def step(self, outcome: StepOutcome) -> None:
        step = outcome.step
        with self._lock:
            fields = {(step.id, one.digest) for one in step.fields}
            if fields <= self._noted:
                return
            if outcome.state.good and not outcome.collateral:
                self._noted |= fields
        states = dict(outcome.fields)
        self.trail.append(
            "step",
            plan=self.plan,
            step=step.id,
            store=step.change.store,
            customer=step.change.alias,
            change=step.change.digest,
            kind=step.kind.value,
            reason=step.change.reason,
            state=outcome.state.value,
            done=outcome.state.good and not outcome.collateral,
            fields=[
                {
                    "field": str(one.path),
                    "digest": one.digest,
                    "read_back": states.get(one.path, outcome.state).value,
                    **({"evidence": dict(one.evidence)} if one.evidence else {}),
                }
                for one in step.fields
            ],
            collateral=list(outcome.collateral),
            noticed=list(outcome.noticed),
        )

    def end(self, result: ApplyResult) -> Head:
        """The head to note elsewhere; where the end cannot be noted, the one before it."""
        try:
            return self.trail.append(
                "ended",
                plan=self.plan,
                complete=result.complete,
                interrupted=result.interrupted,
                states={one.value: result.count(one) for one in State if result.count(one)},
                left=len(result.left),
                stopped={one.store: one.stopped for one in result.stores if one.stopped},
            )
        except JournalError:
            return self.trail.head()
