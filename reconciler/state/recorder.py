"""One apply in a store's trail: that it began, what became of each step, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from reconciler.errors import JournalError
from reconciler.plan.outcome import State, StepOutcome, StoreOutcome
from reconciler.state.chain import Head
from reconciler.state.trail import Trail


@dataclass(slots=True, kw_only=True)
class Record:
    """A step that an earlier run ended well, and noted here, is not noted again."""

    trail: Trail
    plan: str
    about: Mapping[str, Any]
    _noted: set[tuple[str, str]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, *, resumes: bool) -> None:
        """Raises `JournalError` before anything is written to any store.

        Only what `resumes` an earlier run has to read what that one noted.
        """
        self._noted = set(self.trail.recorded(self.plan)) if resumes else set()
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

    def end(self, outcome: StoreOutcome, *, interrupted: bool, left: int) -> Head:
        """The head to note elsewhere; where the end cannot be noted, the one before it.

        `left` are the steps that the run was not for.
        """
        try:
            return self.trail.append(
                "ended",
                plan=self.plan,
                complete=outcome.complete,
                interrupted=interrupted,
                states={one.value: outcome.count(one) for one in State if outcome.count(one)},
                left=left,
                stopped={outcome.store: outcome.stopped} if outcome.stopped else {},
            )
        except JournalError:
            return self.trail.head()
