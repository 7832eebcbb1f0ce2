"""What the register knows of somebody whom an entry is about, beside what the store tells."""

from collections.abc import Callable
from dataclasses import replace

from reconciler.model.act import Said, Standing
from reconciler.model.consent import Actor, Channel, ConsentState, LiveConsent, is_from_person
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.plan.sayings import contact_key, wanted_contact
from reconciler.plan.store_rules import StoreRules


def known_consent(
    channel: Channel, live: LiveCustomer, alias: Callable[[], str], rules: StoreRules
) -> LiveConsent:
    """With what the store does not tell any more: that it was the person."""
    consent, register = live.consent(channel), rules.register
    if consent.state is not ConsentState.UNSUBSCRIBED or consent.actor is Actor.PERSON:
        return consent
    contact = contact_key(live, channel, rules.comparison.region)
    found = (
        register.of_record(alias(), channel) if register.knows_records else None,
        register.of(channel, contact) if contact is not None else None,
    )
    own = any(one is not None and one.by_person for one in found)
    return replace(consent, actor=Actor.PERSON) if own else consent


def is_erased(desired: DesiredCustomer, rules: StoreRules) -> bool:
    """Whether an entry asks for an erasure that was seen to be done, by all its contacts."""
    if not desired.erases or not rules.register.knows_anybody:
        return False
    region = rules.comparison.region
    found = [
        known
        for channel in Channel
        if (contact := wanted_contact(desired, None, channel, region)) is not None
        for known in (rules.register.of(channel, contact),)
    ]
    return bool(found) and all(one is not None and one.said is Said.ERASED for one in found)


def is_newly_related(desired: DesiredCustomer, erased: Standing) -> bool:
    """Whether the files have evidence of the person's own that is newer than their erasure."""
    return any(
        wanted.state is ConsentState.SUBSCRIBED
        and wanted.evidence.at is not None
        and wanted.evidence.at > erased.since
        and is_from_person(wanted.evidence)
        for _, wanted in desired.consents
    )


def standing_of(
    channel: Channel, desired: DesiredCustomer, live: LiveCustomer | None, rules: StoreRules
) -> Standing | None:
    """How the register knows whoever has the address that a consent will be for."""
    register, region = rules.register, rules.comparison.region
    if not register.knows_anybody:
        return None
    contact = wanted_contact(desired, live, channel, region)
    if contact is None:
        return None
    if live is None or contact != contact_key(live, channel, region):
        return register.of(channel, contact)
    consent = live.consent(channel)
    if consent.state is ConsentState.UNSUBSCRIBED:
        return register.beside(channel, contact, rules.store.name)
    since = consent.until or consent.at
    if consent.state is ConsentState.NOT_SUBSCRIBED and since is not None:
        return register.beside(channel, contact, rules.store.name, never_since=since)
    return register.of(channel, contact)
