"""Which live customer a spec entry means. The desired side is the index, the live side a stream.

Identities from strong to weak: the store's id, e-mail, phone, then what `previously` names. Two
candidates are never settled by taking the first.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import Identity, IdentityKind, email_key, phone_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    desired: DesiredCustomer
    live: LiveCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Nobody in the store bears any identity of the entry."""

    desired: DesiredCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """The entry cannot be paired; `rule` names why, `candidates` whom it may mean."""

    desired: DesiredCustomer
    candidates: tuple[LiveCustomer, ...]
    rule: str


Pairing: TypeAlias = Paired | Missing | Unsure
_Key: TypeAlias = tuple[IdentityKind, str]
_Identities: TypeAlias = Callable[[DesiredCustomer], tuple[Identity, ...]]


def keys_of(live: LiveCustomer, region: str | None) -> tuple[_Key, ...]:
    """What a live customer can be matched by; unreadable contacts are no keys."""
    keys: list[_Key] = [(IdentityKind.ID, live.remote_id)]
    if live.email is not None:
        keys.append((IdentityKind.EMAIL, email_key(live.email.reveal())))
    if live.phone is not None and (number := phone_key(live.phone.reveal(), region)) is not None:
        keys.append((IdentityKind.PHONE, number))
    return tuple(keys)


