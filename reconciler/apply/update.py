"""Steps that change a customer who exists: read again, decide, write, read back."""

from dataclasses import replace
from typing import Final

from reconciler.apply.bench import LOST, TRIES, Bench, StoreLeft, told, worst
from reconciler.apply.patch import patch_for
from reconciler.apply.recheck import Recheck, recheck
from reconciler.apply.reread import look
from reconciler.apply.resubscription import take_out
from reconciler.apply.verify import compare
from reconciler.apply.window import cut_off_window, open_window
from reconciler.errors import OutcomeUnknown, PlatformError, RateLimited, Rejected, Unavailable
from reconciler.model.consent import Actor, ConsentState, LiveConsent
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.plan.changes import (
    ConsentChange,
    FieldChange,
)
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step, StepKind
from reconciler.state.journal import Consents, Event, OurWrites, consents_json

SECOND_LOOK: Final = 3.0


def update(bench: Bench, step: Step, desired: DesiredCustomer, remote_id: str) -> StepOutcome:
    try:
        return _decided(bench, step, desired, remote_id)
    except Rejected:
        if step.kind is not StepKind.WITHDRAW or len(step.fields) == 1:
            raise
    return _one_by_one(bench, step, desired, remote_id)


def _decided(bench: Bench, step: Step, desired: DesiredCustomer, remote_id: str) -> StepOutcome:
    """Reads, decides and writes; after every try that may have failed, reads and decides again."""
    wrote = False
    for attempt in range(1, TRIES + 1):
        began = bench.clock.monotonic()
        try:
            live = _ground(bench, step, remote_id)
        except PlatformError as error:
            if not wrote:
                raise
            return bench.failed(step, error, State.UNKNOWN, remote_id)
        if live is None:
            return StepOutcome(step=step, state=State.STALE, message="the customer is gone")
        moved = _moved_since_plan(bench, step, live)
        found = recheck(step, desired, live, bench.own.get(step.change.alias), bench.rules)
        if not found.write:
            outcome = _nothing_to_write(step, found, wrote=wrote)
            cut_off = wrote or step.id in bench.past.intended
            window = cut_off_window(outcome) if cut_off else ()
            return replace(outcome, noticed=(*moved, *window))
        try:
            _send(bench, step, live, found.write)
        except StoreLeft:
            if not wrote:
                raise
            return StepOutcome(step=step, state=State.UNKNOWN, message=LOST)
        except RateLimited as error:
            if attempt == TRIES:
                raise
            bench.rest(error.retry_after or float(attempt))
        except (OutcomeUnknown, Unavailable) as error:
            wrote = wrote or isinstance(error, OutcomeUnknown)
            if attempt == TRIES:
                raise
        else:
            unseen = bench.clock.monotonic() - began
            outcome = _verified(bench, step, desired, live, found)
            window = open_window(found.write, outcome, unseen)
            return replace(outcome, noticed=(*moved, *window, *outcome.noticed))
    raise AssertionError("the last try returns or raises")


def _moved_since_plan(bench: Bench, step: Step, live: LiveCustomer) -> tuple[str, ...]:
    """Consents that somebody changed since the plan, in words; those that the step writes are its
    own matter, and what our own writes left is nobody's change.
    """
    writes = {one.path for one in step.fields}
    own = bench.own.get(step.change.alias)
    found = []
    for channel, had in step.change.seen:
        has = live.consent(channel)
        ours = own is not None and own.after.get(channel) == has
        if has.state is not had and not ours and FieldPath.of_consent(channel) not in writes:
            found.append(f"the {channel} consent went from {had} to {has.state} since the plan")
    return tuple(found)


def _one_by_one(bench: Bench, step: Step, desired: DesiredCustomer, remote_id: str) -> StepOutcome:
    """Opt-outs that a store refuses together: what it refuses of one does not delay another."""
    outcomes = []
    for approved in step.fields:
        try:
            single = replace(step, fields=(approved,))
            outcomes.append(update(bench, single, desired, remote_id))
        except Rejected as error:
            refused = ((approved.path, State.FAILED),)
            outcomes.append(
                StepOutcome(step=step, state=State.FAILED, message=error.message, fields=refused)
            )
    fields = tuple(one for outcome in outcomes for one in outcome.fields)
    return StepOutcome(
        step=step,
        state=worst(fields),
        remote_id=remote_id,
        fields=fields,
        message=", ".join(outcome.message for outcome in outcomes if outcome.message),
        collateral=tuple(one for outcome in outcomes for one in outcome.collateral),
        noticed=tuple(one for outcome in outcomes for one in outcome.noticed),
    )


def _ground(bench: Bench, step: Step, remote_id: str) -> LiveCustomer | None:
    """The record to decide on, read right before; None where there is none any more."""
    bench.reserve_turn()
    live = look(bench, remote_id)
    if live is not None and _shows_old(bench.own.get(step.change.alias), live):
        bench.clock.sleep(SECOND_LOOK)
        live = bench.client.read(remote_id)
    if live is not None and _may_overturn(step, live):
        (live,), _ = bench.client.with_actors((live,))
    return live


def _may_overturn(step: Step, live: LiveCustomer) -> bool:
    """Whether a step grants to somebody who is out since nobody knows when: who acted decides."""
    return step.kind is StepKind.GRANT and any(
        consent.state is ConsentState.UNSUBSCRIBED and consent.at is None
        for _, consent in live.consents
    )


