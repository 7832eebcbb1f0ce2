"""Spec files to their one layout, file by file."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.environment import Environment, mask_of
from reconciler.diagnostics import Diagnostic, Severity, SourceMark

if TYPE_CHECKING:
    from reconciler.app.renames import Renames
    from reconciler.desired.files import FoundFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """A file as it was and as it should be. `name` is the path as it may be shown."""

    name: str
    path: Path
    before: bytes
    after: bytes

    @property
    def changed(self) -> bool:
        return self.before != self.after

    def replace(self) -> Diagnostic | None:
        """Puts the file in place, whole or not at all, with the mode it had; why not, else.

        Where the path is a link, what it leads to is replaced.
        """
        from reconciler.state.disk import write_whole

        place = Path(os.path.realpath(self.path))
        mark = SourceMark(self.name)
        try:
            if place.read_bytes() != self.before:
                message = "it was changed by somebody else meanwhile"
                return Diagnostic(
                    rule="fmt.overtaken", message=message, mark=mark, hint="run fmt again"
                )
            write_whole(place, self.after, stat.S_IMODE(place.stat().st_mode))
        except OSError as error:
            message = f"it cannot be written: {(error.strerror or type(error).__name__).lower()}"
            hint = "check the permissions of the file and its folder"
            return Diagnostic(rule="fmt.unwritable", message=message, mark=mark, hint=hint)
        return None


def formatted(paths: Sequence[Path], environment: Environment) -> Iterator[Formatted | Diagnostic]:
    """Every file that can be laid out, and every error of those that cannot."""
    from reconciler.app.renames import Renames
    from reconciler.desired import files

    renames = Renames.of(environment)
    watch = environment.watch
    found, diagnostics = files.find(paths, mask_of(environment))
    yield from (one for one in diagnostics if one.severity is Severity.ERROR)
    for number, one in enumerate(found):
        watch.at("laying out specs", "files", number, len(found))
        yield from _of_file(one, renames)
    watch.ended("laying out specs")


def _of_file(found: "FoundFile", renames: "Renames") -> Iterator[Formatted | Diagnostic]:
    from reconciler.desired.layout import formatted as layout

    file = found.read()
    if isinstance(file, Diagnostic):
        yield file
        return
    after, wrong = layout.formatted(file, renames.is_spent)
    if after is None:
        yield from wrong
    else:
        yield Formatted(name=found.name, path=found.path, before=file.content, after=after)
