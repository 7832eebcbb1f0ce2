"""Where those who read the stores of one controller wait for each other."""

from collections.abc import Iterable
from threading import Condition


class Meeting:
    """Nobody goes on before all have come; whoever left is not waited for."""

    def __init__(self, names: Iterable[str]) -> None:
        self._awaited = set(names)
        self._changed = Condition()

    def wait(self, name: str) -> None:
        """Returns when everybody who did not leave has come."""
        self.leave(name)
        with self._changed:
            self._changed.wait_for(lambda: not self._awaited)

    def leave(self, name: str) -> None:
        with self._changed:
            self._awaited.discard(name)
            self._changed.notify_all()