def meets(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    """Whether an entry and a record share any identity at all."""
    named = {(one.kind, one.key) for one in (*desired.identities, *desired.previously)}
    return not named.isdisjoint(keys_of(live, region))


class Index:
    """The entries of one store by identity. Offer it the live customers, then ask for pairings."""

    def __init__(self, desired: Iterable[DesiredCustomer], region: str | None) -> None:
        self._desired = tuple(desired)
        self._region = region
        self._now = self._by_key(lambda one: one.identities)
        self._before = self._by_key(lambda one: one.previously)
        self._hits: dict[int, dict[_Key, list[LiveCustomer]]] = {}
        self._old_hits: dict[int, list[LiveCustomer]] = {}

    def _by_key(self, identities: _Identities) -> dict[_Key, list[int]]:
        found: dict[_Key, list[int]] = {}
        for place, entry in enumerate(self._desired):
            for one in identities(entry):
                found.setdefault((one.kind, one.key), []).append(place)
        return found

    def offer(self, live: LiveCustomer) -> bool:
        """Remember a live customer that some entry may mean; False lets it be dropped."""
        wanted = False
        for key in keys_of(live, self._region):
            for place in self._now.get(key, ()):
                self._hits.setdefault(place, {}).setdefault(key, []).append(live)
                wanted = True
            for place in self._before.get(key, ()):
                self._old_hits.setdefault(place, []).append(live)
                wanted = True
        return wanted

    def contested(self) -> tuple[LiveCustomer, ...]:
        """Whoever has a consent that an entry wants otherwise."""
        return _unique(
            live
            for place, live in self._remembered()
            for channel, wanted in self._desired[place].consents
            if live.consent(channel).state is not wanted.state
        )

    def _remembered(self) -> Iterator[tuple[int, LiveCustomer]]:
        for place, hits in self._hits.items():
            yield from ((place, live) for found in hits.values() for live in found)
        for place, found in self._old_hits.items():
            yield from ((place, live) for live in found)

    def renew(self, customers: Iterable[LiveCustomer]) -> None:
        """Puts records read anew in the place of those remembered."""
        now = {one.remote_id: one for one in customers}
        for found in (
            *(one for hits in self._hits.values() for one in hits.values()),
            *self._old_hits.values(),
        ):
            found[:] = [now.get(live.remote_id, live) for live in found]

    def pairings(self) -> tuple[Pairing, ...]:
        """One for each entry, in the entries' order."""
        first = [self._pair(place) for place in range(len(self._desired))]
        taken = {one.live.remote_id for one in first if isinstance(one, Paired)}
        settled = [self._without_taken(one, taken) for one in first]
        return tuple(self._apart(_named(settled)))

    def holders(self, desired: DesiredCustomer, kind: IdentityKind) -> tuple[LiveCustomer, ...]:
        """The live customers that bear the e-mail or phone that an entry wants."""
        one = desired.identity(kind)
        if one is None:
            return ()
        return tuple(
            live
            for place in self._now.get((kind, one.key), ())
            for live in self._hits.get(place, {}).get((kind, one.key), ())
        )

    def _pair(self, place: int) -> Pairing:
        desired = self._desired[place]
        hits = self._hits.get(place, {})
        old = _unique(self._old_hits.get(place, ()))
        by_id = [live for key, found in hits.items() if key[0] is IdentityKind.ID for live in found]
        if by_id:
            return Paired(desired=desired, live=by_id[0])
        others = _unique(live for found in hits.values() for live in found)
        everyone = _unique((*others, *old))
        if desired.identity(IdentityKind.ID) is not None:
            return Unsure(desired=desired, candidates=everyone, rule="identity.no-such-id")
        if not everyone:
            return Missing(desired=desired)
        if len(everyone) > 1:
            mixed = others and old and len(others) == 1
            rule = "identity.swap" if mixed else "identity.ambiguous"
            return Unsure(desired=desired, candidates=everyone, rule=rule)
        live = everyone[0]
        if self._disagrees(desired, live, renamed=bool(old)):
            return Unsure(desired=desired, candidates=everyone, rule="identity.disagrees")
        return Paired(desired=desired, live=live)

    def _disagrees(self, desired: DesiredCustomer, live: LiveCustomer, *, renamed: bool) -> bool:
        """Paired by phone alone while the live e-mail is another one."""
        email = desired.identity(IdentityKind.EMAIL)
        if renamed or email is None:
            return False
        if "email" in live.unreadable:
            return True
        return live.email is not None and email_key(live.email.reveal()) != email.key

    def _without_taken(self, pairing: Pairing, taken: set[str]) -> Pairing:
        """A rename whose other candidate is surely somebody else's is settled by that."""
        if not isinstance(pairing, Unsure) or pairing.rule != "identity.swap":
            return pairing
        free = tuple(one for one in pairing.candidates if one.remote_id not in taken)
        if len(free) == 1:
            return Paired(desired=pairing.desired, live=free[0])
        return pairing

    def _apart(self, pairings: list[Pairing]) -> list[Pairing]:
        """Two entries that turn out to mean one person are both unsure."""
        count: dict[str, int] = {}
        for one in pairings:
            if isinstance(one, Paired):
                count[one.live.remote_id] = count.get(one.live.remote_id, 0) + 1
        return [
            Unsure(desired=one.desired, candidates=(one.live,), rule="identity.same-person")
            if isinstance(one, Paired) and count[one.live.remote_id] > 1
            else one
            for one in pairings
        ]


def _named(pairings: list[Pairing]) -> list[Pairing]:
    """An exchange takes two entries that are unsure of the same two customers."""
    unsure = [
        {one.remote_id for one in pairing.candidates}
        for pairing in pairings
        if isinstance(pairing, Unsure) and pairing.rule == "identity.swap"
    ]
    return [
        replace(one, rule="identity.ambiguous")
        if isinstance(one, Unsure)
        and one.rule == "identity.swap"
        and unsure.count({live.remote_id for live in one.candidates}) < 2
        else one
        for one in pairings
    ]


def _unique(lives: Iterable[LiveCustomer]) -> tuple[LiveCustomer, ...]:
    by_id = {live.remote_id: live for live in lives}
    return tuple(by_id[remote_id] for remote_id in sorted(by_id))


def identities_to_look_up(desired: DesiredCustomer) -> tuple[Identity, ...]:
    """Everything a look-up has to ask for, so that a second candidate is not overlooked."""
    return (*desired.identities, *desired.previously)
