"""Ctrl-C while stores are read: said at once, since the request in flight may take its time."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from reconciler.cli.codes import INTERRUPTED

SHOW_CURSOR: Final = b"\x1b[?25h"  # a bar may have hidden it
_TOLD: Final = b"\nending after the requests in flight; again to break off\n"


@contextmanager
def told() -> Iterator[None]:
    """The first raises `KeyboardInterrupt`; a second one breaks off, as nothing is written."""
    asked = False

    def ask(number: int, frame: object) -> None:  # noqa: ARG001
        nonlocal asked
        if asked:
            if sys.stderr.isatty():
                os.write(2, SHOW_CURSOR)
            os._exit(INTERRUPTED)
        asked = True
        os.write(2, _TOLD)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
