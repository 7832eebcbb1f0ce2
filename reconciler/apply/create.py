"""Steps that create: look first, create once, look again where the answer was lost, read back."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from reconciler.apply.bearers import Bearers
from reconciler.apply.circuit import Circuit
from reconciler.apply.completing import Newcomer, as_asked
from reconciler.apply.customers import Customers
from reconciler.apply.left_open import verified
from reconciler.apply.notes import Notes
from reconciler.apply.patch import patch_for
from reconciler.apply.recheck import out_before
from reconciler.apply.resubscription import take_out
from reconciler.apply.verify import taken, told, worst
from reconciler.apply.write_step import Tried
from reconciler.clock import Clock
from reconciler.errors import OutcomeUnknown, PlatformError, RateLimited, Rejected
from reconciler.model.consent import Actor, Channel, ConsentState
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import CUSTOMER, FieldPath
from reconciler.model.settings import RiskClass
from reconciler.plan.approved import field_digest
from reconciler.plan.case import CustomerPlan
from reconciler.plan.changes import ConsentChange, FieldChange
from reconciler.plan.consent_rules import is_told
from reconciler.plan.contact import may_meet, meets
from reconciler.plan.customer import plan_customer
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.ownership import is_mark, is_ours
from reconciler.plan.sayings import left, withdrawals
from reconciler.plan.steps import Step, StepKind
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import Writer
from reconciler.state.journal import JournalState, OurWrites

Changes = tuple[FieldChange, ...]
_EXISTS: Final = "a customer with this identity exists by now"


@dataclass(slots=True, kw_only=True)
class Create:
    """Sent twice at most: where the answer is lost, the customer is looked for before the repeat.

    `known` is the customer where this plan has made them before; `made_before` whom an earlier plan
    made of the same entry, who may not show in lists and searches yet. `only` are the classes that
    this apply is for, `new_id` is what the store answered.
    """

    tries: ClassVar[int] = 2
    passing: ClassVar[tuple[type[PlatformError], ...]] = (RateLimited, OutcomeUnknown)

    step: Step
    desired: DesiredCustomer
    client: Writer
    rules: StoreRules
    clock: Clock
    bearers: Bearers
    customers: Customers
    notes: Notes
    circuit: Circuit
    only: Collection[RiskClass]
    sent_before: bool
    known: str | None
    made_before: str | None
    new_id: str = ""

    def look(self, tried: Tried) -> Changes | StepOutcome:
        found = plan_customer(self.desired, None, self.rules)
        changes = _planned(self.step, found, self.rules)
        if CUSTOMER in out_before(found, self.rules):
            return self._skipped(State.OUT_BEFORE, "the person was erased")
        if len(changes) != len(self.step.fields):
            return self._skipped(State.NOT_ASKED, "its entry asks otherwise now")
        if tried.count:
            return changes  # whoever is there was looked for, again where an answer was lost
        if self.known is not None:
            return self._made(self.known, changes)
        if self._was_made_before():
            return self._skipped(State.STALE, _EXISTS)
        there = (self.bearers.soon if self.sent_before else self.bearers.now)(self.desired)
        if not there:
            return changes
        if self.sent_before and len(there) == 1:
            return self._made(there[0].remote_id, changes)
        return self._exists(there)

    def allowed(self, ground: Changes) -> bool:
        out = withdrawals(ground, self.desired, None, self.rules, self.clock.now())
        return self.notes.intends(self.step, sayings=out)

    def send(self, ground: Changes) -> None:
        granted = frozenset(one for one in Channel if _granted_next(self.step, one, self.only))
        patch = patch_for(self.step.kind, ground, self.clock)
        self.new_id = self.client.create(replace(patch, granted_next=granted))

    def check(self, ground: Changes) -> StepOutcome:
        return self._made(self.new_id, ground)

    def after_error(
        self, error: PlatformError, ground: Changes, tried: Tried
    ) -> StepOutcome | None:
        if isinstance(error, OutcomeUnknown):
            found = self.bearers.soon(self.desired)
            return self._made(found[0].remote_id, ground) if found else None
        if not isinstance(error, Rejected):
            return None
        if tried.lost:
            return self._refused_after_sending(ground)
        return self._skipped(State.STALE, _EXISTS) if self.bearers.now(self.desired) else None

    def _refused_after_sending(self, changes: Changes) -> StepOutcome:
        """The refusal may be for the customer who was made by the write whose answer was lost."""
        found = self.bearers.soon(self.desired)
        if len(found) == 1:
            return self._made(found[0].remote_id, changes)
        why = "the store refuses it as if it had been made before, and does not show it yet"
        return self._skipped(State.UNKNOWN, why)

    def _was_made_before(self) -> bool:
        live = self.client.read(self.made_before) if self.made_before is not None else None
        return live is not None and may_meet(self.desired, live, self.rules.comparison.region)

    def _exists(self, there: tuple[LiveCustomer, ...]) -> StepOutcome:
        """Nothing is left where the one who is there is all that was approved, as after a run whose
        journal was lost; anybody else stands in the way.
        """
        live = self.client.read(there[0].remote_id) if len(there) == 1 else None
        if live is not None:
            live = as_asked(self.step, live, self.client, self.rules.table)
        if live is None or not _is_as_approved(self.step, self.desired, live, self.rules):
            return self._skipped(State.STALE, _EXISTS)
        self.customers.adopt(self.step.change.alias, there[0].remote_id)
        return StepOutcome(
            step=self.step,
            state=State.ALREADY,
            remote_id=there[0].remote_id,
            fields=tuple((one.path, State.ALREADY) for one in self.step.fields),
        )

    def _skipped(self, state: State, why: str) -> StepOutcome:
        return StepOutcome(step=self.step, state=state, message=why)

    def _made(self, remote_id: str, changes: Changes) -> StepOutcome:
        """From here on the customer is ours, whatever becomes of reading it back."""
        self.customers.made(self.step, remote_id)
        return verified(
            self.step, remote_id, lambda: self._read_back(remote_id, changes), self.circuit
        )

    def _read_back(self, remote_id: str, changes: Changes) -> StepOutcome:
        """Reads a new customer back, and takes out again whoever the store subscribed by itself."""
        back = self.client.read(remote_id)
        if back is None:
            return StepOutcome(
                step=self.step,
                state=State.UNVERIFIED,
                remote_id=remote_id,
                message="the new customer could not be read back",
            )
        back, noticed, collateral = self._without_resubscription(back)
        back = self._without_what_is_owed(back, changes)
        back, lost = self._newcomer().completed(back, changes)
        if lost:
            self.circuit.stop(f"our own write changed what it should not: {'; '.join(lost)}")
        # Where one word means never asked and opted out, only its time tells an opt-out since.
        untouched = {
            channel: one
            for channel, one in back.consents
            if not (one.is_dated_never() and self.rules.blurs(channel, one))
        }
        self.customers.wrote(self.step, OurWrites(before=None, after=untouched))
        self.notes.says(left(None, back, (), self.rules, self.clock.now()))
        fields = tuple(
            (self.rules.pseudonyms.path(one.path), self._taken(one, back, self.step.kind))
            for one in changes
        )
        return StepOutcome(
            step=self.step,
            state=worst(fields),
            remote_id=remote_id,
            fields=fields,
            message=told(fields, lost, back),
            noticed=noticed,
            collateral=(*collateral, *lost),
        )

    def _newcomer(self) -> Newcomer:
        return Newcomer(
            step=self.step,
            desired=self.desired,
            client=self.client,
            rules=self.rules,
            clock=self.clock,
        )

    def _without_resubscription(
        self, back: LiveCustomer
    ) -> tuple[LiveCustomer, tuple[str, ...], tuple[str, ...]]:
        """The record once nobody is subscribed by the store itself; what is noticed, and lost."""
        channels = _resubscribed(self.step, back, self.only)
        if channels:
            (back,), _ = self.client.with_actors((back,))
            channels = _resubscribed(self.step, back, self.only)
        if not channels:
            return back, (), ()
        back, left = self._taken_out(back, channels)
        noticed = (
            f"the store subscribes new customers to {' and '.join(channels)} by itself; "
            "that was taken back"
        )
        if not left:
            return back, (noticed,), ()
        lost = f"the store subscribed a new customer to {' and '.join(left)}"
        self.circuit.stop(lost)
        return back, (noticed,), (lost,)

    def _without_what_is_owed(self, back: LiveCustomer, changes: Changes) -> LiveCustomer:
        """The record once every opt-out of the entry is written, if the create left one out."""
        owed = tuple(
            one.channel
            for one in changes
            if isinstance(one, ConsentChange)
            and one.withdraws
            and not self._taken(one, back, StepKind.WITHDRAW).good
        )
        if not owed:
            return back
        untold = tuple(
            channel
            for channel in Channel
            if not is_told(back.consent(channel), back.contact(channel))
        )
        return self._taken_out(back, (*untold, *owed))[0]

    def _taken(self, change: FieldChange, back: LiveCustomer, kind: StepKind) -> State:
        return taken(change, None, back, self.desired, self.rules, kind)

    def _taken_out(
        self, back: LiveCustomer, channels: tuple[Channel, ...]
    ) -> tuple[LiveCustomer, tuple[Channel, ...]]:
        return take_out(self.step, back, channels, self.client, self.clock, self.circuit)


def may_be_ours(step: Step, past: JournalState) -> bool:
    """Whether an earlier run sent this create and never learned that it was refused."""
    sent = step.id in past.intended
    return sent and past.ended.get(step.id) in (None, State.UNKNOWN, State.UNVERIFIED)


def _planned(step: Step, customer_plan: CustomerPlan, rules: StoreRules) -> Changes:
    if customer_plan.change is None:
        return ()
    wanted = {one.digest for one in step.fields}
    store, alias = step.change.store, step.change.alias
    return tuple(
        one
        for one in customer_plan.change.fields
        if field_digest(rules.pseudonyms, store, alias, one) in wanted
    )


def _is_as_approved(
    step: Step, desired: DesiredCustomer, live: LiveCustomer, rules: StoreRules
) -> bool:
    """Whether a customer bears the entry's identities, and nothing approved is left to write."""
    if not meets(desired, live, rules.comparison.region):
        return False
    if any(is_mark(one.path, rules) for one in step.fields) and not is_ours(live, rules.store):
        return False
    found = plan_customer(desired, live, rules)
    if any(one.in_force for one in found.verdicts):
        return False
    differing = found.change.fields if found.change is not None else ()
    left = {rules.pseudonyms.path(one.path) for one in differing}
    return left.isdisjoint(one.path for one in step.fields)


def _resubscribed(
    step: Step, back: LiveCustomer, only: Collection[RiskClass]
) -> tuple[Channel, ...]:
    """Channels that the store subscribed by itself; the person's own act is none of it."""
    return tuple(
        channel
        for channel, consent in back.consents
        if consent.state in (ConsentState.SUBSCRIBED, ConsentState.PENDING)
        and consent.actor is not Actor.PERSON
        and not _granted_next(step, channel, only)
    )


def _granted_next(step: Step, channel: Channel, only: Collection[RiskClass]) -> bool:
    """Whether the same apply carries out an approved grant of this consent."""
    return (not only or RiskClass.GRANT in only) and any(
        one.path == FieldPath.of_consent(channel) and one.risk is RiskClass.GRANT
        for one in step.change.fields
    )
