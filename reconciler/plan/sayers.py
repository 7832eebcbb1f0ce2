"""Which contacts more than one record of a store says something of, and of which anything was
noted: a store may have very many, so no contact is kept.
"""

from array import array
from collections.abc import Callable
from typing import Final

from reconciler.model.act import Act, tells_no_time
from reconciler.model.consent import Channel
from reconciler.model.register import Person

# Of very many contacts so many are looked at in one go, each go over all of them.
_AT_ONCE: Final = 50_000


class Sayers:
    """Told of every record that says no or the person's own yes of a contact, in the order read.

    Of contacts that something was noted of, the marks are told.
    """

    def __init__(self, mark: Callable[[str], int]) -> None:
        self.has_noted = False
        self._mark = mark
        self._heard = array("q")
        self._by = array("q")
        self._noted = array("q")
        self._marks = array("Q")
        self._timeless = bytearray()

    def heard(self, channel: Channel, contact: str, remote_id: str) -> None:
        self._heard.append(hash((channel, contact)))
        self._by.append(hash(remote_id))

    def note(self, who: Person, act: Act) -> None:
        self.has_noted = True
        if who.contact is not None:
            self._noted.append(hash((who.channel, who.contact)))
            self._marks.append(self._mark(who.contact))
            self._timeless.append(tells_no_time(act))

    @property
    def noted(self) -> set[int]:
        return set(self._marks)

    @property
    def noted_and_shared(self) -> set[int]:
        """Of whom not just one record says anything, however often it was read."""
        found: set[int] = set()
        parts = 1 + len(self._heard) // _AT_ONCE
        for part in range(parts):
            by: dict[int, int] = {}
            shared: set[int] = set()
            for whom, one in zip(self._heard, self._by, strict=True):
                if whom % parts == part and by.setdefault(whom, one) != one:
                    shared.add(whom)
            for whom, mark in zip(self._noted, self._marks, strict=True):
                if whom % parts == part and (whom not in by or whom in shared):
                    found.add(mark)
        return found

    @property
    def noted_without_time(self) -> set[int]:
        """Of whom a no without a time was noted."""
        pairs = zip(self._marks, self._timeless, strict=True)
        return {mark for mark, timeless in pairs if timeless}
