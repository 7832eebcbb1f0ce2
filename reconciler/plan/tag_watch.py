"""What is noted of tags while a store is read: those that are not ours, and how many bear some."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.model.ownership import NO_MARKS, Ownership
from reconciler.model.tags import Owned

_MOST_KNOWN: Final = 65_536
_NOTHING_OWNED: Final = Owned(())


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTags:
    """Tags that are not ours to manage, on how many of the customers that were read: each tag is
    counted as often as somebody bears it.
    """

    tags: int = 0
    customers: int = 0


NO_FOREIGN_TAGS: Final = ForeignTags()


class TagWatch:
    """Judges each tag once, since most of a store's customers bear the same few."""

    def __init__(self, owned: Owned = _NOTHING_OWNED, ownership: Ownership = NO_MARKS) -> None:
        self._owned = owned
        self._ownership = ownership
        self._known: dict[str, bool] = {}

    def foreign(self, tags: Iterable[str]) -> int:
        """How many of them are neither owned nor our mark."""
        known, count = self._known, 0
        for tag in tags:
            is_foreign = known.get(tag)
            count += self._judged(tag) if is_foreign is None else is_foreign
        return count

    def _judged(self, tag: str) -> bool:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        judged = tag not in self._owned and not self._ownership.is_ours((tag,))
        self._known[tag] = judged
        return judged
