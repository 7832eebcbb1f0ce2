"""The local stores as a process of their own: served, put back, and ended by a signal."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.ports import refusing
from tests.program import run


@contextmanager
def served(*words: object) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """The first of three ports in a row, and the process that serves at them.

    Any call on the machine may be lent one of three that were free, so they are tried by serving.
    """
    for port in range(20000 + os.getpid() % 10000, 65000, 3):
        command = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--port", str(port)]
        with subprocess.Popen(
            [*command, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            said = [process.stderr.readline() for _ in range(3)]
            if "is taken" in "".join(said):
                continue
            for platform, line in zip(("genstore", "shoplazza", "shopline"), said, strict=True):
                assert line.startswith(f"{platform} shop"), said
            try:
                yield port, process
            finally:
                process.kill()
            return
    raise AssertionError("no three ports in a row are free")


def people(port: int) -> int:
    found = httpx.get(f"http://127.0.0.1:{port}/_sandbox/customers", trust_env=False)
    return len(found.json()["customers"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_stores_are_served_until_a_signal(tmp_path: Path, number: int) -> None:
    with served("--empty", "--fast", "--data", tmp_path) as (port, process):
        assert people(port) == 0
        assert run("sandbox", "reset", "--port", port).code == 0
        assert people(port) > 5
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "export ACME_US_TOKEN=" in out


def test_a_taken_port_is_told() -> None:
    with served("--fast") as (port, _):
        taken = run("sandbox", "serve", "--port", port)

    assert taken.code == 1
    assert f"port {port} or one of the two after it is taken" in taken.err


def test_a_switch_that_is_none_and_a_sandbox_that_is_not_there_are_told() -> None:
    assert run("sandbox", "serve", "--switch", "genstore.nothing=x").code == 64
    with refusing() as port:
        absent = run("sandbox", "reset", "--port", port)
    assert absent.code == 1
    assert "no sandbox answers on port" in absent.err
