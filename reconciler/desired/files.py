"""Finding and reading spec files below a folder, and what the names of such files may be."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from reconciler.diagnostics import Diagnostic, Severity, SourceMark, has_errors
from reconciler.model.shapes import shape_of
from reconciler.model.spelling import text_fault

ENDINGS: Final = (".yaml", ".yml")
_NO_SPECS: Final = ("readme", "codeowners")
DEEPEST: Final = 64
LARGEST_FILE: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFile:
    """`name` is the path as it may be shown; it stands in every message."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A spec file that is not read yet, since all of them may be too much for the memory."""

    name: str
    path: Path
    held: bytes | None = field(default=None, repr=False)

    def holding(self, content: bytes | None) -> "FoundFile":
        """The same as if it held something else; None: what it holds."""
        return self if content is None else replace(self, held=content)

    def part(self, begin: int, end: int) -> bytes:
        """What it holds there by now; less, or nothing, where it holds no more."""
        if self.held is not None:
            return self.held[begin:end]
        with suppress(OSError), self.path.open("rb") as file:
            file.seek(begin)
            return file.read(end - begin)
        return b""

    def read(self) -> SpecFile | Diagnostic:
        if self.held is not None:
            return SpecFile(name=self.name, content=self.held)
        try:
            return SpecFile(name=self.name, content=self.path.read_bytes())
        except OSError as error:
            return _unreadable(self.path, error)


Mask: TypeAlias = Callable[[str], str]
"""What stands for a part of a path that looks like personal data."""


def masked(part: str) -> str:  # noqa: ARG001
    """The mask where no key is at hand: who reads it finds the file by its place."""
    return "text_•••"


def find(
    paths: Iterable[Path], mask: Mask = masked
) -> tuple[tuple[FoundFile, ...], tuple[Diagnostic, ...]]:
    """All spec files below the given folders and files, sorted by path.

    A path that cannot be read is a diagnostic; the others are found all the same.
    """
    found: dict[str, FoundFile] = {}
    diagnostics: list[Diagnostic] = []
    for path in paths:
        before = len(found)
        own: list[Diagnostic] = []
        for file in _walk(path, own):
            own.extend(personal_name(file, path))
            _find_one(file, found, mask, own)
        if len(found) == before and not has_errors(own):
            own.append(
                _diagnostic(
                    path,
                    "files.none",
                    "no spec file (*.yaml, *.yml) is here",
                    "name the folder of the specs with --specs, or write a first file",
                )
            )
        diagnostics.extend(own)
    return tuple(found[name] for name in sorted(found)), tuple(diagnostics)


def read(
    paths: Iterable[Path], mask: Mask = masked
) -> tuple[tuple[SpecFile, ...], tuple[Diagnostic, ...]]:
    """The same at once, with what is in them."""
    found, diagnostics = find(paths, mask)
    contents = [one.read() for one in found]
    return (
        tuple(one for one in contents if isinstance(one, SpecFile)),
        (*diagnostics, *(one for one in contents if isinstance(one, Diagnostic))),
    )


def _diagnostic(
    path: Path, rule: str, message: str, hint: str, severity: Severity = Severity.ERROR
) -> Diagnostic:
    return Diagnostic(
        rule=rule, message=message, mark=SourceMark(shown(path)), hint=hint, severity=severity
    )


def _walk(path: Path, diagnostics: list[Diagnostic]) -> Iterator[Path]:
    if not os.path.lexists(path):
        diagnostics.append(
            _diagnostic(
                path,
                "files.missing",
                "there is no such file or folder",
                "check the path; the folder of the specs is named with --specs",
            )
        )
        return
    if not path.is_dir():
        yield path
        return
    yield from _walk_folder(path, os.path.realpath(path), set(), diagnostics, len(path.parts))


def _walk_folder(
    folder: Path,
    root: str,
    visited: set[str],
    diagnostics: list[Diagnostic],
    depth_of_root: int,
) -> Iterator[Path]:
    """Each real folder once; nothing outside of `root`."""
    visited.add(os.path.realpath(folder))
    if len(folder.parts) - depth_of_root > DEEPEST:
        diagnostics.append(too_deep(folder))
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        diagnostics.append(_unreadable(folder, error))
        return
    for entry in entries:
        path = folder / entry.name
        if is_hidden(entry.name):
            continue
        if text_fault(entry.name) is not None:
            diagnostics.append(bad_name(path))
        elif entry.is_symlink() and not _is_inside(path, root):
            diagnostics.append(link_outside(path))
        elif entry.is_symlink() and _is_in_hiding(path, root):
            diagnostics.append(link_hidden(path))
        elif _is_folder(entry):
            if os.path.realpath(path) not in visited:
                yield from _walk_folder(path, root, visited, diagnostics, depth_of_root)
            elif _is_above(path, folder):
                diagnostics.append(_link(path, "files.symlink-loop", "leads to a folder above it"))
        elif is_spec(entry.name):
            yield path
        elif not entry.name.lower().startswith(_NO_SPECS):
            diagnostics.append(_not_read(path))


