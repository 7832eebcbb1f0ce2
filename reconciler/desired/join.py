"""Entries that share an identity, directly or through others, become one customer."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.desired.again import Lines
from reconciler.desired.customers import (
    MOST_KEPT,
    Customers,
    StoreEntries,
    made_of,
    marks_of,
)
from reconciler.desired.entries import DiagnosticCollector, Entry
from reconciler.desired.merge import one_of
from reconciler.desired.packed import Packed
from reconciler.desired.rows import (
    ODD,
    PLAIN,
    REASONED,
    Memory,
    Recording,
    Rows,
    ages,
    is_plain,
    marked,
)
from reconciler.diagnostics import Diagnostic
from reconciler.model.customer import DesiredCustomer
from reconciler.model.entries import NO_MEANINGS, Entries, Meanings, names
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.marks import number_of

Inspect: TypeAlias = Callable[[DesiredCustomer], Iterable[Diagnostic]]
"""What is wrong with a customer, or worth a warning."""
Digest: TypeAlias = Callable[[DesiredCustomer], bytes]
"""Of what is asked for a customer, always as many bytes; none where nobody will ask for it."""

# Leaves of the flags of rows what has to be looked at one by one.
_SPECIAL: Final = bytes(flags & (ODD | REASONED) for flags in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """`tags` are those that entries name, `reasoned` says that some entry gives a reason."""

    store: str
    customers: Entries
    made: Customers
    meanings: Sequence[bytes]
    tags: frozenset[str]
    reasoned: bool


def join(
    entries: StoreEntries,
    inspect: Inspect,
    digest: Digest,
    work: DiagnosticCollector,
    memory: Memory | None = None,
) -> Joined:
    """The customers of a store, each looked at once or, where entries were joined, twice; and not
    at all where `memory` knows what an entry is, and no other speaks of that customer.
    """
    joining = _Joining(entries, inspect, digest, memory)
    for begin, document, (section, *_), found in entries.lists():
        rows = recording = None
        if memory is not None and document.reads_by_line(found):
            rows = memory.known(document, str(section))
            recording = Recording(memory, document, str(section)) if rows is None else None
        if rows is not None and isinstance(found, Lines):
            joining.take(begin, document.file, found.places, rows, work)
            continue
        for number in range(begin, begin + len(found)):
            joining.read(number, work, recording)
        if recording is not None:
            recording.ended()
    return joining.ended(work)


class _Joining:
    """Each entry counts as a customer, in a row, until another shares an identity with it."""

    def __init__(
        self, entries: StoreEntries, inspect: Inspect, digest: Digest, memory: Memory | None
    ) -> None:
        self._memory = memory
        self._marked = hash if memory is None else memory.marked
        self._entries = entries
        self._inspect = inspect
        self._digest = digest
        self._ranks = {
            file: rank for rank, file in enumerate(sorted({one.file for one in entries.documents}))
        }
        self._now = names(len(entries), self._marked)
        self._before: dict[int, tuple[Identity, ...]] = {}
        self._marks_before: list[tuple[IdentityKind, int, int]] = []
        self._plain = bytearray(len(entries))
        self._named = bytearray(len(entries))
        self._files = array("Q", bytes(8 * len(entries)))
        self._places = array("Q", bytes(8 * len(entries)))
        self._meanings = [b""] * len(entries)
        self._kept: dict[int, DesiredCustomer] = {}
        self._packed = Packed(
            entries.store.name, sorted(self._ranks), len(entries), entries.tags.sets
        )
        self._complaints: dict[int, list[Diagnostic]] = {}
        self._tags: set[str] = set()
        self._reasoned: set[int] = set()

    def read(self, number: int, work: DiagnosticCollector, recording: Recording | None) -> None:
        heard = len(work.diagnostics)
        entry = self._entries.read(number, work)
        if entry is None or not entry.identities:
            if recording is not None:
                recording.skip()
            return
        made = self._add(number, entry)
        if recording is None:
            return
        if number in self._complaints or len(work.diagnostics) > heard or ages(made):
            recording.skip()
        else:
            flags = PLAIN if self._plain[number] else 0
            recording.add(entry, made, self._meanings[number], flags)

    def take(
        self,
        begin: int,
        file: str,
        places: "array[int]",
        rows: Rows,
        work: DiagnosticCollector,
    ) -> None:
        """The entries of a list, most of which need not be read."""
        size, rank = len(rows.meanings) // len(places) if places else 0, self._ranks[file]
        end = begin + len(places)
        self._named[begin:end] = b"\1" * len(places)
        self._plain[begin:end] = bytes([bool(flags & PLAIN) for flags in rows.flags])
        self._files[begin:end] = array("Q", [rank]) * len(places)
        self._places[begin:end] = array("Q", places)
        if size:
            self._meanings[begin:end] = [
                rows.meanings[at : at + size] for at in range(0, len(rows.meanings), size)
            ]
        for kind, among, marks in marked(rows.now):
            self._now[kind].extend(marks, [begin + at for at in among])
        for kind, among, marks in marked(rows.before):
            self._marks_before += [
                (kind, mark, begin + at) for mark, at in zip(marks, among, strict=True)
            ]
        for at, flags in enumerate(rows.flags) if any(rows.flags.translate(_SPECIAL)) else ():
            if flags & REASONED:
                self._reasoned.add(begin + at)
            if flags & ODD:
                self._named[begin + at] = False
                self.read(begin + at, work, None)
        if self._entries.store.owned_tags is None:
            for at in rows.tellers:
                self._tell_tags(self._entries.read(begin + at, DiagnosticCollector()))

    def _tell_tags(self, entry: Entry | None) -> None:
        if entry is not None and entry.tags is not None:
            self._tags.update(entry.tags.present, entry.tags.absent)

    def _add(self, number: int, entry: Entry) -> DesiredCustomer:
        self._named[number] = True
        self._tell_tags(entry)
        for one in entry.identities:
            self._now[one.kind].add(one.key, number)
        work = DiagnosticCollector()
        marks = marks_of(self._entries, (number,))
        entries = self._entries
        made = one_of(entries.store.name, [entry], marks, entries.tags, work)
        self._look_at(number, made, work)
        return made

    def ended(self, work: DiagnosticCollector) -> Joined:
        others = self._groups()
        for first, numbers in others.items():
            for number in numbers[1:]:
                self._named[number] = False
                self._kept.pop(number, None)
                self._packed.forget(number)
                self._complaints.pop(number, None)
                self._before.pop(number, None)
                self._reasoned.discard(number)
            found = DiagnosticCollector()
            self._look_at(first, made_of(self._entries, numbers, found), found)
        rows = [number for number, named in enumerate(self._named) if named]
        rows.sort(key=lambda number: self._files[number] << 64 | self._places[number])
        for number in rows:
            work.diagnostics.extend(self._complaints.get(number, ()))
        made = Customers(self._entries, array("Q", rows), others, self._kept, self._packed)
        return Joined(
            store=self._entries.store.name,
            customers=self._numbered(rows, made),
            made=made,
            meanings=sorted(self._meanings[number] for number in rows),
            tags=frozenset(self._tags),
            reasoned=bool(self._reasoned),
        )

    def _numbered(self, rows: Sequence[int], made: Customers) -> Entries:
        places = array("Q", bytes(8 * len(self._entries)))
        before = names(len(self._entries), self._marked)
        for place, first in enumerate(rows):
            for number in made.numbers(place):
                places[number] = place
            for one in self._before.get(first, ()):
                before[one.kind].add(one.key, place)
        joined = {number for numbers in made.others.values() for number in numbers}
        for kind, mark, number in self._marks_before:
            if number not in joined:
                before[kind].extend([mark], [places[number]])
        for found in self._now.values():
            found.renumber(places)
        for found in before.values():
            found.sort()
        remembered = self._remembered(rows)
        return Entries(made, self._now, before, remembered, made.release)

    def _remembered(self, rows: Sequence[int]) -> Meanings:
        if self._memory is None or not rows:
            return NO_MEANINGS
        return Meanings(
            size=len(self._meanings[rows[0]]),
            digests=b"".join([self._meanings[number] for number in rows]),
            plain=bytes([self._plain[number] for number in rows]),
        )

    def _look_at(self, number: int, customer: DesiredCustomer, work: DiagnosticCollector) -> None:
        self._files[number] = self._ranks[customer.mark.file]
        self._places[number] = number_of(customer.mark)
        self._meanings[number] = self._digest(customer)
        self._plain[number] = is_plain(customer)
        if number in self._kept or len(self._kept) < MOST_KEPT:
            self._kept[number] = customer
        elif self._meanings[number]:  # only what is digested is asked for again
            self._packed.put(number, customer, self._files[number])
        if customer.previously:
            self._before[number] = customer.previously
        if customer.reason is not None:
            self._reasoned.add(number)
        complaints = [*work.diagnostics, *self._inspect(customer)]
        if complaints:
            self._complaints[number] = complaints
        else:
            self._complaints.pop(number, None)

    def _groups(self) -> dict[int, list[int]]:
        """Of those that share an identity with others, all numbers by the lowest."""
        parent: dict[int, int] = {}

        def root(number: int) -> int:
            while (above := parent.get(number, number)) != number:
                parent[number] = parent.get(above, above)
                number = above
            return number

        for kind, found in self._now.items():
            found.sort()
            for numbers in found.shared():
                for alike in self._alike(kind, numbers):
                    first, *rest = sorted({root(one) for one in alike})
                    for one in rest:
                        parent[one] = first
        groups: dict[int, list[int]] = {}
        for number in sorted(parent):
            first = root(number)
            groups.setdefault(first, [first]).append(number)
        return groups

    def _alike(self, kind: IdentityKind, numbers: Sequence[int]) -> Iterable[list[int]]:
        """Those of some entries that bear the same, of one text each."""
        bearers: dict[str, list[int]] = {}
        for number in numbers:
            entry = self._entries.read(number, DiagnosticCollector())
            for one in entry.identities if entry is not None else ():
                if one.kind is kind:
                    bearers.setdefault(one.key, []).append(number)
        return bearers.values()
