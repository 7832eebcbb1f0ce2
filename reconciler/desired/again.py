"""Long lists of entries in little room: what each says is found again when it is asked for."""

import marshal
import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, overload

from reconciler.desired.item import Form, Item

# Entries that are squeezed together. More of them take less room, and longer to look at one.
_TOGETHER: Final = 32
_FORMAT: Final = 2  # of marshal: what comes once is not looked for again
_FASTEST: Final = 1  # of zlib


class Lines(Sequence[Item]):
    """`places` are the numbers of the entries themselves; the one read last is at hand."""

    def __init__(self, places: "array[int]", read: Callable[[int], Item]) -> None:
        self.places = places
        self._read = read
        self._last: tuple[int, Item] | None = None

    @classmethod
    def of(cls, items: Sequence[Item]) -> "Lines":
        """Entries that were just read, as they were."""
        chunks = tuple(
            zlib.compress(
                marshal.dumps([one.values for one in items[at : at + _TOGETHER]], _FORMAT), _FASTEST
            )
            for at in range(0, len(items), _TOGETHER)
        )
        places = places_of(items)
        forms = tuple([one.form for one in items])
        return cls(places, partial(_item, places, forms, _Squeezed(chunks)))

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


class _AtHand(NamedTuple):
    chunk: int
    values: list[bytes]


class _Squeezed:
    """The values of entries; those that stand beside the one asked for last are at hand."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks
        self._at_hand = _AtHand(-1, [])

    def of(self, index: int) -> bytes:
        chunk, at = divmod(index, _TOGETHER)
        found = self._at_hand  # several stores may ask at once
        if found.chunk != chunk:
            text = zlib.decompress(self._chunks[chunk])
            found = self._at_hand = _AtHand(chunk, marshal.loads(text))  # noqa: S302 -- of our own making
        return found.values[at]


def _item(places: "array[int]", forms: Sequence[Form], values: _Squeezed, index: int) -> Item:
    return Item(values.of(index), forms[index], places[index])


def places_of(items: Iterable[Item]) -> "array[int]":
    return items.places if isinstance(items, Lines) else array("q", [one.place for one in items])


def listed(data: Any) -> Any:
    """What a document says, for whoever knows no other lists than plain ones."""
    if not isinstance(data, dict):
        return data
    return {name: list(one) if isinstance(one, Lines) else one for name, one in data.items()}
