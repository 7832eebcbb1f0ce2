"""Keeps the requests to one store below its rate, whoever in the program makes them."""

import threading
from typing import Final

from reconciler.clock import Clock
from reconciler.model.settings import Rate

# A refusal proves that the store is stricter than its documents: go on at a lower rate, and come
# back to the full one slowly, so that a refusal stays the exception.
_AFTER_REFUSAL: Final = 0.7
_LEAST_SHARE: Final = 0.05
_RECOVERY: Final = 1.003


class Limiter:
    """A bucket that leaks `per_second` and holds `burst`; `take` waits until there is room.

    Shared by all threads that talk to one store. Waiting turns are handed out in order.
    """

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self.clock = clock
        self._lock = threading.Lock()
        self._next = clock.monotonic()
        self._share = 1.0

    def take(self) -> None:
        wait = self._reserve()
        if wait > 0:
            self.clock.sleep(wait)

    def refused(self, seconds: float | None) -> None:
        """The store said that this was too much; nobody asks for as long as it told, if it did."""
        with self._lock:
            self._share = max(_LEAST_SHARE, self._share * _AFTER_REFUSAL)
            until = self.clock.monotonic() + (seconds or 0.0) + self._room()
            self._next = max(self._next, until)

    def _room(self) -> float:
        """The seconds that a full bucket takes to leak out, but for one request."""
        return (self._rate.burst - 1) / self._rate.per_second

    def _reserve(self) -> float:
        """How long to wait for one's turn. `_next` runs ahead of now by what the bucket holds."""
        with self._lock:
            now = self.clock.monotonic()
            self._next = max(self._next, now)
            wait = self._next - self._room() - now
            self._next += 1 / (self._rate.per_second * self._share)
            self._share = min(1.0, self._share * _RECOVERY)
            return wait


class Paces:
    """One limiter for each host and token, so that a later connection goes on where one ended."""

    def __init__(self) -> None:
        self._limiters: dict[tuple[str, str], Limiter] = {}

    def of(self, base: str, token: str, rate: Rate, clock: Clock) -> Limiter:
        return self._limiters.setdefault((base, token), Limiter(rate, clock))
