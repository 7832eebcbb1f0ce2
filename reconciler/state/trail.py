"""The trail of all applies: JSON lines, each sealed with the key over itself and the one before.

It says who, when, with which version and commit, which plan, and what became of each change; no
personal data. Whoever has the key can prove offline that no line was edited, removed or reordered;
that none was cut off the end is proven by a head that was noted elsewhere.
"""

import errno
import hmac
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from reconciler.clock import Clock
from reconciler.errors import JournalError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.journal import sync

NAME: Final = "audit.jsonl"
_DEEPEST: Final = 50
_MOST_NESTED: Final = 50
_START: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a trail: how many lines, and the seal of the last, which stands for them all."""

    count: int
    seal: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a line; line 0 is the trail as a whole."""

    line: int
    what: str


class Trail:
    """Append-only; safe for several threads and processes. Raises `JournalError`.

    New lines are sealed with `pseudonyms`; `former` are keys that lines before may be sealed with.
    """

    def __init__(
        self, folder: Path, pseudonyms: Pseudonyms, clock: Clock, former: Sequence[Pseudonyms] = ()
    ) -> None:
        self.path = folder / NAME
        self._keyed = pseudonyms
        self._clock = clock
        self._keys = (pseudonyms, *former)
        self._written = 0

    def append(self, event: str, **values: Any) -> Head:
        try:
            self._check_goes_on(self._written if self.path.exists() else 0)
            with self._held():
                head, rest = _end(self.path)
                self._check_goes_on(head.count)
                self._check_key(head)
                if rest:
                    # A line that a kill cut off says nothing; that it was there is kept.
                    _cut(self.path, rest)
                    head = self._write(head, "repaired", {"bytes": rest})
                return self._write(head, event, values)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                self._check_goes_on(0)
            raise JournalError(
                f"the audit trail {self.path} cannot be written: "
                f"{(error.strerror or 'unknown').lower()}",
                hint="make room or give --state-dir, then apply with --resume",
            ) from error

    def _write(self, head: Head, event: str, values: Mapping[str, Any]) -> Head:
        line = {
            "number": head.count + 1,
            "at": self._clock.now().isoformat(),
            "event": event,
            **values,
            "previous": head.seal,
        }
        seal = self._keyed.digest("audit", line)
        data = json.dumps({**line, "seal": seal}, separators=(",", ":")).encode() + b"\n"
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(file, data) != len(data):
                raise OSError(errno.ENOSPC, "No space left on device")
            sync(file)
        finally:
            os.close(file)
        self._written = head.count + 1
        return Head(self._written, seal)

    def _check_goes_on(self, count: int) -> None:
        """A trail that begins anew in the middle of an apply hides what stood before."""
        if count < self._written:
            raise JournalError(
                f"the audit trail {self.path} was removed or replaced while the apply ran",
                hint="nothing more was sent; plan again, and see what is left to do",
            )

    def _check_key(self, head: Head) -> None:
        """A line that another key does not know breaks the trail for whoever holds that key."""
        if self._written or not head.count:
            return
        last = _last_line(self.path)
        seal = last.pop("seal", "")
        if not any(_sealed(one, last, seal) for one in self._keys):
            raise JournalError(
                f"the audit trail {self.path} is sealed with another key than is at hand",
                hint="give the RECONCILER_REGISTER_KEY or RECONCILER_KEY it was written with, or "
                "move the file away to begin another",
            )

    @contextmanager
    def _held(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self.path.with_suffix(".lock"), mode=0o600):
            yield

    def stands(self) -> None:
        """Raises `JournalError` where the trail went away since it was written to."""
        self._check_goes_on(self._written if self.path.exists() else 0)

    def head(self) -> Head:
        return _end(self.path)[0]

    def recorded(self, plan: str) -> frozenset[tuple[str, str]]:
        """The fields of a plan's steps whose end is in the trail already, from an earlier run: ids
        of steps with digests.
        """
        return frozenset(
            (line["step"], one["digest"])
            for line in lines(self.path)
            if line and line.get("plan") == plan and line.get("done") is True
            for one in line.get("fields", ())
        )


def _last_line(path: Path) -> dict[str, Any]:
    return _parsed(_tail(path)[0].rpartition(b"\n")[2]) or {}


def _end(path: Path) -> tuple[Head, int]:
    """The last whole line, and how many bytes of an unfinished one follow it."""
    whole, rest = _tail(path)
    if not whole:
        return Head(0, _START), len(rest)
    last = _parsed(whole.rpartition(b"\n")[2])
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


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """A line of a trail, or None for anything else."""
    if raw.count(b"[") + raw.count(b"{") > _MOST_NESTED and _depth(raw) > _DEEPEST:
        return None
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or not isinstance(line.get("seal"), str):
        return None
    return line if type(line.get("number")) is int else None


def _depth(raw: bytes) -> int:
    """How deep the brackets of a text go, those inside of its texts too."""
    deepest = depth = 0
    for one in raw:
        depth += (one in b"[{") - (one in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _cut(path: Path, count: int) -> None:
    with path.open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) - count)


def lines(path: Path) -> Iterator[dict[str, Any] | None]:
    """Every line, None for one that cannot be read. Raises `JournalError`."""
    for raw in _raw(path):
        yield _parsed(raw)


def ended_whole(path: Path, plan: str) -> tuple[datetime, Head] | None:
    """When a run of the plan ended with all of it done, and the end of the trail; None for never.

    Whether that run was for the whole of the plan, its journal knows.
    """
    at: datetime | None = None
    last = Head(0, _START)
    for line in lines(path):
        if line is None:
            continue
        last = Head(line["number"], line["seal"])
        if line.get("plan") == plan and line.get("event") == "ended" and line.get("complete"):
            with suppress(ValueError):  # somebody has edited it, which `audit verify` tells
                at = datetime.fromisoformat(str(line.get("at")))
    return None if at is None else (at, last)


def verify(
    path: Path, keys: Sequence[Pseudonyms], head: str | None
) -> tuple[Head, tuple[Flaw, ...]]:
    """Every flaw of the trail. `head` is a seal, or its beginning, that must be in it.

    A trail may begin under the last of `keys` and go on under the first, never back: whoever holds
    the key for plans alone cannot add to it. Raises `JournalError` where the file cannot be read.
    """
    flaws: list[Flaw] = []
    usable = tuple(keys)
    found = Head(0, _START)
    seen = head is None
    for number, raw in enumerate(_raw(path), start=1):
        line = _parsed(raw)
        if line is None or not raw.endswith(b"\n"):
            flaws.append(Flaw(number, "is no line of a trail, or was cut off"))
            continue
        seal = line.pop("seal")
        by = next((place for place, one in enumerate(usable) if _sealed(one, line, seal)), None)
        usable = usable if by is None else usable[: by + 1]
        if by is None:
            flaws.append(Flaw(number, "was edited, or sealed with another key"))
        elif line.get("previous") != found.seal or line["number"] != found.count + 1:
            flaws.append(Flaw(number, "does not follow the line before: removed, added or moved"))
        found = Head(line["number"], seal)
        seen = seen or seal.startswith(head or "")
    if not seen:
        flaws.append(Flaw(0, "the head that was noted is not in it: its end was cut off"))
    return found, tuple(flaws)


def _sealed(pseudonyms: Pseudonyms, line: Mapping[str, Any], seal: str) -> bool:
    ours = pseudonyms.digest("audit", line)
    return hmac.compare_digest(ours.encode(), seal.encode("utf-8", "surrogatepass"))


def _raw(path: Path) -> Iterator[bytes]:
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
