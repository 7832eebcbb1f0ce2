"""What is noted of tags while a store is read: those that are not ours, and who bears those that
nobody is to bear whom no entry names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.model.customer import LiveCustomer
from reconciler.model.ownership import NO_MARKS, Ownership
from reconciler.model.tags import Owned, tag_key
from reconciler.model.whole_tag import WholeTag

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

    def __init__(
        self,
        owned: Owned = _NOTHING_OWNED,
        ownership: Ownership = NO_MARKS,
        whole: Iterable[WholeTag] = (),
    ) -> None:
        self._owned = owned
        self._ownership = ownership
        self._whole = frozenset(one.key for one in whole)
        self._known: dict[str, bool] = {}

    @property
    def whole(self) -> bool:
        """Whether any tag is a matter of the whole store."""
        return bool(self._whole)

    def watches(self, tags: Iterable[str]) -> bool:
        """Whether one of them is such a tag."""
        return any(tag_key(tag) in self._whole for tag in tags)

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


@dataclass(slots=True)
class Bearers:
    """Whom no entry may mean, and who bear a tag of the whole store; of them is kept what deciding
    takes. `untold` counts those whose tags the store does not tell.
    """

    found: list[LiveCustomer] = field(default_factory=list)
    untold: int = 0

    def see(self, live: LiveCustomer, watch: TagWatch) -> None:
        if not watch.whole:
            return
        if "tags" in live.unreadable:
            self.untold += 1
        elif watch.watches(live.tags):
            self.found.append(
                replace(
                    live,
                    first_name=None,
                    last_name=None,
                    nickname=None,
                    birthday=None,
                    gender=None,
                    language=None,
                    note=None,
                    tax_exemptions=None,
                    metafields=None,
                    addresses=(),
                    other=(),
                    wire=None,
                )
            )
