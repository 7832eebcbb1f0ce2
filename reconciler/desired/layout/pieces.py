"""A document cut where its entries begin, so that only those with comments cost what these cost."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from reconciler.desired.document import Document
from reconciler.desired.layout.attach import Piece, attach
from reconciler.desired.layout.comments import UnclearError
from reconciler.desired.layout.remarks import Lines, Remarks
from reconciler.model.marks import COLUMNS

_MARKER: Final = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)
_OPEN: Final = re.compile(r":[ ]*(?:#.*)?")
_MODELINE: Final = re.compile(r"#.*(?:yaml-language-server:|\bvim?:|-\*-)")


def remarks(document: Document, text: str) -> Remarks:
    """Of a document that was read from the text. Raises `UnclearError`."""
    found = Remarks()
    try:
        for piece in _pieces(document, text.split("\n")):
            if _has_any(piece):
                attach(piece, found)
            elif piece.first and piece.text.startswith("\n"):
                found.set_apart((*piece.root, piece.first))
    except UnclearError:
        found = Remarks()
        attach(Piece(text=text), found)
    _take_head(found, document)
    return found


def _has_any(piece: Piece) -> bool:
    """Pieces of the whole document also have empty lines to keep between their parts."""
    return "#" in piece.text or not piece.root


def _pieces(document: Document, lines: Lines) -> Iterator[Piece]:
    """Raises `UnclearError` where lines alone do not tell one part from the next."""
    places = document.places
    text = "\n".join(lines)
    if not isinstance(document.data, dict) or _MARKER.search(text):
        raise UnclearError
    names = list(places.sections)
    heads = [places.numbers[at] for at in places.sections.values()]
    column = heads[0] & COLUMNS
    begins = [number >> 32 for number in heads]
    for number in heads:
        if number & COLUMNS != column or lines[number >> 32][:column].strip():
            raise UnclearError
    if any(one >= other for one, other in pairwise(begins)):
        raise UnclearError
    cuts = [
        0,
        *(_cut(lines, one + 1, other, column) for one, other in pairwise(begins)),
        len(lines),
    ]
    for at, name in enumerate(names):
        then = (names[at + 1],) if at + 1 < len(names) else None
        begin, end = cuts[at], cuts[at + 1]
        head = begins[at]
        entries = _entries(document, name, lines, head + 1, end)
        if entries is None:
            yield Piece(text="\n".join(lines[begin:end]), then=then)
            continue
        first = (name, 0)
        yield Piece(text="\n".join(lines[begin : head + 1]), then=first)
        for index, (start, stop) in enumerate(pairwise(entries)):
            last = index + 2 == len(entries)
            yield Piece(
                text="\n".join(lines[start:stop]),
                root=(name,),
                first=index,
                then=then if last else (name, index + 1),
            )


def _entries(document: Document, name: str, lines: Lines, begin: int, end: int) -> list[int] | None:
    """The lines where the entries of a list begin, and its end; None where it is not by line."""
    places = document.places
    starts = places.items.get(name)
    key = places.numbers[places.sections[name]]
    header = lines[key >> 32][(key & COLUMNS) :].removeprefix(name)
    if not starts or not _OPEN.fullmatch(header):
        return None
    numbers = [places.numbers[at] for at in starts]
    dash = lines[numbers[0] >> 32].find("-")
    cuts = [begin]
    for number in numbers:
        line, column = number >> 32, number & COLUMNS
        if lines[line][:column].strip() != "-" or lines[line].find("-") != dash:
            return None
        if len(cuts) > 1 or line > begin:
            cuts.append(_cut(lines, cuts[-1], line, dash))
        else:
            cuts.append(line)
    del cuts[1]
    return [*cuts, end]


def _cut(lines: Lines, begin: int, next_one: int, column: int) -> int:
    """The line from which on comments and empty lines belong to what begins in the line `next_one`
    at this column, and no longer to what stands before it.
    """
    gap = next_one
    while gap > begin and _is_between(lines[gap - 1]):
        gap -= 1
    for line in range(gap, next_one):
        text = lines[line]
        if text.strip() and len(text) - len(text.lstrip(" ")) <= column:
            break
    else:
        line = next_one
    while line > gap and not lines[line - 1].strip():
        line -= 1
    return line


def _is_between(line: str) -> bool:
    return not line.strip() or line.lstrip(" ").startswith("#")


def _take_head(found: Remarks, document: Document) -> None:
    """What stands at the beginning up to the first empty line is about the file, and so is a line
    for editors: they stay there, whichever section comes first.
    """
    if not isinstance(document.data, dict) or not document.data:
        return
    first = (next(iter(document.data)),)
    lines = found.before.get(first, [])
    while lines[:1] == [""]:
        del lines[0]
    until = lines.index("") if "" in lines else len(lines)
    for at, line in enumerate(lines):
        if _MODELINE.match(line):
            until = max(until, at + 1)
    found.head.extend(lines[:until])
    del lines[:until]
