"""Is the ground still as planned? One record just read, against what was approved of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.model.consent import Actor, Channel, ConsentState, LiveConsent
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import CUSTOMER, TAGS, FieldPath
from reconciler.model.managed import UNMANAGED, Managed
from reconciler.model.settings import RiskClass
from reconciler.model.tags import TagIntent, tag_key
from reconciler.plan.approved import ApprovedField, field_digest, stated_digest
from reconciler.plan.case import CustomerPlan
from reconciler.plan.changes import ConsentChange, FieldChange
from reconciler.plan.compare import differences, moves_address, statements
from reconciler.plan.consent_rules import ERASED, OUT_BEFORE, is_told, known_before
from reconciler.plan.contact import keys_of, may_meet, meets
from reconciler.plan.customer import plan_customer
from reconciler.plan.everybody_else import is_left_out
from reconciler.plan.held_back import contact_of
from reconciler.plan.outcome import State
from reconciler.plan.ownership import is_left_to_others, is_mark, is_ours
from reconciler.plan.pairing import is_another
from reconciler.plan.sayings import wanted_contact
from reconciler.plan.steps import Step, StepKind, kinds
from reconciler.plan.store_rules import StoreRules
from reconciler.state.journal import OurWrites


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """`write` are the changes to carry out now; `settled` the fields that need no write, and
    `unapproved` those that the specs want otherwise too, and nobody has approved.
    """

    write: tuple[FieldChange, ...]
    settled: tuple[tuple[FieldPath, State], ...]
    unapproved: tuple[FieldPath, ...] = ()


def recheck(
    step: Step,
    desired: DesiredCustomer,
    live: LiveCustomer,
    own: OurWrites | None,
    rules: StoreRules,
) -> Recheck:
    """Each approved field of a step is to be written, done already, or stale.

    An address is never changed while it is still subscribed: its consent goes out before.
    """
    region = rules.comparison.region
    if desired.unnamed and not _is_opt_out(step) and is_left_out(live, rules):
        return Recheck(write=(), settled=_all(step, State.STALE))
    named = meets(desired, live, region)
    if not named and not (step.kind is StepKind.WITHDRAW and may_meet(desired, live, region)):
        return Recheck(write=(), settled=_all(step, State.STALE))
    if step.kind is StepKind.IDENTITY and any(
        moves_address(desired, live, channel, rules.comparison) for channel in Channel
    ):
        return Recheck(write=(), settled=_all(step, State.STALE))
    if own is not None and own.before is None:
        return _of_own_creation(step, desired, live, own, rules)
    found = plan_customer(desired, live, rules)
    current = _by_digest(found, step, rules)
    known_out = out_before(found, rules)
    as_planned = _measured(live, own)
    measured = current
    if as_planned is not live:
        measured = _by_digest(plan_customer(desired, as_planned, rules), step, rules)
    write: list[FieldChange] = []
    settled: list[tuple[FieldPath, State]] = []
    for approved in step.fields:
        change = current.get(approved.digest) or measured.get(approved.digest)
        if approved.moves:
            change = _moving(step, approved, change, desired, live, own, rules)
        if change is not None and _is_settled(change, live):
            change = None
        if change is not None and _is_unsure(step, approved, desired, live, rules):
            change = None
        if change is not None:
            write.append(change)
        elif approved.path in known_out or _moves_to_one_who_is_out(approved, desired, rules):
            settled.append((approved.path, State.OUT_BEFORE))
        else:
            settled.append((approved.path, _why_not(step, approved, desired, live, rules)))
    return Recheck(
        write=tuple(write),
        settled=tuple(settled),
        unapproved=_unapproved(step, current.values(), rules),
    )


def _is_unsure(
    step: Step,
    approved: ApprovedField,
    desired: DesiredCustomer,
    live: LiveCustomer,
    rules: StoreRules,
) -> bool:
    """Whether an opt-in would be for another address or number than the one the entry names, or
    for somebody whom another entry speaks of by now, and may want out.
    """
    if step.kind is not StepKind.GRANT:
        return False
    channel = Channel(approved.path.member) if approved.path.is_consent else approved.channel
    left = {one.path for one in differences(desired, live, rules.comparison)}
    moved = channel is not None and contact_of(channel) in left
    keys = keys_of(live, rules.comparison.region)
    return moved or any(is_another(one, desired) for one in rules.entries.bearing(keys))


def _is_opt_out(step: Step) -> bool:
    """Whether a step takes out and does nothing else, which no entry need speak of."""
    return step.kind is StepKind.WITHDRAW and all(one.path.is_consent for one in step.fields)


def out_before(found: CustomerPlan, rules: StoreRules) -> frozenset[FieldPath]:
    """The fields that the register holds; all of a new customer's where that one was erased."""
    return frozenset(
        rules.pseudonyms.path(path)
        for one in found.verdicts
        if one.in_force and one.rule in (OUT_BEFORE, ERASED)
        for path in one.fields or (CUSTOMER,)
    )


