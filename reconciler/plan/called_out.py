"""Those whom another store of the controller shows to be out, and who are subscribed here.

They are withdrawn whether the specs name them or not; nothing else is asked of whom they do not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.model.customer import LiveCustomer
from reconciler.model.managed import UNMANAGED
from reconciler.plan.contact import keys_of
from reconciler.plan.everybody_else import entry_for
from reconciler.plan.pairing import Paired, Pairing, lives_of
from reconciler.plan.store_rules import StoreRules


def called_out(
    lives: Iterable[LiveCustomer],
    pairings: Iterable[Pairing],
    rules: StoreRules,
    *,
    all_of_them: bool,
) -> Iterator[Paired]:
    """Each with the one entry that names it, or with none; `pairings` are what is planned anyhow.

    Of a plan for a few, those whom no entry of it names are left out.
    """
    planned = {live.remote_id for one in pairings for live in lives_of(one)}
    for live in lives:
        if live.remote_id in planned:
            continue
        keys = keys_of(live, rules.comparison.region)
        named = {id(one): one for one in rules.entries.naming(keys)}
        if len(named) == 1:
            (entry,) = named.values()
            yield Paired(desired=entry, live=live)
        elif all_of_them:
            nobody = entry_for(live.remote_id, rules)
            if nobody is not None:
                entry = replace(nobody, mark=rules.store.mark, tags=UNMANAGED)
                yield Paired(desired=entry, live=live)
