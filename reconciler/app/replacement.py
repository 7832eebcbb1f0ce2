"""A spec file that takes the place of the one that was read."""

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.diagnostics import Diagnostic, SourceMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A file as it was and as it shall be. `name` is the path as it may be shown."""

    name: str
    path: Path
    before: bytes
    after: bytes

    def back(self) -> "Replacement":
        return replace(self, before=self.after, after=self.before)

    def carry_out(self) -> Diagnostic | None:
        """Whole or not at all, with the mode it had; why not, else. A link stays one."""
        from reconciler.state.disk import write_whole

        place, mark = Path(os.path.realpath(self.path)), SourceMark(self.name)
        try:
            if (now := place.read_bytes()) != self.before:
                if now == self.after:  # another name of the same file
                    return None
                return Diagnostic(
                    rule="adopt.overtaken",
                    message="it was changed by somebody else meanwhile",
                    mark=mark,
                    hint="run adopt again",
                )
            write_whole(place, self.after, stat.S_IMODE(place.stat().st_mode))
        except OSError as error:
            return Diagnostic(
                rule="adopt.unwritable",
                message=f"it cannot be written: {(error.strerror or 'unknown').lower()}",
                mark=mark,
                hint="check the permissions of the file and its folder",
            )
        return None
