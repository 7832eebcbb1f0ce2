"""The checks over a whole draft plan: pure functions, one noun a file, listed here."""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from reconciler.plan.draft import Draft
from reconciler.plan.policies.ceiling import ceilings, mass_withdrawal
from reconciler.plan.policies.reading import weak_reading
from reconciler.plan.verdicts import Verdict

Policy: TypeAlias = Callable[[Draft], Iterable[Verdict]]

# Readings first: what they hold no longer counts against a ceiling.
POLICIES: Final[tuple[Policy, ...]] = (weak_reading, ceilings, mass_withdrawal)
