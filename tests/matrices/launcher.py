"""Runs the real program in a process of its own, again and again, and lets it die where it is told.

One warm process forks for every run, so that a run costs milliseconds and not an interpreter's start.
What dies or refuses is the operating system's side: writes, syncs, opens and the process itself.
"""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import reconciler

KILLED = -9


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` is the exit code, or minus the signal that ended the process."""

    code: int
    out: str
    err: str


class Launcher:
    """`pid` is that of the run that is on, for whoever wants to kill it from outside."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.pid = 0

    def begin(
        self, *words: object, env: Mapping[str, str], trouble: Mapping[str, Any] | None = None
    ) -> None:
        """`trouble`: `{"line": n, "where": …}` for the n-th journal line, or another of `_arm`."""
        order = {
            "argv": [str(word) for word in words],
            "env": dict(env),
            "trouble": dict(trouble or {}),
            "out": str(self._folder / "out"),
            "err": str(self._folder / "err"),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.pid = int(self._answer())

    def end(self) -> Ended:
        code = int(self._answer())
        self.pid = 0
        out, err = ((self._folder / name).read_text() for name in ("out", "err"))
        return Ended(code, out, err)

    def run(
        self, *words: object, env: Mapping[str, str], trouble: Mapping[str, Any] | None = None
    ) -> Ended:
        self.begin(*words, env=env, trouble=trouble)
        return self.end()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def launcher(folder: Path) -> Iterator[Launcher]:
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.matrices.launcher"],
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Launcher(process, folder)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _serve() -> None:
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.startswith(
            ("reconciler.sandbox", "reconciler.testing", "reconciler.__main__")
        ):
            importlib.import_module(module.name)  # once, for every run
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(order)
        print(pid, flush=True)  # noqa: T201 -- the protocol with the test
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _child(order: Mapping[str, Any]) -> None:
    for number, name in ((0, os.devnull), (1, order["out"]), (2, order["err"])):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(name, flags, 0o600), number)
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = ["reconciler", *order["argv"]]
    _arm(order["trouble"])
    code: object = 0
    try:
        from reconciler.cli import main

        main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


def _arm(trouble: Mapping[str, Any]) -> None:
    """`line` and `where`: die before, in the middle of, after writing, or after syncing a line,

    or find the disk `full` from it on (`short`: after half a line). `sync`: an errno of every sync.
    `readonly`: a folder in which nothing can be made. Waiting only moves the hands of the clock.
    """
    system = _System(trouble)
    os.open, os.mkdir = system.open, system.mkdir
    os.write, os.fsync = system.write, system.fsync  # type: ignore[assignment]
    os.close = system.close
    time.sleep, time.monotonic = system.sleep, system.monotonic  # noqa: TID251


_CALLS = ("open", "close", "write", "fsync", "mkdir")


class _System:
    """The calls of the operating system, with trouble in them."""

    def __init__(self, trouble: Mapping[str, Any]) -> None:
        self._trouble = trouble
        self._where = trouble.get("where", "")
        self._journals: dict[int, str] = {}  # the paths of those that are open
        self._met = ""  # the one that the line of the trouble was written to
        self._line = 0
        self._skipped = 0.0
        self._really = {name: getattr(os, name) for name in _CALLS}
        self._monotonic = time.monotonic

    def sleep(self, seconds: Any) -> None:
        self._skipped += seconds

    def monotonic(self) -> float:
        return self._monotonic() + self._skipped

    def _refuse(self, path: Any) -> None:
        if str(path).startswith(self._trouble.get("readonly", "\0")):
            raise OSError(30, "Read-only file system", str(path))

    def open(self, path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if flags & os.O_CREAT:
            self._refuse(path)
        number: int = self._really["open"](path, flags, *rest, **named)
        if str(path).endswith(".jsonl"):
            self._journals[number] = str(path)
        return number

    def close(self, fd: int) -> None:
        self._journals.pop(fd, None)
        self._really["close"](fd)

    def mkdir(self, path: Any, *rest: Any, **named: Any) -> None:
        self._refuse(path)
        self._really["mkdir"](path, *rest, **named)

    def write(self, number: int, data: bytes) -> int:
        if number not in self._journals:
            return int(self._really["write"](number, data))
        self._line += 1
        here = self._line == self._trouble.get("line")
        if here:
            self._met = self._journals[number]
        if here and self._where in ("before", "half"):
            self._really["write"](number, data[: len(data) // 2 if self._where == "half" else 0])
            _die()
        if self._where in ("full", "short") and self._line >= self._trouble["line"]:
            if here and self._where == "short":
                return int(self._really["write"](number, data[: len(data) // 2]))
            raise OSError(28, "No space left on device")
        written: int = self._really["write"](number, data)
        if here and self._where == "written":
            _die()
        return written

    def fsync(self, number: int) -> None:
        if "sync" in self._trouble:
            raise OSError(self._trouble["sync"], os.strerror(self._trouble["sync"]))
        self._really["fsync"](number)
        if self._where == "synced" and self._met and self._journals.get(number) == self._met:
            _die()


def _die() -> None:
    os.kill(os.getpid(), 9)


if __name__ == "__main__":
    _serve()