def _shows_old(own: OurWrites | None, live: LiveCustomer) -> bool:
    """Whether a record still shows as subscribed whom we have just taken out."""
    return own is not None and any(
        left.state is ConsentState.UNSUBSCRIBED
        and live.consent(channel).state is ConsentState.SUBSCRIBED
        for channel, left in own.after.items()
    )


def _nothing_to_write(step: Step, found: Recheck, *, wrote: bool) -> StepOutcome:
    """All settled before a write; after a lost answer *already* means that it was done."""
    fields = tuple(
        (name, State.DONE if wrote and state is State.ALREADY else state)
        for name, state in found.settled
    )
    return StepOutcome(step=step, state=worst(fields), fields=fields)


def _send(bench: Bench, step: Step, live: LiveCustomer, changes: tuple[FieldChange, ...]) -> None:
    if bench.over():
        raise StoreLeft
    bench.intend(step, live)
    bench.client.update(live, patch_for(step.kind, changes, bench.clock))


def _verified(
    bench: Bench, step: Step, desired: DesiredCustomer, live: LiveCustomer, found: Recheck
) -> StepOutcome:
    """Read back; a write that was answered well but cannot be read back is not called done."""
    try:
        return _read_back(bench, step, desired, live, found)
    except PlatformError as error:
        return bench.failed(step, error, State.UNVERIFIED, live.remote_id)


def _read_back(
    bench: Bench, step: Step, desired: DesiredCustomer, live: LiveCustomer, found: Recheck
) -> StepOutcome:
    remote_id = live.remote_id
    back = _as_told(bench, step, live, bench.client.read(remote_id))
    if back is None:
        why = "the customer was gone when it was read back"
        return StepOutcome(step=step, state=State.UNVERIFIED, remote_id=remote_id, message=why)
    seen = compare(live, back, found.write, desired, bench.rules, step.kind)
    if not all(state.good for _, state in seen.fields):
        # Some stores show a write late, and some show one that does not last.
        bench.clock.sleep(SECOND_LOOK)
        back = _as_told(bench, step, live, bench.client.read(remote_id)) or back
        seen = compare(live, back, found.write, desired, bench.rules, step.kind)
    if seen.resubscribed or seen.collateral:
        # Somebody's own act is told apart from our doing, where the store knows who acted.
        (with_actors,), _ = bench.client.with_actors((back,))
        seen = compare(live, with_actors, found.write, desired, bench.rules, step.kind)
    if seen.resubscribed:
        back, left = take_out(bench, back, seen.resubscribed)
        told_out = "could not be taken back" if left else "was taken back"
        seen = replace(
            seen,
            collateral=(
                *seen.collateral,
                f"the rise of {' and '.join(seen.resubscribed)} {told_out}",
            ),
        )
    _remember(bench, step, live, back, found.write)
    fields = (*found.settled, *seen.fields)
    if seen.collateral:
        bench.stop(
            "our own write, or somebody in the same moment, changed what it should not: "
            f"{'; '.join(seen.collateral)}"
        )
    else:
        bench.proven = True
    return StepOutcome(
        step=step,
        state=worst(fields),
        remote_id=remote_id,
        fields=fields,
        message=told(fields, seen.collateral),
        collateral=seen.collateral,
        noticed=seen.noticed,
    )


def _as_told(
    bench: Bench, step: Step, live: LiveCustomer, back: LiveCustomer | None
) -> LiveCustomer | None:
    """The record read back, told as much of as the one before it."""
    if back is None or not _may_overturn(step, live):
        return back
    (with_actors,), _ = bench.client.with_actors((back,))
    return with_actors


def _remember(
    bench: Bench,
    step: Step,
    live: LiveCustomer,
    back: LiveCustomer,
    written: tuple[FieldChange, ...],
) -> None:
    """Continues the chain of our own writes, channel by channel, where nobody else has acted.

    What our write did not ask for and may still be its doing (a blurred flag, a new time) stays in
    the chain; a state that moved, the person's own act and a newer opt-out do not. Nor does a no in
    answer to a grant: it may be somebody's, and what is granted again must be decided again.
    """
    alias = step.change.alias
    earlier = bench.own.get(alias)
    unbroken = earlier is not None and dict(earlier.after) == dict(live.consents)
    consents = [one for one in written if isinstance(one, ConsentChange)]
    asked = {one.channel for one in consents}
    granted = {one.channel for one in consents if step.kind is StepKind.GRANT}
    foreign = {
        channel
        for channel, has in back.consents
        if (channel not in asked and _acted(live.consent(channel), has))
        or (channel in granted and has.state is ConsentState.UNSUBSCRIBED)
    }
    now = dict(back.consents)
    if earlier is not None and unbroken and earlier.before is None:
        before: Consents | None = None
        now = {channel: one for channel, one in now.items() if channel not in foreign}
    else:
        known = earlier.before if earlier is not None and unbroken else None
        start = dict(known if known is not None else live.consents)
        before = {**start, **{channel: now[channel] for channel in foreign}}
    bench.own[alias] = OurWrites(before=before, after=now)
    bench.journal.write(
        Event.WRITTEN,
        step=step.id,
        customer=alias,
        before=consents_json(before),
        after=consents_json(now),
    )


def _acted(had: LiveConsent, has: LiveConsent) -> bool:
    """Whether a consent that we did not write shows somebody else's act."""
    if had.state is not has.state:
        return True
    if has.actor is Actor.PERSON and had.actor is not Actor.PERSON:
        return True
    return has.state is ConsentState.UNSUBSCRIBED and has.at != had.at
