"""A document written anew: keys in the order of the schema, one indent, one kind of quotes.

Entries of the lists right below the document have lines of their own. What is inside them stands
between brackets where it fits on a line, holds nothing nested, and no comment stands in it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from reconciler.desired.item import Item
from reconciler.desired.layout.order import Order, order
from reconciler.desired.layout.remarks import Lines, Remarks
from reconciler.desired.layout.scalar import is_literal, literal, written
from reconciler.desired.layout.settle import settle
from reconciler.diagnostics import Pointer

WIDTH: Final = 100
_STEP: Final = "  "
_Way: TypeAlias = Pointer | None
"""None where nothing below has remarks, so that no pointers need be made up."""
_Write: TypeAlias = Callable[[Any, str, Order, _Way], Iterator[str]]


def lay_out(data: dict[str, Any], remarks: Remarks) -> str:
    """The whole file. Entries of `data` may be `Item`s; the remarks are used up."""
    settle(data, remarks)
    return "\n".join((*_Layout(remarks=remarks, inside=remarks.inside()).document(data), ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    remarks: Remarks
    inside: frozenset[Pointer]

    def document(self, data: dict[str, Any]) -> Iterator[str]:
        yield from self.remarks.head
        kinds = order()
        for number, name in enumerate(kinds.names(data)):
            value, way = data[name], (name,)
            lines = self._before(way)
            yield from lines if number or self.remarks.head else _begun(lines)
            if isinstance(value, list) and any(map(_is_open, value)):
                yield self._with_beside(f"{written(name)}:", way)
                yield from self._items(value, _STEP, kinds.of(name).item, way, self._entry)
            else:
                yield from self._pair(name, value, "", kinds.of(name), way)
        yield from self.remarks.after.get((), ())

    def _pair(self, name: str, value: Any, indent: str, kind: Order, at: _Way) -> Iterator[str]:
        """Without what stands before it."""
        yield from self._value(f"{indent}{written(name)}:", value, indent, kind, at)

    def _value(self, head: str, value: Any, indent: str, kind: Order, at: _Way) -> Iterator[str]:
        """After the sign that introduces it: on the same line, or on lines of its own."""
        line = self._on_one_line(f"{head} ", value, kind, at)
        if line is not None:
            yield self._with_beside(line, at)
            return
        below = at if at in self.inside else None
        if isinstance(value, str):
            sign, lines = literal(value)
            yield self._with_beside(f"{head} {sign}", at)
            yield from _indented(lines, indent + _STEP)
        elif isinstance(value, dict):
            yield self._with_beside(head, at)
            first = kind.names(value)[0]
            way = _inner(below, first)
            yield from _indented(_begun(self._before(way)), indent + _STEP)
            yield from self._pairs(value, indent + _STEP, kind, below)
        else:
            yield self._with_beside(head, at)
            yield from self._items(value, indent + _STEP, kind.item, below, self._item)

    def _on_one_line(self, head: str, value: Any, kind: Order, at: _Way) -> str | None:
        if not isinstance(value, dict | list):
            return None if is_literal(value) else head + written(value)
        if value and at in self.inside:
            return None
        text = _bracketed(value, kind)
        return None if text is None or (value and len(head + text) > WIDTH) else head + text

    def _pairs(self, value: Any, indent: str, kind: Order, at: _Way) -> Iterator[str]:
        """Without what stands before the first."""
        for number, name in enumerate(kind.names(value)):
            way = _inner(at, name)
            if number:
                yield from _indented(self._before(way), indent)
            yield from self._pair(name, value[name], indent, kind.of(name), way)
        yield from self._at_end(at, indent)

    def _items(
        self, values: Iterable[Any], indent: str, kind: Order, at: _Way, write: _Write
    ) -> Iterator[str]:
        for number, one in enumerate(values):
            value = one.data() if isinstance(one, Item) else one
            way = _inner(at, number)
            lines = self._before(way)
            yield from _indented(lines if number else _begun(lines), indent)
            yield from write(value, indent, kind, way)
        yield from self._at_end(at, indent)

    def _item(self, value: Any, indent: str, kind: Order, at: _Way) -> Iterator[str]:
        nested = isinstance(value, dict)
        if nested and self._on_one_line(f"{indent}- ", value, kind, at) is None:
            yield from self._entry(value, indent, kind, at)
        else:
            yield from self._value(f"{indent}-", value, indent, kind, at)

    def _entry(self, value: Any, indent: str, kind: Order, at: _Way) -> Iterator[str]:
        """A mapping whose first key stands beside the sign of the list."""
        lines = self._pairs(value, indent + _STEP, kind, at if at in self.inside else None)
        first = f"{indent}- {next(lines)[len(indent) + len(_STEP) :]}"
        yield self._with_beside(first, at)
        yield from lines

    def _before(self, at: _Way) -> Lines:
        return self.remarks.before.get(at, []) if at is not None else []

    def _at_end(self, at: _Way, indent: str) -> Iterator[str]:
        if at is not None:
            yield from _indented(self.remarks.after.get(at, []), indent)

    def _with_beside(self, line: str, at: _Way) -> str:
        """In its column, where there is room."""
        column, text = self.remarks.beside.get(at, (0, "")) if at is not None else (0, "")
        return f"{line}{' ' * max(2, column - len(line))}{text}" if text else line


def _inner(at: _Way, child: str | int) -> _Way:
    return None if at is None else (*at, child)


def _begun(lines: Lines) -> Lines:
    """No empty line follows the line that opens something."""
    return lines[1:] if lines[:1] == [""] else lines


def _indented(lines: Iterable[str], indent: str) -> Iterator[str]:
    for line in lines:
        yield indent + line if line else ""


def _is_open(value: Any) -> bool:
    return isinstance(value, dict | Item)


def _bracketed(value: Any, kind: Order) -> str | None:
    """None for what holds nested or long texts."""
    if isinstance(value, list):
        if any(isinstance(one, dict | list | Item) or is_literal(one) for one in value):
            return None
        return f"[{', '.join(written(one, flow=True) for one in value)}]"
    parts = []
    for name in kind.names(value):
        inner = value[name]
        if (isinstance(inner, dict) and inner) or is_literal(inner):
            return None
        nested = isinstance(inner, dict | list)
        text = _bracketed(inner, kind.of(name)) if nested else written(inner, flow=True)
        if text is None:
            return None
        parts.append(f"{written(name, flow=True)}: {text}")
    return f"{{{', '.join(parts)}}}"
