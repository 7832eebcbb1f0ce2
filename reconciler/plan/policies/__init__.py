"""The checks over a whole draft plan: pure functions, one noun a file, listed here."""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from reconciler.plan.draft import Draft
from reconciler.plan.policies.ceiling import ceilings, mass_withdrawal
from reconciler.plan.policies.dates import undated_writes
from reconciler.plan.policies.specs import protection, shrinkage
from reconciler.plan.verdicts import Verdict

Policy: TypeAlias = Callable[[Draft], Iterable[Verdict]]

POLICIES: Final[tuple[Policy, ...]] = (
    ceilings,
    mass_withdrawal,
    undated_writes,
    shrinkage,
    protection,
)
