"""Where rows are, by the digest that each begins with: there may be very many."""

from array import array
from typing import Final

DIGEST: Final = 16


class Places:
    """A table of numbers of rows, most of it empty: 16 to 32 bytes a row, where a `dict` takes 150.

    Of two rows with one digest the later counts. Digests are keyed, so nobody can choose some that
    fall on one place.
    """

    def __init__(self, rows: bytes | bytearray = b"", size: int = DIGEST) -> None:
        """`size` is how long each row is."""
        self._rows = rows
        self._size = size
        room = 1 << (4 * (len(rows) // size)).bit_length()
        self._last = room - 1
        self._numbers = array("I", [0]) * room
        for number, at in enumerate(range(0, len(rows), size), 1):
            place = int.from_bytes(rows[at : at + 8], "little") & self._last
            if self._numbers[place]:
                place = self._place(rows[at : at + DIGEST], place)
            self._numbers[place] = number

    def find(self, digest: int) -> int | None:
        """Where the row begins."""
        place = digest & self._last
        if not self._numbers[place]:
            return None
        number = self._numbers[self._place(digest.to_bytes(DIGEST, "little"), place)]
        return (number - 1) * self._size if number else None

    def _place(self, name: bytes | bytearray, place: int) -> int:
        """The one that has this row, or the first that is empty, from a place on."""
        numbers, rows, size = self._numbers, self._rows, self._size
        while (number := numbers[place]) and not rows.startswith(name, (number - 1) * size):
            place = (place + 1) & self._last
        return place
