"""Where everything in a document stands, as numbers; few places are ever asked for.

A document's keys and values have one number each, in the order of the text, and the data has the
same order: so a place is found again by walking the entry that it is in.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.desired.again import Lines
from reconciler.desired.item import Item
from reconciler.desired.numbering import Inside, inside
from reconciler.diagnostics import Pointer, SourceMark
from reconciler.model.marks import marked, number

_NOTHING: Final[tuple[int, Inside]] = (-1, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`data` is the document as it was read, `sections` where the numbers of its keys begin, and
    `items` where those of each item of a list right below one do.
    """

    file: str
    data: Any
    numbers: "array[int]"
    sections: dict[str, int]
    items: dict[str, Sequence[int]]
    _last: dict[str | int, tuple[int, Inside]] = field(default_factory=dict, repr=False)

    def value(self, pointer: Pointer) -> SourceMark:
        """Of a value, or of the nearest thing around it."""
        item, rest = self._item(pointer)
        if item is not None:
            return marked(self.file, item.value(rest))
        for length in range(len(pointer), -1, -1):
            found = self._found(pointer[:length])
            if found is not None:
                return marked(self.file, self.numbers[found[1]])
        return SourceMark(self.file)

    def key(self, pointer: Pointer) -> SourceMark:
        """Of the key whose value `pointer` names, or of the nearest key around it."""
        item, rest = self._item(pointer)
        inner = None if item is None else item.key(rest)
        if inner is not None:
            return marked(self.file, inner)
        for length in range(len(pointer), 0, -1):
            found = self._found(pointer[:length])
            if found is not None and found[0] >= 0:
                return marked(self.file, self.numbers[found[0]])
        return SourceMark(self.file)

    def near(self, pointer: Pointer) -> int:
        """The number of a key; of an item, or of what is not there, that of the value around it."""
        item, rest = self._item(pointer)
        if item is not None:
            return item.near(rest)
        found = self._found(pointer)
        if found is not None and found[0] >= 0:
            return self.numbers[found[0]]
        for length in range(len(pointer), -1, -1):
            found = self._found(pointer[:length])
            if found is not None:
                return self.numbers[found[1]]
        return number(0, 0)

    def _item(self, pointer: Pointer) -> tuple[Item | None, Pointer]:
        """The accepted entry that a pointer leads into, and the way from there."""
        node = self.data
        for length, part in enumerate(pointer, start=1):
            if isinstance(node, dict):
                node = node.get(part)
            elif (
                isinstance(node, (list, Lines)) and isinstance(part, int) and 0 <= part < len(node)
            ):
                node = node[part]
            else:
                break
            if isinstance(node, Item):
                return node, pointer[length:]
        return None, pointer

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

    def _inside(self, section: str, index: int, at: int) -> Inside:
        """Kept until another entry of the section is asked about: questions come entry by entry."""
        known = self._last.get(section)
        if known is not None and known[0] == index:
            return known[1]
        around = self.data[section]
        found = inside(around if index < 0 else around[index], at)
        self._last[section] = (index, found)
        return found
