"""Which contacts more than one record of a store says something of, and of which anything was
noted: a store may have very many, so no contact is kept.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise

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
        heard, by = self._heard, self._by
        order = sorted(range(len(heard)), key=heard.__getitem__)
        shared = {
            heard[one]
            for one, other in pairwise(order)
            if heard[one] == heard[other] and by[one] != by[other]
        }
        alone = array("q", (heard[one] for one in order))
        found = set()
        for whom, mark in zip(self._noted, self._marks, strict=True):
            at = bisect_left(alone, whom)
            if at == len(alone) or alone[at] != whom or whom in shared:
                found.add(mark)
        return found

    @property
    def noted_without_time(self) -> set[int]:
        """Of whom a no without a time was noted."""
        pairs = zip(self._marks, self._timeless, strict=True)
        return {mark for mark, timeless in pairs if timeless}
