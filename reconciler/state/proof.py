"""Whether a trail is as it was written: every line, their order, and what must have been before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.chain import (
    NOTHING,
    START,
    Head,
    Line,
    is_sealed,
    lines,
    raw_lines,
    whole,
)
from reconciler.state.trail import FORMER, trail_paths

MERGED: Final = "merged"
FOLLOWS: Final = "follows"
_OTHER_KEY: Final = "was edited, or sealed with another key"
_OUT_OF_ORDER: Final = "does not follow the line before: removed, added or moved"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a line; line 0 is the trail as a whole."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Of one trail: where it ends and every flaw. `store` is empty for the former one of all;
    `keys` are those that what follows may be sealed with.
    """

    store: str
    path: Path
    head: Head
    flaws: tuple[Flaw, ...]
    keys: tuple[Pseudonyms, ...]

    @property
    def ends_under_another_key(self) -> bool:
        """Whether nothing is wrong but that a key for the lines at the end may be lacking."""
        tail = range(self.head.count - len(self.flaws) + 1, self.head.count + 1)
        told = tuple(one.line for one in self.flaws if one.what == _OTHER_KEY)
        return bool(self.flaws) and told == tuple(tail)


@dataclass(slots=True)
class _Chain:
    """The lines so far: by seal the number of each and how many of the keys may seal what follows
    it, and those that nothing follows yet.
    """

    keys: Sequence[Pseudonyms]
    store: str
    known: dict[str, tuple[int, int]] = field(default_factory=dict)
    ends: set[str] = field(default_factory=set)
    forks: list[int] = field(default_factory=list)
    head: Head = NOTHING
    lines: int = 0

    def __post_init__(self) -> None:
        self.known[START] = (0, len(self.keys))

    def add(self, number: int, line: dict[str, Any]) -> str:
        """What is wrong with a line; empty for nothing."""
        seal = line.pop("seal")
        before = str(line.get("previous"))
        origin = self.known.get(before)
        parents = [self.known[one] for one in (before, *_others(line)) if one in self.known]
        usable = min((keys for _, keys in parents), default=self.known[self.head.seal][1])
        by = next((place for place in range(usable) if self._sealed(place, line, seal)), None)
        found = self._flaw(line, seal, origin, by)
        if not found and before != self.head.seal:
            self.forks.append(number)
        self.ends -= {before, *_others(line)}
        self.ends.add(seal)
        self.known[seal] = (line["number"], usable if by is None else by + 1)
        self.head = Head(line["number"], seal)
        self.lines += 1
        return found

    def _sealed(self, place: int, line: Mapping[str, Any], seal: str) -> bool:
        return is_sealed(self.keys[place], line, seal)

    def _flaw(
        self, line: Mapping[str, Any], seal: str, origin: tuple[int, int] | None, by: int | None
    ) -> str:
        if by is None and self.keys:
            return _OTHER_KEY
        if self.store and line.get("store") != self.store:
            return f"is of another store than {self.store}"
        if origin is None or seal in self.known:
            return _OUT_OF_ORDER
        others = _others(line)
        if any(one not in self.known for one in others):
            return _OUT_OF_ORDER
        follows = line["number"] > origin[0] if others else line["number"] == origin[0] + 1
        return "" if follows else _OUT_OF_ORDER


def _others(line: Mapping[str, Any]) -> tuple[str, ...]:
    """The other head that a line of two copies follows."""
    other = line.get("other")
    if line.get("event") != MERGED or not isinstance(other, dict):
        return ()
    return (str(other.get("head")),)


def prove(path: Path, keys: Sequence[Pseudonyms], store: str = "") -> Proof:
    """Every flaw of one trail. Raises `JournalError` where the file cannot be read.

    A trail may begin under the last of `keys` and go on under the first, never back: whoever holds
    the key for plans alone cannot add to it.
    """
    return prove_lines(map(whole, raw_lines(path)), path, keys, store)


def prove_lines(
    found: Iterable[Line | None], path: Path, keys: Sequence[Pseudonyms], store: str = ""
) -> Proof:
    """The same of the lines of a trail wherever they stand, None for one that is none; their seals
    are taken out of them. Without any key it proves no more than that they name each other in
    order: whoever changed one may have left its seal.
    """
    chain = _Chain(keys, store)
    flaws = []
    for number, line in enumerate(found, start=1):
        if line is None:
            flaws.append(Flaw(number, "is no line of a trail, or was cut off"))
        elif what := chain.add(number, line):
            flaws.append(Flaw(number, what))
    if len(chain.ends) > 1:
        told = {one.line for one in flaws}
        flaws += [Flaw(one, _OUT_OF_ORDER) for one in chain.forks if one not in told]
    return Proof(
        store=store,
        path=path,
        head=Head(chain.lines, chain.head.seal),
        flaws=tuple(sorted(flaws, key=lambda one: one.line)),
        keys=tuple(keys[: chain.known[chain.head.seal][1]]),
    )


def prove_all(folder: Path, keys: Sequence[Pseudonyms]) -> tuple[Proof, ...]:
    """Every trail of a state folder, and that the former one is there where others follow it."""
    found = []
    usable = tuple(keys)
    for store, path in trail_paths(folder).items():
        proof = prove(path, usable, store)
        if store:
            gone = _lacks_former(path, folder / FORMER)
            found.append(replace(proof, flaws=(*gone, *proof.flaws)))
        else:
            usable = proof.keys
            found.append(proof)
    return tuple(found)


def _lacks_former(path: Path, former: Path) -> tuple[Flaw, ...]:
    first = next(lines(path), None) or {}
    told = first.get("former")
    if first.get("event") != FOLLOWS or not isinstance(told, dict):
        return ()
    if has_head(former, str(told.get("head"))):
        return ()
    return (Flaw(1, f"follows a trail {former.name}, which is gone or was cut off"),)


def has_head(path: Path, head: str) -> bool:
    """Whether a line of the trail has that seal, or one that begins so."""
    return any(line is not None and line["seal"].startswith(head) for line in lines(path))
