"""Changes of a text by place: pairs and items that go or come, and the comments around them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from reconciler.desired.adopt.tree import Node, comments_in

_DASH: Final = re.compile(r"\s*-[ \t]*\Z")
_ITEM: Final = re.compile(r"-[ \t]*\Z")


class Edit(NamedTuple):
    """What stands in the text from `start` to `end` becomes `text`."""

    start: int
    end: int
    text: str


class OddError(Exception):
    """A place is written so that it cannot be changed with all around it kept."""

    def __init__(self, at: int) -> None:
        super().__init__("odd")
        self.at = at


def carried_out(text: str, edits: Iterable[Edit]) -> str:
    """Raises `OddError` where two of them would change one place."""
    parts: list[str] = []
    at = 0
    for one in sorted(edits):
        if one.start < at:
            raise OddError(one.start)
        parts += (text[at : one.start], one.text)
        at = one.end
    return "".join((*parts, text[at:]))


def put(node: Node, text: str, value: str) -> Edit:
    """A value in the place of another. A comment inside of that would be lost."""
    if _holds_comments(node, text):
        raise OddError(node.start)
    if node.start == node.end and not text[: node.start].rstrip(" \t").endswith(":"):
        raise OddError(node.start)  # a key alone would become another key
    space = " " if node.start == node.end and text[node.start - 1 : node.start] == ":" else ""
    return Edit(node.start, node.end, space + value)


def _holds_comments(node: Node, text: str) -> bool:
    at = node.start
    for one in node.leaves():
        if comments_in(text[at : one.start]):
            return True
        head = text[one.start : one.end].partition("\n")[0]
        if one.style in ("|", ">") and comments_in(head):
            return True
        at = one.end
    return bool(comments_in(text[at : node.end]))


def reworded(node: Node, word: str) -> Edit:
    """A word in the place of another, in the same quotes."""
    quotes = node.style if node.style in ("'", '"') else ""
    return Edit(node.start, node.end, f"{quotes}{word}{quotes}")


def without_pairs(mapping: Node, text: str, names: Iterable[str]) -> Iterator[Edit]:
    """Some pairs go; something stays. Comments stay, on lines of their own where need be."""
    spans = [(key.start, value.end) for key, value in mapping.pairs()]
    goes = [key.value in names for key, _ in mapping.pairs()]
    yield from _without(spans, goes, text, flow=mapping.flow)


def without_items(items: Node, text: str, goes: Sequence[bool]) -> Iterator[Edit]:
    """The same for a list of which something stays."""
    spans = [(one.start, one.end) for one in items.items]
    if not items.flow:
        spans = [(_dash(text, start), end) for start, end in spans]
    yield from _without(spans, goes, text, flow=items.flow)


def _dash(text: str, start: int) -> int:
    """Where the sign of an item stands that begins at a place."""
    found = _ITEM.search(text, 0, start)
    if found is None:
        raise OddError(start)
    return found.start()


def _without(
    spans: Sequence[tuple[int, int]], goes: Sequence[bool], text: str, *, flow: bool
) -> Iterator[Edit]:
    kept = goes.index(False)
    for number, (start, end) in enumerate(spans):
        if not goes[number]:
            continue
        if number < kept:
            follows = spans[number + 1][0]
            yield Edit(start, follows, _comments_alone(text[end:follows], flow=flow))
            continue
        before = spans[number - 1][1]
        gap = text[before:start]
        if flow:
            left = gap.replace(",", "", 1) if comments_in(gap) else ""
        else:
            left = _left_of_lines(gap, text[end:])
        yield Edit(before, end, left)


def _comments_alone(gap: str, *, flow: bool) -> str:
    if not comments_in(gap):
        return ""
    return (gap.replace(",", "", 1) if flow else gap).lstrip(" \t")


def _left_of_lines(gap: str, after: str) -> str:
    """What stays of the lines before a pair that goes: comments, and a line for its own comment."""
    rest = after.partition("\n")[0]
    if comments_in(rest):
        space = len(rest) - len(rest.lstrip(" \t"))
        return gap[: max(len(gap) - space, gap.rfind("\n") + 1)]
    return gap.rstrip() if comments_in(gap) else ""


def line_end(text: str, at: int) -> int:
    """Where the line of a place ends, without its sign."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if text[at:end].endswith("\r") else end


def column(text: str, at: int) -> int:
    return at - (text.rfind("\n", 0, at) + 1)


def new_line(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def with_pair(mapping: Node, text: str, pair: str, after: int | None = None) -> Edit:
    """A pair more, behind the value of a number, or the last."""
    if not mapping.items:
        raise OddError(mapping.start)
    _, value = mapping.pairs()[-1 if after is None else after]
    if mapping.flow:
        return Edit(value.end, value.end, f", {pair}")
    at = line_end(text, value.end)
    return Edit(at, at, f"{new_line(text)}{' ' * column(text, mapping.items[0].start)}{pair}")


def listed(items: Node, text: str, goes: Sequence[bool], comes: Sequence[str]) -> Iterator[Edit]:
    """A list without some of its items, and with others, written already, at its end."""
    if all(goes):
        yield bracketed(items, text, f"[{', '.join(comes)}]")
        return
    yield from without_items(items, text, goes)
    if not comes:
        return
    last = [one for one, gone in zip(items.items, goes, strict=True) if not gone][-1]
    if items.flow:
        new = "".join(f", {one}" for one in comes)
        yield Edit(last.end, last.end, new)
        return
    dash = " " * column(text, _dash(text, last.start)) + "- "
    at = line_end(text, last.end)
    lines = "".join(f"{new_line(text)}{dash}{one}" for one in comes)
    yield Edit(at, at, lines)


def bracketed(items: Node, text: str, value: str) -> Edit:
    """A list in the place of one: behind its key, where its items had lines of their own."""
    if items.flow or not items.is_list:
        return put(items, text, value)
    first = _dash(text, items.start + 1)
    key = text.rfind(":", 0, first) + 1
    whole = Node(key, items.end, items.kind, items=items.items)
    return put(whole, text, f" {value}")
