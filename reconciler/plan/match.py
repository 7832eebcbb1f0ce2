"""Which live customer a spec entry means. The desired side is the index, the live side a stream.

Identities from strong to weak: the store's id, e-mail, phone, then what `previously` names. Two
candidates are never settled by taking the first. A record whose contact is written so that nobody
can be sure of it, or is withheld, is a candidate only where no record surely bears the contact.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import (
    Identity,
    IdentityKind,
    email_key,
    email_reading,
    mask_fits,
    national,
    number_of,
    phone_readings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Exactly one customer of the store bears an identity of the entry."""

    desired: DesiredCustomer
    live: LiveCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Nobody in the store bears any identity of the entry."""

    desired: DesiredCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """The entry cannot be paired; `rule` names why, `candidates` whom it may mean."""

    desired: DesiredCustomer
    candidates: tuple[LiveCustomer, ...]
    rule: str


Pairing: TypeAlias = Paired | Missing | Ambiguous
_Key: TypeAlias = tuple[IdentityKind, str]
_Identities: TypeAlias = Callable[[DesiredCustomer], tuple[Identity, ...]]


def keys_of(live: LiveCustomer, region: str | None) -> tuple[_Key, ...]:
    """What a live customer can be matched by; unreadable contacts are no keys."""
    keys: list[_Key] = [(IdentityKind.ID, live.remote_id)]
    if live.email is not None:
        keys.append((IdentityKind.EMAIL, email_key(live.email.reveal())))
    if live.phone is not None and (number := number_of(live.phone, region)) is not None:
        keys.append((IdentityKind.PHONE, number))
    return tuple(keys)


def doubts_of(live: LiveCustomer, region: str | None) -> tuple[_Key, ...]:
    """What a live customer may be matched by, where a contact is no sure key."""
    doubts: set[_Key] = set()
    if live.email is not None:
        text = live.email.reveal()
        reading = email_reading(text)
        if reading != email_key(text):
            doubts.add((IdentityKind.EMAIL, reading))
    if live.phone is not None:
        text = live.phone.reveal()
        if number_of(live.phone, region) is None:
            doubts |= {(IdentityKind.PHONE, one) for one in phone_readings(text, region)}
        if region is None and not doubts and "*" not in text:
            # Dialled inside a country that nobody named: kept apart from E.164 by its first sign.
            doubts.add((IdentityKind.PHONE, "".join(one for one in text if one.isdigit())))
    return tuple(sorted(doubts))


def meets(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    """Whether an entry and a record share any identity at all."""
    named = {(one.kind, one.key) for one in (*desired.identities, *desired.previously)}
    return not named.isdisjoint(keys_of(live, region))


def may_meet(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    """Whether a record may be an entry's: it shares an identity, or one in doubt, or hides one."""
    return (
        meets(desired, live, region)
        or in_doubt(desired, live, region)
        or any(
            (live.email if one.kind is IdentityKind.EMAIL else live.phone) is None
            for one in (*desired.identities, *desired.previously)
            if one.kind is not IdentityKind.ID
        )
    )


