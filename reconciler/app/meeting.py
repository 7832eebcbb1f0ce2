"""Where those who read the stores of one controller wait for each other."""

from collections.abc import Iterable
from threading import Condition
from typing import Generic, TypeVar

Told = TypeVar("Told")


class Meeting(Generic[Told]):
    """Each tells once, and hears what all the others told; whoever left is not waited for."""

    def __init__(self, names: Iterable[str]) -> None:
        self._present = set(names)
        self._told: dict[str, Told] = {}
        self._changed = Condition()

    def hear(self, name: str, told: Told) -> dict[str, Told]:
        """Returns when everybody who is still here has told; what the others did, by name."""
        with self._changed:
            self._told[name] = told
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._present <= self._told.keys())
            return {other: one for other, one in self._told.items() if other != name}

    def leave(self, name: str) -> None:
        with self._changed:
            self._present.discard(name)
            self._changed.notify_all()