def _moves_to_one_who_is_out(
    approved: ApprovedField, desired: DesiredCustomer, rules: StoreRules
) -> bool:
    """Whether a consent goes along to an address that somebody opted out under before."""
    if not approved.moves:
        return False
    channel = Channel(approved.path.member)
    wanted = desired.consent(channel)
    contact = wanted_contact(desired, None, channel, rules.comparison.region)
    if wanted is None or contact is None:
        return False
    known = rules.register.of(channel, contact)
    held = known_before(channel.value, wanted.evidence, known)
    return held is not None


def _unapproved(
    step: Step, current: Iterable[FieldChange], rules: StoreRules
) -> tuple[FieldPath, ...]:
    """Fields that the plan says nothing of, told with the first of a customer's steps."""
    approved = {one.path for one in step.change.fields}
    if kinds(step.change.action, step.change.fields[0])[0] is not step.kind:
        return ()
    paths = {rules.pseudonyms.path(one.path) for one in current}
    return tuple(sorted(paths - approved))


def _all(step: Step, state: State) -> tuple[tuple[FieldPath, State], ...]:
    return tuple((one.path, state) for one in step.fields)


def _by_digest(
    customer_plan: CustomerPlan, step: Step, rules: StoreRules
) -> Mapping[str, FieldChange]:
    if customer_plan.change is None:
        return {}
    store, alias = step.change.store, step.change.alias
    return {
        field_digest(rules.pseudonyms, store, alias, one): one
        for one in customer_plan.change.fields
    }


def _measured(live: LiveCustomer, own: OurWrites | None) -> LiveCustomer:
    """The record with the consents that stood before our own writes, where nobody acted since."""
    if own is None or own.before is None:
        return live
    before = own.before
    return replace(
        live,
        consents=tuple(
            (channel, before.get(channel, now) if own.after.get(channel) == now else now)
            for channel, now in live.consents
        ),
    )


def _is_settled(change: FieldChange, live: LiveCustomer) -> bool:
    """A grant that holds already, seen through `_measured`."""
    return (
        isinstance(change, ConsentChange)
        and not change.moves
        and live.consent(change.channel).state is change.wanted.state
    )


def _of_own_creation(
    step: Step, desired: DesiredCustomer, live: LiveCustomer, own: OurWrites, rules: StoreRules
) -> Recheck:
    """Grants to a customer that this plan created: allowed while nobody else has acted."""
    if rules.table.resends_consent and not all(
        is_told(live.consent(channel), live.contact(channel)) for channel in Channel
    ):
        return Recheck(write=(), settled=_all(step, State.STALE))
    found = plan_customer(desired, None, rules)
    planned = _by_digest(found, step, rules)
    known_out = out_before(found, rules)
    whom = (step.change.alias, step.change.entry)
    if is_left_to_others(live, planned.values(), rules, *whom):
        return Recheck(write=(), settled=_all(step, State.STALE))
    write: list[FieldChange] = []
    settled: list[tuple[FieldPath, State]] = []
    for approved in step.fields:
        change = planned.get(approved.digest)
        channel = getattr(change, "channel", None)
        if change is None or channel is None or _is_unsure(step, approved, desired, live, rules):
            barred = approved.path in known_out
            settled.append((approved.path, State.OUT_BEFORE if barred else State.STALE))
            continue
        now = live.consent(channel)
        if now.state is ConsentState.SUBSCRIBED and isinstance(change, ConsentChange):
            settled.append((approved.path, State.ALREADY))
        elif own.after.get(channel) != now or not _is_unasked(now, rules):
            settled.append((approved.path, _stale(now)))
        else:
            write.append(change)
    return Recheck(write=tuple(write), settled=tuple(settled))


def _is_unasked(now: LiveConsent, rules: StoreRules) -> bool:
    """Whether this is how our own create reads, and not somebody's act right after it."""
    told = now.state is rules.table.default_consent or now.state is ConsentState.UNKNOWN
    return told and now.actor is not Actor.PERSON


