"""What a reading shows for the register of opt-outs, and for the other stores of the controller."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.app.environment import Environment
from reconciler.app.meeting import Meeting
from reconciler.app.register import RegisterAtHand, may_note
from reconciler.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reconciler.live.read import StoreReader
    from reconciler.model.customer import DesiredCustomer, LiveCustomer
    from reconciler.model.settings import StoreSettings
    from reconciler.plan.reading import StoreReading
    from reconciler.plan.sayers import Sayers
    from reconciler.plan.sayings import Saying
    from reconciler.plan.store_rules import StoreRules
    from reconciler.plan.voices import Voices


@dataclass(frozen=True, slots=True)
class Circle:
    """Where the stores of one controller that a plan reads tell each other whom they heard; `noes`
    are the opt-outs of all of them, in eight bytes each.
    """

    heard: Meeting
    later: Meeting
    noes: set[int] = field(default_factory=set)

    def leave(self, store: str) -> None:
        self.heard.leave(store)
        self.later.leave(store)


def circles(stores: "Iterable[StoreSettings]") -> dict[str, Circle]:
    """By controller; of those that are planned."""
    names: dict[str, list[str]] = {}
    for store in stores:
        if store.controller is not None:
            names.setdefault(store.controller, []).append(store.name)
    return {name: Circle(Meeting(found), Meeting(found)) for name, found in names.items()}


class Hearing:
    """Of one store. `seen` are those whom the specs name; where the store has a controller,
    everybody is heard. `lost` says that the register could not get all of it.
    """

    def __init__(
        self,
        rules: "StoreRules",
        register: RegisterAtHand,
        environment: Environment,
        circle: Circle | None,
        sayers: "Sayers | None" = None,
        *,
        erases: bool,
    ) -> None:
        """`erases` says that some entry may ask for an erasure; `sayers` are told who says what,
        and what the register may have got of it.
        """
        from reconciler.plan.sayings import Sightings
        from reconciler.plan.voices import Voices

        self.seen = Sightings(rules, sayers)
        self.lost = False
        self._sayers = sayers
        self._rules = rules
        self._register = register
        self._environment = environment
        self._circle = circle
        self._erases = erases
        # Without the key of the register too: the stores tell anybody who reads them.
        self._voices = Voices(rules) if rules.store.controller is not None else None

    @property
    def hears(self) -> "Callable[[LiveCustomer], None] | None":
        return None if self._voices is None else self._voices.hear

    def settled(self, desired: "DesiredCustomer", live: "LiveCustomer") -> None:
        """Whoever is as wanted is seen, and dropped; a no of the files may be a later one."""
        self.seen.see(live)
        if self._voices is not None:
            self._voices.wish(desired, (live,))

    def heard(self, read: "StoreReading", reading: "StoreReader") -> "StoreReading":
        """The reading, with those whom another store of the controller shows to be out."""
        from reconciler.plan.pairing import Missing
        from reconciler.plan.sayings import erasures

        self._stand_beside((*read.index.remembered(), *self.seen.waiting))
        self.seen.all_read()
        for live in read.index.remembered():
            self.seen.see(live)
        if read.receipt.proves_absence and self._erases:
            for one in read.index.pairings():
                if isinstance(one, Missing) and one.desired.erases:
                    self.seen.new.extend(erasures(one.desired, None, self._rules))
        if self._voices is None:
            self.seen.new.extend(self._wished(read))
        self._put_down(self.seen.new)
        return read if self._voices is None else self._shared(read, reading, self._voices)

    def _shared(
        self, read: "StoreReading", reading: "StoreReader", voices: "Voices"
    ) -> "StoreReading":
        """Nobody judges before all have told whom they heard, and who came back later."""
        from reconciler.plan.pairing import lives_of
        from reconciler.plan.waiting import unheard

        name, register, client = self._rules.store.name, self._rules.register, reading.client
        for pairing in read.index.pairings():
            voices.wish(pairing.desired, lives_of(pairing))
        self._put_down(voices.wishes)
        for identity, act in voices.told(read.receipt.learned):
            register.overhear(identity, act)
        noes = voices.short
        if self._circle is not None:
            self._circle.noes.update(noes)
            self._circle.heard.wait(name)
            noes = self._circle.noes
        called = voices.contradicted(noes)
        known = {one.remote_id: one for one in read.index.remembered()}
        fresh = client.read_many(one for one in called if one not in known)
        asked = [*(known[one] for one in called if one in known), *fresh.values()]
        told, _ = client.with_actors(asked)
        lives = reading.told(told, read.receipt.learned)
        read.index.renew(lives)
        self._stand_beside(lives)
        for live in lives:
            self.seen.see(live)
        for person, act in self.seen.new:
            if person.contact is not None:
                register.overhear(register.identity(person.channel, person.contact), act)
        if self._circle is not None:
            self._circle.later.wait(name)
        self.seen.new += self._overheard(lives, read)
        self._put_down(self.seen.new)
        notes = read.receipt.notes
        if fresh:
            notes = (
                *notes,
                f"{len(fresh)} records were asked for again: they may be out elsewhere",
            )
        if self._rules.siblings and (told_of := unheard(voices.unheard)):
            notes = (*notes, told_of)
        return replace(
            read,
            called_out=tuple(one for one in lives if one.remote_id in fresh),
            receipt=replace(read.receipt, requests=reading.requests(), notes=notes),
        )

    def _wished(self, read: "StoreReading") -> "Iterator[Saying]":
        """The files' noes that the store does not show: some are never written to it, and none is
        to be forgotten with the file.
        """
        from reconciler.model.consent import ConsentState
        from reconciler.model.register import Person
        from reconciler.plan.pairing import lives_of
        from reconciler.plan.sayings import first_seen, wished

        register = self._rules.register
        for one in read.index.pairings():
            for live in lives_of(one) or (None,):
                for channel, contact, act in wished(one.desired, live, self._rules):
                    had = None if live is None else live.consent(channel).state
                    if had is ConsentState.SUBSCRIBED and act.at is None:
                        yield first_seen(channel, contact, act)
                    elif had not in (ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED) and (
                        register.is_news_of_files(channel, contact, act)
                    ):
                        yield Person(channel=channel, contact=contact), act

    def _stand_beside(self, lives: "Iterable[LiveCustomer]") -> None:
        """A yes without a time says nothing of a no that another record shows beside it."""
        for identity in self._voices.beside(lives) if self._voices is not None else ():
            self._rules.register.stands_beside(identity, self._rules.store.name)

    def _overheard(
        self, lives: "Iterable[LiveCustomer]", read: "StoreReading"
    ) -> "Iterator[Saying]":
        """What others tell of those of whom anything is planned, so that an apply knows it too."""
        from reconciler.model.consent import Channel
        from reconciler.model.register import Person
        from reconciler.plan.sayings import contact_key, wanted_contact

        rules = self._rules
        region = rules.comparison.region
        for channel in Channel:
            contacts = {contact_key(live, channel, region) for live in lives}
            contacts |= {
                wanted_contact(one.desired, None, channel, region) for one in read.index.pairings()
            }
            for contact in sorted(one for one in contacts if one is not None):
                for act in rules.register.overheard(channel, contact):
                    yield Person(channel=channel, contact=contact), act

    def _put_down(self, sayings: "list[Saying]") -> None:
        """A plan on a disk that cannot be written sees it again, and so does the apply. None of the
        sayings is left.
        """
        from reconciler.state.register import drained

        if sayings and may_note(self._register, self._environment):
            if self._sayers is not None:
                for who, act in sayings:
                    self._sayers.note(who, act)
            try:
                self._register.file.note(drained(sayings))
            except JournalError:
                self.lost = True
        sayings.clear()
