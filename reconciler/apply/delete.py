"""Steps that delete: only a customer who still bears the identities that the spec names."""

from dataclasses import dataclass
from typing import ClassVar

from reconciler.apply.circuit import Circuit
from reconciler.apply.left_open import verified
from reconciler.apply.notes import Notes
from reconciler.apply.reread import Rereads
from reconciler.apply.write_step import PASSING, TRIES, Tried
from reconciler.errors import CustomerNotFound, PlatformError, Rejected
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import CUSTOMER
from reconciler.model.settings import RiskClass
from reconciler.plan.approved import ApprovedChange
from reconciler.plan.changes import Presence
from reconciler.plan.contact import keys_of
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.ownership import is_left_to_others, is_ours
from reconciler.plan.pairing import is_another
from reconciler.plan.sayings import erasures, opt_outs
from reconciler.plan.steps import Step
from reconciler.plan.store_rules import StoreRules
from reconciler.platforms.base import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """After every try that may have failed it reads and decides again."""

    tries: ClassVar[int] = TRIES
    passing: ClassVar[tuple[type[PlatformError], ...]] = PASSING
    sent_before: ClassVar[bool] = False

    step: Step
    desired: DesiredCustomer
    remote_id: str
    client: Writer
    rules: StoreRules
    rereads: Rereads
    notes: Notes
    circuit: Circuit

    def look(self, tried: Tried) -> LiveCustomer | StepOutcome:
        if not self.desired.absent:
            return StepOutcome(
                step=self.step, state=State.NOT_ASKED, message="its entry wants the customer back"
            )
        live = self.rereads.look_alone(self.remote_id)
        if live is None:
            return self._ended(State.DONE if tried.count else State.ALREADY, None)
        why = _moved(self.step.change, self.desired, live, self.rules)
        if why:
            return StepOutcome(step=self.step, state=State.STALE, message=why)
        return live

    def allowed(self, ground: LiveCustomer) -> bool:
        """With the record goes what it says of opt-outs, so that is in the register before."""
        return self.notes.intends(self.step, sayings=opt_outs(ground, self.rules))

    def send(self, ground: LiveCustomer) -> None:
        self.client.delete(ground.remote_id)

    def check(self, ground: LiveCustomer) -> StepOutcome:
        return verified(self.step, self.remote_id, lambda: self._read_back(ground), self.circuit)

    def _read_back(self, live: LiveCustomer) -> StepOutcome:
        """An answer is no proof: SHOPLINE answers the delete of an unknown id like any other."""
        gone = self.client.read(live.remote_id) is None
        return self._ended(State.DONE if gone else State.NOT_APPLIED, live)

    def after_error(
        self,
        error: PlatformError,
        ground: LiveCustomer,
        tried: Tried,  # noqa: ARG002
    ) -> StepOutcome | None:
        match error:
            case CustomerNotFound():
                return self._ended(State.DONE, ground)
            case Rejected():
                return StepOutcome(
                    step=self.step,
                    state=State.FAILED,
                    remote_id=self.remote_id,
                    message=f"{error.message}; customers with orders cannot be deleted",
                )
            case _:
                return None

    def _ended(self, state: State, live: LiveCustomer | None) -> StepOutcome:
        """`live` is who was there before; of an erasure it is noted that they are gone."""
        if state.good and self.desired.erases:
            self.notes.says(erasures(self.desired, live, self.rules))
        return StepOutcome(
            step=self.step, state=state, remote_id=self.remote_id, fields=((CUSTOMER, state),)
        )


def _moved(
    change: ApprovedChange, desired: DesiredCustomer, live: LiveCustomer, rules: StoreRules
) -> str:
    """Why this is no longer a customer to delete; empty where it is one."""
    if not _is_still_named(desired, live, rules):
        return "the customer has another identity now"
    if desired.departed and not is_ours(live, rules.store):
        return "the customer does not bear our mark any more"
    keys = keys_of(live, rules.comparison.region)
    if desired.departed and any(is_another(one, desired) for one in rules.entries.naming(keys)):
        return "another entry names the customer by now"
    if (rules.table.keeps_with_orders or desired.departed) and live.orders:
        return "the customer has orders by now"
    fields = (Presence(risk=RiskClass.DELETE),)
    if is_left_to_others(live, fields, rules, change.alias, change.entry):
        return "the customer may bear the mark of others by now"
    return ""


def _is_still_named(desired: DesiredCustomer, live: LiveCustomer, rules: StoreRules) -> bool:
    """Every identity that the entry gives and the store can tell must still agree."""
    keys = dict(keys_of(live, rules.comparison.region))
    told = [one for one in desired.identities if one.kind in keys]
    return bool(told) and all(keys[one.kind] == one.key for one in told)
