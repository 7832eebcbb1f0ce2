"""One apply in a store's trail: that it began, what became of each step, and how it ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from reconciler.errors import JournalError
from reconciler.plan.outcome import Silence, State, StepOutcome, StoreOutcome
from reconciler.state.chain import Head
from reconciler.state.trail import Event, Trail


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

    def steps(self, outcomes: Iterable[StepOutcome]) -> None:
        """On disk with the next `sync`; at once where one is no good news, which nobody finds again
        by reading the store.
        """
        outcomes = list(outcomes)
        self._add(outcomes)
        if not all(one.holds for one in outcomes):
            self.sync()

    def left(self, outcomes: Iterable[StepOutcome]) -> None:
        """Steps that the run did not come to, however many, in one line: on disk with the next
        `sync`. What an earlier run did of them has a line each, as ever.
        """
        outcomes = list(outcomes)
        behind = [one.step for one in outcomes if one.state is State.NOT_REACHED]
        self._add(one for one in outcomes if one.state is not State.NOT_REACHED)
        if behind:
            told = {one.id: one.change.alias for one in behind}
            self.trail.add([("left", {"plan": self.plan, "steps": told})])

    def sync(self) -> None:
        """Returns after all that was noted before is on disk."""
        self.trail.sync()

    def _add(self, outcomes: Iterable[StepOutcome]) -> None:
        with self._lock:
            new = [one for one in outcomes if self._is_new(one)]
        if new:
            self.trail.add([("step", self._told(one)) for one in new])

    def _is_new(self, outcome: StepOutcome) -> bool:
        step = outcome.step
        fields = {(step.id, one.digest) for one in step.fields}
        if fields <= self._noted:
            return False
        if outcome.holds:
            self._noted |= fields
        return True

    def _told(self, outcome: StepOutcome) -> dict[str, Any]:
        step, states = outcome.step, dict(outcome.fields)
        silent = {one.path: one for one in outcome.silences}
        return {
            "plan": self.plan,
            "step": step.id,
            "customer": step.change.alias,
            "change": step.change.digest,
            "kind": step.kind.value,
            "reason": step.change.reason,
            "state": outcome.state.value,
            "done": outcome.holds,
            "fields": [
                {
                    "field": str(one.path),
                    "digest": one.digest,
                    "read_back": states.get(one.path, outcome.state).value,
                    **({"evidence": dict(one.evidence)} if one.evidence else {}),
                    **(_silence(silent[one.path]) if one.path in silent else {}),
                }
                for one in step.fields
            ],
            "collateral": list(outcome.collateral),
            "noticed": list(outcome.noticed),
        }

    def add(self, event: Event) -> Head | None:
        """One more line; None where it cannot be written."""
        name, values = event
        try:
            return self.trail.append(name, **values)
        except JournalError:
            return None

    def end(
        self,
        outcome: StoreOutcome,
        *,
        interrupted: bool,
        left: int,
        register: Mapping[str, Any] | None = None,
    ) -> Head:
        """The head to note elsewhere; where the end cannot be noted, the one before it.

        `left` are the steps that the run was not for, `register` where the register ended.
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
                **({} if register is None else {"register": register}),
            )
        except JournalError:
            return self.trail.head()


def _silence(one: Silence) -> dict[str, Any]:
    return {"silence": {"opt_out": one.opt_out, "seconds": one.seconds}}
