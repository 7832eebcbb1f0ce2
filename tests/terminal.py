"""The program at a terminal: what a person sees there, escape codes and all."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from typing import Literal


def at_terminal(
    *words: object,
    columns: int,
    env: Mapping[str, str | None] | None = None,
    elsewhere: Literal["stdout", "stderr"] | None = None,
) -> tuple[str, int]:
    """What the terminal got, and the exit code.

    `env` comes on top of the environment, None takes a name away; `elsewhere` is the stream that
    goes to no terminal.
    """
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    given = {**os.environ, "TERM": "xterm-256color", "COLUMNS": None, "CI": None, **(env or {})}
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", *map(str, words)],
        env={name: value for name, value in given.items() if value is not None},
        stdout=subprocess.DEVNULL if elsewhere == "stdout" else its,
        stderr=subprocess.DEVNULL if elsewhere == "stderr" else its,
    )
    os.close(its)
    told = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux tells that the other side is closed
            break
        if not part:
            break
        told += part
    os.close(ours)
    return told.decode().replace("\r\n", "\n"), process.wait()
