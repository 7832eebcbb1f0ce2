"""One customer of one store, as the store's plan has him."""

from typing import TYPE_CHECKING

from reconciler.app.choices import PlanOptions, with_approvals
from reconciler.app.environment import Environment
from reconciler.app.register import Registers
from reconciler.app.scoping import Scoped
from reconciler.app.store_plan import PlanRequest, plan_store
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
    request = PlanRequest(
        few=Scoped(state, None, state),
        choices=choices,
        environment=environment,
        pseudonyms=pseudonyms,
        registers=Registers(environment, pseudonyms, state),
        kept=lambda desired, live: explanation.is_meant(text, desired, (live,), store, pseudonyms),
    )
    plan, read, rules = plan_store(request, store)
    return explanation.explain(text, read.index.pairings(), plan, rules)