def in_doubt(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    """Whether a record has a contact that may be one of the entry's, or hides such a one."""
    named = (*desired.identities, *desired.previously)
    hidden = dict(live.hidden)
    if any(
        shown is None or mask_fits(shown.reveal(), one)
        for one in named
        if one.kind in hidden
        for shown in (hidden[one.kind],)
    ):
        return True
    doubts = set(doubts_of(live, region))
    return not doubts.isdisjoint(key for one in named for key in _doubt_keys(one))


def _doubt_keys(one: Identity) -> tuple[_Key, ...]:
    if one.kind is not IdentityKind.PHONE:
        return ((one.kind, one.key),)
    return ((one.kind, one.key), (one.kind, national(one.key)))


class Index:
    """The entries of one store by identity. Offer it the live customers, then ask for pairings."""

    def __init__(self, desired: Iterable[DesiredCustomer], region: str | None) -> None:
        self._desired = tuple(desired)
        self._region = region
        self._now = self._by_key(lambda one: one.identities)
        self._before = self._by_key(lambda one: one.previously)
        self._dialled: dict[_Key, list[int]] | None = None
        self._hits: dict[int, dict[_Key, list[LiveCustomer]]] = {}
        self._old_hits: dict[int, list[LiveCustomer]] = {}
        self._in_doubt: dict[int, list[LiveCustomer]] = {}
        self._withheld: dict[int, list[LiveCustomer]] = {}

    def _by_key(self, identities: _Identities) -> dict[_Key, list[int]]:
        found: dict[_Key, list[int]] = {}
        for place, entry in enumerate(self._desired):
            for one in identities(entry):
                found.setdefault((one.kind, one.key), []).append(place)
        return found

    def _doubting(self, key: _Key) -> Iterator[int]:
        yield from self._now.get(key, ())
        yield from self._before.get(key, ())
        if self._region is None and key[0] is IdentityKind.PHONE:
            if self._dialled is None:
                self._dialled = {}
                for place, entry in enumerate(self._desired):
                    for one in (*entry.identities, *entry.previously):
                        if one.kind is IdentityKind.PHONE:
                            number = (IdentityKind.PHONE, national(one.key))
                            self._dialled.setdefault(number, []).append(place)
            yield from self._dialled.get(key, ())

    def offer(self, live: LiveCustomer) -> bool:
        """Remember a live customer that some entry may mean; False lets it be dropped."""
        wanted = False
        for key in doubts_of(live, self._region):
            for place in self._doubting(key):
                self._in_doubt.setdefault(place, []).append(live)
                wanted = True
        for key in keys_of(live, self._region):
            for place in self._now.get(key, ()):
                self._hits.setdefault(place, {}).setdefault(key, []).append(live)
                wanted = True
            for place in self._before.get(key, ()):
                self._old_hits.setdefault(place, []).append(live)
                wanted = True
        return wanted

    def withhold(self, wanted: Identity, live: LiveCustomer) -> None:
        """Remember a record that answered a look-up of a contact and does not show its own."""
        for place in (
            *self._now.get((wanted.kind, wanted.key), ()),
            *self._before.get((wanted.kind, wanted.key), ()),
        ):
            self._withheld.setdefault(place, []).append(live)

    def unmatched(self) -> tuple[DesiredCustomer, ...]:
        """The entries for whom no record was remembered, not even one that may be theirs."""
        return tuple(
            entry for place, entry in enumerate(self._desired) if not self.is_matched(place)
        )

    def is_matched(self, place: int) -> bool:
        """Whether anybody was remembered for the entry of this place in the given order."""
        every = (self._hits, self._old_hits, self._in_doubt, self._withheld)
        return any(place in found for found in every)

    def is_withheld(self, place: int) -> bool:
        """Whether a record that hides its contacts was remembered for the entry of this place."""
        return place in self._withheld

    def remembered(self) -> tuple[LiveCustomer, ...]:
        return _unique(live for _, live in self._remembered())

    def candidates(self) -> Iterator[tuple[DesiredCustomer, LiveCustomer]]:
        """Each entry with each record that it may mean."""
        yield from ((self._desired[place], live) for place, live in self._remembered())

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
        for others in (self._old_hits, self._in_doubt, self._withheld):
            for place, found in others.items():
                yield from ((place, live) for live in found)

    def renew(self, customers: Iterable[LiveCustomer]) -> None:
        """Puts records read anew in the place of those remembered."""
        now = {one.remote_id: one for one in customers}
        for found in (
            *(one for hits in self._hits.values() for one in hits.values()),
            *self._old_hits.values(),
            *self._in_doubt.values(),
            *self._withheld.values(),
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
        named = desired.identity(IdentityKind.ID) is not None
        if named and (everyone or not desired.absent):
            return Ambiguous(desired=desired, candidates=everyone, rule="identity.no-such-id")
        if not everyone:
            return self._unseen(place)
        if len(everyone) > 1:
            mixed = others and old and len(others) == 1
            rule = "identity.swap" if mixed else "identity.ambiguous"
            return Ambiguous(desired=desired, candidates=everyone, rule=rule)
        live = everyone[0]
        if self._disagrees(desired, live, renamed=bool(old)):
            return Ambiguous(desired=desired, candidates=everyone, rule="identity.disagrees")
        return Paired(desired=desired, live=live)

    def _unseen(self, place: int) -> Pairing:
        """Nobody surely bears an identity of the entry; somebody may."""
        desired = self._desired[place]
        withheld = _unique(self._withheld.get(place, ()))
        if withheld:
            # Of several, nobody knows which: then not even an opt-out is for one of them.
            only = withheld if len(withheld) == 1 else ()
            return Ambiguous(desired=desired, candidates=only, rule="read.withheld")
        doubtful = _unique(self._in_doubt.get(place, ()))
        if doubtful:
            return Ambiguous(desired=desired, candidates=doubtful, rule="identity.doubtful")
        return Missing(desired=desired)

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
        if not isinstance(pairing, Ambiguous) or pairing.rule != "identity.swap":
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
            Ambiguous(desired=one.desired, candidates=(one.live,), rule="identity.same-person")
            if isinstance(one, Paired) and count[one.live.remote_id] > 1
            else one
            for one in pairings
        ]


def _named(pairings: list[Pairing]) -> list[Pairing]:
    """An exchange takes two entries that are unsure of the same two customers."""
    unsure = Counter(
        frozenset(one.remote_id for one in pairing.candidates)
        for pairing in pairings
        if isinstance(pairing, Ambiguous) and pairing.rule == "identity.swap"
    )
    return [
        replace(one, rule="identity.ambiguous")
        if isinstance(one, Ambiguous)
        and one.rule == "identity.swap"
        and unsure[frozenset(live.remote_id for live in one.candidates)] < 2
        else one
        for one in pairings
    ]


def _unique(lives: Iterable[LiveCustomer]) -> tuple[LiveCustomer, ...]:
    by_id = {live.remote_id: live for live in lives}
    return tuple(by_id[remote_id] for remote_id in sorted(by_id))


def identities_to_look_up(desired: DesiredCustomer) -> tuple[Identity, ...]:
    """Everything a look-up has to ask for, so that a second candidate is not overlooked."""
    return (*desired.identities, *desired.previously)
