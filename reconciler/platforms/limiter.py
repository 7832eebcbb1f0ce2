"""Keeps the requests to one store below its rate, whoever in the program makes them."""

import threading

from reconciler.clock import Clock
from reconciler.model.settings import Rate


class Limiter:
    """A bucket that leaks `per_second` and holds `burst`; `take` waits until there is room.

    Shared by all threads that talk to one store. Waiting turns are handed out in order.
    """

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self.clock = clock
        self._lock = threading.Lock()
        self._next = clock.monotonic()

    def take(self) -> None:
        wait = self._reserve()
        if wait > 0:
            self.clock.sleep(wait)

    def pause(self, seconds: float) -> None:
        """Nobody asks for this long: the store said so."""
        with self._lock:
            until = (
                self.clock.monotonic() + seconds + (self._rate.burst - 1) / self._rate.per_second
            )
            self._next = max(self._next, until)

    def _reserve(self) -> float:
        """How long to wait for one's turn. `_next` runs ahead of now by what the bucket holds."""
        with self._lock:
            now = self.clock.monotonic()
            room = (self._rate.burst - 1) / self._rate.per_second
            self._next = max(self._next, now)
            wait = self._next - room - now
            self._next += 1 / self._rate.per_second
            return wait
