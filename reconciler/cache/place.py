"""Where the cache is, for its owner only; whatever is odd about it means that there is none."""

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

VARIABLE: Final = "RECONCILER_CACHE"
ENDING: Final = ".cache"
LARGEST: Final = 512 * 1024 * 1024
MOST_FILES: Final = 16
OLDEST: Final = 30 * 24 * 60 * 60.0
_OTHERS: Final = 0o077


def folder_of(variables: Mapping[str, str]) -> Path | None:
    """None where no cache is wanted: a pipeline has to ask for one."""
    told = variables.get(VARIABLE, "").strip().lower()
    wanted = told == "on" if told else not variables.get("CI")
    if not wanted:
        return None
    from platformdirs import user_cache_path  # noqa: PLC0415 -- most commands keep no cache

    return user_cache_path("reconciler", appauthor=False)


def read(folder: Path, name: str) -> bytes | None:
    """The content of a file that nobody else can have written; None for no such file."""
    try:
        if not _is_own(folder.lstat(), stat.S_ISDIR):
            return None
        file = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as stream:
            about = os.fstat(file)
            if not _is_own(about, stat.S_ISREG) or about.st_size > LARGEST:
                return None
            return stream.read()
    except (OSError, ValueError):
        return None


def write(folder: Path, name: str, content: Iterable[bytes | bytearray]) -> None:
    """Puts it in the place of what was there, or does nothing; then old files go."""
    fresh = folder / f"{name}.{os.getpid()}.new"
    with suppress(OSError, ValueError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _is_own(folder.lstat(), stat.S_ISDIR):
            return
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(fresh, flags, 0o600), "wb") as stream:
                stream.writelines(content)
            fresh.replace(folder / name)
        finally:
            fresh.unlink(missing_ok=True)
        _tidy(folder)


def _tidy(folder: Path) -> None:
    """Bounds how many files there are, how old they get and how large they are together."""
    room = LARGEST
    for number, (age, size, path) in enumerate(sorted(_files(folder))):
        room -= size
        # What another run is writing is new.
        if number >= MOST_FILES or age > OLDEST or room < 0:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    now = time.time()
    for path in folder.iterdir():
        if path.name.endswith((ENDING, ".new")):
            about = path.lstat()
            yield now - about.st_mtime, about.st_size, path


def _is_own(about: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    mine = about.st_uid == os.geteuid() and not stat.S_IMODE(about.st_mode) & _OTHERS
    return mine and is_kind(about.st_mode)
