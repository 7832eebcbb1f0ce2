"""What another revision of the specs said of the customers of one store.

Files that both revisions have are looked at only where a customer is asked for, so that it costs
what differs and not what stands there.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from reconciler.desired.customers import Customers, StoreEntries, marks_of
from reconciler.desired.entries import DiagnosticCollector, Entry
from reconciler.desired.merge import one_of
from reconciler.desired.tag_documents import TagDocuments, named
from reconciler.model.customer import DesiredCustomer
from reconciler.model.entries import Entries, Key
from reconciler.model.former import Former
from reconciler.model.identity import Identity
from reconciler.model.tags import sort_tags, tag_key


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """A store's customers as the files at hand have them, and the entries that they are made of."""

    entries: Entries
    made: Customers


class Past:
    """One store at one revision: the files that only `there` are, and those that are the same."""

    def __init__(
        self,
        commit: str,
        here: AtHand,
        same: Collection[int],
        there: StoreEntries,
        *,
        whole: bool = True,
    ) -> None:
        """`same` are the documents at hand, by number, that this revision has as well; `whole` is
        false where some of it cannot be read.
        """
        self.commit = commit
        self.whole = whole
        self._here = here
        self._same = frozenset(same)
        self._there = there
        documents = here.made.entries.documents
        both = (*(documents[one] for one in sorted(self._same)), *there.documents)
        self._tags = TagDocuments.of(both, there.store)
        # What both have, though it moved or the file around it changed, is not looked at again.
        looks = dict(there.apart_from(()))
        self._looks = frozenset(looks.values())
        at_hand = {look for _, look in here.made.entries.apart_from(self._same)}
        self._both = both
        self._read: dict[int, Entry] = {}
        self._named: dict[Key, list[int]] = {}
        heard = DiagnosticCollector()
        for number, look in looks.items():
            entry = None if look in at_hand else there.read(number, heard)
            if entry is not None and entry.identities:
                self._read[number] = entry
                for one in entry.identities:
                    self._named.setdefault((one.kind, one.key), []).append(number)

    @property
    def whole_tags(self) -> frozenset[str]:
        """The keys of the tags that nobody but their members was to bear."""
        return frozenset(self._tags.whole)

    @property
    def listed(self) -> int:
        """How many `customers` entries it had."""
        here = self._here.made.entries
        return self._there.listed(range(len(self._there.documents))) + here.listed(self._same)

    def names(self, tag: str) -> bool:
        """Whether it named a tag anywhere."""
        return tag_key(tag) in self._tag_keys

    @cached_property
    def _tag_keys(self) -> frozenset[str]:
        return frozenset(map(tag_key, self._named_tags()))

    def _named_tags(self) -> Iterator[str]:
        heard, made = DiagnosticCollector(), self._here.made.entries
        others = set(range(len(made.documents))) - self._same
        there = (self._there.read(number, heard) for number in range(len(self._there)))
        same = (made.read(number, heard) for number, _ in made.apart_from(others))
        for entry in chain(there, same):
            if entry is not None and entry.tags is not None:
                yield from (*entry.tags.present, *entry.tags.absent)
        for document in self._both:
            for item in document.data.get("tags") or ():
                yield from named(item or {})

    def said(self, customer: DesiredCustomer) -> Former | None:
        """What it said of the same person, as far as identities tell."""
        found = self._of(customer.identities)
        if not customer.previously or (
            found is not None and found.customer.previously == customer.previously
        ):
            return found
        return self._of(customer.previously) or found

    @cached_property
    def elsewhere(self) -> tuple[Former, ...]:
        """Whom entries speak of that are gone or changed, in their order."""
        return tuple(self._elsewhere())

    def _elsewhere(self) -> Iterator[Former]:
        done: set[int] = set()
        for number, entry in self._read.items():
            if number not in done:
                numbers, others = self._group(entry.identities)
                done |= numbers
                former = self._made(numbers, others)
                if former is not None:
                    yield former

    def changed_at_hand(self) -> Iterator[int]:
        """The places of the customers whom entries speak of that this revision lacks; all where
        documents ask otherwise of whoever bears their tags.
        """
        heard = DiagnosticCollector()
        entries = self._here.made.entries
        if self._tags.asked != entries.tags.asked:
            yield from range(len(self._here.entries))
            return
        for number, look in entries.apart_from(self._same):
            entry = None if look in self._looks else entries.read(number, heard)
            for one in entry.identities[:1] if entry is not None else ():
                yield from self._here.entries.now((one.kind, one.key))

    def _of(self, identities: Sequence[Identity]) -> Former | None:
        return self._made(*self._group(identities))

    def _group(self, identities: Sequence[Identity]) -> tuple[set[int], set[int]]:
        """The entries that share an identity with these, directly or through others: those that
        only this revision has, and those that are the same.
        """
        there, here = set[int](), set[int]()
        asked: set[Key] = set()
        waiting = [(one.kind, one.key) for one in identities]
        while waiting:
            key = waiting.pop()
            if key in asked:
                continue
            asked.add(key)
            found = [(there, number, self._read[number]) for number in self._named.get(key, ())]
            found += [(here, number, entry) for number, entry in self._at_hand(key)]
            for group, number, entry in found:
                if number not in group:
                    group.add(number)
                    waiting += [(one.kind, one.key) for one in entry.identities]
        return there, here

    def _at_hand(self, key: Key) -> Iterator[tuple[int, Entry]]:
        """The entries that are the same and that bear a key."""
        heard = DiagnosticCollector()
        made = self._here.made
        for place in self._here.entries.now(key):
            for number in made.numbers(place):
                if self._is_common(number):
                    entry = made.entries.read(number, heard)
                    if entry is not None and any(
                        (one.kind, one.key) == key for one in entry.identities
                    ):
                        yield number, entry

    def _is_common(self, number: int) -> bool:
        """Whether this revision has an entry at hand as well."""
        entries = self._here.made.entries
        return entries.document(number) in self._same or entries.look(number) in self._looks

    def _made(self, there: set[int], here: set[int]) -> Former | None:
        heard = DiagnosticCollector()
        made = self._here.made.entries
        group = [self._read[number] for number in sorted(there)]
        group += [one for number in sorted(here) if (one := made.read(number, heard)) is not None]
        if not group:
            return None
        marks = marks_of(self._there, sorted(there)) if there else marks_of(made, sorted(here))
        customer = one_of(self._there.store.name, group, marks, self._tags, heard)
        return Former(
            customer=customer,
            listed=_tags(group, "customers"),
            joined=_tags(group, "tags"),
        )


def _tags(group: Sequence[Entry], section: str) -> tuple[str, ...]:
    """Those that they give together: tags of defaults give way to any of an entry's own."""
    said = [one for one in group if one.section == section and one.tags is not None]
    own = [one for one in said if not one.default_tags] or said
    return sort_tags(tag for one in own if one.tags is not None for tag in one.tags.present)