def _moving(
    step: Step,
    approved: ApprovedField,
    change: FieldChange | None,
    desired: DesiredCustomer,
    live: LiveCustomer,
    own: OurWrites | None,
    rules: StoreRules,
) -> FieldChange | None:
    """The consent of a changing address: out in the first step, in for the new one in the last."""
    channel = Channel(approved.path.member)
    if step.kind is StepKind.WITHDRAW:
        subscribed = live.consent(channel).state is ConsentState.SUBSCRIBED
        return change if subscribed else None
    if _moves_to_one_who_is_out(approved, desired, rules):
        return None
    wanted = desired.consent(channel)
    untouched = own is not None and own.after.get(channel) == live.consent(channel)
    if wanted is None or not untouched or own is None or own.before is None:
        return None
    grant = ConsentChange(
        channel=channel, risk=approved.risk, before=live.consent(channel), wanted=wanted, moves=True
    )
    # What was approved was seen before we took the old address out.
    planned = replace(grant, before=own.before.get(channel, grant.before))
    digest = field_digest(rules.pseudonyms, step.change.store, step.change.alias, planned)
    return grant if digest == approved.digest else None


def _why_not(
    step: Step,
    approved: ApprovedField,
    desired: DesiredCustomer,
    live: LiveCustomer,
    rules: StoreRules,
) -> State:
    """Done already only if the record shows it; whatever still differs was held or has moved."""
    if not _is_asked(step, approved, desired, rules):
        return State.NOT_ASKED
    if approved.path.is_consent:
        return _consent_state(approved, desired, live, rules)
    if not live.tells(approved.path.table):
        asked_for = approved.path.name in rules.table.apart
        return State.FAILED if asked_for else State.STALE
    left = {rules.pseudonyms.path(one.path) for one in differences(desired, live, rules.comparison)}
    if is_mark(approved.path, rules):
        return State.ALREADY if is_ours(live, rules.store) else State.STALE
    if approved.path not in left and not (approved.path.name == TAGS.name and TAGS in left):
        return State.ALREADY
    channel = approved.channel
    return State.STALE if channel is None else _stale(live.consent(channel))


def _is_asked(
    step: Step, approved: ApprovedField, desired: DesiredCustomer, rules: StoreRules
) -> bool:
    """Whether the entry still wants of a field what was approved; of a consent, any that goes the
    same way.
    """
    if approved.path.is_consent:
        wanted = desired.consent(Channel(approved.path.member))
        if wanted is None:
            return desired.absent
        out = wanted.state is ConsentState.UNSUBSCRIBED
        return not out if approved.risk is RiskClass.GRANT or approved.moves else out
    if is_mark(approved.path, rules):
        return desired.claims
    if approved.path.name == TAGS.name:
        return _are_tags_asked(approved, desired.tags, rules)
    store, alias = step.change.store, step.change.alias
    return any(
        stated_digest(rules.pseudonyms, store, alias, one) == approved.stated
        for one in statements(desired, rules.comparison)
    )


def _are_tags_asked(approved: ApprovedField, intent: Managed[TagIntent], rules: StoreRules) -> bool:
    """Of tags that look personal both sides are aliases."""
    if intent is UNMANAGED:
        return False
    text = rules.pseudonyms.text
    present, absent = (
        {tag_key(text(tag)) for tag in tags} for tags in (intent.present, intent.absent)
    )
    added, removed = ({tag_key(tag) for tag in tags} for tags in (approved.added, approved.removed))
    if not added <= present or not removed.isdisjoint(present):
        return False
    if intent.exact:
        return True
    others = {tag for tag in removed - absent if not intent.has_in_sets(tag)}
    return not others or others <= {tag_key(text(tag)) for tag in intent.unwanted}


def _consent_state(
    approved: ApprovedField, desired: DesiredCustomer, live: LiveCustomer, rules: StoreRules
) -> State:
    channel = Channel(approved.path.member)
    wanted, now = desired.consent(channel), live.consent(channel)
    if wanted is None or wanted.state is ConsentState.UNSUBSCRIBED:
        never = now.state is ConsentState.NOT_SUBSCRIBED
        out = now.state is ConsentState.UNSUBSCRIBED
        settled = out or (never and channel not in rules.table.records_refusal)
        return State.ALREADY if settled else State.STALE
    if approved.moves:
        return State.ALREADY if now.state is wanted.state else _stale(now)
    if now.state is wanted.state:
        return State.ALREADY
    if wanted.state is ConsentState.SUBSCRIBED and now.state is ConsentState.PENDING:
        return State.PENDING
    return _stale(now)


def _stale(now: LiveConsent) -> State:
    return State.OPTED_OUT if now.state is ConsentState.UNSUBSCRIBED else State.STALE
