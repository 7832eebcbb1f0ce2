"""Steps that change a customer who exists: read again, decide, write, read back."""

import math
from dataclasses import replace
from typing import Final

from reconciler.apply.bench import LOST, TRIES, Bench, StoreLeft, told, worst
from reconciler.apply.recheck import Recheck, recheck
from reconciler.apply.reread import look
from reconciler.apply.resubscription import take_out
from reconciler.apply.verify import compare
from reconciler.errors import OutcomeUnknown, PlatformError, RateLimited, Rejected, Unavailable
from reconciler.model.consent import Actor, ConsentState, Evidence, LiveConsent
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.identity import Identity
from reconciler.model.patch import ConsentWrite, Patch
from reconciler.model.tags import TagDelta
from reconciler.plan.changes import (
    AddressChange,
    ConsentChange,
    FieldChange,
    ScalarChange,
    TagChange,
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
            window = _cut_off_window(bench, step, outcome, wrote=wrote)
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
            window = _open_window(found.write, outcome, unseen)
            return replace(outcome, noticed=(*moved, *window, *outcome.noticed))
    raise AssertionError("the last try returns or raises")


def _open_window(
    written: tuple[FieldChange, ...], outcome: StepOutcome, unseen: float
) -> tuple[str, ...]:
    """What a grant that took cannot show: no platform writes on a condition, and the write stands
    over whatever was there. `unseen` is how long ago the record was asked for, in seconds.
    """
    took = {name for name, state in outcome.fields if state is State.DONE}
    channels = [
        one.channel
        for one in written
        if isinstance(one, ConsentChange)
        and one.wanted.state is ConsentState.SUBSCRIBED
        and one.path in took
    ]
    return tuple(
        f"an opt-out of {channel} in the last {_rounded_up(unseen)} before this opt-in was written "
        "cannot be ruled out: the read-back would not show it"
        for channel in channels
    )


def _cut_off_window(
    bench: Bench, step: Step, outcome: StepOutcome, *, wrote: bool
) -> tuple[str, ...]:
    """The same for an opt-in that stands because of a write whose answer nobody has seen."""
    if step.kind is not StepKind.GRANT or not (wrote or step.id in bench.past.intended):
        return ()
    return tuple(
        f"an opt-out of {path.channel} right before this opt-in was written cannot be ruled out: "
        "the write was cut off, and no reading would show it"
        for path, state in outcome.fields
        if path.channel is not None and state.good
    )


def _rounded_up(seconds: float) -> str:
    """To 1, 2 or 5 of a decade, so that like windows read alike."""
    for unit, name in ((0.001, "ms"), (1.0, "s")):
        for step in (1, 2, 5, 10, 20, 50, 100, 200, 500):
            if seconds <= step * unit:
                return f"{step} {name}"
    return f"{math.ceil(seconds)} s"


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
    bench.client.update(live, patch_for(bench, step, changes))


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


def patch_for(bench: Bench, step: Step, changes: tuple[FieldChange, ...]) -> Patch:
    """What to write for some changes of one customer."""
    contacts: list[Identity] = []
    patch = Patch()
    added: list[str] = []
    removed: list[str] = []
    for change in changes:
        if isinstance(change, ScalarChange) and change.written is not None:
            contacts.append(change.written)
        elif isinstance(change, ScalarChange):
            patch = replace(patch, scalars=(*patch.scalars, (change.path.name, change.after)))
        elif isinstance(change, TagChange):
            added.extend(change.delta.added)
            removed.extend(change.delta.removed)
        elif isinstance(change, AddressChange):
            patch = replace(patch, addresses=change.after)
        elif isinstance(change, ConsentChange):
            write = _consent_write(bench, step, change)
            patch = replace(patch, consents=(*patch.consents, (change.channel, write)))
    return replace(
        patch,
        contacts=tuple(contacts),
        tags=TagDelta(added=tuple(added), removed=tuple(removed)),
    )


def _consent_write(bench: Bench, step: Step, change: ConsentChange) -> ConsentWrite:
    """A withdrawal is dated now: an older date might lose against what the store knows."""
    if step.kind is StepKind.WITHDRAW or change.withdraws:
        evidence = Evidence(at=bench.clock.now(), source=change.wanted.evidence.source)
        return ConsentWrite(state=ConsentState.UNSUBSCRIBED, evidence=evidence)
    return ConsentWrite(state=change.wanted.state, evidence=change.wanted.evidence)
