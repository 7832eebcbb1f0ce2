"""What left the files since earlier revisions, as wishes that can be planned like all others.

A field that left is managed no more and needs no wish. A tag that the specs gave and give no more
is to go, and so is, where the store says so, a customer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from reconciler.desired.meaning import meaning
from reconciler.desired.past import AtHand, Past
from reconciler.model.customer import DesiredCustomer
from reconciler.model.entries import Entries
from reconciler.model.former import Before, Departure, Former, Said
from reconciler.model.identity import Identity
from reconciler.model.managed import UNMANAGED
from reconciler.model.settings import StoreSettings
from reconciler.model.tags import Owned, TagIntent, sort_tags, tag_key

_Key: TypeAlias = tuple[str, str]

_SHORT: Final = 9  # as much of a commit as cannot be taken for somebody's number, and be masked


def departed(
    here: AtHand,
    store: StoreSettings,
    base: Past | None,
    applied: Past | None,
    guard: Past | None = None,
) -> tuple[Entries, Before]:
    """The store's entries with what left the files, and what earlier revisions said.

    Where no base is given, the revision that was last applied tells what shrank. The `guard` tells
    what is protected.
    """
    leaving = _Leaving(here, store)
    for past in dict.fromkeys((base, applied)):
        if past is not None:
            leaving.look_at(past)
    first = base or applied
    entries = here.entries.changed(leaving.changed, tuple(leaving.wishes()))

    def changed() -> Iterator[int]:
        assert base is not None  # noqa: S101
        yield from leaving.changed
        yield from range(len(here.entries), len(entries))
        for place in base.changed_at_hand():
            former = base.said(here.entries[place])
            if former is None or meaning(former.customer) != meaning(here.entries[place]):
                yield place

    before = Before(
        base=None if base is None or not base.whole else _said(base),
        applied=None if applied is None or not applied.whole else _said(applied),
        base_owns=None if base is None else _owns(base, store),
        applied_owns=None if applied is None else _owns(applied, store),
        base_tags=frozenset() if base is None else base.whole_tags,
        applied_tags=frozenset() if applied is None else applied.whole_tags,
        departures=tuple(leaving.departures()),
        left=0 if first is None else leaving.left[first.commit],
        listed=0 if first is None else first.listed,
        unprotected=tuple(leaving.unprotected(guard)),
        changed=None if base is None or not base.whole else changed,
    )
    return entries, before


def _owns(past: Past, store: StoreSettings) -> Callable[[str], bool] | None:
    return past.names if store.owned_tags is None else None


def _said(past: Past) -> Said:
    def said(customer: DesiredCustomer) -> DesiredCustomer | None:
        former = past.said(customer)
        return None if former is None else former.customer

    return said


class _Leaving:
    """Gathers over revisions: what is gone since any of them is gone once."""

    def __init__(self, here: AtHand, store: StoreSettings) -> None:
        self._here = here
        self._store = store
        self._owned = None if store.owned_tags is None else Owned(store.owned_tags)
        self._gone: list[tuple[Former, str]] = []
        self._known: dict[_Key, int] = {}
        self.changed: dict[int, DesiredCustomer] = {}
        self.left: dict[str, int] = {}

    def look_at(self, past: Past) -> None:
        left = 0
        for former in past.elsewhere:
            customer = former.customer
            places = sorted(set(self._places(customer.identities)))
            if not places:
                self._leaves(former, past.commit)
            if customer.creates and not customer.absent:
                left += not any(self._here.entries[place].creates for place in places)
            for place in places:
                self._stays(place, former, alone=len(places) == 1)
        self.left[past.commit] = left

    def unprotected(self, past: Past | None) -> Iterator[DesiredCustomer]:
        """Whom a revision protects and the files at hand do not leave alone."""
        if past is None:
            return
        for former in past.elsewhere:
            customer = former.customer
            if customer.protected:
                places = set(self._places(customer.identities))
                kept = (_keeps(former, self._here.entries[place], past) for place in places)
                if not (places and all(kept)):
                    yield customer

    def _places(self, identities: Sequence[Identity]) -> Iterator[int]:
        for one in identities:
            yield from self._here.entries.now((one.kind, one.key))
            yield from self._here.entries.before((one.kind, one.key))

    def _leaves(self, former: Former, commit: str) -> None:
        keys = [(one.kind.value, one.key) for one in former.customer.identities]
        known = next((self._known[key] for key in keys if key in self._known), None)
        if known is None:
            known = len(self._gone)
            self._gone.append((former, commit))
        else:
            earlier, told = self._gone[known]
            joined = sort_tags((*earlier.joined, *former.joined))
            if former.customer.creates and not earlier.customer.creates:
                # The entry left first, and what else named the customer later.
                earlier, told = replace(former, listed=earlier.listed), commit
            self._gone[known] = (replace(earlier, joined=joined), told)
        self._known.update(dict.fromkeys(keys, known))

    def _stays(self, place: int, former: Former, *, alone: bool) -> None:
        """Of a customer who was split in two nobody knows which of them a tag was for."""
        wanted = self.changed.get(place, self._here.entries[place])
        if wanted.absent or not alone:
            return
        given = (*former.joined, *former.listed) if wanted.creates else _joined_alone(former)
        said = TagIntent() if wanted.tags is UNMANAGED else wanted.tags
        gone = tuple(tag for tag in given if not said.names_any({tag_key(tag)}) and self._owns(tag))
        if gone:
            self.changed[place] = _without(wanted, sort_tags(gone))

    def _owns(self, tag: str) -> bool:
        """By default whatever the specs named is owned; what has become a mark is not."""
        return tag not in self._store.ownership and (self._owned is None or tag in self._owned)

    def departures(self) -> Iterator[Departure]:
        for former, commit in self._gone:
            if former.customer.creates and not former.customer.absent:
                yield Departure(customer=former.customer, commit=commit)

    def wishes(self) -> Iterator[DesiredCustomer]:
        """What is still to be done about those whom no file names any more: who has none of them
        is a member of nothing either.
        """
        sets = self._here.made.entries.tags.members_only
        for former, commit in self._gone:
            customer = former.customer
            gone = sort_tags(tag for tag in _joined_alone(former) if self._owns(tag))
            goes = self._store.deletes_departed and customer.creates and not customer.absent
            if gone or goes:
                bare = DesiredCustomer(
                    store=customer.store,
                    identities=customer.identities,
                    mark=customer.mark,
                    absent=goes,
                    reason=f"it left the files after {commit[:_SHORT]}" if goes else None,
                    departed=True,
                )
                if sets:
                    bare = replace(bare, tags=TagIntent(sets=sets))
                yield _without(bare, gone) if gone else bare


def _keeps(former: Former, wanted: DesiredCustomer, past: Past) -> bool:
    """Whether whom a revision protects is protected still, or loses that and nothing else.

    An entry that was another's before, and names this one as who that was, protects that other.
    """
    if wanted.absent:
        return False
    if not wanted.protected:
        return meaning(wanted) == meaning(former.customer)
    own = past.said(replace(wanted, previously=()))
    return (
        own is None
        or own.customer.identities == former.customer.identities
        or any(one in former.customer.identities for one in wanted.identities)
    )


def _joined_alone(former: Former) -> tuple[str, ...]:
    """A customer whose entry left keeps the tags of that entry."""
    listed = {tag_key(tag) for tag in former.listed}
    return tuple(tag for tag in former.joined if tag_key(tag) not in listed)


def _without(wanted: DesiredCustomer, gone: tuple[str, ...]) -> DesiredCustomer:
    intent = TagIntent() if wanted.tags is UNMANAGED else wanted.tags
    return replace(
        wanted,
        tags=replace(intent, absent=sort_tags((*intent.absent, *gone))),
        left_tags=sort_tags((*wanted.left_tags, *gone)),
    )
