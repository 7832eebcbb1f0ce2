"""One sync of a file for all threads that wait for one: a group commit.

A thread writes, then waits until a sync that began after its writing has ended. Whoever comes first
syncs, for all that was written until then; the others find it done.
"""

from collections.abc import Callable
from threading import Lock


class SharedSync:
    """`sync` puts on disk whatever was written before it is called. Thread-safe.

    After a sync that failed nobody knows what of it is on disk, and a later one that succeeds does
    not tell: whoever waits from then on gets the same error.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._turn = Lock()
        self._written = 0
        self._synced = 0
        self._error: Exception | None = None

    def wrote(self) -> int:
        """Told after each write, by one thread at a time; what to wait for, if ever."""
        self._written += 1
        return self._written

    def wait(self, number: int | None = None) -> None:
        """Until that write, or all so far, is on disk. Raises what `sync` does."""
        wanted = self._written if number is None else number
        with self._turn:
            if self._error is not None:
                raise self._error
            if self._synced >= wanted:
                return
            reached = self._written
            try:
                self._sync()
            except Exception as error:
                self._error = error
                raise
            self._synced = reached
