"""Which live customer a spec entry means. The desired side is the index, the live side a stream.

Identities from strong to weak: the store's id, e-mail, phone, then what `previously` names. Two
candidates are never settled by taking the first. A record whose contact is written so that nobody
can be sure of it, or is withheld, is a candidate only where no record surely bears the contact.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.entries import Entries, Key
from reconciler.model.identity import (
    Identity,
    IdentityKind,
    email_key,
)
from reconciler.model.memory import Memory
from reconciler.model.redaction import Names
from reconciler.plan.contact import doubts_of, keys_of
from reconciler.plan.pairing import Ambiguous, Missing, Paired, Pairing
from reconciler.plan.reason import names_in
from reconciler.plan.remembered import Remembering, forgotten, is_meant, meant
from reconciler.plan.settled import Settled

OfPair: TypeAlias = Callable[[DesiredCustomer, LiveCustomer], bool]
"""What is so or not of an entry and a record that it means."""


def never(desired: DesiredCustomer, live: LiveCustomer) -> bool:  # noqa: ARG001
    return False


class Index:
    """The entries of one store by identity. Offer it the live customers, then ask for pairings.

    Of a record that surely means one entry and of which `settles` says that nothing is asked, no
    more is kept than its id: should somebody else turn out to bear an identity of that entry, both
    are candidates all the same.
    """

    def __init__(
        self,
        desired: Sequence[DesiredCustomer],
        region: str | None,
        settles: OfPair = never,
        remember: Remembering | None = None,
    ) -> None:
        self._entries = Entries.of(desired)
        self._remember = forgotten if remember is None else remember
        self._region = region
        self._settles = settles
        self._settled = Settled(len(desired))
        self._anew: dict[str, LiveCustomer] = {}
        self._hits: dict[int, dict[Key, list[LiveCustomer]]] = {}
        self._old_hits: dict[int, list[LiveCustomer]] = {}
        self._in_doubt: dict[int, list[LiveCustomer]] = {}
        self._withheld: dict[int, list[LiveCustomer]] = {}

    def _doubting(self, key: Key) -> list[int]:
        found = [*self._entries.now(key), *self._entries.before(key)]
        if self._region is None and key[0] is IdentityKind.PHONE:
            found += self._entries.dialled(key[1])
        return found

    def offer(self, live: LiveCustomer) -> bool:
        """Remember a live customer that some entry may mean; False lets it be dropped."""
        keys, doubts = keys_of(live, self._region), doubts_of(live, self._region)
        doubted = [number for key in doubts for number in self._doubting(key)]
        sure = [(number, key) for key in keys for number in self._entries.now(key)]
        earlier = [number for key in keys for number in self._entries.before(key)]
        if not (sure or doubted or earlier):
            self._remember(live, keys, doubts, None, said=True)
            return False
        if not doubted and not earlier and self._settle({number for number, _ in sure}, live):
            self._remember(live, keys, doubts, sure[0][0], said=self._settled.all_said)
            return True
        kept = _without_json(live)
        for number in doubted:
            self._in_doubt.setdefault(number, []).append(kept)
        for number, key in sure:
            self._hits.setdefault(number, {}).setdefault(key, []).append(kept)
        for number in earlier:
            self._old_hits.setdefault(number, []).append(kept)
        return True

    def recall(self, remote_id: str, memory: Memory) -> bool:
        """Does what `offer` would with a record that is remembered, or nothing: then it is False.

        An entry of the same meaning is one that the record settles, as it did before.
        """
        if not self._entries.meanings.size:
            return False
        number = meant(remote_id, memory, self._entries)
        if number is None:
            return True
        taken = number in self._settled or number in self._hits or number in self._old_hits
        if taken or not is_meant(memory, self._entries, number):
            return False
        self._settled.put_again(number, remote_id)
        return True

    def _settle(self, numbers: set[int], live: LiveCustomer) -> bool:
        """Whether a record is the first for its one entry, and is as that wants it."""
        if len(numbers) != 1:
            return False
        (number,) = numbers
        if number in self._settled or number in self._hits or number in self._old_hits:
            return False
        entry = self._entries[number]
        named = entry.identity(IdentityKind.ID)
        if entry.previously or (named is not None and named.key != live.remote_id):
            return False
        if not self._settles(entry, live):
            return False
        self._settled.put(number, entry, live)
        self._entries.release(number)
        return True

    def withhold(self, wanted: Identity, live: LiveCustomer) -> None:
        """Remember a record that answered a look-up of a contact and does not show its own."""
        for place in (
            *self._entries.now((wanted.kind, wanted.key)),
            *self._entries.before((wanted.kind, wanted.key)),
        ):
            self._withheld.setdefault(place, []).append(live)

    def bearers(self, place: int) -> set[str]:
        """The ids of those who surely bear an identity of the entry of this place."""
        found = {one.remote_id for hits in self._hits.get(place, {}).values() for one in hits}
        settled = self._settled.remote_id(place)
        return found if settled is None else found | {settled}

    def stand(self, place: int) -> None:
        """Takes the entry of a place, for whom nobody was remembered, as being as it wants."""
        self._settled.put_again(place, "")

    def settled(self) -> Iterator[tuple[int, str]]:
        """The places and record ids of those of whom nothing is asked and nobody else is unsure;
        the id is empty for those that only stand.
        """
        for place in range(len(self._entries)):
            remote_id = self._settled.remote_id(place)
            if remote_id is not None and place not in self._hits:
                yield place, remote_id

    def unmatched(self) -> Iterator[DesiredCustomer]:
        """The entries for whom no record is remembered now, not even one that may be theirs."""
        places = [place for place in range(len(self._entries)) if not self.is_matched(place)]
        return (self._entries[place] for place in places)

    def is_matched(self, place: int) -> bool:
        """Whether anybody was remembered for the entry of this place in the given order."""
        every = (self._hits, self._old_hits, self._in_doubt, self._withheld)
        return place in self._settled or any(place in found for found in every)

    def is_withheld(self, place: int) -> bool:
        """Whether a record that hides its contacts was remembered for the entry of this place."""
        return place in self._withheld

    def names(self) -> Names:
        """What those are called by whom an entry means, but for what their entries say of them."""
        return names_in(self.remembered()) | Names(self._settled.names())

    def sparse(self, keys: Collection[str]) -> Iterator[LiveCustomer]:
        """The settled whose page lacked one of these keys, by id and what it lacked."""
        return self._settled.sparse(keys)

    def remembered(self) -> tuple[LiveCustomer, ...]:
        """Whoever means an entry, or may, and is not settled."""
        return _unique(live for _, live in self._remembered())

    def candidates(self) -> Iterator[tuple[DesiredCustomer, LiveCustomer]]:
        """Each entry with each record that it may mean."""
        yield from ((self._entries[place], live) for place, live in self._remembered())

    def contested(self, also: OfPair = never) -> tuple[LiveCustomer, ...]:
        """Whoever has a consent that an entry wants otherwise, and those of whom `also` holds."""
        return _unique(
            live
            for place, live in self._remembered()
            if _is_contested(self._entries[place], live) or also(self._entries[place], live)
        )

    def _remembered(self) -> Iterator[tuple[int, LiveCustomer]]:
        for place, hits in self._hits.items():
            yield from ((place, live) for found in hits.values() for live in found)
        for others in (self._old_hits, self._in_doubt, self._withheld):
            for place, found in others.items():
                yield from ((place, live) for live in found)

    def renew(self, customers: Iterable[LiveCustomer]) -> None:
        """Puts records read anew in the place of those remembered, or settled with keys lacking."""
        now = {one.remote_id: _without_json(one) for one in customers}
        self._anew |= now
        for number, remote_id in self._settled.give_back(now):
            # It was as its entry wants it, so it bore every contact of that.
            for one in self._entries[number].identities:
                hits = self._hits.setdefault(number, {})
                hits.setdefault((one.kind, one.key), []).append(now[remote_id])
        for found in (
            *(one for hits in self._hits.values() for one in hits.values()),
            *self._old_hits.values(),
            *self._in_doubt.values(),
            *self._withheld.values(),
        ):
            found[:] = [now.get(live.remote_id, live) for live in found]

    def pairings(self) -> tuple[Pairing, ...]:
        """One for each entry of which anything is left to say, in the entries' order."""
        first = [
            self._pair(place)
            for place in range(len(self._entries))
            if place not in self._settled or self._has_another(place)
        ]
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
            for place in self._entries.now((kind, one.key))
            for live in self._hits.get(place, {}).get((kind, one.key), ())
        )

    def _has_another(self, place: int) -> bool:
        """Whether somebody else bears an identity of a settled entry that names no id."""
        return place in self._hits and self._entries[place].identity(IdentityKind.ID) is None

    def _pair(self, place: int) -> Pairing:
        desired = self._entries[place]
        hits = self._hits.get(place, {})
        old = _unique(self._old_hits.get(place, ()))
        by_id = [live for key, found in hits.items() if key[0] is IdentityKind.ID for live in found]
        if by_id:
            return Paired(desired=desired, live=by_id[0])
        others = _unique(live for found in hits.values() for live in found)
        if place in self._settled:
            stands = self._settled.candidate(place, desired)
            others = _unique((*others, self._anew.get(stands.remote_id, stands)))
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
        desired = self._entries[place]
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
        """Two entries that turn out to mean one person are both unsure; one that left the files
        makes no other unsure, and is so itself where another may mean the same.
        """
        count = Counter(one.live.remote_id for one in pairings if isinstance(one, Paired))
        stay = Counter(
            one.live.remote_id
            for one in pairings
            if isinstance(one, Paired) and not one.desired.departed
        )
        count.update(
            live.remote_id
            for one in pairings
            if isinstance(one, Ambiguous) and not one.desired.departed
            for live in one.candidates
        )
        return [
            Ambiguous(desired=one.desired, candidates=(one.live,), rule="identity.same-person")
            if isinstance(one, Paired)
            and (count if one.desired.departed else stay)[one.live.remote_id] > 1
            else one
            for one in pairings
        ]


def _without_json(live: LiveCustomer) -> LiveCustomer:
    """A plan writes nothing back: the raw record is read again right before a write."""
    return live if live.wire is None else replace(live, wire=None)


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


def _is_contested(desired: DesiredCustomer, live: LiveCustomer) -> bool:
    return any(
        live.consent(channel).state is not wanted.state for channel, wanted in desired.consents
    )


def _unique(lives: Iterable[LiveCustomer]) -> tuple[LiveCustomer, ...]:
    by_id = {live.remote_id: live for live in lives}
    return tuple(by_id[remote_id] for remote_id in sorted(by_id))


def identities_to_look_up(desired: DesiredCustomer) -> tuple[Identity, ...]:
    """Everything a look-up has to ask for, so that a second candidate is not overlooked."""
    return (*desired.identities, *desired.previously)
