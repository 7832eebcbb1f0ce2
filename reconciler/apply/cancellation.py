"""What breaks off an apply from outside: Ctrl-C, and how many failures are allowed."""

from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Lock
from typing import Final

from reconciler.clock import Clock

_SLICE: Final = 0.5


@dataclass(slots=True)
class Cancellation:
    """Shared by all stores of one apply."""

    interrupted: Flag = field(default_factory=Flag)
    max_failures: int | None = None
    failures: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def count_failure(self) -> None:
        with self._lock:
            self.failures += 1

    def has_failed_too_often(self) -> bool:
        return self.max_failures is not None and self.failures >= self.max_failures

    def rest(self, seconds: float, clock: Clock) -> None:
        """Waits before another try; there is none after Ctrl-C, so nobody waits for it then."""
        end = clock.monotonic() + seconds
        while not self.interrupted.is_set():
            left = end - clock.monotonic()
            if left <= 0:
                return
            clock.sleep(min(left, _SLICE))
