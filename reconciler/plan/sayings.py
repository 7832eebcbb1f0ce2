"""What a record of a store says for the register: whose no it shows, by whom, and since when."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias

from reconciler.model.consent import Actor, Channel, ConsentState, LiveConsent
from reconciler.model.customer import LiveCustomer
from reconciler.model.identity import email_key, number_of
from reconciler.model.register import Act, By, Doer, Person, Said, Sure
from reconciler.plan.store_rules import StoreRules

Saying: TypeAlias = tuple[Person, Act]
_DOERS: Final = {
    Actor.PERSON: Doer.PERSON,
    Actor.STAFF: Doer.STAFF,
    Actor.NOT_TOLD: Doer.NOT_TOLD,
}


def opt_outs(live: LiveCustomer, rules: StoreRules, now: datetime) -> Iterator[Saying]:
    """The channels that a record is out on. Never asked, with a time, is a no where it may be."""
    for channel, consent in live.consents:
        if is_out(channel, consent, rules):
            yield person_of(live, channel, rules), _out(consent, rules, now)


def is_out(channel: Channel, consent: LiveConsent, rules: StoreRules) -> bool:
    if consent.state is ConsentState.UNSUBSCRIBED:
        return True
    return consent.is_dated_never() and rules.blurs(channel, consent)


def person_of(live: LiveCustomer, channel: Channel, rules: StoreRules) -> Person:
    return Person(
        channel=channel,
        contact=contact_key(live, channel, rules.comparison.region),
        customer=rules.pseudonyms.live_alias(rules.store.name, live),
    )


def contact_key(live: LiveCustomer, channel: Channel, region: str | None) -> str | None:
    """The normal form of what a consent is for; None where it is hidden or no number for sure."""
    if channel is Channel.EMAIL:
        return None if live.email is None else email_key(live.email.reveal())
    return None if live.phone is None else number_of(live.phone, region)


def _out(consent: LiveConsent, rules: StoreRules, now: datetime) -> Act:
    at = None if consent.at is None else consent.until or consent.at
    vague = consent.until is not None and consent.until != consent.at
    return Act(
        said=Said.OUT,
        at=at,
        sure=Sure.NOT_TOLD if at is None else Sure.DAY if vague else Sure.SECOND,
        seen=now,
        doer=_DOERS[consent.actor],
        by=By.READING,
        store=rules.store.name,
    )
