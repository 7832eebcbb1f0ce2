"""What the files could take over from a store: opt-outs that are newer than what they say, and,
where somebody asks for a field by its name, what the store has of it.

It is read off the very plan of a customer: what a plan would not change or hold is not adopted.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from reconciler.diagnostics import SourceMark
from reconciler.model.access import Access
from reconciler.model.act import Act, Said, Sure
from reconciler.model.consent import (
    Actor,
    Channel,
    ConsentState,
    Evidence,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.customer import (
    ADDRESS_TEXTS,
    Address,
    DesiredCustomer,
    LiveCustomer,
    Scalar,
)
from reconciler.model.fields import PROFILE, consent_field
from reconciler.model.managed import UNMANAGED
from reconciler.model.tags import TagIntent, TagSet, sort_tags, tag_key
from reconciler.plan.case import CustomerPlan
from reconciler.plan.changes import AddressChange, FieldChange, TagChange
from reconciler.plan.compare import differences, held_of
from reconciler.plan.controller import wanted_out
from reconciler.plan.customer import plan_customer
from reconciler.plan.pairing import Ambiguous, Missing, Paired, Pairing
from reconciler.plan.sayings import contact_key, out_of, wanted_contact
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level

Value: TypeAlias = WantedConsent | TagIntent | tuple[Address, ...] | Scalar


class Kind(StrEnum):
    """What is taken over."""

    OPT_OUT = "opt-out"
    OPT_IN = "opt-in"
    FIELD = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One field of one entry, and what the files are to say of it."""

    desired: DesiredCustomer
    alias: str
    field: str
    kind: Kind
    value: Value

    @property
    def mark(self) -> SourceMark:
        return self.desired.mark_of(self.field)

    def carried_out(self, desired: DesiredCustomer) -> DesiredCustomer:
        """The customer as the files want it afterwards."""
        value = self.value
        if isinstance(value, WantedConsent):
            return replace(
                desired,
                consents=tuple(
                    (channel, value if consent_field(channel) == self.field else wanted)
                    for channel, wanted in desired.consents
                ),
            )
        if isinstance(value, TagIntent):
            return replace(desired, tags=value)
        if isinstance(value, tuple):
            return replace(desired, addresses=value)
        return replace(
            desired,
            scalars=tuple(
                (name, value if name == self.field else had) for name, had in desired.scalars
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A field that was asked for and is not adopted, with the reason in words."""

    desired: DesiredCustomer
    alias: str
    field: str
    why: str

    @property
    def mark(self) -> SourceMark:
        return self.desired.mark_of(self.field)


def adoptions(
    pairings: Iterable[Pairing],
    rules: StoreRules,
    asked: Collection[str] = (),
    *,
    opt_ins: bool = True,
) -> Iterator[Adoption | Unfit]:
    """Opt-outs always, and the fields that are asked for. An entry that may mean several people
    says nothing of any of them. `opt_ins` says that every store of the controller was heard.
    """
    for pairing in pairings:
        match pairing:
            case Paired(desired=desired, live=live):
                for one in _of(desired, live, rules, asked):
                    if isinstance(one, Adoption) and one.kind is Kind.OPT_IN and not opt_ins:
                        yield Unfit(
                            desired=desired,
                            alias=one.alias,
                            field=one.field,
                            why="a store of the controller was not read whole, and may know a no",
                        )
                    else:
                        yield one
            case Missing(desired=desired):
                yield from _of(desired, None, rules, ())
            case Ambiguous():
                continue


def _of(
    desired: DesiredCustomer,
    live: LiveCustomer | None,
    rules: StoreRules,
    asked: Collection[str],
) -> Iterator[Adoption | Unfit]:
    if desired.absent or desired.departed or desired.unnamed:
        return
    plan = plan_customer(desired, live, rules)
    alias = (
        rules.pseudonyms.entry_alias(desired)
        if live is None
        else rules.pseudonyms.live_alias(rules.store.name, live)
    )
    for channel, wanted in desired.consents:
        field = consent_field(channel)
        value = _opt_out(channel, wanted, desired, live, plan, rules)
        if value is not None:
            yield Adoption(
                desired=desired, alias=alias, field=field, kind=Kind.OPT_OUT, value=value
            )
        elif live is not None and field in asked:
            found = _opt_in(desired, channel, wanted, live, rules)
            if isinstance(found, str):
                yield Unfit(desired=desired, alias=alias, field=field, why=found)
            elif found is not None:
                yield Adoption(
                    desired=desired, alias=alias, field=field, kind=Kind.OPT_IN, value=found
                )
    if live is not None:
        yield from _others(desired, live, alias, rules, asked)


def _opt_out(
    channel: Channel,
    wanted: WantedConsent,
    desired: DesiredCustomer,
    live: LiveCustomer | None,
    plan: CustomerPlan,
    rules: StoreRules,
) -> WantedConsent | None:
    """None where no opt-out holds an opt-in back, or is carried over from another store."""
    if wanted.state is ConsentState.UNSUBSCRIBED:
        return None
    held = any(
        (one.in_force or one.level is Level.WARN)
        and one.out_of_date
        and path.is_consent
        and path.channel is channel
        for one in plan.verdicts
        for path in one.fields
    )
    if not held:
        return None
    had = None if live is None else live.consent(channel)
    if had is not None and had.state is ConsentState.UNSUBSCRIBED:
        ours = None if live is None else _written(live, channel, had, rules)
        if ours is None:
            return _told(ConsentState.UNSUBSCRIBED, had)
        told = ours.at if ours.sure is Sure.SECOND else None
        return WantedConsent(state=ConsentState.UNSUBSCRIBED, evidence=Evidence(at=told))
    contact = wanted_contact(desired, live, channel, rules.comparison.region)
    known = None if contact is None else rules.register.of(channel, contact)
    at = known.since if known is not None and known.sure is Sure.SECOND else None
    return WantedConsent(state=ConsentState.UNSUBSCRIBED, evidence=Evidence(at=at))


def _written(
    live: LiveCustomer, channel: Channel, had: LiveConsent, rules: StoreRules
) -> Act | None:
    """What we wrote there ourselves, where the store tells of that and of nothing else."""
    contact = contact_key(live, channel, rules.comparison.region)
    if contact is None:
        return None
    return rules.register.written(channel, contact, out_of(had, rules))


def _told(state: ConsentState, live: LiveConsent) -> WantedConsent:
    """With the instant, where the store tells one for sure; of a day alone a spec says nothing."""
    sure = live.at is not None and live.until in (None, live.at)
    return WantedConsent(state=state, evidence=Evidence(at=live.at if sure else None))


def _opt_in(
    desired: DesiredCustomer,
    channel: Channel,
    wanted: WantedConsent,
    live: LiveCustomer,
    rules: StoreRules,
) -> WantedConsent | str | None:
    """The person's own later yes, or why it is none; None where the store says no yes."""
    had = live.consent(channel)
    if wanted.state is not ConsentState.UNSUBSCRIBED or had.state is not ConsentState.SUBSCRIBED:
        return None
    if had.actor is not Actor.PERSON:
        return "the store does not tell that the person opted in"
    contact = wanted_contact(desired, None, channel, rules.comparison.region)
    if contact is None or contact != contact_key(live, channel, rules.comparison.region):
        return "the store has the opt-in for another address or number than the file names"
    if rules.access is not Access.ASKED:
        return "the register of opt-outs could not be asked"
    if any(wanted_out(desired, live, channel, rules)):
        return "the files want the person out in another store of the controller"
    since = wanted.evidence.at
    if since is None:
        return "the file does not tell since when the person is out, so no opt-in is surely later"
    earliest = had.not_before or had.at
    if had.at is None or earliest is None or had.until not in (None, had.at):
        return "the store does not tell at what instant the person opted in"
    if min(earliest, had.at) <= since:
        return "the person's opt-in is not later than the opt-out that the file tells of"
    known = rules.register.of(channel, contact)
    if known is not None and known.said is not Said.IN and had.at <= known.since:
        return "the register of opt-outs knows a no that is as late, or later"
    return _told(ConsentState.SUBSCRIBED, had)


def _others(
    desired: DesiredCustomer,
    live: LiveCustomer,
    alias: str,
    rules: StoreRules,
    asked: Collection[str],
) -> Iterator[Adoption | Unfit]:
    """Fields whose values say nothing of a consent, where they differ."""
    wanted = [one for one in asked if one in PROFILE or one in ("tags", "addresses")]
    if not wanted:
        return
    changes = tuple(differences(desired, live, rules.comparison))
    for field in sorted(wanted):
        found = _value(field, desired, live, changes, rules)
        if found is None:
            continue
        if isinstance(found, str):
            yield Unfit(desired=desired, alias=alias, field=field, why=found)
            continue
        one = Adoption(
            desired=desired, alias=alias, field=field, kind=Kind.FIELD, value=found.value
        )
        after = differences(one.carried_out(desired), live, rules.comparison)
        if any(change.path.table == field and not _claims(change) for change in after):
            why = "what the store has cannot be said by this entry alone"
            yield Unfit(desired=desired, alias=alias, field=field, why=why)
        else:
            yield one


@dataclass(frozen=True, slots=True)
class _Found:
    value: Value


def _claims(change: FieldChange) -> bool:
    return isinstance(change, TagChange) and change.claims


def _value(
    field: str,
    desired: DesiredCustomer,
    live: LiveCustomer,
    changes: Iterable[FieldChange],
    rules: StoreRules,
) -> _Found | str | None:
    """What the store has of a field; None where that is what is wanted, or is not told."""
    own = [one for one in changes if one.path.table == field and not _claims(one)]
    if not own:
        return None
    if field == "tags":
        tags = [one for one in own if isinstance(one, TagChange)]
        if any(one.channel is not None for one in tags):
            return "a tag that feeds an audience differs, and that is a consent"
        return _Found(_intent(desired, tags, rules.tag_sets))
    if field == "addresses":
        assert any(isinstance(one, AddressChange) for one in own)  # noqa: S101
        return _Found(_addresses(live))
    return _Found(held_of(live.scalar(field), dict(desired.scalars).get(field)))


def _intent(
    desired: DesiredCustomer, changes: Iterable[TagChange], members_only: tuple[TagSet, ...]
) -> TagIntent:
    """The same intent without what the store lacks and with what it has, but for what documents
    take off.
    """
    assert desired.tags is not UNMANAGED  # noqa: S101
    had = desired.tags
    lacking = {tag_key(tag) for one in changes for tag in one.delta.added}
    extra = [tag for one in changes for tag in one.delta.removed]
    present = [tag for tag in had.present if tag_key(tag) not in lacking]
    if had.exact:
        bound = _bound(present, had.sets, members_only)
        present += [tag for tag in extra if not any(tag_key(tag) in one.keys for one in bound)]
    keys = {tag_key(tag) for tag in extra}
    return TagIntent(
        present=sort_tags(present),
        absent=tuple(tag for tag in had.absent if tag_key(tag) not in keys),
        exact=had.exact,
        sets=_bound(present, had.sets, members_only),
    )


def _bound(
    present: Iterable[str], sets: Iterable[TagSet], members_only: tuple[TagSet, ...]
) -> tuple[TagSet, ...]:
    """The sets that bind whoever bears these tags: groups only those who bear one of them."""
    keys = set(map(tag_key, present))
    return tuple(one for one in sets if one in members_only or not keys.isdisjoint(one.keys))


def _addresses(live: LiveCustomer) -> tuple[Address, ...]:
    """As a spec writes them; where several are the default, none is said to be."""
    several = sum(bool(one.default) for one in live.addresses) > 1
    return tuple(
        Address(
            texts=tuple(
                (name, text) for name in ADDRESS_TEXTS if (text := one.text(name)) is not None
            ),
            default=True if one.default and not several else None,
        )
        for one in live.addresses
    )
