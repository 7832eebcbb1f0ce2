"""Entries that were accepted in an earlier run: read again one by one, and only when asked for."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import overload

from reconciler.desired.item import Item


class Lines(Sequence[Item]):
    """`places` are the numbers of the entries themselves; the one read last is at hand."""

    def __init__(self, places: "array[int]", read: Callable[[int], Item]) -> None:
        self.places = places
        self._read = read
        self._last: tuple[int, Item] | None = None

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not 0 <= index < len(self.places):
            raise IndexError(index)
        last = self._last
        if last is None or last[0] != index:
            last = self._last = (index, self._read(index))
        return last[1]


def places_of(items: Iterable[Item]) -> "array[int]":
    return items.places if isinstance(items, Lines) else array("q", [one.place for one in items])
