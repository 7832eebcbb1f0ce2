"""Comments that cannot stand where they were once a document is laid out: they move one line up."""

from typing import Any

from reconciler.desired.item import Item
from reconciler.desired.layout.order import Order, order
from reconciler.desired.layout.remarks import Remarks
from reconciler.diagnostics import Pointer


def settle(data: Any, remarks: Remarks) -> None:
    """Moves, within the remarks, what stood in an empty list or mapping, between the sign of a list
    and the first key beside it, and beside an item whose first key has something beside it.
    """
    for pointer in list(remarks.after):
        if not _found(data, pointer)[0]:
            remarks.move_before(pointer, remarks.after.pop(pointer))
    for pointer in list(remarks.beside):
        first = _first_key(data, pointer)
        if first in remarks.beside:
            remarks.move_before(pointer, [remarks.beside.pop(pointer)[1]])
    for pointer in list(remarks.before):
        if len(pointer) > 1 and _first_key(data, pointer[:-1]) == pointer:
            remarks.move_before(pointer[:-1], remarks.before.pop(pointer))


def _first_key(data: Any, pointer: Pointer) -> Pointer | None:
    """The key that stands on the line that an item of a list begins on."""
    if not pointer or not isinstance(pointer[-1], int):
        return None
    value, kind = _found(data, pointer)
    return (*pointer, kind.names(value)[0]) if isinstance(value, dict) and value else None


def _found(data: Any, pointer: Pointer) -> tuple[Any, Order]:
    value, kind = data, order()
    for part in pointer:
        value = value[part]
        if isinstance(value, Item):
            value = value.data()
        kind = kind.item if isinstance(part, int) else kind.of(part)
    return value, kind
