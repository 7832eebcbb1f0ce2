"""The trail of all applies of one store: JSON lines, chained and sealed with the key.

It says who, when, with which version and commit, which plan, and what became of each change; no
personal data. That no line was cut off the end is proven by a head that was noted elsewhere. Every
store has a file of its own, so that stores may be applied by jobs that know nothing of each other.
"""

import json
import mmap
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

from reconciler.clock import Clock
from reconciler.errors import JournalError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.chain import (
    NOTHING,
    Head,
    Line,
    end,
    is_sealed,
    last_line,
    lines,
    parsed,
    raw_lines,
    seal_of,
)
from reconciler.state.disk import append, sync_at
from reconciler.state.shared_sync import SharedSync

FOLDER: Final = "audit"
FORMER: Final = "audit.jsonl"
"""One file for all stores, as it was before each had its own; it is read, and never added to."""
Event: TypeAlias = tuple[str, Mapping[str, Any]]
"""Its name, and what it says."""
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_Mark: TypeAlias = tuple[int, int, int]
"""Which file it is, and how long: one that only grows is the same as long as this is."""


def trail_path(folder: Path, store: str) -> Path:
    return folder / FOLDER / f"{store}.jsonl"


def trail_paths(folder: Path) -> dict[str, Path]:
    """The trails that there are, by store; the former one of all stores first, under no name."""
    former = {"": folder / FORMER} if (folder / FORMER).exists() else {}
    inner = folder / FOLDER
    return former | {one.name.removesuffix(".jsonl"): one for one in sorted(inner.glob("*.jsonl"))}


class Trail:
    """Append-only; safe for several threads and processes. Raises `JournalError`.

    New lines are sealed with `pseudonyms`; `former` are keys that lines before may be sealed with.
    """

    def __init__(
        self,
        folder: Path,
        store: str,
        pseudonyms: Pseudonyms,
        clock: Clock,
        former: Sequence[Pseudonyms] = (),
    ) -> None:
        self.path = trail_path(folder, store)
        self._before = folder / FORMER
        self._store = store
        self._keyed = pseudonyms
        self._clock = clock
        self._keys = (pseudonyms, *former)
        self._lock = Lock()
        self._sync = SharedSync(self._put_on_disk)
        self._head = NOTHING
        self._left: _Mark | None = None
        self._written = 0

    def append(self, event: str, **values: Any) -> Head:
        """Returns after the line is on disk, and all before it."""
        head = self.add([(event, values)])
        self.sync()
        return head

    def add(self, events: Iterable[Event]) -> Head:
        """All of the lines or none; they are on disk with the next sync. The head after them."""
        try:
            with self._lock:
                self.stands()
                with held(self.path):
                    self._go_on()
                    self._write(events)
                    return self._head
        except OSError as error:
            raise self._failed(error) from error

    def sync(self) -> None:
        """Returns after all that was added before is on disk."""
        try:
            self._sync.wait()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> JournalError:
        if isinstance(error, FileNotFoundError):
            self._check_goes_on(0)
        return JournalError(
            f"the audit trail {self.path} cannot be written: "
            f"{(error.strerror or 'unknown').lower()}",
            hint="make room or give --state-dir, then apply with --resume",
        )

    def _go_on(self) -> None:
        """Begins where the trail ends, which others may have added to since."""
        if self._left is not None and self._left == _mark_of(self.path):
            return
        head, rest = end(self.path)
        self._check_goes_on(head.count)
        self._check_key(head)
        self._head = head
        if rest:
            # A line that a kill cut off says nothing; that it was there is kept.
            _cut(self.path, rest)
            self._write([("repaired", {"bytes": rest})])
        if head == NOTHING and self._before.exists():
            self._write([("follows", {"former": self._former()})])

    def _write(self, events: Iterable[Event]) -> None:
        data, head = bytearray(), self._head
        for event, values in events:
            told = {"store": self._store, **values}
            line = sealed_line(self._keyed, self._clock, head, event, told)
            data += _encode(line).encode() + b"\n"
            head = Head(line["number"], line["seal"])
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            append(file, data)
            self._left = _mark(os.fstat(file))
        finally:
            os.close(file)
        if self._head == NOTHING:
            sync_at(self.path.parent)
        self._head = head
        self._written = head.count
        self._sync.wrote()

    def _put_on_disk(self) -> None:
        """What is in its place by now: a copy that `audit merge` put there has these lines too."""
        sync_at(self.path)

    def _former(self) -> dict[str, Any]:
        """The end of the trail of all stores, so that it cannot go away unseen."""
        head, _ = end(self._before)
        return {"lines": head.count, "head": head.seal}

    def _check_goes_on(self, count: int) -> None:
        """A trail that begins anew in the middle of an apply hides what stood before."""
        if count < self._written:
            raise JournalError(
                f"the audit trail {self.path} was removed or replaced while the apply ran",
                hint="nothing more was sent; plan again, and see what is left to do",
            )

    def _check_key(self, head: Head) -> None:
        """A line that another key does not know breaks the trail for whoever holds that key."""
        if self._written:
            return
        path = self.path if head.count else self._before
        last = last_line(path)
        seal = last.pop("seal", "")
        if last and not any(is_sealed(one, last, seal) for one in self._keys):
            raise JournalError(
                f"the audit trail {path} is sealed with another key than is at hand",
                hint="give the RECONCILER_REGISTER_KEY or RECONCILER_KEY it was written with, or "
                "move the file away to begin another",
            )

    def stands(self) -> None:
        """Raises `JournalError` where the trail went away since it was written to."""
        written = self._written  # first: other threads add to it meanwhile
        if written and not self.path.exists():
            self._check_goes_on(0)

    def head(self) -> Head:
        return end(self.path)[0]

    def recorded(self, plan: str) -> frozenset[tuple[str, str]]:
        """The fields of a plan's steps whose end is in the trail already, from an earlier run: ids
        of steps with digests.
        """
        return frozenset(
            (line["step"], one["digest"])
            for path in (self._before, self.path)
            for line in _lines_of(plan, path)
            if line.get("done") is True
            for one in line.get("fields", ())
        )


