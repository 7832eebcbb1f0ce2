"""The other stores of a controller, for an apply that asks them right before an opt-in."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.app.environment import Environment, open_store
from reconciler.model.customer import NOTHING_LEARNED
from reconciler.model.settings import DesiredState, StoreSettings

if TYPE_CHECKING:
    from reconciler.apply.siblings import Siblings
    from reconciler.plan.approved import ApprovedPlan
    from reconciler.plan.store_rules import StoreRules
    from reconciler.platforms.base import Reader
    from reconciler.platforms.connect import Connection


def asked_before_opt_ins(
    state: DesiredState,
    commitment: "ApprovedPlan",
    store: StoreSettings,
    environment: Environment,
    rules: "StoreRules",
    opened: "list[Connection]",
) -> "Siblings":
    """Each is opened when somebody is asked for, and is for the caller to close."""
    from reconciler.apply.siblings import Sibling, Siblings
    from reconciler.platforms.registry import TABLES

    learned = {one.name: one.learned for one in commitment.stores}

    def opening(one: StoreSettings) -> "Reader":
        connection = open_store(one, environment, learned.get(one.name, NOTHING_LEARNED))
        opened.append(connection)
        return connection.client

    return Siblings(
        stores=tuple(
            Sibling(
                rules=replace(
                    rules,
                    store=one,
                    table=TABLES[one.platform],
                    comparison=replace(rules.comparison, region=one.phone_region),
                    learned=learned.get(one.name, NOTHING_LEARNED),
                    siblings=(),
                ),
                open=partial(opening, one),
            )
            for one in state.stores
            if store.controller is not None
            and one.controller == store.controller
            and one.name != store.name
        )
    )
