"""All that `doctor` looks at: the folder first, then store after store."""

from pathlib import Path

from reconciler.app.environment import Environment
from reconciler.app.folder_checkup import failed, folder_findings
from reconciler.app.loading import selected, settings_or_raise
from reconciler.app.store_checkup import store_checkup, unmerged
from reconciler.errors import ReconcilerError
from reconciler.model.finding import Checkup, Purpose


def examine(
    specs: Path,
    environment: Environment,
    *,
    stores: tuple[str, ...],
    base: str | None,
    purpose: Purpose,
) -> Checkup:
    """Nothing is written, and what is asked of a store only reads."""
    folder = folder_findings(specs, environment, purpose)
    try:
        state = settings_or_raise(specs, environment, base)
        chosen = selected(state, stores)
    except ReconcilerError as error:
        return Checkup(folder=(*folder, failed("stores", error)), stores=())
    asked = tuple(store_checkup(one, environment, purpose) for one in chosen)
    new = (one for one in state.at_hand.stores if one.name in state.unmerged and not stores)
    waiting = tuple(unmerged(one.name, one.platform) for one in new)
    return Checkup(folder=folder, stores=(*asked, *waiting))
