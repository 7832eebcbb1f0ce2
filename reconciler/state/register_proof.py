"""Whether a register is as it was written; two copies to one; and the lines that no longer count.

What a key that is not here has sealed cannot be proven, and is told; that its lines follow each
other can.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.clock import Clock
from reconciler.errors import JournalError
from reconciler.model.act import (
    Act,
    By,
    Said,
    answers_all,
    first_wish,
    is_from_elsewhere,
    is_of_another,
    last_word,
    left_by_us,
    shown_again,
    standing,
    tells_no_time,
)
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.register import Told
from reconciler.state.chain import NO_LINE, NOTHING, START, Head, Line, is_sealed, parsed
from reconciler.state.disk import write_whole
from reconciler.state.merge import Merged
from reconciler.state.opt_outs import former
from reconciler.state.proof import Flaw
from reconciler.state.register import Place, RegisterFile
from reconciler.state.register_line import (
    COMPACTED,
    MERGED,
    sealed,
    told_by,
)
from reconciler.state.trail import held, last_register

_OF_A_STORE: Final = (left_by_us, shown_again, first_wish, last_word)
_ANOTHER: Final = ""
"""A store of the controller that has no line of somebody yet."""
_OUT_OF_ORDER: Final = "does not follow the line before: removed, added or moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterProof:
    """Where it ends and every flaw; `missing` are the keys of lines that could not be proven, with
    how many lines each has, `former` the lines of before that have no seal yet.
    """

    head: Head
    lines: int
    flaws: tuple[Flaw, ...]
    missing: Mapping[str, int]
    former: int


class _Chain:
    """The lines so far, by seal the number of each, and whatever another line follows."""

    def __init__(self, keys: Mapping[str, Pseudonyms]) -> None:
        self.keys = keys
        self.known = {START: 0}
        self.followed: set[str] = set()
        self.head = NOTHING
        self.missing: dict[str, int] = {}

    def add(self, line: Line) -> str:
        """What is wrong with a line; empty for nothing."""
        seal = line.pop("seal")
        name, before = str(line.get("key")), str(line.get("previous"))
        key = self.keys.get(name)
        if key is None:
            self.missing[name] = self.missing.get(name, 0) + 1
        elif not is_sealed(key, line, seal):
            return "was edited"
        parents = [before, *_others(line)]
        found = self._order(line, seal, parents)
        self.followed |= set(parents)
        self.known[seal] = line["number"]
        self.head = Head(line["number"], seal)
        return found

    def _order(self, line: Line, seal: str, parents: Sequence[str]) -> str:
        if seal in self.known:
            return _OUT_OF_ORDER
        if line.get("event") == COMPACTED:
            return ""  # what it follows was left out
        if any(one not in self.known for one in parents):
            return _OUT_OF_ORDER
        last = max(self.known[one] for one in parents)
        return "" if line["number"] == last + 1 else _OUT_OF_ORDER

    @property
    def ends(self) -> int:
        return len(set(self.known) - self.followed - {START})


def _others(line: Line) -> tuple[str, ...]:
    other = line.get("other")
    if line.get("event") != MERGED or not isinstance(other, dict):
        return ()
    return (str(other.get("head")),)


def prove(path: Path, keys: Mapping[str, Pseudonyms]) -> RegisterProof:
    """Every flaw of a register. Raises `JournalError` where it cannot be read."""
    return prove_lines(_raw_lines(path), keys)


def prove_lines(raws: Iterable[bytes], keys: Mapping[str, Pseudonyms]) -> RegisterProof:
    """The same of the lines of a register wherever they stand."""
    chain = _Chain(keys)
    flaws: list[Flaw] = []
    count = before = 0
    for number, raw in enumerate(raws, start=1):
        if chain.head == NOTHING and not flaws and _is_former(raw):
            before += 1
            continue
        count += 1
        line = parsed(raw)
        if line is None or not raw.endswith(b"\n") or not _says_something(line):
            flaws.append(Flaw(number, "is no line of a register, or was cut off"))
        elif what := chain.add(line):
            flaws.append(Flaw(number, what))
    if not flaws and chain.ends > 1:
        flaws.append(Flaw(before + count, "leaves lines out that nothing follows: added or moved"))
    return RegisterProof(
        head=chain.head,
        lines=count,
        flaws=tuple(flaws),
        missing=chain.missing,
        former=before,
    )


def _raw_lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except FileNotFoundError:
        return
    except OSError as error:
        raise JournalError(
            f"the register of opt-outs {path} cannot be read: "
            f"{(error.strerror or 'unknown').lower()}",
            hint="check what is in its place, and its permissions",
        ) from error


def _is_former(raw: bytes) -> bool:
    try:
        line = json.loads(raw)
        return "seal" not in line and bool(former(line))
    except NO_LINE:
        return False


def _says_something(line: Line) -> bool:
    try:
        told_by(line)
    except NO_LINE:
        return False
    return True


def merge(place: Place, copy: Path, clock: Clock) -> Merged:
    """Adds what only the copy has, and closes with a line that names both heads.

    A copy that only goes on where this register ends is simply taken. Raises `JournalError` where
    either has a flaw, and leaves both as they are.
    """
    path = place.path
    RegisterFile(place, clock)  # a link in its place is refused
    with held(path):
        _check(path, prove(path, place.keys))
        _check(copy, prove(copy, place.keys))
        ours, theirs = list(_raw_lines(path)), list(_raw_lines(copy))
        known = set(ours)
        added = [raw for raw in theirs if raw not in known]
        if not added:
            return Merged(0, _head(ours))
        if not known <= set(theirs):
            last, other = _head(ours), _head(theirs)
            values = {"event": MERGED, "other": {"lines": last.count, "head": last.seal}}
            follows = Head(max(last.count, other.count), other.seal)
            added.append(sealed(place.key, follows, values)[0])
        _replace(path, [*ours, *added])
        return Merged(len(added), _head(added))


def _head(raws: Sequence[bytes]) -> Head:
    last = parsed(raws[-1]) if raws else None
    return NOTHING if last is None else Head(last["number"], last["seal"])


def _check(path: Path, proof: RegisterProof) -> None:
    if proof.flaws:
        raise JournalError(
            f"the register of opt-outs {path} has flaws, so nothing was done",
            hint="see `reconciler register verify`",
        )
    if proof.former:
        raise JournalError(
            f"the register of opt-outs {path} is of a version before it had seals",
            hint="an apply of its store, or a `register import`, takes it over",
        )


def compact(place: Place, clock: Clock) -> tuple[int, int]:
    """Keeps of each person the lines that decide, after one that names the head they followed; how
    many lines there were, and how many there are. Raises `JournalError` where that cannot be
    proven: a flaw, or a key that is not here.
    """
    path = place.path
    file = RegisterFile(place, clock)
    with held(path):
        proof = prove(path, place.keys)
        _check(path, proof)
        if proof.missing:
            raise JournalError(
                f"the register of opt-outs {path} has lines under keys that are not here: "
                f"{', '.join(sorted(proof.missing))}",
                hint="give them in RECONCILER_REGISTER_KEYS_BEFORE, one a line",
            )
        if not proof.lines:
            return 0, 0
        every = [told for raw in _raw_lines(path) if (told := told_by(parsed(raw) or {}))]
        kept = _deciding(every)
        named = last_register(place.state, place.store)
        values = {
            "event": COMPACTED,
            "dropped": proof.lines - len(kept),
            "knows": named.head if named is not None and place.goes_on(named) else None,
            **({"stands_in": True} if file.stands_in else {}),
        }
        head = proof.head
        raws = []
        lines: list[tuple[Pseudonyms, Told | Mapping[str, object]]] = [
            (place.key, values),
            *((place.keys[one.key], one) for one in kept),
        ]
        for key, one in lines:
            raw, head = sealed(key, head, one)
            raws.append(raw)
        _replace(path, raws)
        return proof.lines, len(raws)


def _deciding(every: Sequence[Told]) -> list[Told]:
    """Those that say together of each person, and of each record, what all of them say."""
    groups: dict[object, list[Told]] = {}
    for one in every:
        if one.identity is not None:
            groups.setdefault((one.key, one.identity), []).append(one)
        # A yes that was shown stands between the noes of a person, whichever record showed those.
        shown = one.act.said is Said.IN and one.act.by is By.READING
        if one.customer is not None and one.act.said is not Said.SHOWN and not shown:
            groups.setdefault((one.customer, one.channel), []).append(one)
    wanted = {id(one) for group in groups.values() for one in _kept(group)}
    return [one for one in every if id(one) in wanted]


def _kept(group: Sequence[Told]) -> Iterable[Told]:
    """What decides, and of several stores of a controller what decides for each of them; all of it
    where less would say anything else.
    """
    stores = {one.act.store for one in group} | {_ANOTHER}
    wanted = {id(one) for one in _least(group)}
    wanted |= {id(one) for one in group if one.act is _answer(_acts(group))}
    for store in stores:
        for deciding in _OF_A_STORE:
            wanted |= {id(one) for one in group if one.act is deciding(_acts(group), store)}
        here = [one for one in group if one.act.store == store]
        wanted |= {id(one) for one in _least(here)}
        wanted |= {id(one) for one in [one for one in here if tells_no_time(one.act)][-1:]}
        elsewhere = [one for one in group if is_from_elsewhere(one.act, store)]
        wanted |= {id(one) for one in _least(elsewhere)}
    kept = [one for one in group if id(one) in wanted]
    return kept if _says(kept, stores) == _says(group, stores) else group


def _says(group: Sequence[Told], stores: Iterable[str]) -> list[object]:
    """All that is ever asked of what is known of one person."""
    acts = list(_acts(group))
    found: list[object] = [standing(acts), _answer(acts)]
    for store in stores:
        found.append(standing(one for one in acts if is_from_elsewhere(one, store)))
        found.append(standing(one for one in acts if is_of_another(one, store)))
        found.append(standing(one for one in acts if one.store == store))
        found.extend(deciding(acts, store) for deciding in _OF_A_STORE)
        found.append(any(one.store == store and tells_no_time(one) for one in acts))
    return found


def _answer(acts: Iterable[Act]) -> Act | None:
    """The last yes that answers what any store gave before it, which other registers may have."""
    return max(filter(answers_all, acts), key=lambda one: one.since, default=None)


def _least(group: Sequence[Told]) -> Iterable[Told]:
    whole = standing(one.act for one in group)
    kept: list[Told] = []
    for one in sorted(group, key=lambda told: told.act.since, reverse=True):
        if standing(_acts(kept)) == whole:
            break
        if standing(_acts([*kept, one])) != standing(_acts(kept)):
            kept.append(one)
    return kept if standing(_acts(kept)) == whole else group


def _acts(lines: Iterable[Told]) -> Iterator[Act]:
    return (one.act for one in lines)


def _replace(path: Path, raws: Sequence[bytes]) -> None:
    try:
        write_whole(path, b"".join(raws))
    except OSError as error:
        raise JournalError(
            f"the register of opt-outs {path} cannot be written: "
            f"{(error.strerror or 'unknown').lower()}",
            hint="make room, and try again: it is as it was",
        ) from error
