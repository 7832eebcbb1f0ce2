"""Addresses that one customer gives up and another claims: who waits for whom, and for nothing.

All of it in time that grows with the number of claims, however long a chain or a circle is.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from reconciler.model.customer import Scalar
from reconciler.model.identity import IdentityKind
from reconciler.model.personal import in_clear
from reconciler.plan.changes import Change, ScalarChange
from reconciler.plan.match import Index
from reconciler.plan.pairing import Pairing
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level, Verdict

Place: TypeAlias = tuple[int, int]
"""Which of the examined pairings, and which of its changes."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """`from_` are the changes that give the address up; `kept` says that a bearer does not."""

    kind: IdentityKind
    from_: frozenset[Place]
    kept: bool


def unmet(
    examined: Sequence[tuple[Pairing, Sequence[Change]]], index: Index, rules: StoreRules
) -> Iterator[tuple[int, Verdict]]:
    """Holds for whoever claims an address that its bearer does not give up in the same plan."""
    claims = dict(_claims(examined, index))
    met = _met(claims)
    circles = _circles(
        {place: _waits_for(own) - met for place, own in claims.items() if place not in met}
    )
    for place, own in claims.items():
        change = examined[place[0]][1][place[1]]
        for claim in own:
            if not claim.kept and claim.from_ <= met:
                continue
            swap = not claim.kept and place in circles and bool(claim.from_ & circles)
            yield place[0], _verdict(change, claim.kind, rules, swap=swap)


def _claims(
    examined: Sequence[tuple[Pairing, Sequence[Change]]], index: Index
) -> Iterator[tuple[Place, tuple[_Claim, ...]]]:
    giving: dict[tuple[str | None, str], set[Place]] = {}
    for number, (_, changes) in enumerate(examined):
        for order, change in enumerate(changes):
            for field in _written(change):
                giving.setdefault((change.remote_id, field), set()).add((number, order))
    for number, (pairing, changes) in enumerate(examined):
        for order, change in enumerate(changes):
            found = []
            for kind in (IdentityKind.EMAIL, IdentityKind.PHONE):
                if kind.value not in _written(change):
                    continue
                bearers = [
                    (live.remote_id, kind.value)
                    for live in index.holders(pairing.desired, kind)
                    if live.remote_id != change.remote_id
                ]
                if bearers:
                    given_up = frozenset(one for key in bearers for one in giving.get(key, ()))
                    kept = any(key not in giving for key in bearers)
                    found.append(_Claim(kind, given_up, kept))
            if found:
                yield (number, order), tuple(found)


def _written(change: Change) -> tuple[str, ...]:
    return tuple(
        one.path.name
        for one in change.fields
        if isinstance(one, ScalarChange) and one.written is not None
    )


def _waits_for(claims: Iterable[_Claim]) -> set[Place]:
    return {place for claim in claims for place in claim.from_}


def _met(claims: Mapping[Place, tuple[_Claim, ...]]) -> set[Place]:
    """Every change that can be carried out: all that it waits for can be."""
    met = {place for own in claims.values() for place in _waits_for(own)} - claims.keys()
    waiting = {place: len(_waits_for(own) - met) for place, own in claims.items()}
    waited_for: dict[Place, list[Place]] = {}
    for place, own in claims.items():
        for other in _waits_for(own):
            waited_for.setdefault(other, []).append(place)
    kept = {place for place, own in claims.items() if any(claim.kept for claim in own)}
    free = deque(place for place, count in waiting.items() if not count and place not in kept)
    while free:
        place = free.popleft()
        met.add(place)
        for other in waited_for.get(place, ()):
            waiting[other] -= 1
            if not waiting[other] and other not in kept:
                free.append(other)
    return met


def _circles(waits: Mapping[Place, set[Place]]) -> set[Place]:
    """Those who wait for each other round in a circle: what is left when nobody's turn comes from
    either end.
    """
    left = {place: set(others) & waits.keys() for place, others in waits.items()}
    back: dict[Place, set[Place]] = {place: set() for place in left}
    for place, others in left.items():
        for other in others:
            back[other].add(place)
    ends = deque(place for place in left if not left[place] or not back[place])
    gone: set[Place] = set()
    while ends:
        place = ends.popleft()
        if place in gone:
            continue
        gone.add(place)
        for other in left[place]:
            back[other].discard(place)
            if not back[other]:
                ends.append(other)
        for other in back[place]:
            left[other].discard(place)
            if not left[other]:
                ends.append(other)
    return left.keys() - gone


def _verdict(change: Change, kind: IdentityKind, rules: StoreRules, *, swap: bool) -> Verdict:
    return Verdict(
        rule="identity.swap" if swap else "identity.taken",
        level=Level.HOLD,
        store=rules.store.name,
        message="entries would exchange their addresses in a circle, and no step between is "
        "possible here"
        if swap
        else f"another customer of the store has this {kind.value} already",
        alias=change.alias,
        mark=change.mark,
        lifted_by="name the customers by `id`, and change one address in the store by hand first"
        if swap
        else "change or delete the other customer first",
        remote_ids=(change.remote_id,) if change.remote_id else (),
    )


def ranked(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Numbers the customers so that an address is given up before it is claimed.

    A customer of two entries is written for one after the other.
    """
    given_up = {
        _plain(field.before): change.alias
        for change in changes
        for field in change.fields
        if isinstance(field, ScalarChange) and field.written is not None and field.before
    }
    needs = {
        change.alias: {
            given_up[_plain(field.after)]
            for field in change.fields
            if isinstance(field, ScalarChange)
            and field.written is not None
            and given_up.get(_plain(field.after), change.alias) != change.alias
        }
        for change in changes
    }
    ranks = _ranks({alias: others for alias, others in needs.items() if others})
    turns: dict[str, int] = {}
    found = []
    for one in changes:
        turn = turns.get(one.alias, 0)
        turns[one.alias] = turn + 1
        found.append(replace(one, rank=ranks.get(one.alias, 0) + turn))
    return tuple(found)


def _ranks(needs: Mapping[str, set[str]]) -> dict[str, int]:
    """The length of the longest chain before each; in a circle, where all are held, 0."""
    sorter = TopologicalSorter(needs)
    with suppress(CycleError):  # whoever is in no circle is ordered all the same
        sorter.prepare()
    ranks: dict[str, int] = {}
    rank = 0
    while ready := sorter.get_ready():
        ranks |= dict.fromkeys(ready, rank)
        sorter.done(*ready)
        rank += 1
    return ranks


def _plain(value: Scalar) -> str:
    return str(in_clear(value) or "")
