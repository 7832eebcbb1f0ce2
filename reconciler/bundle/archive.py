"""A bundle as a file: a tar of plain files in which every byte is one that this program writes.

Not a zip: one place says what is in it, nothing in it grows when it is read, and no byte is without
meaning, so that each that was changed is found.
"""

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, Final

from reconciler.bundle.finding import Finding

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"
FORMER: Final = "audit.jsonl"
LARGEST: Final = 8**11 - 1
"""Of a member: what a header can tell."""
_BLOCK: Final = 512
_END: Final = bytes(2 * _BLOCK)
_MOST: Final = 100_000
_LONGEST_LINE: Final = 16 * 1024 * 1024
_PIECE: Final = 1024 * 1024
_STORE: Final = "[a-z0-9][a-z0-9_-]{0,62}"
_NAME: Final = re.compile(
    rf"{re.escape(MANIFEST)}|{re.escape(SIGNATURE)}|{re.escape(FORMER)}"
    rf"|(audit|opt-outs)/{_STORE}\.jsonl|plans/[0-9a-f]{{16}}\.json|pages/[0-9a-f]{{16}}\.html"
)


def may_be_named(name: str) -> bool:
    """Whether a bundle may have a member of this name: none leads out of a folder."""
    return _NAME.fullmatch(name) is not None


def trail_member(store: str) -> str:
    return f"audit/{store}.jsonl" if store else FORMER


def register_member(store: str) -> str:
    return f"opt-outs/{store}.jsonl"


def plan_member(plan: str) -> str:
    return f"plans/{plan}.json"


def page_member(plan: str) -> str:
    return f"pages/{plan}.html"


@dataclass(frozen=True, slots=True)
class Span:
    """Where the content of a member stands in the file."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Archive:
    """The members of a bundle. One is read after the other, never two at a time."""

    file: BinaryIO = field(repr=False)
    members: dict[str, Span] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def stores(self, folder: str) -> list[str]:
        """The stores that have a member in a folder."""
        names = (one for one in self.members if one.startswith(f"{folder}/"))
        return sorted(one.removeprefix(f"{folder}/").removesuffix(".jsonl") for one in names)

    def content(self, name: str, most: int) -> bytes | None:
        """None where it is longer."""
        span = self.members[name]
        if span.size > most:
            return None
        self.file.seek(span.start)
        return self.file.read(span.size)

    def lines(self, name: str) -> Iterator[bytes]:
        """With their ends; one that is longer than any line of ours comes in parts. None for a
        member that is not there.
        """
        span = self.members.get(name, Span(0, 0))
        at, end = span.start, span.start + span.size
        while at < end:
            self.file.seek(at)
            raw = self.file.readline(min(end - at, _LONGEST_LINE))
            if not raw:
                return
            at += len(raw)
            yield raw

    def digest(self, name: str) -> str:
        span = self.members[name]
        found = sha256()
        self.file.seek(span.start)
        left = span.size
        while left and (piece := self.file.read(min(left, _PIECE))):
            found.update(piece)
            left -= len(piece)
        return found.hexdigest()


class Writer:
    """Puts members one after the other into an empty file, which can be read meanwhile."""

    def __init__(self, file: BinaryIO) -> None:
        self.archive = Archive(file)
        self._at = 0

    def add(self, name: str, content: bytes) -> None:
        self._begin(name, len(content))
        self.archive.file.write(content)
        self._end(name, len(content))

    def copy(self, name: str, source: BinaryIO, size: int) -> bool:
        """The first bytes of a file; False where it has become shorter: the bundle is spoilt."""
        self._begin(name, size)
        left = size
        while left and (piece := source.read(min(left, _PIECE))):
            self.archive.file.write(piece)
            left -= len(piece)
        self._end(name, size)
        return not left

    def close(self) -> None:
        self.archive.file.seek(self._at)
        self.archive.file.write(_END)

    def _begin(self, name: str, size: int) -> None:
        self.archive.file.seek(self._at)
        self.archive.file.write(_header(name, size))

    def _end(self, name: str, size: int) -> None:
        self.archive.members[name] = Span(self._at + _BLOCK, size)
        self.archive.file.write(bytes(-size % _BLOCK))
        self._at += _BLOCK + size + -size % _BLOCK


def _header(name: str, size: int) -> bytes:
    """For its owner only, of nobody, and at no time: the same content gives the same bytes."""
    about = tarfile.TarInfo(name)
    about.size, about.mode = size, 0o600
    return about.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def opened(file: BinaryIO) -> tuple[Archive, tuple[Finding, ...]]:
    """Whatever can be read of a file that should be a bundle, and what is not as it should be."""
    archive = Archive(file)
    return archive, tuple(_found(archive, file.seek(0, 2)))


def _found(archive: Archive, length: int) -> Iterator[Finding]:
    at = number = 0
    while True:
        archive.file.seek(at)
        block = archive.file.read(_BLOCK)
        if not any(block) or number > _MOST:
            break
        number += 1
        about = _about(block)
        if about is None or not 0 <= about.size <= min(length - at - _BLOCK, LARGEST):
            broken = "what follows is" if archive.members else "this is"
            yield Finding("", f"{broken} no part of a bundle, or it was cut off")
            return
        name, span = about.name, Span(at + _BLOCK, about.size)
        yield from _odd(archive, block, about)
        if may_be_named(name):
            archive.members.setdefault(name, span)
        at = span.start + span.size + -span.size % _BLOCK
        archive.file.seek(span.start + span.size)
        if any(archive.file.read(-span.size % _BLOCK)):
            yield Finding(name, "has something after its end")
    archive.file.seek(at)
    if archive.file.read(len(_END) + 1) != _END:
        yield Finding("", "it does not end as a bundle does: cut off, or something was added")


def _about(block: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.TarError, ValueError):
        return None


def _odd(archive: Archive, block: bytes, about: tarfile.TarInfo) -> Iterator[Finding]:
    if not may_be_named(about.name):
        yield Finding(about.name or "a member", "has a name that nothing in a bundle has")
    elif about.name in archive.members:
        yield Finding(about.name, "is in it twice")
    elif block != _header(about.name, about.size):
        yield Finding(about.name, "is no plain file as this program puts it in")
