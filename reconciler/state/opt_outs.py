"""Who had opted out themselves when some apply wrote to them: one small file a store.

Our own write may have washed that out of the store, so it is noted before each write, and asked by
every plan. It grows with the people who opted out, never with the number of applies.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final, TypeAlias

from filelock import FileLock

from reconciler.errors import JournalError
from reconciler.model.consent import Channel
from reconciler.state.disk import append, sync_at
from reconciler.state.finished import put_away
from reconciler.state.folder import journals_of
from reconciler.state.journal import NO_LINE
from reconciler.state.shared_sync import SharedSync

OptOut: TypeAlias = tuple[str, Channel]
"""Alias and channel."""
FOLDER: Final = "opt-outs"


class OptOuts:
    """Append-only. What is noted is on disk when `note` returns; thread-safe."""

    def __init__(self, folder: Path, store: str) -> None:
        """Raises `JournalError`, as `known` does."""
        self._path = _path(folder, store)
        self._known = set(known(folder, store))
        self._lock = Lock()
        self._sync = SharedSync(self._put_on_disk)

    def note(self, customer: str, channels: Iterable[Channel]) -> None:
        with self._lock:
            new = {(customer, one) for one in channels} - self._known
            if not new:
                return
            try:
                _append(self._path, sorted(new))
            except OSError as error:
                raise _failed(self._path, error) from error
            number = self._sync.wrote()
        try:
            self._sync.wait(number)
        except OSError as error:
            raise _failed(self._path, error) from error
        with self._lock:
            self._known |= new

    def _put_on_disk(self) -> None:
        sync_at(self._path)


def known(folder: Path, store: str) -> frozenset[OptOut]:
    """All of a store. Raises `JournalError` where the file is damaged: nobody may be forgotten.

    Where there is no file yet, the journals that stand here are asked, once.
    """
    path = _path(folder, store)
    if path.exists():
        return frozenset(_read(path))
    journals = journals_of(folder, store)
    found = frozenset(one for path in journals for one in _remembered(path))
    if journals:
        _take_over(folder, store, path, sorted(found))
    return found


def _path(folder: Path, store: str) -> Path:
    return folder / FOLDER / f"{store}.jsonl"


def _read(path: Path) -> Iterator[OptOut]:
    """A line that was cut off by a kill was not noted: its write was never sent."""
    try:
        rows = path.read_bytes().split(b"\n")[:-1]
        for number, row in enumerate(rows, start=1):
            try:
                line = json.loads(row)
                yield str(line["customer"]), Channel(line["channel"])
            except NO_LINE as error:
                raise JournalError(
                    f"the record of opt-outs {path} is damaged in line {number}",
                    hint="restore it from a copy; without it somebody who opted out could be asked "
                    "for again",
                ) from error
    except OSError as error:
        raise _failed(path, error) from error


def _append(path: Path, found: Iterable[OptOut]) -> None:
    """Raises `OSError`; a sync is left to do."""
    data = b"".join(
        json.dumps({"customer": customer, "channel": channel.value}).encode() + b"\n"
        for customer, channel in found
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        _cut_torn_line(file)
        if os.fstat(file).st_size == 0:
            sync_at(path.parent)
        append(file, data)
    finally:
        os.close(file)


def _cut_torn_line(file: int) -> None:
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        whole = os.pread(file, size, 0).rfind(b"\n") + 1
        os.ftruncate(file, whole)


def _failed(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"the record of opt-outs {path} cannot be used: {(error.strerror or 'unknown').lower()}",
        hint="nothing more was sent; make room or give --state-dir, then apply with --resume",
    )


def _remembered(path: Path) -> Iterator[OptOut]:
    """Lines that cannot be read are passed over: whoever applies is told of them."""
    for line in path.read_bytes().split(b"\n"):
        if b'"out_by_person":["' not in line:
            continue
        with suppress(*NO_LINE):
            told = json.loads(line)
            yield from [(str(told["customer"]), Channel(one)) for one in told["out_by_person"]]


def _take_over(folder: Path, store: str, path: Path, found: Iterable[OptOut]) -> None:
    """A plan on a disk that cannot be written asks the journals again the next time."""
    with suppress(JournalError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_suffix(".lock"), mode=0o600):
            if not path.exists():
                _append(path, found)
                sync_at(path)
        put_away(folder, store)
