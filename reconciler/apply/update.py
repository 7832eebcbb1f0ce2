"""Steps that change a customer who exists: read again, decide, write, read back."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from reconciler.apply.chain import continued
from reconciler.apply.circuit import Circuit
from reconciler.apply.completing import as_asked
from reconciler.apply.customers import Customers
from reconciler.apply.elsewhere import overhear, overheard
from reconciler.apply.left_open import verified
from reconciler.apply.notes import Notes
from reconciler.apply.patch import patch_for
from reconciler.apply.proofs import Proofs
from reconciler.apply.recheck import Recheck, recheck
from reconciler.apply.reread import Rereads
from reconciler.apply.resubscription import take_out
from reconciler.apply.siblings import Siblings
from reconciler.apply.silence import silences
from reconciler.apply.verify import ReadBack, compare, told, unknown, worst
from reconciler.apply.window import cut_off_window, open_window
from reconciler.apply.write_step import PASSING, TRIES, Tried
from reconciler.clock import Clock
from reconciler.errors import PlatformError, Rejected
from reconciler.model.consent import ConsentState
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.plan.changes import ConsentChange, FieldChange
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.sayings import Saying, grants, left, opt_outs, withdrawals
from reconciler.plan.steps import Step, StepKind
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import Writer
from reconciler.state.journal import OurWrites

SECOND_LOOK: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The record to write from, what is to be written and what is settled already.

    `moved` tells what others changed since the plan, `asked_at` when the record was asked for.
    """

    live: LiveCustomer
    found: Recheck
    moved: tuple[str, ...]
    asked_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """After every try that may have failed it reads and decides again.

    `own` is what our earlier writes left of this customer, `cut_off` says that an earlier run noted
    this intent, `moved_on` that the specs at hand are not those that the plan was made of.
    """

    tries: ClassVar[int] = TRIES
    passing: ClassVar[tuple[type[PlatformError], ...]] = PASSING
    sent_before: ClassVar[bool] = False

    step: Step
    desired: DesiredCustomer
    remote_id: str
    client: Writer
    rules: StoreRules
    siblings: Siblings
    clock: Clock
    rereads: Rereads
    own: OurWrites | None
    customers: Customers
    notes: Notes
    circuit: Circuit
    proofs: Proofs
    cut_off: bool
    moved_on: bool

    def look(self, tried: Tried) -> Ground | StepOutcome:
        step = self.step
        asked_at = self.clock.monotonic()
        live = self._reread()
        if live is None:
            return StepOutcome(step=step, state=State.STALE, message="the customer is gone")
        overhear(step, live, self.rules)
        if why := self.siblings.unheard(step, self.desired, live, self.rules):
            return StepOutcome(step=step, state=State.NOT_REACHED, message=why)
        found = recheck(step, self.desired, live, self.own, self.rules)
        moved = (*_moved_since_plan(step, live, self.own), *self._unapproved(found))
        if found.write:
            return Ground(live=live, found=found, moved=moved, asked_at=asked_at)
        outcome = _nothing_to_write(step, found, tried, live)
        window = cut_off_window(outcome) if tried.lost or self.cut_off else ()
        return replace(outcome, noticed=(*moved, *window))

    def _unapproved(self, found: Recheck) -> Iterator[str]:
        """What the specs ask for since the plan was made, for the next one."""
        if self.moved_on and found.unapproved:
            names = ", ".join(map(str, found.unapproved))
            yield f"asked for and not approved, left for the next plan: {names}"

    def allowed(self, ground: Ground) -> bool:
        return self.notes.intends(self.step, ground.live, self._sayings(ground))

    def _sayings(self, ground: Ground) -> list[Saying]:
        """Who is out, and whom this write takes out; what our own writes left is no news."""
        live = ground.live
        ours = {} if self.own is None else self.own.after
        seen = [
            (person, act)
            for person, act in opt_outs(live, self.rules)
            if ours.get(person.channel) != live.consent(person.channel)
        ]
        seen += overheard(self.step, live, self.rules)
        out: Iterable[Saying] = ()
        if self.step.kind is StepKind.WITHDRAW:
            now = self.clock.now()
            out = withdrawals(ground.found.write, self.desired, live, self.rules, now)
        return [*seen, *out]

    def send(self, ground: Ground) -> None:
        patch = patch_for(self.step.kind, ground.found.write, self.clock)
        self.client.update(ground.live, replace(patch, unproven=not self.circuit.keeps_the_rest))

    def check(self, ground: Ground) -> StepOutcome:
        unseen = self.clock.monotonic() - ground.asked_at
        outcome = verified(self.step, self.remote_id, lambda: self._read_back(ground), self.circuit)
        window = open_window(ground.found.write, outcome, unseen)
        return replace(outcome, noticed=(*ground.moved, *window, *outcome.noticed))

    def shown(self, ground: Ground, back: LiveCustomer) -> StepOutcome | None:
        """What a record that was read with others shows of an answered write; None where that is
        anything but the change and nothing else: then its own page has to tell.
        """
        seen = self._compared(ground, back)
        if seen.collateral or seen.noticed or seen.resubscribed or not seen.took:
            return None
        return replace(self._ended(ground, back, seen), noticed=ground.moved)

    def after_error(self, error: PlatformError, ground: Ground, tried: Tried) -> None:
        """The next look tells."""

    def _reread(self) -> LiveCustomer | None:
        """The record to decide on, read right before; None where there is none any more."""
        live = self.rereads.look(self.remote_id)
        if live is not None and _shows_old(self.own, live):
            self.clock.sleep(SECOND_LOOK)
            live = self.client.read(self.remote_id)
        return self._as_told(live, of=live) if live is not None else None

    def _as_told(self, live: LiveCustomer, of: LiveCustomer) -> LiveCustomer:
        """A record with what the step is about and no record tells; and told as much of as the
        one before the write, which is told of who acted where that decides.
        """
        live = as_asked(self.step, live, self.client, self.rules.table)
        if not _may_overturn(self.step, of):
            return live
        (with_actors,), _ = self.client.with_actors((live,))
        return with_actors

    def _read_again(self, live: LiveCustomer) -> LiveCustomer | None:
        back = self.client.read(live.remote_id)
        return self._as_told(back, of=live) if back is not None else None

    def _read_back(self, ground: Ground) -> StepOutcome:
        live = ground.live
        back = self._read_again(live)
        if back is None:
            return StepOutcome(
                step=self.step,
                state=State.UNVERIFIED,
                remote_id=live.remote_id,
                message="the customer was gone when it was read back",
            )
        seen = self._compared(ground, back)
        if not seen.took:
            # Some stores show a write late, and some show one that does not last.
            self.clock.sleep(SECOND_LOOK)
            back = self._read_again(live) or back
            seen = self._compared(ground, back)
        if seen.resubscribed or seen.collateral:
            # Somebody's own act is told apart from our doing, where the store knows who acted.
            (with_actors,), _ = self.client.with_actors((back,))
            seen = self._compared(ground, with_actors)
        if seen.resubscribed:
            back, lost = self._taken_out(back, seen)
            seen = replace(seen, collateral=(*seen.collateral, lost))
        return self._ended(ground, back, seen)

    def _ended(self, ground: Ground, back: LiveCustomer, seen: ReadBack) -> StepOutcome:
        live, found = ground.live, ground.found
        chain = continued(self.own, live, back, found.write, self.step.kind)
        self.customers.wrote(self.step, chain)
        if seen.collateral:
            self.circuit.stop(
                "our own write, or somebody in the same moment, changed what it should not: "
                f"{'; '.join(seen.collateral)}"
            )
        else:
            self.circuit.proven = True
            if seen.took and _leaves_out(found.write, live):
                self.circuit.keeps_the_rest = True
            if seen.took:
                self.proofs.add(self.step.kind, found.write, live)
        done = {path for path, state in seen.fields if state is State.DONE}
        self._note_consents([one for one in found.write if one.path in done], live, back)
        fields = (*found.settled, *seen.fields)
        return StepOutcome(
            step=self.step,
            state=worst(fields),
            remote_id=live.remote_id,
            fields=fields,
            message=told(fields, seen.collateral, live, back),
            collateral=seen.collateral,
            noticed=seen.noticed,
            silences=tuple(silences(self.step, done, live, self.rules, self.clock.now())),
        )

    def _note_consents(
        self, done: Iterable[FieldChange], live: LiveCustomer, back: LiveCustomer
    ) -> None:
        """What was read back of a step's opt-ins, and of what its write made look like opt-outs."""
        consents = [one for one in done if isinstance(one, ConsentChange)]
        granting = self.step.kind is StepKind.GRANT
        yes = [one for one in consents if one.wanted.state is ConsentState.SUBSCRIBED and granting]
        out = [one.channel for one in consents if not granting]
        now = self.clock.now()
        self.notes.says((*grants(yes, back, self.rules), *left(live, back, out, self.rules, now)))

    def _compared(self, ground: Ground, back: LiveCustomer) -> ReadBack:
        written = ground.found.write
        return compare(ground.live, back, written, self.desired, self.rules, self.step.kind)

    def _taken_out(self, back: LiveCustomer, seen: ReadBack) -> tuple[LiveCustomer, str]:
        """The record once the store's own rises are taken back, and what that is in words."""
        channels = seen.resubscribed
        back, left = take_out(self.step, back, channels, self.client, self.clock, self.circuit)
        told_out = "could not be taken back" if left else "was taken back"
        return back, f"the rise of {' and '.join(channels)} {told_out}"


