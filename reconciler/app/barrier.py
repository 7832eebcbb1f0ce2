"""What keeps an apply from being begun, and what of it may be carried out all the same."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from reconciler.errors import BlockedPlanError
from reconciler.model.settings import RiskClass

if TYPE_CHECKING:
    from reconciler.app.applying import ApplyRequest
    from reconciler.plan.approved import ApprovedPlan, ApprovedStore


def check_blocked(commitment: "ApprovedPlan", only: Collection[RiskClass]) -> None:
    """Raises `BlockedPlanError` where a policy forbids more than withdrawals, and more is asked."""
    blocked = [store.name for store in commitment.stores if store.blocked]
    if blocked and set(only) != {RiskClass.WITHDRAW}:
        raise BlockedPlanError(
            f"the plan is blocked for {', '.join(blocked)}",
            hint="see `reconciler show PLAN` for what lifts it, and plan again with that"
            f"{_opt_outs_alone(commitment.stores)}",
        )


def check_frozen(order: "ApplyRequest", approved: "ApprovedStore") -> None:
    """Raises `BlockedPlanError` where a window has begun since the plan was made.

    Those of the settings at hand count like those that the plan was made under.
    """
    from reconciler.plan.freeze import freeze_at, is_released, told
    from reconciler.plan.reason import everybody, names_in
    from reconciler.plan.steps import steps

    every = (*order.state.stores, *order.state.at_hand.stores)
    here = [one for one in every if one.name == approved.name and one.frozen]
    if not here or is_released(order.commitment.releases, approved.name):
        return
    freeze = freeze_at(order.environment.clock.now(), here)
    risks = {field.risk for step in steps(approved, order.only) for field in step.fields}
    if freeze is None or risks <= {RiskClass.WITHDRAW}:
        return
    why = told(freeze, order.pseudonyms, names_in(everybody(order.state)))
    raise BlockedPlanError(
        f"the store {approved.name} is frozen {why}",
        hint="apply the plan after that, or plan again with --release store.frozen"
        f"{_opt_outs_alone([approved])}",
    )


def _opt_outs_alone(stores: "Iterable[ApprovedStore]") -> str:
    """How to carry out the opt-outs of some stores; empty where there are none."""
    risks = {field.risk for store in stores for change in store.changes for field in change.fields}
    if RiskClass.WITHDRAW not in risks:
        return ""
    return "; the opt-outs alone are carried out by `apply --only withdraw`"
