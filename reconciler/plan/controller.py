"""What the stores of one controller tell each other: an opt-out of one counts in all of them.

A consent never passes from store to store; that somebody is out does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.model.act import Said, Standing
from reconciler.model.consent import (
    Actor,
    Channel,
    ConsentState,
    Evidence,
    LiveConsent,
    WantedConsent,
    is_from_person,
)
from reconciler.model.customer import CONTACT_OF, DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.plan.changes import Elsewhere
from reconciler.plan.consent_rules import WORDS, is_proven
from reconciler.plan.sayings import contact_key, wanted_contact
from reconciler.plan.store_rules import StoreRules

OUT: Final = WantedConsent(state=ConsentState.UNSUBSCRIBED, evidence=Evidence())


def out_elsewhere(
    channel: Channel,
    live: LiveCustomer,
    rules: StoreRules,
    desired: DesiredCustomer | None = None,
) -> Standing | None:
    """Whose opt-out, in another store of the controller or in another record of this one, the yes
    of a record has to give way to; None where it need not: the person said it later themselves, or
    it is no yes. What the store hides of a contact its entry tells.
    """
    consent, register = live.consent(channel), rules.register
    if consent.state is not ConsentState.SUBSCRIBED or not _is_shared(rules):
        return None
    region = rules.comparison.region
    contact = contact_key(live, channel, region)
    if contact is None and desired is not None:
        contact = wanted_contact(desired, None, channel, region)
    if contact is None:
        return None
    known = register.beyond(channel, contact, rules.store.name)
    if known is None or known.said is Said.IN or is_own_later(consent, known):
        return None
    return known


def is_own_later(consent: LiveConsent, known: Standing) -> bool:
    """Whether a yes is surely the person's own act, and surely later than what is known."""
    own = consent.state is ConsentState.SUBSCRIBED and consent.actor is Actor.PERSON
    return own and consent.earliest is not None and consent.earliest > known.since


def _is_shared(rules: StoreRules) -> bool:
    return rules.store.controller is not None and rules.register.knows_anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What becomes of an entry where other stores' opt-outs count: `elsewhere` tells of them."""

    desired: DesiredCustomer
    elsewhere: tuple[tuple[Channel, Elsewhere], ...]

    def of(self, channel: Channel) -> Elsewhere | None:
        return dict(self.elsewhere).get(channel)


def carried(desired: DesiredCustomer, live: LiveCustomer | None, rules: StoreRules) -> Carried:
    """The entry as it would be if the files knew of the opt-outs of the controller's other stores.

    Newer evidence of the person's own, in the files, is their later yes.
    """
    if live is None or not _is_shared(rules):
        return Carried(desired=desired, elsewhere=())
    found = {
        channel: Elsewhere(store=known.store, since=known.since)
        for channel in Channel
        if (known := out_elsewhere(channel, live, rules, desired)) is not None
        and not _says_no(desired, channel)
        and not _is_overturned(desired, live, channel, known, rules)
    }
    if not found:
        return Carried(desired=desired, elsewhere=())
    consents = dict(desired.consents) | dict.fromkeys(found, OUT)
    ordered = tuple((channel, consents[channel]) for channel in Channel if channel in consents)
    return Carried(desired=replace(desired, consents=ordered), elsewhere=tuple(found.items()))


def _says_no(desired: DesiredCustomer, channel: Channel) -> bool:
    wanted = desired.consent(channel)
    return wanted is not None and wanted.state is ConsentState.UNSUBSCRIBED


def _is_overturned(
    desired: DesiredCustomer,
    live: LiveCustomer,
    channel: Channel,
    known: Standing,
    rules: StoreRules,
) -> bool:
    wanted = desired.consent(channel)
    if wanted is None or wanted.state is not ConsentState.SUBSCRIBED or known.said is not Said.OUT:
        return False
    evidence = wanted.evidence
    region = rules.comparison.region
    shown = contact_key(live, channel, region)
    same = shown is None or wanted_contact(desired, live, channel, region) == shown
    newer = evidence.at is not None and evidence.at > known.since
    theirs = is_from_person(evidence) or not known.may_be_person
    return same and newer and theirs and is_proven(channel, evidence, live.country(), rules.policy)


def wanted_out(
    desired: DesiredCustomer, live: LiveCustomer | None, channel: Channel, rules: StoreRules
) -> Iterator[tuple[str, SourceMark]]:
    """Where the files want the same person out, in another store of the controller."""
    contact = wanted_contact(desired, live, channel, rules.comparison.region)
    if contact is None:
        return
    for sibling in rules.siblings:
        for one in sibling.entries.bearing(((CONTACT_OF[channel], contact),)):
            if _says_no(one, channel):
                yield sibling.name, one.mark_of(FieldPath.of_consent(channel).table)


def conflict(
    desired: DesiredCustomer, live: LiveCustomer | None, channel: Channel, rules: StoreRules
) -> str:
    """That, with every place; empty where the files do not."""
    places = [
        f"{mark.file}:{mark.line}:{mark.column} (store {store})"
        for store, mark in wanted_out(desired, live, channel, rules)
    ]
    if not places:
        return ""
    return (
        f"the specs want the same person out of {WORDS[channel]} in another store of the "
        f"controller: {', '.join(places)}"
    )
