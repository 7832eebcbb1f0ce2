"""Places of many fields in little room: a line and a column in one number."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from reconciler.diagnostics import SourceMark

_WIDTH: Final = 32
COLUMNS: Final = (1 << _WIDTH) - 1


def number(line: int, column: int) -> int:
    """Both from 0, as parsers count."""
    return line << _WIDTH | column


def marked(file: str, place: int) -> SourceMark:
    """Both from 1, as people count."""
    return SourceMark(file, (place >> _WIDTH) + 1, (place & COLUMNS) + 1)


def number_of(mark: SourceMark) -> int:
    return number(mark.line - 1, mark.column - 1)


Told: TypeAlias = tuple[str, str, int]
"""The name of a field, its file, and its place as a number."""


class Marks:
    """The places of a customer's fields, by name; looked for when the first is asked for."""

    __slots__ = ("_find", "_told")

    def __init__(self, find: Callable[[], Iterable[Told]]) -> None:
        self._find = find
        self._told: tuple[Told, ...] | None = None

    def of(self, name: str) -> SourceMark | None:
        for known, file, place in self._all():
            if known == name:
                return marked(file, place)
        return None

    def __iter__(self) -> Iterator[SourceMark]:
        yield from (marked(file, place) for _, file, place in self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Marks) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self._all())

    def _all(self) -> tuple[Told, ...]:
        if self._told is None:
            self._told = tuple(sorted(self._find()))
        return self._told


NO_MARKS: Final = Marks(tuple)
