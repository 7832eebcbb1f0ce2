"""Where everything in a document stands, as numbers; few places are ever asked for.

A document's keys and values have one number each, in the order of the text, and the data has the
same order: so a place is found again by walking the entry that it is in.
"""

from array import array
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import Pointer, SourceMark
from reconciler.model.marks import marked, number

_Inside: TypeAlias = dict[Pointer, tuple[int, int]]
"""Which numbers are those of a key (-1 for items of lists) and of its value, by the way there."""


_NOTHING: Final[tuple[int, _Inside]] = (-1, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`data` is the document as it was read, `sections` where the numbers of its keys begin, and
    `items` where those of each item of a list right below one do.
    """

    file: str
    data: Any
    numbers: "array[int]"
    sections: dict[str, int]
    items: "dict[str, array[int]]"
    _last: dict[str | int, tuple[int, _Inside]] = field(default_factory=dict, repr=False)

    def value(self, pointer: Pointer) -> SourceMark:
        """Of a value, or of the nearest thing around it."""
        for length in range(len(pointer), -1, -1):
            found = self._found(pointer[:length])
            if found is not None:
                return marked(self.file, self.numbers[found[1]])
        return SourceMark(self.file)

    def key(self, pointer: Pointer) -> SourceMark:
        """Of the key whose value `pointer` names, or of the nearest key around it."""
        for length in range(len(pointer), 0, -1):
            found = self._found(pointer[:length])
            if found is not None and found[0] >= 0:
                return marked(self.file, self.numbers[found[0]])
        return SourceMark(self.file)

    def near(self, pointer: Pointer) -> int:
        """The number of a key; of an item, or of what is not there, that of the value around it."""
        found = self._found(pointer)
        if found is not None and found[0] >= 0:
            return self.numbers[found[0]]
        for length in range(len(pointer), -1, -1):
            found = self._found(pointer[:length])
            if found is not None:
                return self.numbers[found[1]]
        return number(0, 0)

    def _found(self, pointer: Pointer) -> tuple[int, int] | None:
        if not pointer:
            return (-1, 0) if self.numbers else None
        if not isinstance(self.data, dict):
            return inside(self.data, 0).get(pointer)
        section = pointer[0]
        if len(pointer) > 2:
            last, known = self._last.get(section, _NOTHING)
            if last == pointer[1]:
                return known.get(pointer[2:])
        at = self.sections.get(section) if isinstance(section, str) else None
        if not isinstance(section, str) or at is None:
            return None
        if len(pointer) == 1:
            return at, at + 1
        items = self.items.get(section)
        if items is None:
            return self._inside(section, -1, at + 1).get(pointer[1:])
        index = pointer[1]
        if not isinstance(index, int) or not 0 <= index < len(items):
            return None
        if len(pointer) == 2:
            return -1, items[index]
        return self._inside(section, index, items[index]).get(pointer[2:])

    def _inside(self, section: str, index: int, at: int) -> _Inside:
        """Kept until another entry of the section is asked about: questions come entry by entry."""
        known = self._last.get(section)
        if known is not None and known[0] == index:
            return known[1]
        around = self.data[section]
        found = inside(around if index < 0 else around[index], at)
        self._last[section] = (index, found)
        return found


def inside(node: Any, at: int) -> _Inside:
    """Of everything in a value whose own number is `at`."""
    found: _Inside = {}
    if isinstance(node, (dict, list)):
        _number(node, (), at, found)
    return found


def _number(node: Any, pointer: Pointer, at: int, found: _Inside) -> int:
    """Notes everything inside; gives the first number after it."""
    at += 1
    pairs = isinstance(node, dict)
    for name, inner in node.items() if pairs else enumerate(node):
        way = (*pointer, name)
        found[way] = (at, at + 1) if pairs else (-1, at)
        at += pairs
        at = _number(inner, way, at, found) if isinstance(inner, (dict, list)) else at + 1
    return at
