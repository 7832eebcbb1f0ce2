"""The local stores as a process of their own: served, put back, and ended by a signal."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.program import run


def _three_free_ports() -> int:
    """The first of three in a row that nobody listens at."""
    for first in range(20000 + os.getpid() % 20000, 65000, 3):
        try:
            for port in range(first, first + 3):
                with socket.create_server(("127.0.0.1", port)):
                    pass
        except OSError:
            continue
        return first
    raise AssertionError("no three ports in a row are free")


@contextmanager
def served(*words: object) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    port = _three_free_ports()
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "reconciler",
            "sandbox",
            "serve",
            "--port",
            str(port),
            *map(str, words),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for platform in ("genstore", "shoplazza", "shopline"):
            assert process.stderr.readline().startswith(f"{platform} shop")
        try:
            yield port, process
        finally:
            process.kill()


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
    absent = run("sandbox", "reset", "--port", _three_free_ports())
    assert absent.code == 1
    assert "no sandbox answers on port" in absent.err
