"""The fast door for long lists: entries whose lines are of the plainest kind are read by line.

What such lines make of an entry follows from all of them but their values: that is its pattern. The
first entry of a pattern is read by the YAML reader, which tells the form of all others; whatever is
not of the plainest kind is left to that reader, and so is the whole file then.
"""

import marshal
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from reconciler.desired.again import Lines
from reconciler.desired.document import LISTS, Accept
from reconciler.desired.item import Form, Item
from reconciler.desired.plain import plain
from reconciler.model.marks import COLUMNS, number

Learn: TypeAlias = Callable[[str], Item | None]
"""An entry that is alone in its list, as the YAML reader has it; None where that refuses it."""

# To look for a line break and what follows it is several times as fast as to look for a beginning.
_FIRST: Final = re.compile(rf"({'|'.join(LISTS)}): *(?: #.*)?$", re.MULTILINE)
_HEAD: Final = re.compile(rf"\n{_FIRST.pattern}", re.MULTILINE)
_END: Final = re.compile(r"\n(?=[^ \n#-])")
_LINE: Final = re.compile(
    r"( *(?:- +)?(?:[A-Za-z_][A-Za-z0-9_]{0,63}:(?= |\Z) *)?)"
    r"(?:\"([^\"\\]*)\"|'([^']*)'|([^\W_][^\s:#]*(?:(?: |:)[^\s:#]+)*)?)"
)
_MOST_LINES: Final = 20_000
_MOST_PATTERNS: Final = 4096
_COMMENT: Final = "#"
_Read: TypeAlias = tuple[str, Any]
"""A line without its value, and the value; a comment or an empty line is `_COMMENT` and nothing."""
_NOTHING: Final = object()
NO_BLOCKS: Final[Mapping[int, "Block"]] = {}


class _Odd(Exception):
    """A line, or an entry, that is not of the plainest kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A list right below the document: the number of its first sign, its entries, and from where to
    where they stand in the text.
    """

    place: int
    items: Sequence[Item]
    span: tuple[int, int]


def blocks(text: str, accept: Accept, learn: Learn) -> tuple[str, Mapping[int, Block]]:
    """The text with empty lines in the place of such lists, and these by the line of their key.

    Where one cannot be read so, none is. It is for the reader of the rest to say that a key stands
    there indeed: what looks like one may be part of a longer text.
    """
    found: dict[int, Block] = {}
    parts: list[str] = []
    done = line = counted = 0
    try:
        for head in _heads(text):
            begin = head.end() + 1
            ended = _END.search(text, begin - 1)
            end = ended.end() if ended else len(text)
            line += text.count("\n", counted, begin - 1)
            counted = begin - 1
            content = text[begin:end]
            block = _block(content.split("\n"), line + 1, partial(accept, head[1]), learn)
            if block is not None:
                place, items = block
                found[line] = Block(place=place, items=items, span=(begin, end))
                parts += (text[done:begin], "\n" * content.count("\n"))
                done = end
    except _Odd:
        return text, {}
    return "".join((*parts, text[done:])), found


def _heads(text: str) -> Iterator[re.Match[str]]:
    first = _FIRST.match(text)
    if first is not None:
        yield first
    yield from _HEAD.finditer(text)


_patterns: Final[dict[tuple[str, ...], tuple[Form, int]]] = {}
"""The form of what lines without their values make, and the column that it begins in."""


def _block(
    lines: list[str], first: int, accept: Callable[[Any], bool], learn: Learn
) -> tuple[int, Lines] | None:
    """The number of the first sign, and the entries; None where none is. `first` is the number of
    the first line.
    """
    begin = next((at for at, line in enumerate(lines) if _is_text(line)), None)
    if begin is None:
        return None
    indent = len(lines[begin]) - len(lines[begin].lstrip(" "))
    bullet = f"{lines[begin][:indent]}- "
    if not lines[begin].startswith(bullet):
        raise _Odd
    items: list[Item] = []
    known: dict[str, _Read] = {}
    pattern: list[str] = []
    values: list[Any] = []
    start = begin
    for at in range(begin, len(lines)):
        line = lines[at]
        if line.startswith(bullet) and pattern:
            items.append(_item(pattern, values, lines[start:at], first + start, learn))
            pattern, values, start = [], [], at
        read = known.get(line)
        if read is None:
            read = _read(line)
            if len(known) < _MOST_LINES:
                known[line] = read
        pattern.append(read[0])
        if read[1] is not _NOTHING:
            values.append(read[1])
    items.append(_item(pattern, values, lines[start:], first + start, learn))
    if not all(accept(one.data()) for one in items):
        raise _Odd
    return number(first + begin, indent), Lines.of(items)


def again(text: str, line: int, learn: Learn) -> Item | None:
    """An entry whose lines were read before, the first of which has this number."""
    pattern: list[str] = []
    values: list[Any] = []
    lines = text.removesuffix("\n").split("\n")
    try:
        for one in lines:
            part, value = _read(one)
            pattern.append(part)
            if value is not _NOTHING:
                values.append(value)
        return _item(pattern, values, lines, line, learn)
    except _Odd:
        return None


def _is_text(line: str) -> bool:
    return line.lstrip(" ")[:1] not in ("", "#")


def _read(line: str) -> _Read:
    if not line.isprintable():
        raise _Odd
    if not _is_text(line):
        return _COMMENT, _NOTHING
    found = _LINE.fullmatch(line)
    if found is None:
        raise _Odd
    key, double, single, bare = found.groups()
    if not key or key.isspace():
        raise _Odd
    if bare:
        return f"{key}.", plain(bare)
    if double is not None:
        return f'{key}"', double
    return (key, _NOTHING) if single is None else (f"{key}'", single)


def _item(pattern: list[str], values: list[Any], lines: list[str], line: int, learn: Learn) -> Item:
    key = tuple(pattern)
    found = _patterns.get(key)
    if found is None:
        found = _learnt(values, "\n".join(lines), learn)
        if len(_patterns) > _MOST_PATTERNS:
            _patterns.clear()
        _patterns[key] = found
    form, column = found
    return Item(marshal.dumps(values), form, number(line, column))


def _learnt(values: list[Any], text: str, learn: Learn) -> tuple[Form, int]:
    """The YAML reader has to find the same values in the same order, and nothing else."""
    item = learn(text)
    if item is None:
        raise _Odd
    told = marshal.loads(item.values)  # noqa: S302 -- of our own making
    if list(map(repr, told)) != list(map(repr, values)):
        raise _Odd
    return item.form, item.place & COLUMNS
