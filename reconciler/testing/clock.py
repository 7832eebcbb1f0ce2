"""Clocks for tests: real time, but nobody waits."""

import threading
from datetime import datetime

from reconciler.clock import Clock, system_clock


class Killed(BaseException):
    """The process dies here: nothing after this runs, as after kill -9."""


def quick_clock(dies_after: int | None = None) -> Clock:
    """Real time, but sleeping only moves the hands.

    Every journal line asks for the time first, so dying at the n-th look kills before that line.
    """
    real = system_clock()
    lock = threading.Lock()
    skipped = 0.0
    looks = 0

    def now() -> datetime:
        nonlocal looks
        with lock:
            looks += 1
            if dies_after is not None and looks > dies_after:
                raise Killed
        return real.now()

    def sleep(seconds: float) -> None:
        nonlocal skipped
        with lock:
            skipped += seconds

    return Clock(now=now, monotonic=lambda: real.monotonic() + skipped, sleep=sleep)
