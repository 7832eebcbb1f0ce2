"""A YAML text as nodes that know from where to where they stand.

ruamel.yaml's round trip moves comments, quotes and line ends that nobody touched, so a value is
replaced by its place in the text. Aliases stay aliases here: what they stand for has other places.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from reconciler.desired.yaml_reader import LOADER
from reconciler.diagnostics import Pointer

_COMMENT: Final = re.compile(r"(?<!\S)#[^\r\n]*")


@dataclass(slots=True, eq=False)
class Node:
    """`end` is that of the last thing in it that is no comment. An alias has the name of what it
    stands for in `alias`; the items of a mapping are its keys and values in turn.
    """

    start: int
    end: int
    kind: type
    flow: bool = False
    style: str | None = None
    value: str = ""
    anchor: str | None = None
    alias: str | None = None
    items: list["Node"] = field(default_factory=list)

    @property
    def is_mapping(self) -> bool:
        return self.kind is yaml.MappingStartEvent

    @property
    def is_json(self) -> bool:
        """Whether a mapping has its keys in double quotes."""
        return self.is_mapping and bool(self.items) and self.items[0].style == '"'

    @property
    def is_list(self) -> bool:
        return self.kind is yaml.SequenceStartEvent

    @property
    def is_scalar(self) -> bool:
        return self.kind is yaml.ScalarEvent

    def pairs(self) -> list[tuple["Node", "Node"]]:
        return list(zip(self.items[::2], self.items[1::2], strict=True))

    def get(self, key: str) -> "Node | None":
        return next((value for name, value in self.pairs() if name.value == key), None)

    def every(self) -> Iterator["Node"]:
        yield self
        for one in self.items:
            yield from one.every()

    def leaves(self) -> Iterator["Node"]:
        """Whatever is written out, in the order of the text."""
        return (one for one in self.every() if not (one.is_mapping or one.is_list))


def tree(text: str) -> Node | None:
    """The nodes of a text that was read before; None where it holds none."""
    around: list[Node] = []
    root: Node | None = None
    events: Iterator[Any] = yaml.parse(text, Loader=LOADER)
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            closed = around.pop()
            closed.end = _end(event) if closed.flow else closed.items[-1].end
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        node = _node(event, text)
        if around:
            around[-1].items.append(node)
        else:
            root = node
        if isinstance(event, yaml.CollectionStartEvent):
            around.append(node)
    return root


def _end(event: Any) -> int:
    return int(event.end_mark.index)


def _node(event: Any, text: str) -> Node:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, yaml.ScalarEvent):
        # A block of lines ends where the next thing begins.
        end = start + len(text[start:end].rstrip()) if event.style in ("|", ">") else end
        return Node(
            start, end, yaml.ScalarEvent, style=event.style, value=event.value, anchor=event.anchor
        )
    if isinstance(event, yaml.AliasEvent):
        return Node(start, end, yaml.AliasEvent, alias=event.anchor)
    return Node(start, end, type(event), flow=bool(event.flow_style), anchor=event.anchor)


@dataclass(frozen=True, slots=True)
class Found:
    """The nodes on the way to a place, the outermost first. Where `rest` is left the last of them
    is an alias that the way goes on behind, or has nothing of that name.
    """

    way: tuple[Node, ...]
    rest: Pointer

    @property
    def node(self) -> Node:
        return self.way[-1]

    @property
    def around(self) -> Node:
        """What the node stands in."""
        return self.way[-2] if len(self.way) > 1 else self.node

    @property
    def is_json(self) -> bool:
        """Whether it stands among quoted keys."""
        return any(one.is_json for one in self.way[-3:])

    @property
    def depth(self) -> int:
        """How many parts of the pointer lead to the node."""
        return len(self.way) - 1


def find(root: Node, pointer: Pointer) -> Found:
    way = [root]
    for length, part in enumerate(pointer):
        node, inner = way[-1], None
        if node.is_mapping and isinstance(part, str):
            inner = node.get(part)
        elif node.is_list and isinstance(part, int) and part < len(node.items):
            inner = node.items[part]
        if inner is None:
            return Found(tuple(way), pointer[length:])
        way.append(inner)
    return Found(tuple(way), ())


def comments(root: Node, text: str) -> list[str]:
    """Those of a text, in their order."""
    found: list[str] = []
    at = 0
    for one in root.leaves():
        found += comments_in(text[at : one.start])
        at = one.end
        if one.style in ("|", ">"):
            found += comments_in(text[one.start : one.end].partition("\n")[0])
    return found + comments_in(text[at:])


def comments_in(gap: str) -> list[str]:
    """Of a piece in which nothing else is written."""
    return _COMMENT.findall(gap)
