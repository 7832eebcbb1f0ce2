"""One customer of one store, as the store's plan has him."""

from typing import TYPE_CHECKING

from reconciler.app.environment import Environment
from reconciler.app.planning import PlanOptions, compute_store, with_approvals
from reconciler.model.settings import DesiredState, StoreSettings

if TYPE_CHECKING:
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.explanation import Explanation


def explain(
    text: str,
    state: DesiredState,
    store: StoreSettings,
    environment: Environment,
    pseudonyms: "Pseudonyms",
) -> "tuple[Explanation, ...]":
    """Every entry that may mean whom `text` names. Raises `PlatformError` and `ConfigError`."""
    from reconciler.plan import explanation

    choices = with_approvals(state, PlanOptions(), environment, pseudonyms)
    plan, read, rules = compute_store(
        state,
        store,
        choices,
        environment,
        pseudonyms,
        kept=lambda desired, live: explanation.is_meant(text, desired, (live,), store, pseudonyms),
    )
    return explanation.explain(text, read.index.pairings(), plan, rules)
