"""One accepted entry of a list in little room, until somebody asks about it.

Entries that people or programs write alike have their keys, and where these stand from the first
line on, in common: that is one `Form` for many. What is each one's own are the values, as bytes.
"""

import marshal
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any, Final, TypeAlias

from reconciler.desired.numbering import Inside, inside
from reconciler.diagnostics import Pointer
from reconciler.schemas import Accepted

_Shape: TypeAlias = int | tuple[Any, ...]
"""Of plain lists, how many values they have; of plain mappings, their keys. What has others inside
begins with what it is, then come None or a shape for each value, and the keys of a mapping.
"""
_Fill: TypeAlias = tuple[bool, tuple[Any, ...]]
"""A mapping or a list: for each key, or each of the list, the place of a value or how to fill what
stands there.
"""
_MAPPING: Final = True
_LIST: Final = False
_MOST_KNOWN: Final = 4096


@dataclass(frozen=True, slots=True)
class Form:
    """`places` are the numbers of keys and values, in their order and counted from that of the
    entry, as an `array("q")` has them.
    """

    shape: _Shape
    places: bytes
    _fill: _Fill = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fill", _fill(self.shape, count()))

    def filled(self, values: list[Any]) -> Any:
        """An entry of this form."""
        return _filled(self._fill, values)


_forms: Final[dict[Form, Form]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Item(Accepted):
    """`place` is the number of the entry itself (`model.marks`)."""

    values: bytes = field(repr=False)
    form: Form = field(repr=False)
    place: int

    @classmethod
    def of(cls, data: Any, place: int, places: bytes) -> "Item":
        """`places` is as a `Form` has it."""
        values: list[Any] = []
        form = Form(_shape(data, values), places)
        if len(_forms) > _MOST_KNOWN:
            _forms.clear()
        return cls(marshal.dumps(values), _forms.setdefault(form, form), place)

    def data(self) -> Any:
        """The entry as it was read."""
        return self.form.filled(marshal.loads(self.values))  # noqa: S302 -- of our own making

    def value(self, pointer: Pointer) -> int:
        """The number of a value in it, or of the nearest thing around that."""
        if not pointer:
            return self.place
        return self._at(self._around(pointer, self._ways()))

    def key(self, pointer: Pointer) -> int | None:
        """The number of a key in it or around that; None where there is none."""
        ways = self._ways()
        for length in range(len(pointer), 0, -1):
            found = ways.get(pointer[:length])
            if found is not None and found[0] >= 0:
                return self._at(found[0])
        return None

    def near(self, pointer: Pointer) -> int:
        """The number of a key; of what is not there, that of the value around it."""
        ways = self._ways()
        found = ways.get(pointer)
        if found is not None and found[0] >= 0:
            return self._at(found[0])
        return self._at(self._around(pointer, ways))

    def _ways(self) -> Inside:
        return inside(self.data(), 0)

    @staticmethod
    def _around(pointer: Pointer, ways: Inside) -> int:
        for length in range(len(pointer), 0, -1):
            found = ways.get(pointer[:length])
            if found is not None:
                return found[1]
        return 0

    def _at(self, number: int) -> int:
        if number == 0:
            return self.place
        return self.place + memoryview(self.form.places).cast("q")[number - 1]


def _shape(node: Any, values: list[Any]) -> _Shape:
    """Appends the values to `values`."""
    inner = node.values() if type(node) is dict else node
    if not any(type(one) is dict or type(one) is list for one in inner):
        values.extend(inner)
        return tuple(node) if type(node) is dict else len(node)
    shapes: list[_Shape | None] = []
    for one in inner:
        if type(one) is dict or type(one) is list:
            shapes.append(_shape(one, values))
        else:
            shapes.append(None)
            values.append(one)
    return (_MAPPING, tuple(shapes), tuple(node)) if type(node) is dict else (_LIST, tuple(shapes))


def _fill(shape: _Shape, places: Iterator[int]) -> _Fill:
    """How to fill a shape, found once for all entries of a form."""
    if type(shape) is int:
        return _LIST, tuple(islice(places, shape))
    assert type(shape) is tuple  # noqa: S101
    if not shape or type(shape[0]) is str:
        return _MAPPING, tuple(zip(shape, places, strict=False))
    inner = [next(places) if one is None else _fill(one, places) for one in shape[1]]
    return shape[0], tuple(inner if shape[0] is _LIST else zip(shape[2], inner, strict=True))


def _filled(fill: _Fill, values: list[Any]) -> Any:
    kind, parts = fill
    if kind is _LIST:
        return [values[one] if type(one) is int else _filled(one, values) for one in parts]
    return {key: values[one] if type(one) is int else _filled(one, values) for key, one in parts}
