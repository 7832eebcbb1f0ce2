"""Fields that no record tells, at the steps that write them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.apply.patch import values
from reconciler.apply.verify import compare
from reconciler.clock import Clock
from reconciler.errors import PlatformError, RateLimited
from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import DesiredCustomer, LiveCustomer, Scalar
from reconciler.model.patch import Patch
from reconciler.model.personal import is_nothing
from reconciler.plan.changes import FieldChange, ScalarChange
from reconciler.plan.compare import held_of
from reconciler.plan.steps import Step, StepKind
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import Reader, Writer, completed

_TRIES: Final = 3


def _is_left(had: Scalar, wanted: Scalar) -> bool:
    """Whether a newcomer's value is still to be written, and nobody has set another."""
    held = held_of(had, wanted)
    return (is_nothing(held) or held is False) and held != wanted


def told_apart(step: Step, table: Capabilities) -> frozenset[str]:
    """The fields of a step that no record tells, and those that are told with them: what a write
    of one does to another has to show.
    """
    names = {one.path.name for one in step.fields}
    return frozenset[str]().union(*(group for group in table.told_apart if group & names))


def as_asked(step: Step, live: LiveCustomer, client: Reader, table: Capabilities) -> LiveCustomer:
    """A record with what the step is about and no record tells."""
    (told,), _ = completed(client, (live,), told_apart(step, table))
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A customer that a step has made: no create takes what is told apart, so it is written then,
    as long as nobody else has set it. What is not taken the record shows.
    """

    step: Step
    desired: DesiredCustomer
    client: Writer
    rules: StoreRules
    clock: Clock

    def completed(
        self, back: LiveCustomer, changes: Iterable[FieldChange]
    ) -> tuple[LiveCustomer, tuple[str, ...]]:
        """The record as it is then, and what that write has cost."""
        fields = told_apart(self.step, self.rules.table)
        if not fields:
            return back, ()
        before = as_asked(self.step, back, self.client, self.rules.table)
        wanted = tuple(
            one
            for one in changes
            if isinstance(one, ScalarChange)
            and one.path.name in fields
            and before.tells(one.path.name)
            and _is_left(before.scalar(one.path.name), one.after)
        )
        if not wanted:
            return before, ()
        self._write(before, Patch(scalars=values(wanted)))
        now = self.client.read(back.remote_id) or back
        now = as_asked(self.step, now, self.client, self.rules.table)
        seen = compare(before, now, wanted, self.desired, self.rules, StepKind.UPDATE)
        return now, seen.collateral

    def _write(self, live: LiveCustomer, patch: Patch) -> None:
        for _ in range(_TRIES):
            try:
                self.client.update(live, patch)
            except RateLimited as error:
                self.clock.sleep(error.retry_after or 1.0)
            except PlatformError:
                return
            else:
                return
