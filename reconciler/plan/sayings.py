"""What a record of a store says for the register: whose no it shows, by whom, and since when."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from reconciler.model.act import Act, By, Doer, Said, Standing, Sure
from reconciler.model.consent import Actor, Channel, ConsentState, LiveConsent
from reconciler.model.customer import CONTACT_OF, DesiredCustomer, LiveCustomer
from reconciler.model.identity import email_key, number_of
from reconciler.model.register import Person
from reconciler.plan.changes import ConsentChange, Elsewhere, FieldChange
from reconciler.plan.sayers import Sayers
from reconciler.plan.store_rules import StoreRules

Saying: TypeAlias = tuple[Person, Act]
_DOERS: Final = {
    Actor.PERSON: Doer.PERSON,
    Actor.STAFF: Doer.STAFF,
    Actor.NOT_TOLD: Doer.NOT_TOLD,
}
_DOERS_OF_FLAGS: Final = (Doer.PERSON, Doer.STAFF)


def opt_outs(live: LiveCustomer, rules: StoreRules) -> Iterator[Saying]:
    """The channels that a record is out on. Never asked, with a time, is a no where it may be."""
    for channel, consent in live.consents:
        if is_out(channel, consent, rules):
            yield person_of(live, channel, rules), out_of(consent, rules)


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


def out_of(consent: LiveConsent, rules: StoreRules) -> Act:
    at = None if consent.at is None else consent.until or consent.at
    vague = consent.until is not None and consent.until != consent.at
    return Act(
        said=Said.OUT,
        at=at,
        sure=Sure.NOT_TOLD if at is None else Sure.DAY if vague else Sure.SECOND,
        seen=rules.now,
        doer=_doer(consent, rules),
        by=By.READING,
        store=rules.store.name,
    )


def _doer(consent: LiveConsent, rules: StoreRules) -> Doer:
    never = consent.state is ConsentState.NOT_SUBSCRIBED and consent.at is not None
    default = consent.at is None and rules.table.default_consent is ConsentState.UNSUBSCRIBED
    if consent.actor is Actor.NOT_TOLD and (never or default):
        return Doer.NOBODY
    return _DOERS[consent.actor]


def wanted_contact(
    desired: DesiredCustomer, live: LiveCustomer | None, channel: Channel, region: str | None
) -> str | None:
    """The normal form of what a consent will be for once the entry is carried out."""
    kind = CONTACT_OF[channel]
    named = desired.identity(kind)
    if named is not None:
        return named.key
    return None if live is None else contact_key(live, channel, region)


def withdrawals(
    fields: Iterable[FieldChange],
    desired: DesiredCustomer,
    live: LiveCustomer | None,
    rules: StoreRules,
    now: datetime,
) -> Iterator[Saying]:
    """The opt-outs that we write `now`, of whom is there or is about to be made. An address that
    somebody gives up is closed like one that is withdrawn.
    """
    for one in fields:
        if not isinstance(one, ConsentChange) or not (one.withdraws or one.moves):
            continue
        if one.elsewhere is not None and live is not None:
            yield (
                person_of(live, one.channel, rules),
                _carried(one, one.elsewhere, live, rules, now),
            )
            continue
        person = (
            person_of(live, one.channel, rules)
            if live is not None
            else Person(
                channel=one.channel,
                contact=wanted_contact(desired, None, one.channel, rules.comparison.region),
            )
        )
        by = By.WITHDRAWAL if one.withdraws else By.MOVE
        at = one.wanted.evidence.at if one.withdraws else None
        act = _ours(Said.OUT, at or now, by, rules)
        yield person, replace(act, seen=now)


def wished(
    desired: DesiredCustomer, live: LiveCustomer | None, rules: StoreRules
) -> Iterator[tuple[Channel, str, Act]]:
    """The opt-outs that the files ask for, by the contacts that they or the record tell: whoever
    wrote one down may have it from the person. One without a time counts from the plan that sees
    it first.
    """
    for channel, wanted in desired.consents:
        if wanted.state is not ConsentState.UNSUBSCRIBED:
            continue
        contact = wanted_contact(desired, live, channel, rules.comparison.region)
        if contact is None:
            continue
        act = _ours(Said.OUT, wanted.evidence.at, By.WITHDRAWAL, rules)
        yield channel, contact, replace(act, doer=Doer.NOT_TOLD)


def first_seen(channel: Channel, contact: str, wish: Act) -> Saying:
    """That a plan sees a wish without a time, for the next to know since when."""
    return Person(channel=channel, contact=contact), replace(wish, said=Said.WISHED)


def left(
    live: LiveCustomer | None,
    back: LiveCustomer,
    withdrawn: Collection[Channel],
    rules: StoreRules,
    now: datetime,
) -> Iterator[Saying]:
    """What a write of ours made look like an opt-out: of a record that we made, on a channel that
    we took out, or of somebody who was not in before. `live` is the record before, None for a new
    one; what it said already is not ours.
    """
    for channel, consent in back.consents:
        had = None if live is None else live.consent(channel)
        ours = had is None or channel in withdrawn or had.state is not ConsentState.SUBSCRIBED
        if not ours or consent == had or not is_out(channel, consent, rules):
            continue
        person, shown = person_of(back, channel, rules), out_of(consent, rules)
        if person.contact is None or rules.register.is_ours(channel, person.contact, shown):
            continue
        seen = now if consent.at is None else max(now, consent.at)
        act = _ours(Said.MADE, now, By.WRITE, rules)
        yield person, replace(act, seen=seen, doer=_DOERS[consent.actor])


def grants(
    fields: Iterable[ConsentChange], back: LiveCustomer, rules: StoreRules
) -> Iterator[Saying]:
    """The yeses that were read back."""
    for one in fields:
        act = _ours(Said.IN, one.wanted.evidence.at, By.GRANT, rules)
        yield person_of(back, one.channel, rules), act


def erasures(
    desired: DesiredCustomer, live: LiveCustomer | None, rules: StoreRules
) -> Iterator[Saying]:
    """Of somebody who is gone, every address and number that was known of them."""
    region = rules.comparison.region
    for channel in Channel:
        known = {
            wanted_contact(desired, None, channel, region),
            None if live is None else contact_key(live, channel, region),
        }
        for contact in sorted(one for one in known if one is not None):
            act = _ours(Said.ERASED, rules.now, By.ERASURE, rules)
            yield Person(channel=channel, contact=contact), act


def _carried(
    change: ConsentChange,
    elsewhere: Elsewhere,
    live: LiveCustomer,
    rules: StoreRules,
    now: datetime,
) -> Act:
    """By whom it was where it comes from, as far as that is known."""
    contact = contact_key(live, change.channel, rules.comparison.region)
    store, known = rules.store.name, None
    if contact is not None:
        known = rules.register.beyond(change.channel, contact, store)
    doer = Doer.NOT_TOLD
    if known is not None and (known.by_person or not known.may_be_person):
        doer = Doer.PERSON if known.by_person else Doer.STAFF
    return Act(
        said=Said.OUT,
        at=elsewhere.since,
        sure=Sure.SECOND if known is not None and known.dated else Sure.NOT_TOLD,
        seen=now,
        doer=doer,
        by=By.CONTROLLER,
        store=store,
    )


def _ours(said: Said, at: datetime | None, by: By, rules: StoreRules) -> Act:
    return Act(
        said=said,
        at=at,
        sure=Sure.NOT_TOLD if at is None else Sure.SECOND,
        seen=rules.now,
        doer=Doer.TOOL,
        by=by,
        store=rules.store.name,
    )


class Sightings:
    """What a reading shows of those whom the specs name, and the register does not know yet.

    `turns` says that what some record shows may be news another time, though it is not now. Those
    `waiting` show a yes without a time: what it answers is known when all of the store was read, of
    one that has a controller, where other records' noes count.
    """

    def __init__(self, rules: StoreRules, sayers: Sayers | None = None) -> None:
        self.new: list[Saying] = []
        self.turns = False
        self.waiting: list[LiveCustomer] = []
        self._whole = rules.store.controller is None
        self._rules = rules
        self._sayers = sayers

    def see(self, live: LiveCustomer) -> None:
        """Most people are not out, and that is found without a look into the register."""
        for channel, consent in live.consents:
            if consent.state is ConsentState.UNSUBSCRIBED:
                contact = self._heard(live, channel)
                if contact is None or not self._is_known(channel, contact, consent):
                    self._add(live, channel, contact, out_of(consent, self._rules))
            elif consent.state is ConsentState.SUBSCRIBED and self._minds(consent):
                contact = self._heard(live, channel)
                if contact is not None and not self._back_again(live, channel, contact, consent):
                    self._shown_again(live, channel, contact)

    def all_read(self) -> None:
        """What stands beside another is known to the register by now."""
        self._whole = True
        waiting, self.waiting = self.waiting, []
        for live in waiting:
            self.see(live)

    def _shown_again(self, live: LiveCustomer, channel: Channel, contact: str) -> None:
        """A yes, of whomever, after a no whose time is not told: the record's next is another."""
        rules, store = self._rules, self._rules.store.name
        if not rules.register.could_say_no_again(channel, contact, store):
            return
        if rules.register.is_just_seen(channel, contact, store, rules.now):
            self.turns = True
        else:
            act = replace(_ours(Said.SHOWN, None, By.READING, rules), doer=Doer.NOT_TOLD)
            self.new.append((person_of(live, channel, rules), act))

    def _minds(self, consent: LiveConsent) -> bool:
        """Whether a yes may say anything of somebody who was out."""
        register = self._rules.register
        if register.may_say_no_again(self._rules.store.name):
            return True
        own = consent.actor is Actor.PERSON
        return own and (self._sayers is not None or register.knows_anybody)

    def _heard(self, live: LiveCustomer, channel: Channel) -> str | None:
        contact = contact_key(live, channel, self._rules.comparison.region)
        if contact is not None and self._sayers is not None:
            self._sayers.heard(channel, contact, live.remote_id)
        return contact

    def _is_known(self, channel: Channel, contact: str, consent: LiveConsent) -> bool:
        at = None if consent.at is None else consent.until or consent.at
        store = self._rules.store.name
        return self._rules.register.has_seen(
            channel, contact, at, _doer(consent, self._rules), store
        )

    def _back_again(
        self, live: LiveCustomer, channel: Channel, contact: str, consent: LiveConsent
    ) -> bool:
        """The person's own yes after a no: dated later, or by its flag alone where this record, and
        no other store, showed the no.
        """
        rules = self._rules
        if consent.actor is not Actor.PERSON:
            return False
        known = rules.register.of(channel, contact)
        if known is None or known.said is not Said.OUT:
            return False
        at = consent.earliest
        if at is None and not self._whole:
            self.waiting.append(live)
            return True
        if at is None and not self._gave_alone(known, live, channel, contact):
            return False
        if at is not None and at <= known.since:
            return False
        act = Act(
            said=Said.IN,
            at=at,
            sure=Sure.NOT_TOLD if at is None else Sure.SECOND if at == consent.at else Sure.DAY,
            seen=rules.now,
            doer=Doer.PERSON,
            by=By.READING,
            store=rules.store.name,
        )
        self._add(live, channel, contact, act)
        return True

    def _gave_alone(
        self, known: Standing, live: LiveCustomer, channel: Channel, contact: str
    ) -> bool:
        store, register = self._rules.store.name, self._rules.register
        if known.store != store or known.by is not By.READING:
            return False
        person = person_of(live, channel, self._rules)
        if register.is_beside(channel, contact, store) or register.is_of_another_record(
            person, store
        ):
            return False
        others = register.elsewhere(channel, contact, store)
        return others is None or others.said is Said.IN

    def _add(self, live: LiveCustomer, channel: Channel, contact: str | None, act: Act) -> None:
        register = self._rules.register
        # A yes without a time answers it in the same record alone.
        untimed = act.said in (Said.OUT, Said.IN) and act.at is None
        untimed = untimed and act.doer in _DOERS_OF_FLAGS
        if contact is None or untimed or register.awaits_another(channel, contact, act):
            person = person_of(live, channel, self._rules)
        else:  # its record counts where we write to it, and is noted then
            person = Person(channel=channel, contact=contact)
        self.turns = self.turns or register.may_turn(person, act)
        if contact is None or register.news(person, act) is not None:
            self.new.append((person, act))
