"""Entries that share an identity, directly or through others, become one customer."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.desired.customers import Customers, Entries, made_of
from reconciler.desired.entries import DiagnosticCollector, Entry
from reconciler.desired.meaning import SIZE, joined, meaning
from reconciler.desired.merge import one_of
from reconciler.diagnostics import Diagnostic
from reconciler.model.customer import DesiredCustomer
from reconciler.model.identity import IdentityKind
from reconciler.model.marks import number_of

Inspect: TypeAlias = Callable[[DesiredCustomer], Iterable[Diagnostic]]
"""What is wrong with a customer, or worth a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """`tags` are those that entries name, `reasoned` says that some entry gives a reason."""

    store: str
    customers: Customers
    meaning: str
    tags: frozenset[str]
    reasoned: bool


def join(entries: Entries, inspect: Inspect, work: DiagnosticCollector) -> Joined:
    """The customers of a store, each looked at once or, where entries were joined, twice."""
    joining = _Joining(entries, inspect)
    for number in range(len(entries)):
        entry = entries.read(number, work)
        if entry is not None and entry.identities:
            joining.add(number, entry)
    return joining.ended(work)


class _Joining:
    """An entry counts as a customer, in a row, until another shares an identity with it."""

    def __init__(self, entries: Entries, inspect: Inspect) -> None:
        self._entries = entries
        self._inspect = inspect
        self._ranks = {
            file: rank for rank, file in enumerate(sorted({one.file for one in entries.documents}))
        }
        self._bearer: dict[IdentityKind, dict[str, int]] = {kind: {} for kind in IdentityKind}
        self._parent: dict[int, int] = {}
        self._firsts = array("Q")
        self._files = array("Q")
        self._places = array("Q")
        self._meanings = bytearray()
        self._complaints: dict[int, list[Diagnostic]] = {}
        self._tags: set[str] = set()
        self._reasoned = False

    def add(self, number: int, entry: Entry) -> None:
        if entry.tags is not None:
            self._tags.update(entry.tags.present, entry.tags.absent)
        bearers = {self._bearer[one.kind].setdefault(one.key, number) for one in entry.identities}
        if bearers != {number}:
            self._link({number, *map(self._root, bearers)})
            return
        work = DiagnosticCollector()
        row = len(self._firsts)
        self._firsts.append(number)
        self._files.append(0)
        self._places.append(0)
        self._meanings.extend(bytes(SIZE))
        self._look_at(row, one_of(self._entries.store.name, [entry], work), work)

    def ended(self, work: DiagnosticCollector) -> Joined:
        others: dict[int, list[int]] = {}
        for number in sorted(self._parent):
            first = self._root(number)
            others.setdefault(first, [first]).append(number)
        for first, numbers in others.items():
            found = DiagnosticCollector()
            made = made_of(self._entries, numbers, found)
            self._look_at(bisect_left(self._firsts, first), made, found)
        rows = [row for row, first in enumerate(self._firsts) if first not in self._parent]
        rows.sort(key=lambda row: self._files[row] << 64 | self._places[row])
        for row in rows:
            work.diagnostics.extend(self._complaints.get(row, ()))
        return Joined(
            store=self._entries.store.name,
            customers=Customers(
                self._entries, array("Q", [self._firsts[row] for row in rows]), others
            ),
            meaning=joined(bytes(self._meanings[row * SIZE : (row + 1) * SIZE]) for row in rows),
            tags=frozenset(self._tags),
            reasoned=self._reasoned,
        )

    def _look_at(self, row: int, customer: DesiredCustomer, work: DiagnosticCollector) -> None:
        self._files[row] = self._ranks[customer.mark.file]
        self._places[row] = number_of(customer.mark)
        self._meanings[row * SIZE : (row + 1) * SIZE] = meaning(customer)
        self._reasoned = self._reasoned or customer.reason is not None
        complaints = [*work.diagnostics, *self._inspect(customer)]
        self._complaints.pop(row, None)
        if complaints:
            self._complaints[row] = complaints

    def _root(self, number: int) -> int:
        above = self._parent.get(number, number)
        while above != number:
            further = self._parent.get(above, above)
            self._parent[number] = further
            number, above = further, self._parent.get(further, further)
        return number

    def _link(self, numbers: set[int]) -> None:
        first = min(numbers)
        for number in numbers - {first}:
            self._parent[number] = first
