"""Spec files that an earlier run found sound: read again without their long lists.

Of a list it is known where each entry begins, so that one alone can be read when it is asked for.
What else stands in the file is short, and is read as ever.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Final, TypeAlias

from reconciler.desired import schema_errors, yaml_reader
from reconciler.desired.again import Lines, places_of
from reconciler.desired.block import Block, again
from reconciler.desired.document import Document
from reconciler.desired.files import SpecFile
from reconciler.desired.item import Item
from reconciler.errors import ConfigError
from reconciler.model.marks import COLUMNS

KEPT_AT_MOST: Final = 16 * 1024 * 1024
Mark: TypeAlias = Callable[[bytes], int]
"""What is kept of an entry, to know it by: 64 bits."""
Read: TypeAlias = Callable[[int, int], bytes]
"""The bytes of a file from the one number to before the other; fewer where it has no more."""
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """Where a list stands: the line of its key, the number of its first sign, the bytes from where
    each entry begins to where the last one ends, and the numbers and the marks of the entries.
    """

    line: int
    place: int
    begins: int
    starts: "array[int]" = field(repr=False)
    places: "array[int]" = field(repr=False)
    marks: "array[int]" = field(repr=False)


class Contents:
    """What files hold: of so many as there is room for, and of others what is asked for is read
    again, however large they are.
    """

    def __init__(self, room: int = KEPT_AT_MOST) -> None:
        self._room = room

    def of(self, file: SpecFile, again: Read) -> Read:
        if len(file.content) > self._room:
            return again
        self._room -= len(file.content)
        content = file.content
        return lambda begin, end: content[begin:end]


def lists_of(file: SpecFile, document: Document, mark: Mark) -> tuple[List, ...] | None:
    """Of a file without complaints that was read by line; None of any other."""
    content = file.content
    if not document.blocks or content.startswith(_BOM):
        return None
    # Nothing was said against the file, so its text is what was read.
    text = None if content.isascii() else content.decode()
    found = []
    for line, block in document.blocks.items():
        begins, ends = block.span
        if text is not None:
            ends = len(content) - len(text[ends:].encode())
            begins = len(text[:begins].encode())
        starts = array("Q", _bullets(content, block.place & COLUMNS, begins, ends))
        places = places_of(block.items)
        if len(starts) != len(places):
            return None
        starts.append(ends)
        marks = array("Q", (mark(content[at:end]) for at, end in pairwise(starts)))
        one = List(
            line=line,
            place=block.place,
            begins=begins,
            starts=starts,
            places=places,
            marks=marks,
        )
        found.append(one)
    return tuple(found)


def _bullets(content: bytes, indent: int, begins: int, ends: int) -> Iterator[int]:
    """Where entries begin, between the end of a line and there."""
    bullet = b"\n%b- " % (b" " * indent)
    at = content.find(bullet, begins - 1, ends)
    while at >= 0:
        yield at + 1
        at = content.find(bullet, at + 1, ends)


def document_of(file: SpecFile, lists: Sequence[List], read: Read, mark: Mark) -> Document | None:
    """None where the file is not read so."""
    parts: list[bytes] = []
    done = 0
    for one in sorted(lists, key=lambda one: one.begins):
        ends = one.starts[-1]
        parts += (
            file.content[done : one.begins],
            b"\n" * file.content.count(b"\n", one.begins, ends),
        )
        done = ends
    rest = b"".join((*parts, file.content[done:])).decode()
    blocks = {
        one.line: Block(
            place=one.place,
            items=Lines(one.places, partial(_entry, file.name, one, read, mark)),
            span=(0, 0),
        )
        for one in lists
    }
    document = yaml_reader.with_lists(file.name, rest, blocks)
    # Which platforms there are is no matter of the file.
    return None if document is None or schema_errors.check(document)[1] else document


def _entry(name: str, where: List, read: Read, mark: Mark, index: int) -> Item:
    """Raises `ConfigError` where what is read is not what it was."""
    text = read(where.starts[index], where.starts[index + 1])
    if mark(text) != where.marks[index]:
        raise ConfigError(f"{name} has changed while it was read", hint="run it again")
    item = again(text.decode(), where.places[index] >> 32, yaml_reader.alone)
    assert item is not None, "it was read so before"  # noqa: S101
    return item
