"""The other stores of the controller, asked right before an opt-in whether the person is out there.

A plan has read them, some time ago. Opt-ins are few, so each is worth a look-up in every store.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock

from reconciler.errors import ReconcilerError
from reconciler.model.consent import Channel
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import Identity, IdentityKind, asked_in, identity
from reconciler.model.register import Person
from reconciler.plan.sayings import contact_key, out_of, shows_act
from reconciler.plan.steps import Step, StepKind
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import LookupImpossible, Reader

_KINDS = {Channel.EMAIL: IdentityKind.EMAIL, Channel.SMS: IdentityKind.PHONE}


@dataclass(slots=True, kw_only=True)
class Sibling:
    """Another store; it is opened when somebody is asked for. Opening raises `ReconcilerError`."""

    rules: StoreRules
    open: Callable[[], Reader]
    _client: Reader | None = None
    _lock: Lock = field(default_factory=Lock)

    def find(self, wanted: Identity) -> tuple[LiveCustomer, ...]:
        with self._lock:
            if self._client is None:
                self._client = self.open()
            found = [self._client.find(wanted, spelling) for spelling in asked_in(wanted)]
            people = tuple(one for answer in found for one in answer.customers)
            told, _ = self._client.with_actors(people)
            return told


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
        for channel in sorted(set(_channels(step))):
            wanted = _contact(channel, desired, live, rules.comparison.region)
            if wanted is None:
                continue
            for sibling in self.stores:
                try:
                    people = sibling.find(wanted)
                except (ReconcilerError, LookupImpossible):
                    return (
                        f"store {sibling.rules.store.name} of the same controller could not be "
                        "asked whether the person opted out there since the plan"
                    )
                _overhear(people, channel, sibling.rules, rules)
        return ""


def _channels(step: Step) -> Iterator[Channel]:
    for one in step.fields:
        channel = one.path.channel or one.channel
        if channel is not None:
            yield channel


def _contact(
    channel: Channel, desired: DesiredCustomer, live: LiveCustomer, region: str | None
) -> Identity | None:
    kind = _KINDS[channel]
    named = desired.identity(kind)
    if named is not None:
        return named
    shown = live.email if kind is IdentityKind.EMAIL else live.phone
    return None if shown is None else identity(kind, shown.reveal(), region)


def _overhear(
    people: Iterable[LiveCustomer], channel: Channel, theirs: StoreRules, ours: StoreRules
) -> None:
    for live in people:
        consent = live.consent(channel)
        contact = contact_key(live, channel, theirs.comparison.region)
        if contact is None or not shows_act(channel, consent, theirs):
            continue
        act = out_of(consent, theirs)
        # What a register knows already it tells better, since when above all.
        if ours.register.news(Person(channel=channel, contact=contact), act) is not None:
            ours.register.overhear(ours.register.identity(channel, contact), act)
