"""A file of lines that are sealed with a key, each over itself and the one before.

Whoever has the key can prove offline that no line was edited, removed or moved. Where two
copies of a file met, lines may follow another than the one right above, and a line that names both
heads closes the fork.
"""

import hmac
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.errors import JournalError
from reconciler.model.pseudonyms import Pseudonyms

Line = dict[str, Any]
NO_LINE: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a line ends with that this program has not written."""
START: Final = "0" * 64
_DEEPEST: Final = 50
_MOST_NESTED: Final = 50


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a file: how many lines, and the seal of the last, which stands for them all."""

    count: int
    seal: str


NOTHING: Final = Head(0, START)


def parsed(raw: bytes) -> Line | None:
    """A line of such a file, or None for anything else."""
    if raw.count(b"[") + raw.count(b"{") > _MOST_NESTED and _depth(raw) > _DEEPEST:
        return None
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or not isinstance(line.get("seal"), str):
        return None
    return line if type(line.get("number")) is int else None


def whole(raw: bytes) -> Line | None:
    """The same; None, too, for one that was cut off."""
    return parsed(raw) if raw.endswith(b"\n") else None


def _depth(raw: bytes) -> int:
    """How deep the brackets of a text go, those inside of its texts too."""
    deepest = depth = 0
    for one in raw:
        depth += (one in b"[{") - (one in b"]}")
        deepest = max(deepest, depth)
    return deepest


def seal_of(pseudonyms: Pseudonyms, line: Mapping[str, Any]) -> str:
    return pseudonyms.digest("audit", line)


def with_seal(pseudonyms: Pseudonyms, text: bytes) -> tuple[bytes, str]:
    """A canonical line as it is written, with its seal at its end, and that seal."""
    seal = pseudonyms.digest_of_text("audit", text)
    return text[:-1] + b',"seal":"' + seal.encode() + b'"}\n', seal


def is_sealed(pseudonyms: Pseudonyms, line: Mapping[str, Any], seal: str) -> bool:
    ours = seal_of(pseudonyms, line)
    return hmac.compare_digest(ours.encode(), seal.encode("utf-8", "surrogatepass"))


def raw_lines(path: Path) -> Iterator[bytes]:
    """None for a file that is not there. Raises `JournalError` where it cannot be read."""
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise JournalError(
            f"the audit trail {path} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint="check what is in its place, and its permissions",
        ) from error


def lines(path: Path) -> Iterator[Line | None]:
    """Every line, None for one that cannot be read. Raises `JournalError`."""
    for raw in raw_lines(path):
        yield parsed(raw)


def last_line(path: Path) -> Line:
    return parsed(_tail(path)[0].rpartition(b"\n")[2]) or {}


def end(path: Path) -> tuple[Head, int]:
    """The last whole line, and how many bytes of an unfinished one follow it.

    Raises `JournalError` where the last line is none.
    """
    whole, rest = _tail(path)
    if not whole:
        return NOTHING, len(rest)
    last = parsed(whole.rpartition(b"\n")[2])
    if last is None:
        raise JournalError(
            f"the audit trail {path} is damaged at its end",
            hint="see `reconciler audit verify`; keep the file for the record and move it away",
        )
    return Head(last["number"], last["seal"]), len(rest)


def _tail(path: Path) -> tuple[bytes, bytes]:
    """Whole lines at the end of the file, the last of them at least, and what follows them."""
    if not path.exists():
        return b"", b""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        tail, start = b"", size
        while start > 0 and tail.count(b"\n") < 2:
            start = max(0, start - 65536)
            file.seek(start)
            tail = file.read(size - start)
    whole, _, rest = tail.rpartition(b"\n")
    return whole, rest
