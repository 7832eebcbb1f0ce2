"""Runs the command line in this process: quick, and with the exit code that a shell would see."""

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.cli import main


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def everything(self) -> str:
        return self.out + self.err


def run(*words: object, env: Mapping[str, str] | None = None) -> Done:
    import sys

    out, err = io.StringIO(), io.StringIO()
    before = dict(os.environ)
    arguments = sys.argv
    os.environ.update(env or {})
    sys.argv = ["reconciler", *map(str, words)]
    code: object = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = arguments
        os.environ.clear()
        os.environ.update(before)
    return Done(int(code) if isinstance(code, int) else 1, out.getvalue(), err.getvalue())
