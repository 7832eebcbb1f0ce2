"""Steps that create: look first, create once, look again where the answer was lost, read back."""

from typing import Final

from reconciler.apply.bench import LOST, Bench, StoreLeft, told, worst
from reconciler.apply.patch import patch_for
from reconciler.apply.resubscription import take_out
from reconciler.apply.verify import taken
from reconciler.errors import OutcomeUnknown, PlatformError, RateLimited, Rejected
from reconciler.model.consent import Actor, Channel, ConsentState
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.identity import IdentityKind, spellings
from reconciler.model.settings import RiskClass
from reconciler.plan.approved import field_digest
from reconciler.plan.changes import ConsentChange, FieldChange
from reconciler.plan.consent_rules import is_told
from reconciler.plan.customer import plan_customer
from reconciler.plan.match import in_doubt, may_meet, meets
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step, StepKind
from reconciler.platforms.base import LookupImpossible
from reconciler.state.journal import Consents, Event, OurWrites, consents_json

LATEST_SIGHT: Final = 10.0
_EXISTS: Final = "a customer with this identity exists by now"
_UNTOLD: Final = (
    "the answer to an earlier create was lost, and a customer there, of whom the store tells "
    "neither e-mail nor phone, may be the one; look in the store before you plan again"
)


def create(bench: Bench, step: Step, desired: DesiredCustomer) -> StepOutcome:
    changes = _planned(bench, step, desired)
    if len(changes) != len(step.fields):
        return StepOutcome(step=step, state=State.STALE, message="its entry asks otherwise now")
    known = bench.created.get(step.change.alias)
    if known is not None:
        return _recovered(bench, step, desired, changes, known)
    if _was_made_before(bench, step, desired):
        return StepOutcome(step=step, state=State.STALE, message=_EXISTS)
    ours = _may_be_ours(bench, step)
    there = _wait_for(bench, desired) if ours else _look_up(bench, desired)
    if there:
        if ours and len(there) == 1:
            return _recovered(bench, step, desired, changes, there[0].remote_id)
        return _exists(bench, step, desired, *there)
    return _make(bench, step, desired, changes, sent=ours)


def _make(
    bench: Bench,
    step: Step,
    desired: DesiredCustomer,
    changes: tuple[FieldChange, ...],
    *,
    sent: bool,
) -> StepOutcome:
    """Sends the create; where the answer is lost, looks for the customer before the one repeat.

    `sent` says that an earlier run sent it and never learned what became of it: a refusal may then
    be for the customer that was made by that.
    """
    for attempt in (1, 2):
        if bench.over():
            if sent:
                return StepOutcome(step=step, state=State.UNKNOWN, message=LOST)
            raise StoreLeft
        bench.intend(step)
        try:
            remote_id = bench.client.create(patch_for(step.kind, changes, bench.clock))
        except Rejected as error:
            if sent:
                return _refused_after_sending(bench, step, desired, changes)
            if _look_up(bench, desired):
                return StepOutcome(step=step, state=State.STALE, message=_EXISTS)
            raise error from None
        except RateLimited as error:
            if attempt == 2:
                raise
            bench.rest(error.retry_after or 1.0)
            continue
        except OutcomeUnknown:
            sent = True
            try:
                found = _wait_for(bench, desired)
            except PlatformError as error:
                return bench.failed(step, error, State.UNKNOWN)
            if not found and attempt == 2:
                raise
            if not found:
                continue
            return _recovered(bench, step, desired, changes, found[0].remote_id)
        return _created_as(bench, step, desired, changes, remote_id)
    raise AssertionError("the second try returns or raises")


def _refused_after_sending(
    bench: Bench, step: Step, desired: DesiredCustomer, changes: tuple[FieldChange, ...]
) -> StepOutcome:
    try:
        found = _wait_for(bench, desired)
    except PlatformError as error:
        return bench.failed(step, error, State.UNKNOWN)
    if len(found) == 1:
        return _recovered(bench, step, desired, changes, found[0].remote_id)
    why = "the store refuses it as if it had been made before, and does not show it yet"
    return StepOutcome(step=step, state=State.UNKNOWN, message=why)


def _was_made_before(bench: Bench, step: Step, desired: DesiredCustomer) -> bool:
    """Whether an earlier plan made this customer, who may not show in lists and searches yet."""
    remote_id = bench.made_before.get(step.change.alias)
    live = bench.client.read(remote_id) if remote_id is not None else None
    return live is not None and may_meet(desired, live, bench.rules.comparison.region)


