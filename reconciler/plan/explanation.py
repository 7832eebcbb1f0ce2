"""One customer, field by field: what the specs want, what the store has, and what was judged.

Values stay in their own types here; whoever shows them decides what may be shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Channel, LiveConsent, Subscription, WantedConsent
from reconciler.model.customer import (
    Account,
    Address,
    DesiredCustomer,
    LiveCustomer,
    Scalar,
)
from reconciler.model.fields import consent_field
from reconciler.model.identity import Identity, IdentityKind, identity
from reconciler.model.managed import UNMANAGED
from reconciler.model.metafields import Metafields
from reconciler.model.ownership import NO_MARKS, Ownership
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import StoreSettings
from reconciler.model.tags import TagIntent
from reconciler.plan.changes import FieldChange, TagChange
from reconciler.plan.compare import held_of
from reconciler.plan.contact import keys_of
from reconciler.plan.pairing import Pairing, lives_of
from reconciler.plan.plan import StorePlan
from reconciler.plan.reason import reason_of
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Verdict

Wanted = Scalar | TagIntent | tuple[Address, ...] | WantedConsent
Live = Scalar | tuple[str, ...] | tuple[Address, ...] | LiveConsent


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`live` is None where there is no such customer; `changes` says that the plan has a change."""

    name: str
    wanted: Wanted
    live: Live
    mark: SourceMark
    changes: bool
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """The marks of ownership on one customer; `changes` says that the plan puts ours on."""

    ours: bool
    others: tuple[str, ...]
    changes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What one entry means for one customer; `verdicts` are those about no single field.
    `account`, `verified_email`, `known_by` and `subscriptions` (to channels that no spec can speak
    of) are what the store tells; none is ever changed.

    `absent` says that the entry wants the customer gone, `reason` why; `bearing` is None in stores
    without marks.
    """

    store: str
    alias: str
    mark: SourceMark
    exists: bool
    absent: bool
    reason: str | None
    bearing: Bearing | None
    account: Account | None
    verified_email: bool | None
    known_by: IdentityKind | None
    subscriptions: tuple[Subscription, ...]
    fields: tuple[Field, ...]
    verdicts: tuple[Verdict, ...]


def asked_for(text: str, region: str | None) -> tuple[Identity, ...]:
    """What a person may have meant: an e-mail address, a phone number, or the store's id."""
    found = []
    for kind in IdentityKind:
        one = identity(kind, text, region)
        if one is not None:
            found.append(one)
    return tuple(found)


def explain(
    text: str, pairings: Iterable[Pairing], plan: StorePlan, rules: StoreRules
) -> tuple[Explanation, ...]:
    """What the plan of a store makes of every entry that may mean the customer; also by alias."""
    found: list[Explanation] = []
    for pairing in pairings:
        lives = lives_of(pairing)
        if is_meant(text, pairing.desired, lives, rules.store, rules.pseudonyms):
            found.extend(_one(pairing.desired, live, plan, rules) for live in (lives or (None,)))
    return tuple(found)


def is_meant(
    text: str,
    desired: DesiredCustomer,
    lives: Iterable[LiveCustomer],
    store: StoreSettings,
    pseudonyms: Pseudonyms,
) -> bool:
    """Whether a text names an entry or one of those that it may mean: a contact, id or alias."""
    keys = {(one.kind, one.key) for one in asked_for(text, store.phone_region)}
    known = {(one.kind, one.key) for one in (*desired.identities, *desired.previously)}
    aliases = {pseudonyms.entry_alias(desired)}
    for one in lives:
        known.update(keys_of(one, store.phone_region))
        aliases.add(pseudonyms.live_alias(store.name, one))
    return text in aliases or not keys.isdisjoint(known)


def _one(
    desired: DesiredCustomer, live: LiveCustomer | None, plan: StorePlan, rules: StoreRules
) -> Explanation:
    entry = rules.pseudonyms.entry_alias(desired)
    alias = entry if live is None else rules.pseudonyms.live_alias(plan.name, live)
    planned = [
        one
        for change in plan.changes
        if change.alias == alias and change.entry == entry
        for one in change.fields
    ]
    claims = any(_is_claim(one) for one in planned)
    changing = {one.path.table for one in planned if not _is_claim(one)}
    ownership = rules.store.ownership
    verdicts = [
        one for one in plan.verdicts if one.alias in (alias, entry) and one.mark is not None
    ]
    managed = tuple(_managed(desired))
    fields = tuple(
        Field(
            name=name,
            wanted=wanted,
            live=_live(name, wanted, live, ownership),
            mark=desired.mark_of(name),
            changes=name in changing,
            verdicts=tuple(one for one in verdicts if _is_about(one, name)),
        )
        for name, wanted in managed
    )
    told = {id(one) for field in fields for one in field.verdicts}
    return Explanation(
        store=plan.name,
        alias=alias,
        mark=desired.mark,
        exists=live is not None,
        absent=desired.absent,
        reason=reason_of(desired, live, rules.names),
        account=None if live is None else live.account,
        verified_email=None if live is None else live.verified_email,
        known_by=None if live is None else live.known_by,
        subscriptions=() if live is None else live.subscriptions,
        bearing=None if ownership == NO_MARKS else _bearing(live, ownership, changes=claims),
        fields=fields,
        verdicts=tuple(one for one in verdicts if id(one) not in told),
    )


def _is_claim(change: FieldChange) -> bool:
    return isinstance(change, TagChange) and change.claims


def _bearing(live: LiveCustomer | None, ownership: Ownership, *, changes: bool) -> Bearing:
    tags = () if live is None else live.tags
    return Bearing(ours=ownership.is_ours(tags), others=ownership.others(tags), changes=changes)


def _is_about(verdict: Verdict, name: str) -> bool:
    return any(one.table == name for one in verdict.fields)


def _managed(desired: DesiredCustomer) -> Iterator[tuple[str, Wanted]]:
    for one in desired.identities:
        if one.kind is not IdentityKind.ID:
            yield one.kind.value, one.value
    yield from desired.scalars
    if desired.tags is not UNMANAGED:
        yield "tags", desired.tags
    if desired.addresses is not UNMANAGED:
        yield "addresses", desired.addresses
    for channel, wanted in desired.consents:
        yield consent_field(channel), wanted


def _live(name: str, wanted: Wanted, live: LiveCustomer | None, ownership: Ownership) -> Live:
    """Tags without those that are marks, and metafields that the entry names."""
    if live is None:
        return None
    if name == "tags":
        return tuple(tag for tag in live.tags if tag not in ownership)
    if name == "addresses":
        return live.addresses
    if name.startswith("consent."):
        return live.consent(Channel(name.removeprefix("consent.")))
    had = live.scalar(name)
    return held_of(had, wanted) if isinstance(wanted, Metafields) else had
