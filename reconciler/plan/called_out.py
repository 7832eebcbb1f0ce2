"""Those whom another store of the controller shows to be out, and who are subscribed here.

They are withdrawn whether the specs name them or not; nothing else is asked of whom they do not.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.plan.case import CustomerPlan
from reconciler.plan.customer import plan_customer, withdrawals_only
from reconciler.plan.everybody_else import entry_for
from reconciler.plan.match import keys_of
from reconciler.plan.store_rules import StoreRules


def plan_called_out(
    lives: Iterable[LiveCustomer], planned: Collection[str], rules: StoreRules, *, all_of_them: bool
) -> Iterator[tuple[DesiredCustomer, CustomerPlan]]:
    """`planned` are the numbers of records that an entry was paired with."""
    for live in lives:
        if live.remote_id in planned:
            continue
        keys = keys_of(live, rules.comparison.region)
        named = {id(one): one for one in rules.entries.naming(keys)}
        if len(named) == 1:
            (entry,) = named.values()
            yield entry, plan_customer(entry, live, rules)
        elif all_of_them:
            nobody = entry_for(live.remote_id, rules)
            if nobody is not None:
                entry = replace(nobody, mark=rules.store.mark)
                yield entry, withdrawals_only(entry, live, rules)
