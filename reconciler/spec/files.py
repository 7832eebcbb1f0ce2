"""Finding and reading spec files: the only file access of the spec side."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.diagnostics import Diagnostic, SourceMark

ENDINGS: Final = (".yaml", ".yml")
LARGEST_FILE: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFile:
    """`name` is the path as the user would type it; it stands in every message."""

    name: str
    content: bytes


def read(paths: Iterable[Path]) -> tuple[tuple[SpecFile, ...], tuple[Diagnostic, ...]]:
    """All spec files below the given folders and files, sorted by name.

    A path that cannot be read is a diagnostic; the others are read all the same.
    """
    found: dict[str, SpecFile] = {}
    complaints: list[Diagnostic] = []
    for path in paths:
        before = len(found) + len(complaints)
        for name in _walk(path, complaints):
            _read_one(name, found, complaints)
        if len(found) + len(complaints) == before:
            complaints.append(_nothing_here(path))
    return tuple(found[name] for name in sorted(found)), tuple(complaints)


def _nothing_here(path: Path) -> Diagnostic:
    return Diagnostic(
        rule="files.none",
        message="no spec file (*.yaml, *.yml) is here",
        mark=SourceMark(str(path)),
        hint="name the folder of the specs with --specs, or write a first file",
    )


def _walk(path: Path, complaints: list[Diagnostic]) -> Iterator[Path]:
    if not path.exists() and not path.is_symlink():
        complaints.append(
            Diagnostic(
                rule="files.missing",
                message="there is no such file or folder",
                mark=SourceMark(str(path)),
                hint="check the path; the folder of the specs is named with --specs",
            )
        )
        return
    if not path.is_dir():
        yield path
        return
    yield from _walk_folder(path, (), complaints)


def _walk_folder(
    folder: Path, above: tuple[str, ...], complaints: list[Diagnostic]
) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in above:
        complaints.append(
            Diagnostic(
                rule="files.symlink-loop",
                message="this link leads back to a folder above it",
                mark=SourceMark(str(folder)),
                hint="remove the link",
            )
        )
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        complaints.append(_unreadable(folder, error))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            yield from _walk_folder(folder / entry.name, (*above, real), complaints)
        elif entry.name.endswith(ENDINGS):
            yield folder / entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that leads nowhere, or round in a circle, is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _read_one(path: Path, found: dict[str, SpecFile], complaints: list[Diagnostic]) -> None:
    name = str(path)
    try:
        if path.is_file() and path.stat().st_size > LARGEST_FILE:
            complaints.append(
                Diagnostic(
                    rule="files.too-large",
                    message=f"the file is larger than {LARGEST_FILE // 1024**2} MiB",
                    mark=SourceMark(name),
                    hint="split it; several files may speak of one store",
                )
            )
            return
        if not path.is_file() and path.exists():
            complaints.append(
                Diagnostic(
                    rule="files.unreadable",
                    message="this is no regular file",
                    mark=SourceMark(name),
                    hint="remove it from the specs folder",
                )
            )
            return
        found[name] = SpecFile(name=name, content=path.read_bytes())
    except OSError as error:
        complaints.append(_unreadable(path, error))


def _unreadable(path: Path, error: OSError) -> Diagnostic:
    return Diagnostic(
        rule="files.unreadable",
        message=f"it cannot be read: {(error.strerror or type(error).__name__).lower()}",
        mark=SourceMark(str(path)),
        hint="check the permissions and that links lead somewhere",
    )
