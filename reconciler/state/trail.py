"""The trail of all applies of one store: JSON lines, chained and sealed with the key.

It says who, when, with which version and commit, which plan, and what became of each change; no
personal data. That no line was cut off the end is proven by a head that was noted elsewhere. Every
store has a file of its own, so that stores may be applied by jobs that know nothing of each other.
"""

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from reconciler.clock import Clock
from reconciler.errors import JournalError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.chain import NOTHING, Head, end, is_sealed, last_line, lines, seal_of
from reconciler.state.disk import sync

FOLDER: Final = "audit"
FORMER: Final = "audit.jsonl"
"""One file for all stores, as it was before each had its own; it is read, and never added to."""


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
        self._written = 0

    def append(self, event: str, **values: Any) -> Head:
        try:
            self._check_goes_on(self._written if self.path.exists() else 0)
            with held(self.path):
                head, rest = end(self.path)
                self._check_goes_on(head.count)
                self._check_key(head)
                if rest:
                    # A line that a kill cut off says nothing; that it was there is kept.
                    _cut(self.path, rest)
                    head = self._write(head, "repaired", {"bytes": rest})
                if head == NOTHING and self._before.exists():
                    head = self._write(head, "follows", {"former": self._former()})
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
        line = sealed_line(self._keyed, self._clock, head, event, {"store": self._store, **values})
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(file, data) != len(data):
                raise OSError(errno.ENOSPC, "No space left on device")
            sync(file)
        finally:
            os.close(file)
        self._written = head.count + 1
        return Head(self._written, line["seal"])

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
        self._check_goes_on(self._written if self.path.exists() else 0)

    def head(self) -> Head:
        return end(self.path)[0]

    def recorded(self, plan: str) -> frozenset[tuple[str, str]]:
        """The fields of a plan's steps whose end is in the trail already, from an earlier run: ids
        of steps with digests.
        """
        return frozenset(
            (line["step"], one["digest"])
            for path in (self._before, self.path)
            for line in lines(path)
            if line and line.get("plan") == plan and line.get("done") is True
            for one in line.get("fields", ())
        )


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
    last = NOTHING
    for path in (folder / FORMER, trail_path(folder, store)):
        for line in lines(path):
            if line is None:
                continue
            last = Head(line["number"], line["seal"])
            if line.get("plan") == plan and line.get("event") == "ended" and line.get("complete"):
                with suppress(ValueError):  # somebody has edited it, which `audit verify` tells
                    at = datetime.fromisoformat(str(line.get("at")))
    return None if at is None else (at, last)
