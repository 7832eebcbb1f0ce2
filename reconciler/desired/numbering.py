"""How the keys and values of a document are numbered: in the order of the text, from that of the
value around them on.
"""

from typing import Any, TypeAlias

from reconciler.diagnostics import Pointer

Inside: TypeAlias = dict[Pointer, tuple[int, int]]
"""Which numbers are those of a key (-1 for items of lists) and of its value, by the way there."""


def inside(node: Any, at: int) -> Inside:
    """Of everything in a value whose own number is `at`."""
    found: Inside = {}
    if isinstance(node, (dict, list)):
        _number(node, (), at, found)
    return found


def _number(node: Any, pointer: Pointer, at: int, found: Inside) -> int:
    """Notes everything inside; gives the first number after it."""
    at += 1
    pairs = isinstance(node, dict)
    for name, inner in node.items() if pairs else enumerate(node):
        way = (*pointer, name)
        found[way] = (at, at + 1) if pairs else (-1, at)
        at += pairs
        at = _number(inner, way, at, found) if isinstance(inner, (dict, list)) else at + 1
    return at
