"""How many writers it takes to fill a store's rate, by the latency met."""

import math
import statistics
from collections import deque
from threading import Lock
from typing import Final

from reconciler.model.settings import Rate

MOST_WRITERS: Final = 32
_LAST: Final = 5
# Some more than just enough: a writer that waits for its turn costs nothing, an empty turn is lost.
_SPARE: Final = 1.25


class Pace:
    """What requests took lately, all that a writer does between them included, waiting for a turn
    apart; the middle of the last few, so that one answer that hangs moves nothing.
    """

    def __init__(self, rate: Rate | None) -> None:
        self._per_second = rate.per_second if rate is not None else 0.0
        self._met: deque[float] = deque(maxlen=_LAST)
        self._lock = Lock()

    def met(self, requests: int, seconds: float) -> None:
        if requests > 0:
            with self._lock:
                self._met.append(seconds / requests)

    def writers(self) -> int:
        """One as long as nothing was met."""
        return max(1, min(MOST_WRITERS, math.ceil(self._per_second * self._each() * _SPARE)))

    def each(self) -> float:
        """The seconds from one request of a writer to its next one, while all are at work."""
        return max(self._each(), self.writers() / (self._per_second or 1.0))

    def _each(self) -> float:
        with self._lock:
            return statistics.median(self._met) if self._met else 0.0