def _exists(
    bench: Bench, step: Step, desired: DesiredCustomer, *there: LiveCustomer
) -> StepOutcome:
    """Nothing is left where the one who is there is all that was approved, as after a run whose
    journal was lost; anybody else stands in the way.
    """
    stale = StepOutcome(step=step, state=State.STALE, message=_EXISTS)
    if len(there) != 1:
        return stale
    remote_id = there[0].remote_id
    live = bench.client.read(remote_id)
    if live is None or not meets(desired, live, bench.rules.comparison.region):
        return stale
    found = plan_customer(desired, live, bench.rules)
    differing = {one.path for one in found.change.fields} if found.change is not None else set()
    approved = {one.path for one in step.fields}
    if any(one.in_force for one in found.verdicts):
        return stale
    if approved & {bench.rules.pseudonyms.path(one) for one in differing}:
        return stale
    with bench.lock:
        bench.created[step.change.alias] = remote_id
    fields = tuple((one.path, State.ALREADY) for one in step.fields)
    return StepOutcome(step=step, state=State.ALREADY, remote_id=remote_id, fields=fields)


def _may_be_ours(bench: Bench, step: Step) -> bool:
    """Whether an earlier run sent this create and never learned that it was refused."""
    sent = step.id in bench.past.intended
    return sent and bench.past.ended.get(step.id) in (None, State.UNKNOWN, State.UNVERIFIED)


def _planned(bench: Bench, step: Step, desired: DesiredCustomer) -> tuple[FieldChange, ...]:
    customer_plan = plan_customer(desired, None, bench.rules)
    if customer_plan.change is None:
        return ()
    wanted = {one.digest for one in step.fields}
    store, alias = step.change.store, step.change.alias
    return tuple(
        one
        for one in customer_plan.change.fields
        if field_digest(bench.rules.pseudonyms, store, alias, one) in wanted
    )


def _created_as(
    bench: Bench,
    step: Step,
    desired: DesiredCustomer,
    changes: tuple[FieldChange, ...],
    remote_id: str,
) -> StepOutcome:
    """From here on the customer is ours, whatever becomes of reading it back."""
    with bench.lock:
        bench.created[step.change.alias] = remote_id
    _note(bench, step, remote_id, {})
    try:
        return _read_back(bench, step, desired, changes, remote_id)
    except PlatformError as error:
        return bench.failed(step, error, State.UNVERIFIED, remote_id)


def _recovered(
    bench: Bench,
    step: Step,
    desired: DesiredCustomer,
    changes: tuple[FieldChange, ...],
    remote_id: str,
) -> StepOutcome:
    """The same for one whose create was not answered, and who may have opted out until now.

    A store with one word for that and for never asked tells it by the time alone.
    """
    outcome = _created_as(bench, step, desired, changes, remote_id)
    own = bench.own.get(step.change.alias)
    if own is None:
        return outcome
    untouched = {
        channel: one
        for channel, one in own.after.items()
        if not (one.is_dated_never() and bench.rules.blurs(channel, one))
    }
    if untouched != own.after:
        bench.own[step.change.alias] = OurWrites(before=None, after=untouched)
        _note(bench, step, remote_id, untouched)
    return outcome


def _read_back(
    bench: Bench,
    step: Step,
    desired: DesiredCustomer,
    changes: tuple[FieldChange, ...],
    remote_id: str,
) -> StepOutcome:
    """Reads a new customer back, and takes out again whoever the store subscribed by itself."""
    back = bench.client.read(remote_id)
    if back is None:
        return StepOutcome(
            step=step,
            state=State.UNVERIFIED,
            remote_id=remote_id,
            message="the new customer could not be read back",
        )
    noticed: tuple[str, ...] = ()
    collateral: tuple[str, ...] = ()
    resubscribed = _resubscribed(bench, step, back)
    if resubscribed:
        (back,), _ = bench.client.with_actors((back,))
        resubscribed = _resubscribed(bench, step, back)
    if resubscribed:
        back, left = take_out(bench, back, resubscribed)
        noticed = (
            f"the store subscribes new customers to {' and '.join(resubscribed)} by itself; "
            "that was taken back",
        )
        if left:
            collateral = (f"the store subscribed a new customer to {' and '.join(left)}",)
            bench.stop(collateral[0])
    owed = tuple(
        one
        for one in changes
        if isinstance(one, ConsentChange)
        and one.withdraws
        and not taken(one, None, back, desired, bench.rules, StepKind.WITHDRAW).good
    )
    if owed:
        untold = tuple(
            channel
            for channel in Channel
            if not is_told(back.consent(channel), back.contact(channel))
        )
        back, _ = take_out(bench, back, (*untold, *(one.channel for one in owed)))
    bench.own[step.change.alias] = OurWrites(before=None, after=dict(back.consents))
    _note(bench, step, remote_id, dict(back.consents))
    fields = tuple(
        (
            bench.rules.pseudonyms.path(one.path),
            taken(one, None, back, desired, bench.rules, step.kind),
        )
        for one in changes
    )
    return StepOutcome(
        step=step,
        state=worst(fields),
        remote_id=remote_id,
        fields=fields,
        message=told(fields, ()),
        noticed=noticed,
        collateral=collateral,
    )