def _leaves_out(write: Iterable[FieldChange], live: LiveCustomer) -> bool:
    """Whether a write left something out that the record had, and that a store which replaces would
    have emptied. Tags may have gone along, and a store may keep contacts whatever it is sent.
    """
    written = {one.path.name for one in write}
    return any(
        live.scalar(name) is not None and name not in written
        for name in ("first_name", "last_name", "note")
    )


def one_by_one(step: Step, carry_out: Callable[[Step], StepOutcome]) -> StepOutcome:
    """Opt-outs that a store refuses together: what it refuses of one does not delay another."""
    outcomes = []
    for approved in step.fields:
        try:
            outcomes.append(carry_out(replace(step, fields=(approved,))))
        except Rejected as error:
            refused = ((approved.path, State.FAILED),)
            outcomes.append(
                StepOutcome(step=step, state=State.FAILED, message=error.message, fields=refused)
            )
    fields = tuple(one for outcome in outcomes for one in outcome.fields)
    return StepOutcome(
        step=step,
        state=worst(fields),
        remote_id=step.change.remote_id,
        fields=fields,
        message=", ".join(outcome.message for outcome in outcomes if outcome.message),
        collateral=tuple(one for outcome in outcomes for one in outcome.collateral),
        noticed=tuple(one for outcome in outcomes for one in outcome.noticed),
    )


