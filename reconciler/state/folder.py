"""The `.reconciler/` folder beside the specs, for its owner only, and what may stand in it."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError

FOLDER: Final = ".reconciler"
JOURNALS: Final = "journals"
FINISHED: Final = f"{JOURNALS}/finished"


def folder_beside(specs: Path) -> Path:
    beside = Path(os.path.normpath(specs)).absolute()
    if os.path.isfile(beside):  # noqa: PTH113 -- false for a name that is too long, too
        beside = beside.parent
    return beside.parent / FOLDER


def prepare(folder: Path) -> None:
    """Makes the folder, for its owner only and invisible to git; one that exists stays as it is."""
    if folder.exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


_FOLDERS: Final = (JOURNALS, FINISHED, "locks", "plans", "audit", "opt-outs")
_FILES: Final = (".gitignore", "key", "audit.jsonl", "audit.lock")


def check(folder: Path) -> None:
    """Raises `ConfigError` where something else stands in the place of what this program keeps: a
    link would be written through, and a device or a pipe never ends.
    """
    try:
        wrong = next(_strange(folder), None)
    except OSError as error:
        raise ConfigError(
            f"the state folder {folder} cannot be used: {(error.strerror or 'unknown').lower()}",
            hint="name another with --state-dir",
        ) from error
    if wrong is not None:
        raise ConfigError(
            f"{wrong} is a link, or not of the kind that it should be, so the state folder is not "
            "used",
            hint="see who put it there, and move it away; --state-dir names another folder",
        )


def _strange(folder: Path) -> Iterator[Path]:
    try:
        os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    if folder.is_symlink() or not folder.is_dir():
        yield folder
        return
    for name in _FILES:
        if not _is_plain(folder / name, stat.S_ISREG):
            yield folder / name
    for name in _FOLDERS:
        inner = folder / name
        if not _is_plain(inner, stat.S_ISDIR):
            yield inner
        elif inner.exists():
            yield from (one for one in inner.iterdir() if not _is_plain(one, _kind_of(one, folder)))


def _kind_of(path: Path, folder: Path) -> Callable[[int], bool]:
    return stat.S_ISDIR if path == folder / FINISHED else stat.S_ISREG


def _is_plain(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether it is of this kind itself, and no link to such a thing."""
    try:
        return kind(path.lstat().st_mode)
    except FileNotFoundError:
        return True  # an apply beside us has just ended


def journal_path(folder: Path, plan: str, store: str) -> Path:
    """Where the journal stands while something is left, or was put away when nothing was."""
    name = f"{plan}.{store}.jsonl"
    aside = folder / FINISHED / name
    return aside if aside.exists() else folder / JOURNALS / name


def journals(folder: Path) -> tuple[Path, ...]:
    """Those of applies that may not have ended, the latest last."""
    found = []
    for path in (folder / JOURNALS).glob("*.jsonl"):
        with suppress(FileNotFoundError):  # put away since
            found.append((path.stat().st_mtime, path))
    return tuple(path for _, path in sorted(found))


def journals_of(folder: Path, store: str, inner: str = JOURNALS) -> tuple[Path, ...]:
    return tuple(
        path
        for path in sorted((folder / inner).glob("*.jsonl"))
        if path.name.partition(".")[2] == f"{store}.jsonl"
    )
