"""Whether a store may be written to still: the breaker that every write asks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from reconciler.apply.cancellation import Cancellation
from reconciler.errors import JournalError, PlatformError, StoreStopped


@dataclass(slots=True, kw_only=True)
class Circuit:
    """One a store and run. `trail_stands` raises where what becomes of a step cannot be noted.

    `stopped` is why nothing more is written, empty while there is no reason; `proven` says that an
    update of this run was read back without a loss, `keeps_the_rest` that one was which left out
    what a store that replaces would have emptied.
    """

    cancellation: Cancellation
    trail_stands: Callable[[], None]
    stopped: str = ""
    proven: bool = False
    keeps_the_rest: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def stop(self, why: str) -> None:
        """Nothing more is written to this store; the first reason is the one that is told."""
        with self._lock:
            self.stopped = self.stopped or why

    def stop_for(self, error: PlatformError) -> None:
        """The same where the error is one after which nothing may be sent."""
        if isinstance(error, StoreStopped):
            self.stop(str(error))

    def over(self) -> bool:
        """Asked right before every write."""
        try:
            self.trail_stands()
        except JournalError as error:
            self.stop(str(error))
        if self.cancellation.interrupted.is_set():
            return True
        if self.cancellation.has_failed_too_often():
            failures = self.cancellation.failures
            self.stop(f"{failures} failures, as many as --max-failures allows")
        return bool(self.stopped)