def _moved_since_plan(step: Step, live: LiveCustomer, own: OurWrites | None) -> tuple[str, ...]:
    """Consents that somebody changed since the plan, in words; those that the step writes are its
    own matter, and what our own writes left is nobody's change.
    """
    writes = {one.path for one in step.fields}
    found = []
    for channel, had in step.change.seen:
        has = live.consent(channel)
        ours = own is not None and own.after.get(channel) == has
        if has.state is not had and not ours and FieldPath.of_consent(channel) not in writes:
            found.append(f"the {channel} consent went from {had} to {has.state} since the plan")
    return tuple(found)


def _may_overturn(step: Step, live: LiveCustomer) -> bool:
    """Whether who acted decides: a step grants to somebody who is out since nobody knows when, or
    takes out somebody whose yes may be their own and later than another store's no.
    """
    if any(one.elsewhere is not None for one in step.fields):
        return True
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


def _nothing_to_write(step: Step, found: Recheck, tried: Tried, live: LiveCustomer) -> StepOutcome:
    """All settled before a write; after a lost answer *already* means that it was done."""
    fields = tuple(
        (name, State.DONE if tried.lost and state is State.ALREADY else state)
        for name, state in found.settled
    )
    return StepOutcome(
        step=step, state=worst(fields), fields=fields, message="; ".join(unknown(fields, live))
    )
