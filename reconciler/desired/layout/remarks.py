"""What belongs to the parts of a document and is no data: comments, and empty lines between."""

from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

from reconciler.diagnostics import Pointer

Lines: TypeAlias = list[str]
"""Comments without their indent, and "" for an empty line."""
SHALLOW = 2
"""Down to sections, their entries and the names below them, an empty line is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """By the pointer of a key or item: lines `before` it and the column and text `beside` it; by
    that of a list or mapping: lines `after` the last in it. `head` stands before everything.
    """

    head: Lines = field(default_factory=list)
    before: dict[Pointer, Lines] = field(default_factory=dict)
    beside: dict[Pointer, tuple[int, str]] = field(default_factory=dict)
    after: dict[Pointer, Lines] = field(default_factory=dict)

    def add_before(self, pointer: Pointer, text: str, *, apart: bool) -> None:
        _add(self.before, pointer, text, apart=apart and len(pointer) <= SHALLOW)

    def add_after(self, pointer: Pointer, text: str, *, apart: bool) -> None:
        _add(self.after, pointer, text, apart=apart and len(pointer) < SHALLOW)

    def set_apart(self, pointer: Pointer) -> None:
        """An empty line stands right before it."""
        lines = self.before.setdefault(pointer, [])
        if lines[-1:] != [""]:
            lines.append("")

    def move_before(self, pointer: Pointer, moved: Lines) -> None:
        """What stood elsewhere comes last there; one empty line keeps them apart, not two."""
        lines = self.before.setdefault(pointer, [])
        lines += moved[1:] if lines[-1:] == moved[:1] == [""] else moved

    def texts(self) -> list[str]:
        """Every comment, whatever it belongs to, sorted."""
        lines = [*self.head, *(text for _, text in self.beside.values())]
        for one in (*self.before.values(), *self.after.values()):
            lines += one
        return sorted(filter(None, lines))

    def inside(self) -> frozenset[Pointer]:
        """The lists and mappings with something of this in them, on whatever level."""
        found: set[Pointer] = set()
        for pointer in chain(self.before, self.beside):
            found.update(pointer[:length] for length in range(len(pointer)))
        for pointer in self.after:
            found.update(pointer[:length] for length in range(len(pointer) + 1))
        return frozenset(found)


def _add(table: dict[Pointer, Lines], pointer: Pointer, text: str, *, apart: bool) -> None:
    lines = table.setdefault(pointer, [])
    if apart and lines[-1:] != [""]:
        lines.append("")
    lines.append(text)
