"""The customers of one store, each made anew whenever somebody asks for it.

What stays of a customer are the numbers of its entries, and in few bytes what they say together.
"""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, overload

from reconciler.desired.document import MEMBERS, Document
from reconciler.desired.entries import DiagnosticCollector, Entry, entry
from reconciler.desired.item import Item
from reconciler.desired.merge import one_of, places
from reconciler.desired.packed import Packed
from reconciler.desired.tag_documents import TagDocuments
from reconciler.diagnostics import Pointer
from reconciler.model.customer import DesiredCustomer
from reconciler.model.marks import Marks
from reconciler.model.settings import StoreSettings

# Of the customers of a store so many stay as they were made, about 4 KiB each, since making one
# again takes as long as reading its lines does.
MOST_KEPT: Final = 10_240


class StoreEntries:
    """All entries that speak of one store by number, document after document, list after list.

    An entry that the schema refused has a number too, and cannot be read.
    """

    def __init__(self, store: StoreSettings, documents: Sequence[Document], now: datetime) -> None:
        """`now` says whose membership of a tag has ended."""
        self.store = store
        self.documents = tuple(documents)
        self.tags = TagDocuments.of(self.documents, store)
        self._now = now
        self._lists: list[_List] = []
        self._begins: list[int] = []
        count = 0
        for place, document in enumerate(self.documents):
            for pointer, found in _lists(document):
                self._lists.append(_List(place, pointer, found))
                self._begins.append(count)
                count += len(found)
        self._count = count

    def __len__(self) -> int:
        return self._count

    def document(self, number: int) -> int:
        """The number of the document that an entry stands in."""
        return self._place(number)[0].document

    def apart_from(self, same: Collection[int]) -> Iterator[tuple[int, int]]:
        """The numbers of the entries of all documents but these, each with its `look`."""
        for one, begin in zip(self._lists, self._begins, strict=True):
            if one.document not in same:
                around = self._around(one)
                looks = (_look(around, entry) for entry in one.entries)
                yield from enumerate(looks, begin)

    def look(self, number: int) -> int:
        """The same for whatever is written alike in alike surroundings, wherever it stands."""
        one, at = self._place(number)
        return _look(self._around(one), one.entries[at])

    def _place(self, number: int) -> tuple["_List", int]:
        at = bisect_right(self._begins, number) - 1
        return self._lists[at], number - self._begins[at]

    def _around(self, one: "_List") -> str:
        """What an entry means depends on, beside itself."""
        data, pointer = self.documents[one.document].data, one.pointer
        if pointer[0] == "customers":
            return f"customers {data.get('defaults')!r}"
        if pointer[0] == "tags":
            tag = data["tags"][pointer[1]]
            return f"tags {[one for one in tag.items() if one[0] != MEMBERS]!r}"
        return str(pointer[0])

    def listed(self, documents: Collection[int]) -> int:
        """How many `customers` entries some documents have, by their numbers."""
        return sum(len(self.documents[one].data.get("customers") or ()) for one in documents)

    def lists(self) -> Iterator[tuple[int, Document, Pointer, Sequence[Any]]]:
        """Each with the number of its first entry, and where it stands in which document."""
        for begin, one in zip(self._begins, self._lists, strict=True):
            yield begin, self.documents[one.document], one.pointer, one.entries

    def read(self, number: int, work: DiagnosticCollector) -> Entry | None:
        """With the complaints about it."""
        one, at = self._place(number)
        document = self.documents[one.document]
        return entry(document, (*one.pointer, at), one.entries[at], self.store, self._now, work)


class _List(NamedTuple):
    """Some entries, and where they stand in which document, by its number."""

    document: int
    pointer: Pointer
    entries: Sequence[Any]


def _look(around: str, entry: Any) -> int:
    if isinstance(entry, Item):
        return hash((around, entry.values, entry.form.shape))
    return hash((around, repr(entry)))


def _lists(document: Document) -> Iterator[tuple[Pointer, Sequence[Any]]]:
    data = document.data
    yield ("customers",), data.get("customers") or ()
    for index, tag in enumerate(data.get("tags") or ()):
        if tag is not None:
            yield ("tags", index, "members"), tag.get("members") or ()
    yield ("consents",), data.get("consents") or ()


class Customers(Sequence[DesiredCustomer]):
    """In the order of their first lines.

    `firsts` has one entry of each, `others` all entries of those who have several, by the first.
    Some are `kept` as they were made, others are `packed`, by the first too.
    """

    def __init__(
        self,
        entries: StoreEntries,
        firsts: "array[int]",
        others: Mapping[int, Sequence[int]],
        kept: dict[int, DesiredCustomer],
        packed: Packed,
    ) -> None:
        self.entries = entries
        self._firsts = firsts
        self.others = others
        self._kept = kept
        self._packed = packed

    def __len__(self) -> int:
        return len(self._firsts)

    @overload
    def __getitem__(self, place: int) -> DesiredCustomer: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[DesiredCustomer]: ...
    def __getitem__(self, place: int | slice) -> DesiredCustomer | Sequence[DesiredCustomer]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        first = self._firsts[place]
        kept = self._kept.get(first)
        if kept is not None:
            return kept
        numbers = self.numbers(place)
        made = self._packed.of(first, marks_of(self.entries, numbers))
        if made is None:
            made = made_of(self.entries, numbers, DiagnosticCollector())
        if len(self._kept) < MOST_KEPT:
            self._kept[first] = made
        return made

    def release(self, place: int) -> None:
        """Lets go of what makes one in little time; there may be others after the last of ours."""
        if place < len(self._firsts):
            self._packed.forget(self._firsts[place])

    def numbers(self, place: int) -> Sequence[int]:
        """Those of the entries that a customer is made of."""
        first = self._firsts[place]
        return self.others.get(first, (first,))


def made_of(
    entries: StoreEntries, numbers: Sequence[int], work: DiagnosticCollector
) -> DesiredCustomer:
    """What entries of one customer say together; what is wrong with each alone is told already."""
    group, marks = _read(entries, numbers), marks_of(entries, numbers)
    return one_of(entries.store.name, group, marks, entries.tags, work)


def marks_of(entries: StoreEntries, numbers: Sequence[int]) -> Marks:
    """The places of what they say, which are looked for in the entries once one is asked for."""
    return Marks(lambda: places(_read(entries, numbers)))


def _read(entries: StoreEntries, numbers: Sequence[int]) -> list[Entry]:
    heard = DiagnosticCollector()
    return [one for number in numbers if (one := entries.read(number, heard)) is not None]
