"""`python -m benchmarks.store PLATFORM SIZE MILLISECONDS`: a simulated store as its own process.

It has no limit of its own, and every answer takes its time. It prints its address and ends with its
input.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.process import ROOT
from reconciler.sandbox import Fault, Sandbox
from tests.harness import person


def email(number: int) -> str:
    return f"c{number:06}@example.com"


@contextmanager
def opened(platform: str, size: int, milliseconds: int) -> Iterator[str]:
    """Its address."""
    words = [sys.executable, "-m", "benchmarks.store", platform, str(size), str(milliseconds)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


def main(platform: str, size: str, milliseconds: str) -> None:
    box = Sandbox(platform, rate="off")
    box.seed(person(email(number)) for number in range(int(size)))
    if int(milliseconds):
        box.fault(Fault("slow", times=10**9, seconds=int(milliseconds) / 1000))
    with box.serving() as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
