"""All that the program says, on its way to a terminal or a log: nothing of it acts there.

Texts of stores and specs come through every message, so they are made harmless where all of them
pass, and not only where somebody thought of it.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import Any, Final, TextIO, cast

from reconciler.report.plain import plain

_COLOUR: Final = re.compile(r"(\x1b\[[0-9;]*m)")
_KEPT: Final = re.compile(r"([\n\t])")


class Voice(TextIOBase):
    """A stream in front of another.

    Control and direction characters are written out, but for colours on a terminal, and no line
    begins as a command of a pipeline's runner does.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._fresh = True  # nothing but blanks stands in this line so far

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"  # of what is written here; the stream behind has its own

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        if not self.stream.closed:
            self.stream.flush()

    def write(self, text: str | bytes) -> int:
        if isinstance(text, bytes):  # what click answers a shell that completes
            text = text.decode(errors="replace")
        parts = _COLOUR.split(text) if self.isatty() else [text]
        for place, part in enumerate(parts):
            self.stream.write(part if place % 2 else "".join(self._harmless(part)))
        return len(text)

    def _harmless(self, text: str) -> Iterator[str]:
        for part in _KEPT.split(text):
            if part in ("\n", "\t"):
                self._fresh = self._fresh or part == "\n"
                yield part
                continue
            shown = plain(part)
            begins = shown.lstrip(" ")
            if self._fresh and begins.startswith(":"):
                shown = shown.replace(":", "\\u003a", 1)
            self._fresh = self._fresh and not begins
            yield shown


@contextmanager
def harmless() -> Iterator[None]:
    """Puts a voice in front of both streams, and takes it away again."""
    out, err = sys.stdout, sys.stderr
    for stream in (out, err):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = cast(Any, Voice(out)), cast(Any, Voice(err))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


def behind(stream: Any) -> TextIO:
    """The stream itself: for what makes its own lines out of nothing but our own words, and for an
    export, whose texts must come through as they are.
    """
    return stream.stream if isinstance(stream, Voice) else cast(TextIO, stream)


def command(lines: Iterable[str]) -> None:
    """Lines that a runner is meant to obey; whoever made them has escaped what is in them."""
    stream = behind(sys.stdout)
    for line in lines:
        stream.write(f"{line}\n")
    stream.flush()
