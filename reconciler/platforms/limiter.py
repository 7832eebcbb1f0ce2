"""Keeps the requests to one store below its rate, whoever in the program makes them."""

import math
import threading
from typing import TYPE_CHECKING, Final

from reconciler.clock import Clock
from reconciler.model.settings import Rate

if TYPE_CHECKING:
    from reconciler.platforms.answer import Cost

# A refusal proves that the store is stricter than its documents: go on at a lower rate, and come
# back to the full one slowly, so that a refusal stays the exception. Requests that were on their
# way together are refused together: that counts once.
_AFTER_REFUSAL: Final = 0.7
_LEAST_SHARE: Final = 0.05
_RECOVERY: Final = 1.003
_TOGETHER: Final = 2.0
# A wait this short is waited out; a longer one ends when the run is broken off.
_SHORT: Final = 5.0
# What a store says of costs cannot hold anybody longer than this.
_LONGEST_DEBT: Final = 60.0


class Cancelled(Exception):
    """The run was broken off while a turn was waited for."""


class Limiter:
    """A bucket that leaks `per_second` and holds `burst`; `take` waits until there is room.

    Shared by all threads that talk to one store. Waiting turns are handed out in order. Once
    `broken_off` is set, nobody begins a long wait.
    """

    def __init__(self, rate: Rate, clock: Clock, broken_off: threading.Event | None = None) -> None:
        self._rate = rate
        self.clock = clock
        self._broken_off = broken_off or threading.Event()
        self._lock = threading.Lock()
        self._next = clock.monotonic()
        self._share = 1.0
        self._told = math.inf
        self._closed = False
        self._not_before = self._next
        self._refused_at = self._next - _TOGETHER

    def take(self) -> None:
        """Raises `Cancelled` where the run is broken off during a long wait."""
        if self._closed:
            raise Cancelled
        self._wait(self._reserve())
        while self.blocked_for() > 0:
            self._wait(self._reserve())

    def refused(self, seconds: float | None) -> None:
        """The store said that this was too much; nobody asks for as long as it told, if it did."""
        with self._lock:
            now = self.clock.monotonic()
            if now - self._refused_at >= _TOGETHER:
                self._share = max(_LEAST_SHARE, self._share * _AFTER_REFUSAL)
                self._refused_at = now
            self._not_before = max(self._not_before, now + (seconds or 0.0))
            self._next = max(self._next, self._not_before + self._room())

    def spent(self, cost: "Cost") -> None:
        """What a request cost for which a turn was taken, and what the store says is left.

        A store can make us slower by it, for a while, and never faster than its rate.
        """
        with self._lock:
            now = self.clock.monotonic()
            if cost.per_second is not None and cost.per_second > 0:
                self._told = cost.per_second
            each = 1 / (self._pace() * self._share)
            ahead = self._next + (cost.spent - 1) * each
            if cost.left is not None:
                ahead = max(ahead, now + (self._rate.burst - max(0.0, cost.left)) * each)
            if math.isfinite(ahead):
                latest = max(self._next, now + self._room() + _LONGEST_DEBT)
                self._next = min(ahead, latest)

    def close(self) -> None:
        """No more turns: whoever waits for one, or asks for one, gets `Cancelled`."""
        self._closed = True

    def blocked_for(self) -> float:
        """How long the store has asked to wait, for whoever took his turn before it did."""
        with self._lock:
            return self._not_before - self.clock.monotonic()

    def _wait(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            if self._closed or (left > _SHORT and self._broken_off.is_set()):
                raise Cancelled
            self.clock.sleep(min(left, _SHORT / 10))

    def _room(self) -> float:
        """The seconds that a full bucket takes to leak out, but for one request."""
        return (self._rate.burst - 1) / self._pace()

    def _pace(self) -> float:
        """Requests a second, by the rate or by what the store tells where that is less."""
        usual = self._rate.per_second
        return max(min(usual, self._told), usual * _LEAST_SHARE)

    def _reserve(self) -> float:
        """How long to wait for one's turn. `_next` runs ahead of now by what the bucket holds."""
        with self._lock:
            now = self.clock.monotonic()
            self._next = max(self._next, now)
            wait = self._next - self._room() - now
            self._next += 1 / (self._pace() * self._share)
            self._share = min(1.0, self._share * _RECOVERY)
            return wait


class RateLimiters:
    """One limiter for each host and token, so that a later connection goes on where one ended."""

    def __init__(self, broken_off: threading.Event | None = None) -> None:
        self._limiters: dict[tuple[str, str], Limiter] = {}
        self._broken_off = broken_off
        self._closed = False

    def of(self, base: str, token: str, rate: Rate, clock: Clock) -> Limiter:
        found = self._limiters.setdefault((base, token), Limiter(rate, clock, self._broken_off))
        if self._closed:
            found.close()
        return found

    def close(self) -> None:
        """Ends all reading and writing with these, and with those to come: a run is over."""
        self._closed = True
        for one in list(self._limiters.values()):
            one.close()
