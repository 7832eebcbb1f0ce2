"""Who says no and who says yes in one store of a controller, by keyed identity.

Everybody whom a reading shows is heard, named by the specs or not. Of a no what is known of it is
kept, of a yes eight bytes and the number of the record (some hundred bytes in all): the noes of all
stores find it by those, and the record is read again then.
"""

from array import array
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import Final

from reconciler.model.access import Access
from reconciler.model.act import Act, Doer, Said, Sure
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import CONTACT_OF, DesiredCustomer, Learned, LiveCustomer
from reconciler.model.register import Person
from reconciler.plan.sayings import (
    Saying,
    contact_key,
    first_seen,
    is_out,
    out_of,
    person_of,
    wished,
)
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.waiting import NOTHING_WAITS, Waiting

_DIGITS: Final = 16


class Voices:
    """`noes` are the opt-outs of one store that no register knows, by identity, and `wishes` those
    of the files that tell no time. Those `unheard` are of contacts that are hidden, or none for
    sure, by which no other store can find them.
    """

    def __init__(self, rules: StoreRules) -> None:
        self.noes: dict[str, Act] = {}
        self.wishes: list[Saying] = []
        self.unheard = NOTHING_WAITS
        self._rules = rules
        self._yes = array("Q")
        self._ids: list[str] = []
        self._known: set[str] = set()
        self._either_way: set[str] = set()
        self._out = array("Q")

    def hear(self, live: LiveCustomer) -> None:
        rules = self._rules
        for channel, consent in live.consents:
            if consent.state is ConsentState.SUBSCRIBED:
                contact = contact_key(live, channel, rules.comparison.region)
                if contact is not None:
                    self._yes.append(_short(rules.register.identity(channel, contact)))
                    self._ids.append(live.remote_id)
                    known = rules.register.of(channel, contact)
                    if known is not None and known.said is not Said.IN:
                        self._known.add(live.remote_id)
            elif is_out(channel, consent, rules):
                contact = contact_key(live, channel, rules.comparison.region)
                act = out_of(consent, rules)
                if contact is None:
                    if _has_some(live, channel) and not act.is_of_its_store_alone:
                        self._miss(act)
                else:
                    ours = rules.register.may_be_ours(channel, contact, rules.store.name)
                    again = rules.register.awaits_another(channel, contact, act)
                    self.says_no(channel, contact, act, live if again or ours else None)
                    if not ours or self._is_theirs(live, channel, act):
                        self._out.append(_short(rules.register.identity(channel, contact)))
                    if consent.swappable:
                        self._either_way.add(rules.register.identity(channel, contact))

    def _miss(self, act: Act) -> None:
        count, oldest = self.unheard.opt_outs + 1, self.unheard.oldest
        if act.at is not None:
            oldest = act.at if oldest is None else min(oldest, act.at)
        self.unheard = Waiting(opt_outs=count, oldest=oldest)

    def _is_theirs(self, live: LiveCustomer, channel: Channel, act: Act) -> bool:
        """Which record it is matters where we wrote to one with the same contact."""
        return self._rules.register.is_theirs(person_of(live, channel, self._rules), act)

    def wish(self, desired: DesiredCustomer, lives: Iterable[LiveCustomer]) -> None:
        """Whom the files want out of this store is out of the others too, and may have no record
        here, or none that can tell.
        """
        register = self._rules.register
        for live in tuple(lives) or (None,):
            for channel, contact, act in wished(desired, live, self._rules):
                if not register.is_news_of_files(channel, contact, act):
                    continue
                since = act.at
                if since is None:
                    if register.identity(channel, contact) in self.noes:
                        continue  # its record tells the same
                    since = register.wished(channel, contact, act.store)
                    self.wishes.append(first_seen(channel, contact, act))
                self.says_no(channel, contact, replace(act, at=since))

    def says_no(
        self, channel: Channel, contact: str, act: Act, live: LiveCustomer | None = None
    ) -> None:
        """What a register knows already it tells better, since when above all; and where a key of
        its lines is not here, nobody can tell our own writes from a no that is not the person's.
        """
        register = self._rules.register
        if act.is_of_its_store_alone:
            return
        person = Person(channel=channel, contact=contact)
        if live is not None:
            person = person_of(live, channel, self._rules)
        if register.news(person, act) is None:
            return
        if self._rules.access is Access.KEY_MISSING and act.doer is not Doer.PERSON:
            return
        identity = register.identity(channel, contact)
        before = self.noes.get(identity)
        if before is None or before.since < act.since:
            self.noes[identity] = act

    def told(self, learned: Learned) -> Iterator[tuple[str, Act]]:
        """The noes; a date that reads both ways tells no instant where days come first."""
        for identity, act in self.noes.items():
            if learned.day_first and identity in self._either_way:
                yield identity, replace(act, at=None, sure=Sure.NOT_TOLD)
            else:
                yield identity, act

    @property
    def short(self) -> set[int]:
        """The noes in eight bytes each."""
        return set(map(_short, self.noes))

    def contradicted(self, noes: Container[int]) -> list[str]:
        """The records whose yes the register or any store may contradict, each once: of the same
        store too, since its own record may show who came back.
        """
        found = {self._ids[at] for at, yes in enumerate(self._yes) if yes in noes}
        return sorted(found | self._known)

    def beside(self, lives: Iterable[LiveCustomer]) -> Iterator[str]:
        """Identities that some of these are subscribed with, and other records show to be out."""
        rules = self._rules
        out = frozenset(self._out)
        for live in lives if out else ():
            for channel, consent in live.consents:
                contact = contact_key(live, channel, rules.comparison.region)
                if consent.state is not ConsentState.SUBSCRIBED or contact is None:
                    continue
                identity = rules.register.identity(channel, contact)
                if _short(identity) in out:
                    yield identity


def _has_some(live: LiveCustomer, channel: Channel) -> bool:
    """Whether a record has a contact for a channel, though not one that is known."""
    name = CONTACT_OF[channel].value
    return live.contact(channel) is not None or name in live.unreadable


def _short(identity: str) -> int:
    return int(identity[:_DIGITS], 16)
