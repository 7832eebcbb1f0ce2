"""Which contacts more than one record of a store says something of, and of which anything was
noted: a store may have very many, so no contact is kept.
"""

from array import array
from collections.abc import Callable

from reconciler.model.act import Act, tells_no_time
from reconciler.model.consent import Channel
from reconciler.model.register import Person


class Sayers:
    """Told of every record that says no or the person's own yes of a contact, in the order read.

    Of contacts that something was noted of, the marks are told.
    """

    def __init__(self, mark: Callable[[str], int]) -> None:
        self.has_noted = False
        self._mark = mark
        self._first: dict[int, int] = {}
        self._shared: set[int] = set()
        self._noted = array("q")
        self._marks = array("Q")
        self._timeless = bytearray()

    def heard(self, channel: Channel, contact: str, remote_id: str) -> None:
        whom, by = hash((channel, contact)), hash(remote_id)
        if self._first.setdefault(whom, by) != by:
            self._shared.add(whom)

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
        pairs = zip(self._noted, self._marks, strict=True)
        return {mark for whom, mark in pairs if whom not in self._first or whom in self._shared}

    @property
    def noted_without_time(self) -> set[int]:
        """Of whom a no without a time was noted."""
        pairs = zip(self._marks, self._timeless, strict=True)
        return {mark for mark, timeless in pairs if timeless}
