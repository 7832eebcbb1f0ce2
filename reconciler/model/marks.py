"""Places of many fields in little room: a line and a column in one number."""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.diagnostics import SourceMark

_WIDTH: Final = 32
_COLUMNS: Final = (1 << _WIDTH) - 1


def number(line: int, column: int) -> int:
    """Both from 0, as parsers count."""
    return line << _WIDTH | column


def marked(file: str, place: int) -> SourceMark:
    """Both from 1, as people count."""
    return SourceMark(file, (place >> _WIDTH) + 1, (place & _COLUMNS) + 1)


class Marks:
    """The places of a customer's fields, by name."""

    __slots__ = ("_files", "_names", "_places")

    def __init__(self, marks: Iterable[tuple[str, str, int]] = ()) -> None:
        """Names, files and numbers."""
        told = sorted(marks)
        self._names = _shared(tuple(name for name, _, _ in told))
        self._files = _shared(tuple(file for _, file, _ in told))
        self._places = tuple(place for _, _, place in told)

    def of(self, name: str) -> SourceMark | None:
        for known, file, place in zip(self._names, self._files, self._places, strict=True):
            if known == name:
                return marked(file, place)
        return None

    def __iter__(self) -> Iterator[SourceMark]:
        yield from (
            marked(file, place) for file, place in zip(self._files, self._places, strict=True)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Marks) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self._names, self._files, self._places


_MOST_KNOWN: Final = 4096
_known: Final[dict[tuple[str, ...], tuple[str, ...]]] = {}


def _shared(texts: tuple[str, ...]) -> tuple[str, ...]:
    """One tuple for the many customers whose fields have the same names, or stand in one file."""
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    return _known.setdefault(texts, texts)


NO_MARKS: Final = Marks()