def is_hidden(name: str) -> bool:
    return name.startswith(".")


def is_spec(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _is_inside(path: Path, root: str) -> bool:
    """A link that leads nowhere is left to the reading, which says so."""
    real = Path(os.path.realpath(path))
    return not real.exists() or real.is_relative_to(root)


def _is_in_hiding(path: Path, root: str) -> bool:
    """Whether a link leads to what is not read in its own place."""
    real = Path(os.path.realpath(path))
    below = Path(os.path.relpath(real, root)).parts
    return real.exists() and any(is_hidden(part) and part != os.curdir for part in below)


def _is_above(path: Path, folder: Path) -> bool:
    real, here = os.path.realpath(path), os.path.realpath(folder)
    return here == real or here.startswith(real.rstrip(os.sep) + os.sep)


def bad_name(path: Path) -> Diagnostic:
    return _diagnostic(
        path,
        "files.name",
        "the name has a control or direction character, or one that nobody sees",
        "rename the file",
    )


def personal_name(path: Path, root: Path) -> Iterator[Diagnostic]:
    """Of the parts below the folder that was given: names of files stand in every message."""
    below = path.relative_to(root) if path != root else Path(path.name)
    titles = [title for part in below.parts if (title := shape_of(part)) is not None]
    if titles:
        yield _diagnostic(
            path,
            "personal.in-file-name",
            f"a part of this path looks like {titles[0]}",
            "rename it; it is masked in all that is said of the file",
            Severity.WARNING,
        )


def too_deep(path: Path) -> Diagnostic:
    return _diagnostic(
        path,
        "files.too-deep",
        f"folders go deeper than {DEEPEST} here",
        "keep the specs in fewer levels",
    )


def link_outside(path: Path) -> Diagnostic:
    return _link(path, "files.link-outside", "leads out of the folder")


def link_hidden(path: Path) -> Diagnostic:
    return _link(path, "files.link-hidden", "leads to a hidden file or folder")


def _link(path: Path, rule: str, what: str) -> Diagnostic:
    return _diagnostic(path, rule, f"this link {what}", "remove the link")


def submodule(path: Path) -> Diagnostic:
    return _diagnostic(
        path,
        "files.submodule",
        "a submodule stands here, and what it held is kept in another repository",
        "keep the specs in the repository itself",
    )


def _not_read(path: Path) -> Diagnostic:
    return _diagnostic(
        path,
        "files.not-read",
        "this is no spec file by its name, and is not read",
        "give it the ending .yaml, or keep it elsewhere",
        Severity.WARNING,
    )


def shown(path: Path, mask: Mask = masked) -> str:
    """A path as it may be printed: personal parts masked, and what does not print written out."""
    parts = (
        part if shape_of(part) is None else mask(part)
        for part in re.split(f"({re.escape(os.sep)})", str(path))
    )
    return "".join(
        one if text_fault(one) is None else f"\\u{ord(one):04x}" for one in "".join(parts)
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that leads nowhere, or round in a circle, is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _find_one(
    path: Path, found: dict[str, FoundFile], mask: Mask, diagnostics: list[Diagnostic]
) -> None:
    try:
        if path.is_file() and path.stat().st_size > LARGEST_FILE:
            diagnostics.append(
                _diagnostic(
                    path,
                    "files.too-large",
                    f"the file is larger than {LARGEST_FILE // 1024**2} MiB",
                    "split it; several files may speak of one store",
                )
            )
            return
        if not path.is_file() and path.exists():
            diagnostics.append(
                _diagnostic(
                    path,
                    "files.unreadable",
                    "this is no regular file",
                    "remove it from the specs folder",
                )
            )
            return
        found[str(path)] = FoundFile(name=shown(path, mask), path=path)
    except OSError as error:
        diagnostics.append(_unreadable(path, error))


def _unreadable(path: Path, error: OSError) -> Diagnostic:
    return _diagnostic(
        path,
        "files.unreadable",
        f"it cannot be read: {(error.strerror or type(error).__name__).lower()}",
        "check the permissions and that links lead somewhere",
    )
