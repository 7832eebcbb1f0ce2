"""Which commit an apply brings its stores to, if all goes well."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.app.environment import provenance_of
from reconciler.app.history import last_applied
from reconciler.model.settings import DesiredState

if TYPE_CHECKING:
    from reconciler.app.applying import ApplyRequest
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.approved import ApprovedPlan
    from reconciler.planfile.saved import SavedPlan, SavedStore


def brought_to(order: "ApplyRequest") -> Mapping[str, str]:
    """The commit for each store, as it is at hand before the first write.

    What left the files since another commit than the plan knew of is not in the plan.
    """
    commit = revision_to_name(order)
    if commit is None:
        return {}
    known = last_applied(order.environment)
    whole = (one for one in order.plan.stores if _is_whole(order.plan, one.name))
    return {one.name: commit for one in whole if one.applied == known.get(one.name)}


def revision_to_name(order: "ApplyRequest") -> str | None:
    """The commit whose specs the plan is for, where it is at hand; None where nothing at hand is
    what was planned, or what was planned will never be a commit of the branch.
    """
    from reconciler import forge
    from reconciler.plan.settings_change import settings_digest

    state, environment = order.state, order.environment
    if order.only or order.plan.options.scope or forge.is_proposal(environment.variables):
        return None
    made_of = provenance_of(state.folder, environment)
    planned = order.commitment
    if not made_of.committed or has_moved_on(planned, state, order.pseudonyms):
        return None
    at_hand = settings_digest(state.at_hand, order.pseudonyms)
    return made_of.commit if at_hand == planned.settings_digest else None


def has_moved_on(commitment: "ApprovedPlan", state: DesiredState, pseudonyms: "Pseudonyms") -> bool:
    """Whether the specs at hand mean anything else than those that a plan was made of."""
    from reconciler.plan.spec_digest import spec_digest

    return spec_digest(state, pseudonyms) != commitment.spec_digest


def _is_whole(plan: "SavedPlan", store: str) -> bool:
    """Whether the store was read completely and nothing of its plan is blocked."""
    from reconciler.plan.verdicts import Level

    return any(one.name == store and _is_read(one) for one in plan.stores) and not any(
        one.level is Level.BLOCK and not one.released for one in plan.verdicts_of(store)
    )


def _is_read(store: "SavedStore") -> bool:
    """What changed since a receipt is not everything that a commit asks for."""
    return store.complete and store.receipt is not None and not store.receipt.is_since
