"""Marks of ownership: tags that say whose a customer is, ours or another tool's.

No list of tags adds or removes one, whatever `tags.owned` says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reconciler.model.tags import Owned, tag_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """`tag` is our mark, None where a store has none; `foreign` are the patterns of the marks of
    others, which ours never is one of; false where there are none. `in` asks whether a tag is one.
    """

    tag: str | None = None
    foreign: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.tag is not None or bool(self.foreign)

    def __contains__(self, tag: object) -> bool:
        if self.tag is None and not self.foreign:
            return False
        return isinstance(tag, str) and (self._is_mark(tag) or tag in _patterns(self.foreign))

    def is_ours(self, tags: Iterable[str]) -> bool:
        """Whether our mark is among them."""
        return self.tag is not None and any(self._is_mark(tag) for tag in tags)

    def others(self, tags: Iterable[str]) -> tuple[str, ...]:
        """The marks of others among them."""
        if not self.foreign:
            return ()
        patterns = _patterns(self.foreign)
        return tuple(tag for tag in tags if tag in patterns and not self._is_mark(tag))

    def _is_mark(self, tag: str) -> bool:
        return self.tag is not None and tag_key(tag) == tag_key(self.tag)


NO_MARKS: Final = Ownership()


@lru_cache(maxsize=64)
def _patterns(foreign: tuple[str, ...]) -> Owned:
    return Owned(foreign)
