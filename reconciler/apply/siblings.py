"""The other stores of the controller, asked before an opt-in whether the person is out there.

A plan has read them, some time ago. Each is read whole once, before the first opt-in of an apply,
since a look-up finds no address that is spelled otherwise or hidden; and then looked into again
for each person, where that is possible.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock

from reconciler.errors import ReconcilerError
from reconciler.live.read import StoreReader
from reconciler.model.consent import Channel
from reconciler.model.customer import CONTACT_OF, DesiredCustomer, LiveCustomer
from reconciler.model.entries import NO_ENTRIES
from reconciler.model.identity import Identity, IdentityKind, asked_in, identity
from reconciler.model.register import Person
from reconciler.plan.hidden import HiddenContacts
from reconciler.plan.sayings import contact_key, is_out, out_of
from reconciler.plan.steps import Step, StepKind
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.voices import Voices
from reconciler.platforms.base import LookupImpossible, Reader


@dataclass(slots=True, kw_only=True)
class Sibling:
    """Another store, opened and read when somebody is asked for; `rules` are its own. Opening
    raises `ReconcilerError`, and a store that could not be read is not tried again.
    """

    rules: StoreRules
    open: Callable[[], Reader]
    hidden: HiddenContacts | None = None
    _client: Reader | None = None
    _tried: bool = False
    _lock: Lock = field(default_factory=Lock)

    def listen(self) -> bool:
        """Whether all of it was read, and is in the register that is asked."""
        with self._lock:
            if not self._tried:
                self._tried = True
                with suppress(ReconcilerError):
                    self._read()
            return self.hidden is not None

    def _read(self) -> None:
        client, rules = self.open(), self.rules
        voices = Voices(rules)
        reader = StoreReader(
            client=client,
            store=rules.store.name,
            desired=NO_ENTRIES,
            region=rules.comparison.region,
            requests=lambda: 0,
            hears=voices.hear,
        )
        read = reader.whole("somebody is to be opted in in another store of the controller")
        if not read.receipt.proves_absence:
            return
        for name, act in voices.told(read.receipt.learned):
            rules.register.overhear(name, act)
        self._client, self.hidden = client, read.hidden

    def look_for(self, channel: Channel, wanted: Identity) -> None:
        """What the store shows of one person right now; nothing where it cannot be searched."""
        if self._client is None or wanted.kind not in self._client.capabilities.looks_up:
            return
        with self._lock, suppress(LookupImpossible, ReconcilerError):
            found = [self._client.find(wanted, spelling) for spelling in asked_in(wanted)]
            people = tuple(one for answer in found for one in answer.customers)
            told, _ = self._client.with_actors(people)
            _overhear(told, channel, self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Siblings:
    """Safe for several threads."""

    stores: tuple[Sibling, ...] = ()

    def unheard(
        self, step: Step, desired: DesiredCustomer, live: LiveCustomer, rules: StoreRules
    ) -> str:
        """Takes in what the others say of whom a step opts in; why they cannot be asked, else."""
        if step.kind is not StepKind.GRANT:
            return ""
        for sibling in self.stores:
            name = sibling.rules.store.name
            if not sibling.listen():
                return (
                    f"store {name} of the same controller could not be read whole, and may show "
                    "that the person opted out there"
                )
            if sibling.hidden is not None and sibling.hidden.may_be(desired):
                return (
                    f"store {name} of the same controller hides the contacts of somebody who may "
                    "be this person"
                )
            for channel in sorted(set(_channels(step))):
                wanted = _contact(channel, desired, live, rules.comparison.region)
                if wanted is not None:
                    sibling.look_for(channel, wanted)
        return ""


def _channels(step: Step) -> Iterator[Channel]:
    for one in step.fields:
        channel = one.path.channel or one.channel
        if channel is not None:
            yield channel


def _contact(
    channel: Channel, desired: DesiredCustomer, live: LiveCustomer, region: str | None
) -> Identity | None:
    kind = CONTACT_OF[channel]
    named = desired.identity(kind)
    if named is not None:
        return named
    shown = live.email if kind is IdentityKind.EMAIL else live.phone
    return None if shown is None else identity(kind, shown.reveal(), region)


def _overhear(people: Iterable[LiveCustomer], channel: Channel, theirs: StoreRules) -> None:
    register = theirs.register
    for live in people:
        consent = live.consent(channel)
        contact = contact_key(live, channel, theirs.comparison.region)
        if contact is None or not is_out(channel, consent, theirs):
            continue
        act = out_of(consent, theirs)
        if act.is_of_its_store_alone:
            continue
        # What a register knows already it tells better, since when above all.
        if register.news(Person(channel=channel, contact=contact), act) is not None:
            register.overhear(register.identity(channel, contact), act)
