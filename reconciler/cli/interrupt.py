"""Ctrl-C: the first is told at once, as the request in flight may take its time; a second ends."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from reconciler.cli.codes import INTERRUPTED

_SHOW_CURSOR: Final = b"\x1b[?25h"  # a bar may have hidden it
TOLD: Final = b"\nending after the requests in flight; again to break off\n"


@contextmanager
def told() -> Iterator[None]:
    """While stores are read: the first raises `KeyboardInterrupt`; nothing is written."""
    asked = False

    def ask(number: int, frame: object) -> None:  # noqa: ARG001
        nonlocal asked
        if asked:
            break_off()
        asked = True
        os.write(2, TOLD)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def break_off(last_words: bytes = b"") -> NoReturn:
    """Ends the process in a signal handler, where nothing but system calls is safe."""
    if sys.stderr.isatty():
        os.write(2, _SHOW_CURSOR)
    os.write(2, last_words)
    os._exit(INTERRUPTED)
