"""The leaky bucket that each platform documents: how many calls at once, how many a second."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a bucket holds and how fast it leaks."""

    per_second: float
    burst: int


class Bucket:
    """Fills by what a call costs; one that finds too little room is refused and adds nothing."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._level = 0.0
        self._seen = clock()

    def take(self, cost: int = 1) -> float:
        """Return 0 when the call may pass, else the seconds until the next one may."""
        now = self._clock()
        self._level = max(0.0, self._level - (now - self._seen) * self._rate.per_second)
        self._seen = now
        if self._level + cost > self._rate.burst:
            return (self._level + cost - self._rate.burst) / self._rate.per_second
        self._level += cost
        return 0.0
