"""The desired state of a few customers: whoever else is in the files is not asked for."""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.errors import ConfigError
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.entries import Entries
from reconciler.model.managed import UNMANAGED
from reconciler.model.scope import Scope
from reconciler.model.settings import DesiredState, StoreSettings
from reconciler.model.tags import tag_key

if TYPE_CHECKING:
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.planner import Chosen, Named
    from reconciler.plan.reading import StoreReading

ALIAS: Final = re.compile("cus_[a-z2-7]{10}")


class Scoped(NamedTuple):
    """`named` tells whom an alias of the store means, which shows only once that is read: for those
    that `unknown` are before. `whole` is the state of everybody.
    """

    state: DesiredState
    named: "Named | None"
    whole: DesiredState
    unknown: tuple[str, ...] = ()

    def keeps(self, desired: DesiredCustomer, live: LiveCustomer) -> bool:
        """Whether a record is one that an alias may mean, and must not be dropped while reading."""
        return self.named is not None and self.named(desired, (live,))

    def of(self, store: str) -> "Chosen | None":
        """Who is planned of a store's entries; None where that is everybody."""
        from reconciler.plan.planner import Chosen

        if self.state is self.whole:
            return None
        return Chosen(named=self.named, entries=self.whole.of(store))


def scoped(state: DesiredState, scope: Scope, pseudonyms: "Pseudonyms") -> Scoped:
    """A part of the files proves nothing about who left them, so nobody is deleted for that, and
    nobody loses a tag for not being named.

    Raises `ConfigError` for a contact or id that no entry has.
    """
    if not scope:
        return Scoped(state, None, state)
    from reconciler.plan.explanation import is_meant

    customers = dict(state.customers)
    found = set[str]()
    chosen: dict[str, tuple[DesiredCustomer, ...]] = {}
    for store in state.stores:
        chosen[store.name] = tuple(_kept(_chosen(state, store, scope, pseudonyms, found)))
    unknown = [text for text in scope.customers if text not in found]
    if any(ALIAS.fullmatch(text) is None for text in unknown):
        raise ConfigError(
            "no entry of the specs speaks of the customer that is asked for",
            hint="give an alias of a plan, or a contact or id as the specs have it",
        )
    if unknown:
        stores = {store.name: store for store in state.stores}
        entries = {pseudonyms.entry_alias(one) for every in chosen.values() for one in every}

        def named(desired: DesiredCustomer, lives: Iterable[LiveCustomer]) -> bool:
            lives, store = tuple(lives), stores[desired.store]
            return pseudonyms.entry_alias(desired) in entries or any(
                is_meant(text, desired, lives, store, pseudonyms) for text in unknown
            )

        for store in state.stores:
            customers[store.name] = Entries.of(tuple(_kept(iter(state.of(store.name)))))
        return Scoped(_of(state, customers), named, state, tuple(unknown))
    customers |= {name: Entries.of(every) for name, every in chosen.items()}
    return Scoped(_of(state, customers), None, state)


def check_known(
    few: Scoped, readings: "Iterable[StoreReading | None]", pseudonyms: "Pseudonyms"
) -> None:
    """Raises `ConfigError` for an alias that nobody has who was read."""
    if not few.unknown:
        return
    from reconciler.plan.explanation import is_meant

    stores = {store.name: store for store in few.state.stores}
    read = [one for one in readings if one is not None]
    for alias in few.unknown:
        if not any(
            is_meant(alias, desired, (live,), stores[desired.store], pseudonyms)
            for one in read
            for desired, live in one.index.candidates()
        ):
            raise ConfigError(
                f"nobody whom the specs name has the alias {alias}",
                hint="take it from a plan of these stores that was made with this key",
            )


def _of(state: DesiredState, customers: Mapping[str, Entries]) -> DesiredState:
    """Nothing is asked of those whom no chosen entry names."""
    return replace(state, customers=tuple(sorted(customers.items())), whole_tags=())


def _chosen(
    state: DesiredState,
    store: StoreSettings,
    scope: Scope,
    pseudonyms: "Pseudonyms",
    found: set[str],
) -> Iterator[DesiredCustomer]:
    """The texts that name somebody are added to `found`."""
    from reconciler.plan.explanation import is_meant

    every = state.of(store.name)
    places = set(_changed(state, store, len(every))) if scope.changed else set[int]()
    tags = {tag_key(tag) for tag in scope.tags}
    if not (tags or scope.customers):
        yield from (every[place] for place in sorted(places))
        return
    for place, entry in enumerate(every):
        meant = {text for text in scope.customers if is_meant(text, entry, (), store, pseudonyms)}
        found |= meant
        if meant or place in places or _names_any(entry, tags):
            yield entry


def _changed(state: DesiredState, store: StoreSettings, entries: int) -> Iterable[int]:
    """The places of those that changed; where nobody knows what the base said, each may have."""
    changed = state.before(store.name).changed
    return range(entries) if changed is None else changed()


def _names_any(entry: DesiredCustomer, tags: Set[str]) -> bool:
    return entry.tags is not UNMANAGED and entry.tags.names_any(tags)


def _kept(chosen: Iterator[DesiredCustomer]) -> Iterator[DesiredCustomer]:
    for entry in chosen:
        if not (entry.departed and entry.absent):
            yield entry
        elif entry.tags is not UNMANAGED:
            yield replace(entry, absent=False, reason=None)
