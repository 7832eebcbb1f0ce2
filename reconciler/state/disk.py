"""What is on disk, whole, when a call returns."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

_CANNOT_SYNC: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)


def sync(file: int) -> None:
    """Some file systems cannot sync at all; there the write has to be enough."""
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def sync_at(path: Path) -> None:
    """Of a file by its name; of a folder, so that a file that was made in it is found again."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync(file)
    finally:
        os.close(file)


@contextmanager
def regular(path: Path) -> Iterator[BinaryIO]:
    """A regular file to read from: opening a pipe would wait for ever, and a device may never end.

    Raises `OSError`, for what is no such file too.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "It is no regular file")
        yield stream


def append(file: int, data: bytes | bytearray) -> None:
    """The data as a whole or nothing of it: what comes next begins a line of its own."""
    written = os.write(file, data)
    if written != len(data):
        os.ftruncate(file, os.fstat(file).st_size - written)
        raise OSError(errno.ENOSPC, "No space left on device")


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """In place of what was there, whole or not at all, for its owner only where no mode is given.

    Raises `OSError`.
    """
    with whole(path, mode) as stream:
        stream.write(data)


@contextmanager
def whole(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """The same of what is written in parts, and may be read again meanwhile: it is in its place
    where nothing was raised. Raises `OSError`.
    """
    # A name that nobody can know before: a link may wait in the place of any other.
    file, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(file, "w+b") as stream:
            yield stream
            os.fchmod(stream.fileno(), mode)
            stream.flush()
            sync(stream.fileno())
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink()
        raise
