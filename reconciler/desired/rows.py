"""What entries were found to be, each looked at alone, in a form that can be kept between runs.

No name and no value is in it: names are marks, and the rest is one digest of what is asked for.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from reconciler.desired.document import Document
from reconciler.desired.entries import Entry
from reconciler.model.consent import IMPLIED_TERMS
from reconciler.model.customer import DesiredCustomer
from reconciler.model.entries import Marked
from reconciler.model.identity import Identity, IdentityKind

Columns: TypeAlias = tuple[tuple["array[int]", "array[int]"], ...]
"""For each kind of identity the places of entries in their list, and the marks of their names."""
# Of an entry: it has to be read again, it gives a reason, it is written as it is matched by.
ODD: Final = 1
REASONED: Final = 2
PLAIN: Final = 4
KINDS: Final = tuple(IdentityKind)
_PLACES: Final = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The entries of one list of one file, as one store reads them. `meanings` are of equal length.

    `tellers` are the places of entries which together name every tag that the list does. Nothing is
    said against any that is not odd, nor will be as time goes by.
    """

    flags: bytes = field(repr=False)
    meanings: bytes = field(repr=False)
    now: Columns = field(repr=False)
    before: Columns = field(repr=False)
    tellers: "array[int]" = field(repr=False)


class Memory(Protocol):
    """What is known of the entries of one store; `marked` is how names are hashed there."""

    @property
    def marked(self) -> Marked: ...

    def known(self, document: Document, section: str) -> Rows | None: ...

    def keep(self, document: Document, section: str, rows: Rows) -> None: ...


def is_plain(customer: DesiredCustomer) -> bool:
    for one in customer.identities:
        if one.kind is IdentityKind.EMAIL:
            return one.value.reveal() == one.key
    return True


def ages(customer: DesiredCustomer) -> bool:
    """Whether time alone may bring something to say against a customer."""
    for _, wanted in customer.consents:
        basis = wanted.evidence.basis
        if basis is not None and basis in IMPLIED_TERMS:
            return True
    return False


class Recording:
    """The rows of a list, entry by entry in their order."""

    def __init__(self, memory: Memory, document: Document, section: str) -> None:
        self._memory = memory
        self._marked = memory.marked
        self._document = document
        self._section = section
        self._flags = bytearray()
        self._meanings: list[bytes] = []
        self._now = _columns()
        self._before = _columns()
        self._tellers = array("I")
        self._tags: set[str] = set()

    def skip(self) -> None:
        """An entry that has to be read again each time."""
        self._flags.append(ODD)
        self._meanings.append(b"")

    def add(self, entry: Entry, made: DesiredCustomer, meaning: bytes, flags: int) -> None:
        at = len(self._flags)
        self._flags.append(flags if made.reason is None else flags | REASONED)
        self._meanings.append(meaning)
        self._mark(self._now, made.identities, at)
        if made.previously:
            self._mark(self._before, made.previously, at)
        tags = entry.tags
        if tags is not None and not (
            self._tags.issuperset(tags.present) and self._tags.issuperset(tags.absent)
        ):
            self._tags.update(tags.present, tags.absent)
            self._tellers.append(at)

    def _mark(self, columns: Columns, names: tuple[Identity, ...], at: int) -> None:
        for one in names:
            places, marks = columns[_PLACES[one.kind]]
            places.append(at)
            marks.append(self._marked(one.key))

    def ended(self) -> None:
        size = max(map(len, self._meanings), default=0)
        rows = Rows(
            flags=bytes(self._flags),
            meanings=b"".join(one.ljust(size, b"\0") for one in self._meanings),
            now=self._now,
            before=self._before,
            tellers=self._tellers,
        )
        self._memory.keep(self._document, self._section, rows)


def _columns() -> Columns:
    return tuple((array("I"), array("Q")) for _ in KINDS)


def marked(columns: Columns) -> Iterator[tuple[IdentityKind, "array[int]", "array[int]"]]:
    for kind, (places, marks) in zip(KINDS, columns, strict=True):
        if places:
            yield kind, places, marks
