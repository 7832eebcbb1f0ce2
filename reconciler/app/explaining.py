"""One customer of one store to what is to be told of him."""

from typing import TYPE_CHECKING

from reconciler.app.world import Ambient, judge_for, open_store
from reconciler.model.settings import DesiredState, StoreSettings
from reconciler.plan.keyed import Keyed

if TYPE_CHECKING:
    from reconciler.plan.explanation import Explanation


def explain(
    text: str, state: DesiredState, store: StoreSettings, world: Ambient, keyed: Keyed
) -> "tuple[Explanation, ...]":
    """What the specs say in one store of the customer whom `text` names. Raises `PlatformError`."""
    from reconciler.plan import explanation
    from reconciler.reading import read_store

    entries = explanation.meant(text, state.of(store.name), store.phone_region)
    if not entries:
        return ()
    connection = open_store(store, world, ())
    try:
        read = read_store(
            connection.client,
            store.name,
            entries,
            store.phone_region,
            "auto",
            lambda: connection.session.requests,
        )
    finally:
        connection.session.close()
    judge = judge_for(state, store, (), world, keyed)
    return explanation.explain(text, read.index.pairings(), judge)