def _mark(about: os.stat_result) -> _Mark:
    return about.st_dev, about.st_ino, about.st_size


def _mark_of(path: Path) -> _Mark | None:
    try:
        return _mark(path.stat())
    except FileNotFoundError:
        return None


def sealed_line(
    pseudonyms: Pseudonyms, clock: Clock, head: Head, event: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The line that comes after a head."""
    line = {
        "number": head.count + 1,
        "at": clock.now().isoformat(),
        "event": event,
        **values,
        "previous": head.seal,
    }
    return {**line, "seal": seal_of(pseudonyms, line)}


@contextmanager
def held(path: Path) -> Iterator[None]:
    """While it is held, nobody else adds to this trail."""
    from filelock import FileLock  # noqa: PLC0415 -- most plans have nothing to add

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(path.with_suffix(".lock"), mode=0o600):
        yield


def _cut(path: Path, count: int) -> None:
    with path.open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) - count)


def ended_whole(folder: Path, store: str, plan: str) -> tuple[datetime, Head] | None:
    """When a run of the plan ended with all of it done, and the end of the trail; None for never.

    Whether that run was for the whole of the plan, its journal knows.
    """
    at: datetime | None = None
    for path in (folder / FORMER, trail_path(folder, store)):
        for line in _lines_of(plan, path):
            if line.get("event") == "ended" and line.get("complete"):
                with suppress(ValueError):  # somebody has edited it, which `audit verify` tells
                    at = datetime.fromisoformat(str(line.get("at")))
    return None if at is None else (at, _last_head(folder, store))


def refused(
    folder: Path, store: str, plan: str, keys: Sequence[Pseudonyms]
) -> tuple[str, str] | None:
    """When, and why, a plan was refused for good; None where it never was. A line that no key at
    hand has sealed refuses nothing: what was reviewed would be dropped by whoever wrote it.
    """
    for line in _lines_of(plan, trail_path(folder, store)):
        content = {name: value for name, value in line.items() if name != "seal"}
        sealed = (is_sealed(one, content, str(line.get("seal"))) for one in keys)
        if line.get("event") == "refused" and any(sealed):
            return str(line.get("at")), str(line.get("why"))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRegister:
    """Where a store's register of opt-outs ended when an apply left it, and under which key."""

    lines: int
    head: str
    key: str


def last_register(folder: Path, store: str) -> NamedRegister | None:
    """As the trail names it last; None where it knows of none."""
    found = from_end(trail_path(folder, store), b'"register":{')
    line = next((one for one in found if _names_register(one)), None)
    if line is None:
        return None
    told = line["register"]
    return NamedRegister(lines=told["lines"], head=str(told["head"]), key=str(told["key"]))


def _names_register(line: Line) -> bool:
    told = line.get("register")
    return isinstance(told, dict) and isinstance(told.get("lines"), int) and "head" in told


def from_end(path: Path, named: bytes) -> Iterator[Line]:
    """The lines that have a text in them, the last one first. A trail has a line for each change
    there ever was, so most are not parsed.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            at = text.rfind(named)
            while at >= 0:
                begin = text.rfind(b"\n", 0, at) + 1
                end = text.find(b"\n", at)
                line = parsed(text[begin : len(text) if end < 0 else end])
                if line is not None:
                    yield line
                at = text.rfind(named, 0, begin)
    except (OSError, ValueError):  # no file, or an empty one; whoever writes to it will complain
        return


def _lines_of(plan: str, path: Path) -> Iterator[Line]:
    """The lines of one plan: a trail has those of all there ever were, which are not parsed."""
    named = plan.encode()
    for raw in raw_lines(path):
        line = parsed(raw) if named in raw else None
        if line is not None and line.get("plan") == plan:
            yield line


def _last_head(folder: Path, store: str) -> Head:
    """Of the last line that can be read."""
    for path in (trail_path(folder, store), folder / FORMER):
        last = last_line(path) or next((one for one in reversed(list(lines(path))) if one), {})
        if last:
            return Head(last["number"], last["seal"])
    return NOTHING
