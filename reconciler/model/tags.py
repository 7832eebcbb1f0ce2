"""Tags: what a spec asks for, and what that means for a live customer.

Compared case-blind and order-free; tags that are not ours are never touched.
"""

from collections.abc import Container, Iterable, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from reconciler.model.identity import fold, tidy


@lru_cache(maxsize=4096)
def tag_key(tag: str) -> str:
    return fold(tidy(tag))


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSet:
    """Tags that stand together in tag documents; all customers of a store share the one, however
    many it names. `names` are sorted by key.
    """

    names: tuple[str, ...] = field(compare=False)
    keys: frozenset[str]

    @classmethod
    def of(cls, tags: Iterable[str]) -> "tuple[TagSet, ...]":
        """The set of these; none where there are none."""
        names = sort_tags(tags)
        return (cls(names=names, keys=frozenset(map(tag_key, names))),) if names else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TagIntent:
    """`exact` (a plain list in the spec) also removes owned tags that are not listed. Of its `sets`
    what is not `present` is to be gone too, as are the `absent`.

    No tag is both present and absent; both are sorted by key. Each set is there once, in the order
    of their keys.
    """

    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    exact: bool = False
    sets: tuple[TagSet, ...] = ()

    @property
    def unwanted(self) -> tuple[str, ...]:
        """All that it names to be gone."""
        if not self.sets:
            return self.absent
        present = set(map(tag_key, self.present))
        others = (tag for one in self.sets for tag in one.names if tag_key(tag) not in present)
        return sort_tags((*self.absent, *others))

    def names_any(self, keys: Set[str]) -> bool:
        """Whether any of these is a tag that it speaks of."""
        said = map(tag_key, (*self.present, *self.absent))
        return any(key in keys for key in said) or any(map(self.has_in_sets, keys))

    def has_in_sets(self, key: str) -> bool:
        return any(key in one.keys for one in self.sets)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDelta:
    """Only tags that we own, in the spelling that is written; false where there are none."""

    added: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


_NOTHING: Final = TagDelta(added=(), removed=())
_STAR: Final = "\0"  # stands for a star that is meant as one; no tag has it


class Owned:
    """The tags that we may add or remove; in a pattern only `*` is special, and `\\*` is a star.

    Tags that are `apart` are none of them, whatever the patterns say.
    """

    def __init__(self, patterns: Iterable[str], apart: Container[str] = ()) -> None:
        keys = [tag_key(pattern).replace("\\*", _STAR) for pattern in patterns]
        self._names = frozenset(key.replace(_STAR, "*") for key in keys if "*" not in key)
        self._patterns = _Patterns(
            tuple(part.replace(_STAR, "*") for part in key.split("*")) for key in keys if "*" in key
        )
        self._apart = apart
        self._is_named = lru_cache(maxsize=4096)(self._names_it)  # a store's customers share tags

    def spares(self, tag: str) -> bool:
        """Whether a tag is apart, and so stays wherever it is."""
        return tag in self._apart

    def __contains__(self, tag: str) -> bool:
        return self._is_named(tag) and tag not in self._apart

    def _names_it(self, tag: str) -> bool:
        key = tag_key(tag)
        return key in self._names or key in self._patterns


class _Patterns:
    """Parts of text with a star between each two of them, found by how they begin, or by how they
    end where they begin with a star. Of many a tag is compared with those that do so as it does;
    any tag does so as one that has a star at both ends.
    """

    def __init__(self, patterns: Iterable[tuple[str, ...]]) -> None:
        self._by_start: dict[str, list[tuple[str, ...]]] = {}
        self._by_end: dict[str, list[tuple[str, ...]]] = {}
        for one in patterns:
            at, part = (self._by_start, one[0]) if one[0] else (self._by_end, one[-1])
            at.setdefault(part, []).append(one)
        self._starts = sorted({len(part) for part in self._by_start})
        self._ends = sorted({len(part) for part in self._by_end})

    def __contains__(self, key: str) -> bool:
        starting = (self._by_start.get(key[:size]) for size in self._starts)
        ending = (
            self._by_end.get(key[len(key) - size :]) for size in self._ends if size <= len(key)
        )
        return any(_fits(one, key) for found in (*starting, *ending) if found for one in found)


def _fits(pattern: tuple[str, ...], key: str) -> bool:
    """Whether the parts between the stars stand in the key in this order: each where it first can,
    so that no pattern takes longer than its length times the key's.
    """
    first, *middle, last = pattern
    end = len(key) - len(last)
    if end < len(first) or not (key.startswith(first) and key.endswith(last)):
        return False
    at = len(first)
    for part in middle:
        at = key.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def sort_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """One spelling of each tag, the first in code-point order, sorted by key."""
    by_key: dict[str, str] = {}
    for tag in sorted(tags):
        by_key.setdefault(tag_key(tag), tidy(tag))
    return tuple(by_key[key] for key in sorted(by_key))


def resolve(intent: TagIntent, live: Iterable[str], owned: Owned) -> TagDelta:
    """What to add and what to remove; applying it twice is applying it once."""
    by_key = {tag_key(tag): tag for tag in live}
    wanted = {tag_key(tag): tag for tag in intent.present}
    unwanted = {tag_key(tag) for tag in intent.absent}
    for one in intent.sets:
        unwanted |= (by_key.keys() & one.keys) - wanted.keys()
    if intent.exact:
        unwanted |= {key for key, tag in by_key.items() if tag in owned and key not in wanted}
    added = [tag for key, tag in wanted.items() if key not in by_key]
    removed = [tag for key, tag in by_key.items() if key in unwanted and not owned.spares(tag)]
    if not added and not removed:
        return _NOTHING
    return TagDelta(added=sort_tags(added), removed=sort_tags(removed))


def is_as_wanted(intent: TagIntent, live: tuple[str, ...], owned: Owned) -> bool:
    """Whether nothing is to add and nothing to remove."""
    if not intent.absent and (live == intent.present or set(live) == set(intent.present)):
        return True
    return not resolve(intent, live, owned)


def carry_out(live: Iterable[str], delta: TagDelta) -> tuple[str, ...]:
    """The full set after a change, the live order and spelling kept, new tags at the end."""
    removed = {tag_key(tag) for tag in delta.removed}
    kept = [tag for tag in live if tag_key(tag) not in removed]
    keys = {tag_key(tag) for tag in kept}
    return (*kept, *(tag for tag in delta.added if tag_key(tag) not in keys))
