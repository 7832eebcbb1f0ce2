"""One customer of one store, as the store's plan has him."""

from typing import TYPE_CHECKING

from reconciler.app.planning import Choices, compute_store, with_approvals
from reconciler.app.world import Ambient
from reconciler.model.settings import DesiredState, StoreSettings
from reconciler.plan.keyed import Keyed

if TYPE_CHECKING:
    from reconciler.plan.explanation import Explanation


def explain(
    text: str, state: DesiredState, store: StoreSettings, world: Ambient, keyed: Keyed
) -> "tuple[Explanation, ...]":
    """Every entry that may mean whom `text` names. Raises `PlatformError` and `ConfigError`."""
    from reconciler.plan import explanation

    choices = with_approvals(state, Choices(), world, keyed)
    plan, read, judge = compute_store(state, store, choices, world, keyed)
    return explanation.explain(text, read.index.pairings(), plan, judge)