def _note(bench: Bench, step: Step, remote_id: str, after: Consents) -> None:
    """The new customer's id, and the consents that it was left with as far as they were read."""
    bench.journal.write(
        Event.WRITTEN,
        step=step.id,
        customer=step.change.alias,
        created=remote_id,
        before=None,
        after=consents_json(after),
    )


def _resubscribed(bench: Bench, step: Step, back: LiveCustomer) -> tuple[Channel, ...]:
    """Channels that the store subscribed by itself; the person's own act is none of it."""
    return tuple(
        channel
        for channel, consent in back.consents
        if consent.state in (ConsentState.SUBSCRIBED, ConsentState.PENDING)
        and consent.actor is not Actor.PERSON
        and not _granted_next(bench, step, channel)
    )


def _granted_next(bench: Bench, step: Step, channel: Channel) -> bool:
    """Whether the same apply carries out an approved grant of this consent."""
    return (not bench.only or RiskClass.GRANT in bench.only) and any(
        one.path == FieldPath.of_consent(channel) and one.risk is RiskClass.GRANT
        for one in step.change.fields
    )


def _look_up(bench: Bench, desired: DesiredCustomer) -> tuple[LiveCustomer, ...]:
    """Whoever bears an identity of the entry in any spelling, or may.

    By look-ups of what can be looked up; where that is nothing, or the store's search answers
    nonsense, by a full scan.
    """
    found = _by_look_up(bench, desired)
    return _scanned(bench, desired)[0] if found is None else found


def _by_look_up(bench: Bench, desired: DesiredCustomer) -> tuple[LiveCustomer, ...] | None:
    """None where this store cannot be asked for any of the identities."""
    possible = [one for one in desired.identities if one.kind in bench.client.capabilities.looks_up]
    try:
        found = [
            bench.client.find_now(one, spelling)
            for one in possible
            if one.kind is not IdentityKind.ID
            for spelling in spellings(one)
        ]
    except LookupImpossible:
        return None
    by_id = {live.remote_id: live for one in found for live in (*one.customers, *one.withheld)}
    return tuple(by_id.values()) if found else None


def _scanned(bench: Bench, desired: DesiredCustomer) -> tuple[tuple[LiveCustomer, ...], bool]:
    """Whom the list shows, and whether somebody there tells neither e-mail nor phone."""
    region = bench.rules.comparison.region
    met, untold = [], False
    for page in bench.client.scan():
        for live in page.customers:
            untold = untold or (live.email is None and live.phone is None)
            if meets(desired, live, region) or in_doubt(desired, live, region):
                met.append(live)
    return tuple(met), untold


def _wait_for(bench: Bench, desired: DesiredCustomer) -> tuple[LiveCustomer, ...]:
    """A create whose answer was lost may show up late: look for it for ten seconds.

    Raises `OutcomeUnknown` where nobody is found and somebody there may be the one who was made,
    because the store tells no contact of them.
    """
    end = bench.clock.monotonic() + LATEST_SIGHT
    while True:
        found, untold = _by_look_up(bench, desired), False
        if found is None:
            found, untold = _scanned(bench, desired)
        if found:
            return found
        if bench.clock.monotonic() >= end:
            break
        bench.clock.sleep(1.0)
    if untold:
        raise OutcomeUnknown(
            _UNTOLD, store=bench.rules.store.name, doing="looking for the new customer"
        )
    return ()
