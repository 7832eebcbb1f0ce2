"""Whose a comment is: of what it stands beside; else of what comes next, unless its indent says
that it ends what came before.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from reconciler.desired.layout.comments import Comment, UnclearError, comments
from reconciler.desired.layout.remarks import SHALLOW, Remarks
from reconciler.desired.yaml_reader import LOADER
from reconciler.diagnostics import Pointer

_Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """A key with its value, or an item of a list."""

    pointer: Pointer
    start: _Place
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Container:
    """A list or mapping; `until` is the end of one between brackets."""

    column: int
    start: _Place
    until: _Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Lines of a document that are YAML by themselves: what they hold has pointers below `root`,
    and items of a list count from `first`. `then` is what comes after them, if anything does.
    """

    text: str
    root: Pointer = ()
    first: int = 0
    then: Pointer | None = None


@dataclass(slots=True)
class _Structure:
    """`ends` has, by line, where keys and values on it end, in their order."""

    units: list[_Unit] = field(default_factory=list)
    containers: dict[Pointer, _Container] = field(default_factory=dict)
    ends: dict[int, list[tuple[int, Pointer]]] = field(default_factory=dict)

    def add(self, node: yaml.Node, pointer: Pointer, first: int = 0) -> None:
        has_end = False  # on the last line that it has a part in
        if isinstance(node, yaml.CollectionNode):
            has_end = bool(node.flow_style)
            until = _place(node.end_mark) if has_end else None
            self.containers[pointer] = _Container(
                column=node.start_mark.column, start=_place(node.start_mark), until=until
            )
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                way = (*pointer, key.value)
                self._unit(way, key.start_mark, key.start_mark.column)
                self._ended(key.end_mark, way)
                self.add(value, way)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value, start=first):
                way = (*pointer, index)
                self._unit(way, value.start_mark, node.start_mark.column)
                self.add(value, way)
        elif isinstance(node, yaml.ScalarNode):
            has_end = node.style not in ("|", ">")
        if has_end:
            self._ended(node.end_mark, pointer)

    def _unit(self, pointer: Pointer, mark: Any, column: int) -> None:
        self.units.append(_Unit(pointer=pointer, start=_place(mark), column=column))

    def _ended(self, mark: Any, pointer: Pointer) -> None:
        self.ends.setdefault(mark.line, []).append((mark.column, pointer))

    def beside(self, one: Comment) -> Pointer | None:
        """What ends last before it on its line."""
        ended = [pointer for column, pointer in self.ends.get(one.line, ()) if column <= one.column]
        return None if one.alone or not ended else ended[-1]

    def around(self, place: _Place, last: Pointer) -> Pointer | None:
        """The innermost brackets that a place is in; `last` is what began last before it."""
        for length in range(len(last), -1, -1):
            found = self.containers.get(last[:length])
            if found is not None and found.until and found.start < place < found.until:
                return last[:length]
        return None


def attach(piece: Piece, remarks: Remarks) -> None:
    """Adds what is in the piece to the remarks. Raises `UnclearError`."""
    try:
        node = yaml.compose(piece.text, Loader=LOADER)
    except yaml.YAMLError:
        raise UnclearError from None
    structure = _Structure()
    if node is not None:
        structure.add(node, piece.root, piece.first)
    _Attaching(piece=piece, remarks=remarks, structure=structure).run()


@dataclass(slots=True)
class _Attaching:
    piece: Piece
    remarks: Remarks
    structure: _Structure
    _lines: list[str] = field(default_factory=list)
    _told: tuple[int, int] = (-1, 0)
    """The unit that the last comment came before, and how deep one that ends something may go."""

    def run(self) -> None:
        self._lines = self.piece.text.split("\n")
        starts = [unit.start for unit in self.structure.units]
        for one in comments(self.piece.text):
            owner = self.structure.beside(one)
            if owner is not None and len(owner) > len(self.piece.root):
                self._beside(owner, one)
            else:
                self._alone(one, bisect_right(starts, (one.line, one.column)))
        last: Pointer = ()
        for unit in self.structure.units:
            around, name = unit.pointer[:-1], unit.pointer[-1]
            first = name == 0 or (around == last and isinstance(name, str) and around != ())
            last = unit.pointer
            kept = len(last) <= SHALLOW and (not first or last in self.remarks.before)
            line, column = unit.start
            begins = not self._lines[line][:column].strip(" -")
            if kept and begins and self._is_apart(line):
                self.remarks.set_apart(last)

    def _beside(self, owner: Pointer, one: Comment) -> None:
        if owner in self.remarks.beside:
            self.remarks.add_before(owner, one.text, apart=False)
        else:
            self.remarks.beside[owner] = (one.column, one.text)

    def _alone(self, one: Comment, at: int) -> None:
        units, place = self.structure.units, (one.line, one.column)
        following = units[at] if at < len(units) else None
        last = units[at - 1].pointer if at else self.piece.root
        apart = one.alone and self._is_apart(one.line)
        brackets = self.structure.around(place, last)
        if brackets is not None:
            inside = following is not None and following.pointer[: len(brackets)] == brackets
            if following is not None and inside:
                self.remarks.add_before(following.pointer, one.text, apart=apart)
            else:
                self.remarks.add_after(brackets, one.text, apart=apart)
            return
        ended = self._ended(one, at, last, following)
        if ended is not None:
            self._told = (at, len(ended))
            self.remarks.add_after(ended, one.text, apart=apart)
            return
        self._told = (at, -1)
        target = following.pointer if following is not None else self.piece.then
        if target is not None:
            self.remarks.add_before(target, one.text, apart=apart)
        else:
            self.remarks.add_after((), one.text, apart=apart)

    def _ended(
        self, one: Comment, at: int, last: Pointer, following: _Unit | None
    ) -> Pointer | None:
        """The list or mapping that ended before the comment and that its indent puts it in."""
        deepest = self._told[1] if self._told[0] == at else len(last)
        if following is not None and one.column <= following.column:
            return None
        target = following.pointer if following is not None else self.piece.then
        shared = len(target) - 1 if target is not None else -1
        for length in range(min(deepest, len(last)), shared, -1):
            found = self.structure.containers.get(last[:length])
            if length < len(self.piece.root) or found is None or found.until is not None:
                continue
            if found.column <= one.column:
                return last[:length]
        return None

    def _is_apart(self, line: int) -> bool:
        return line > 0 and not self._lines[line - 1].strip()


def _place(mark: Any) -> _Place:
    return mark.line, mark.column
