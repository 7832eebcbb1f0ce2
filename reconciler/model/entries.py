"""The customers that specs want in one store, by what they are named by.

A million of them fit because no name is kept: a name leads to the numbers of those that may bear
it, and they themselves say which of them do. They may be made anew whenever one is asked for.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, TypeAlias, overload

from reconciler.model.customer import DesiredCustomer
from reconciler.model.identity import Identity, IdentityKind, national

Key: TypeAlias = tuple[IdentityKind, str]
_Named: TypeAlias = Callable[[DesiredCustomer], tuple[Identity, ...]]
Marked: TypeAlias = Callable[[str], int]
"""A hash of a name, of 64 bits at least; which one is the same for all names of a run."""
_BITS: Final = 64


class Names:
    """Numbers below `most` by text, found by a part of its hash: who asks has to look again."""

    def __init__(self, most: int, marked: Marked = hash) -> None:
        self.mark = marked
        self._shift = max(1, most.bit_length())
        self._mask = (1 << (_BITS - self._shift)) - 1
        self._number = (1 << self._shift) - 1
        self._found = array("Q")

    def add(self, text: str, number: int) -> None:
        self._found.append((self.mark(text) & self._mask) << self._shift | number)

    def extend(self, marks: Iterable[int], numbers: Iterable[int]) -> None:
        """The same of names whose hashes are known."""
        mask, shift = self._mask, self._shift
        self._found.extend(
            [(mark & mask) << shift | number for mark, number in zip(marks, numbers, strict=True)]
        )

    def __len__(self) -> int:
        return len(self._found)

    def sort(self) -> None:
        """Once all are added; nothing is found before."""
        self._found = array("Q", sorted(self._found))

    def shared(self) -> Iterator[list[int]]:
        """The numbers of each text that several have, or of several texts that look alike."""
        before, numbers = -1, list[int]()
        for one in self._found:
            text, number = one >> self._shift, one & self._number
            if text == before:
                numbers.append(number)
                continue
            if len(numbers) > 1:
                yield numbers
            before, numbers = text, [number]
        if len(numbers) > 1:
            yield numbers

    def with_others(self, others: Sequence[tuple[str, int]], most: int) -> "Names":
        """A copy with more texts, for numbers below `most`."""
        found = Names(max(most, (1 << self._shift) - 1), self.mark)
        found._found = array(
            "Q",
            (
                (one >> self._shift & found._mask) << found._shift | one & self._number
                for one in self._found
            ),
        )
        for text, number in others:
            found.add(text, number)
        found.sort()
        return found

    def renumber(self, numbers: Sequence[int]) -> None:
        """Puts the number that stands at the place of each in its stead; none of them is larger."""
        renamed = sorted(one & ~self._number | numbers[one & self._number] for one in self._found)
        self._found = array("Q", (one for one, _ in groupby(renamed)))

    def of(self, text: str) -> list[int]:
        """The numbers of the text, in their order, and perhaps those of another."""
        return self.marked(self.mark(text)) if self._found else []

    def marked(self, mark: int) -> list[int]:
        """The same of a text whose hash is known."""
        found = self._found
        start = (mark & self._mask) << self._shift
        end = start | self._number
        at = bisect_left(found, start)
        numbers: list[int] = []
        while at < len(found) and found[at] <= end:
            numbers.append(found[at] & self._number)
            at += 1
        return numbers


def names(most: int, marked: Marked = hash) -> dict[IdentityKind, Names]:
    """None yet, for each kind of identity."""
    return {kind: Names(most, marked) for kind in IdentityKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """What each entry asks for, as keyed digests of `size` bytes each, where that is known in the
    way in which it is remembered; `plain` says of which an e-mail address is written just as it is
    matched by.
    """

    size: int
    digests: bytes = field(repr=False)
    plain: bytes = field(repr=False)

    def of(self, number: int) -> bytes:
        return self.digests[number * self.size : (number + 1) * self.size]


NO_MEANINGS: Final = Meanings(size=0, digests=b"", plain=b"")


def _kept(number: int) -> None:
    """Where all entries are at hand anyway."""


class Entries(Sequence[DesiredCustomer]):
    """`now` and `before` give the numbers of the entries that bear a key, lowest first.

    The one that was asked for last is at hand, since most of them are made anew each time.
    """

    def __init__(
        self,
        every: Sequence[DesiredCustomer],
        now: Mapping[IdentityKind, Names],
        before: Mapping[IdentityKind, Names],
        meanings: Meanings = NO_MEANINGS,
        release: Callable[[int], None] = _kept,
    ) -> None:
        """The names are sorted, and have the numbers of the entries that bear or bore them.
        `release` is told of an entry that hardly anybody will ask for again.
        """
        self.meanings = meanings
        self.release = release
        self._every = every
        self._last: tuple[int, DesiredCustomer] | None = None
        self._now = now
        self._before = before
        self._dialled: Names | None = None
        self.mark = now[IdentityKind.ID].mark
        self._by_kind = [(now[kind] or None, before[kind] or None) for kind in IdentityKind]

    @classmethod
    def of(cls, every: Sequence[DesiredCustomer]) -> "Entries":
        """Of what is at hand anyway."""
        if isinstance(every, Entries):
            return every
        now, before = names(len(every)), names(len(every))
        for number, entry in enumerate(every):
            for one in entry.identities:
                now[one.kind].add(one.key, number)
            for one in entry.previously:
                before[one.kind].add(one.key, number)
        for found in (*now.values(), *before.values()):
            found.sort()
        return cls(every, now, before)

    def changed(
        self, replaced: Mapping[int, DesiredCustomer], others: Sequence[DesiredCustomer]
    ) -> "Entries":
        """With some that ask for more and bear the same names, and some more at the end."""
        if not (replaced or others):
            return self
        first, most = len(self._every), len(self._every) + len(others)
        now = {
            kind: found.with_others(
                [
                    (one.key, first + number)
                    for number, entry in enumerate(others)
                    for one in entry.identities
                    if one.kind is kind
                ],
                most,
            )
            for kind, found in self._now.items()
        }
        before = {kind: found.with_others((), most) for kind, found in self._before.items()}
        changed = _Changed(self._every, replaced, others)
        return Entries(changed, now, before, release=self.release)

    def __len__(self) -> int:
        return len(self._every)

    @overload
    def __getitem__(self, number: int) -> DesiredCustomer: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[DesiredCustomer]: ...
    def __getitem__(self, number: int | slice) -> DesiredCustomer | Sequence[DesiredCustomer]:
        if isinstance(number, slice):
            return self._every[number]
        if self._last is None or self._last[0] != number:
            self._last = (number, self._every[number])
        return self._last[1]

    def __iter__(self) -> Iterator[DesiredCustomer]:
        return iter(self._every)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    @property
    def kinds(self) -> frozenset[IdentityKind]:
        """By what kinds of identity any of them is or was named."""
        return frozenset(kind for kind in IdentityKind if self._now[kind] or self._before[kind])

    def count(self, kind: IdentityKind) -> int:
        """How many names of a kind they bear or bore."""
        return len(self._now[kind]) + len(self._before[kind])

    def now(self, key: Key) -> list[int]:
        """Those that bear it."""
        numbers = self._now[key[0]].of(key[1])
        return self._bearing(key, numbers, _now) if numbers else numbers

    def before(self, key: Key) -> list[int]:
        """Those that name it as one of earlier."""
        numbers = self._before[key[0]].of(key[1])
        return self._bearing(key, numbers, _before) if numbers else numbers

    def bearing(self, keys: Iterable[Key]) -> Iterator[DesiredCustomer]:
        """Those that bear any of them, once for each."""
        return (self[number] for key in keys for number in self.now(key))

    def naming(self, keys: Iterable[Key]) -> Iterator[DesiredCustomer]:
        """Those that bear any of them, or name it as one of earlier, once for each."""
        return (self[number] for key in keys for number in (*self.now(key), *self.before(key)))

    def bearers(self, known: str, email: int | None, phone: int | None) -> set[int] | None:
        """Those that bear an id, or names with these hashes, and perhaps others; None where some
        entry may have borne one earlier.
        """
        by_id = self._by_kind[0]
        named = self.mark(known) if by_id[0] is not None or by_id[1] is not None else None
        found: set[int] = set()
        for (now, before), mark in zip(self._by_kind, (named, email, phone), strict=True):
            if mark is None:
                continue
            if before is not None and before.marked(mark):
                return None
            if now is not None:
                found.update(now.marked(mark))
        return found

    def dialled(self, digits: str) -> list[int]:
        """Those with a number, of now or of earlier, that is dialled so inside its country."""
        if self._dialled is None:
            self._dialled = Names(len(self._every))
            for number, entry in enumerate(self._every):
                for one in _phones(entry):
                    self._dialled.add(national(one.key), number)
            self._dialled.sort()
        return [
            number
            for number in self._dialled.of(digits)
            if any(national(one.key) == digits for one in _phones(self[number]))
        ]

    def _bearing(self, key: Key, numbers: list[int], named: _Named) -> list[int]:
        kind, text = key
        found = []
        for number in numbers:
            for one in named(self[number]):
                if one.key == text and one.kind is kind:
                    found.append(number)
                    break
        return found


NO_ENTRIES: Final = Entries.of(())


class _Changed(Sequence[DesiredCustomer]):
    """Some in the place of others, and some more after all of them."""

    def __init__(
        self,
        every: Sequence[DesiredCustomer],
        replaced: Mapping[int, DesiredCustomer],
        others: Sequence[DesiredCustomer],
    ) -> None:
        self._every = every
        self._replaced = replaced
        self._others = others

    def __len__(self) -> int:
        return len(self._every) + len(self._others)

    @overload
    def __getitem__(self, number: int) -> DesiredCustomer: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[DesiredCustomer]: ...
    def __getitem__(self, number: int | slice) -> DesiredCustomer | Sequence[DesiredCustomer]:
        if isinstance(number, slice):
            return tuple(self[one] for one in range(*number.indices(len(self))))
        if number >= len(self._every):
            return self._others[number - len(self._every)]
        return self._replaced.get(number) or self._every[number]


def _now(entry: DesiredCustomer) -> tuple[Identity, ...]:
    return entry.identities


def _before(entry: DesiredCustomer) -> tuple[Identity, ...]:
    return entry.previously


def _phones(entry: DesiredCustomer) -> Iterator[Identity]:
    return (one for one in (*entry.identities, *entry.previously) if one.kind is IdentityKind.PHONE)
