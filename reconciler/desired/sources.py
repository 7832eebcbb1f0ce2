"""Spec files of a revision of their folder, without a checkout: the same as from the folder."""

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from reconciler.desired import files
from reconciler.desired.files import Mask, SpecFile
from reconciler.diagnostics import Diagnostic
from reconciler.model.spelling import text_fault
from reconciler.repository import Entry, Revision

Found: TypeAlias = tuple[tuple[SpecFile, ...], tuple[Diagnostic, ...]]
"""All spec files, sorted by path, and complaints about those that cannot be read."""

_FOLDER: Final = "040000"
_LINK: Final = "120000"
_SUBMODULE: Final = "160000"
_LONGEST_CHAIN: Final = 40


@dataclass(frozen=True, slots=True)
class FromRevision:
    """`folder` is the folder as the user typed it: files are named below it, as on the disk, and a
    hidden part of a path is shown as `mask` says.
    """

    folder: Path
    revision: Revision
    mask: Mask = files.masked

    def read(self) -> Found:
        chosen, diagnostics = self.find()
        return self.read_all(chosen), diagnostics

    def read_all(self, chosen: Mapping[str, str]) -> tuple[SpecFile, ...]:
        """The files of some names; `chosen` has the name of each one's blob."""
        contents = self.revision.contents(chosen.values())
        return tuple(
            SpecFile(name=name, content=contents[digest]) for name, digest in chosen.items()
        )

    def find(self) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
        """The blobs of all spec files by the files' names, in the order of their paths."""
        tree = _Tree.of(self.revision)
        diagnostics: list[Diagnostic] = []
        chosen: dict[str, Entry] = {}
        for name, one in sorted(tree.entries.items()):
            parts = name.split("/")
            path = self.folder / name
            if any(files.is_hidden(part) for part in parts) or one.mode == _FOLDER:
                continue
            if len(parts) - 1 > files.DEEPEST:
                deep = self.folder.joinpath(*parts[: files.DEEPEST + 1])
                diagnostics.append(files.too_deep(deep))
                continue
            if any(text_fault(part) is not None for part in parts):
                diagnostics.append(files.bad_name(path))
                continue
            real = tree.real(one)
            if real is None:
                diagnostics.append(files.link_outside(path))
            elif real is not one and real.path != "." and _is_in_hiding(real):
                diagnostics.append(files.link_hidden(path))
            elif real.mode == _SUBMODULE:
                diagnostics.append(files.submodule(path))
            elif real.mode != _FOLDER and files.is_spec(parts[-1]):
                chosen[name] = real
        found = {
            files.shown(self.folder / name, self.mask): one.digest for name, one in chosen.items()
        }
        return found, tuple(dict.fromkeys(diagnostics))


def blobs(content: bytes) -> tuple[str, str]:
    """What git calls a file of this content, in repositories of the one kind and of the other."""
    text = b"blob %d\0%b" % (len(content), content)
    return hashlib.sha1(text, usedforsecurity=False).hexdigest(), hashlib.sha256(text).hexdigest()


def _is_in_hiding(one: Entry) -> bool:
    return any(files.is_hidden(part) for part in one.path.split("/"))


@dataclass(frozen=True, slots=True)
class _Tree:
    """What stands below the folder, folders included; `targets` is where links lead."""

    entries: dict[str, Entry]
    targets: dict[str, bytes]

    @classmethod
    def of(cls, revision: Revision) -> "_Tree":
        entries = {one.path: one for one in revision.entries()}
        folders = {
            "/".join(parts[:count])
            for parts in (path.split("/") for path in entries)
            for count in range(1, len(parts))
        }
        links = [one.digest for one in entries.values() if one.mode == _LINK]
        entries |= {path: Entry(path, _FOLDER, "") for path in (".", *folders)}
        return cls(entries, revision.contents(links))

    def real(self, one: Entry) -> Entry | None:
        """What a link leads to, anything else itself; None for what is not in the revision.

        A folder that a link leads to is read in its own place.
        """
        for _ in range(_LONGEST_CHAIN):
            if one.mode != _LINK:
                return one
            target = self.targets[one.digest].decode(errors="surrogateescape")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(one.path), target))
            if posixpath.isabs(target) or path not in self.entries:
                return None
            one = self.entries[path]
        return None
