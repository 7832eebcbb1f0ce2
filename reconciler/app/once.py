"""A plan that a queue hands over, as often as it likes: carried out once, or refused once.

What the trail knows of it is enough; whoever hands it over remembers nothing.
"""

from typing import TYPE_CHECKING

from reconciler.app.attempt import attempt
from reconciler.app.barrier import check_blocked
from reconciler.app.environment import Environment, record_keys_for
from reconciler.app.usable import Progress, applied_before, progress
from reconciler.errors import BlockedPlanError, ReconcilerError, StalePlanError
from reconciler.model.settings import DesiredState

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.approved import ApprovedPlan
    from reconciler.planfile.saved import SavedPlan

    Usable: TypeAlias = tuple[ApprovedPlan, DesiredState]


def over(saved: "SavedPlan", environment: Environment, pseudonyms: "Pseudonyms") -> str | None:
    """What became of a plan of which nothing is left to try; None where something is."""
    from reconciler.planfile.approve import approve
    from reconciler.state.trail import refused

    commitment = approve(saved)
    keys = record_keys_for(environment) or (pseudonyms,)
    for store in commitment.stores:
        found = refused(environment.folder, store.name, commitment.id, keys)
        if found is not None:
            when, why = found
            return f"was refused at {when} and is not tried again: {why}"
    if applied_before(saved, environment) is not None:
        return "is applied"
    if progress(commitment, environment) is Progress.AS_FAR_AS_COULD_BE:
        return "is applied as far as it could be; the next plan has what is left"
    return None


def refused_for_good(
    usable: "Callable[[], Usable]",
    saved: "SavedPlan",
    folder: str,
    environment: Environment,
    pseudonyms: "Pseudonyms",
) -> "Usable":
    """What `usable` gives of a plan; what it raises, or a block, is noted. A freeze is no refusal:
    its window ends.
    """
    try:
        found = usable()
        check_blocked(found[0], ())
    except (StalePlanError, BlockedPlanError) as why:
        _note(saved, why, folder, environment, pseudonyms)
        raise
    return found


def _note(
    saved: "SavedPlan",
    why: ReconcilerError,
    folder: str,
    environment: Environment,
    pseudonyms: "Pseudonyms",
) -> None:
    """In the trails of all stores of the plan, so that `over` knows it. Raises `JournalError`."""
    from reconciler.planfile.approve import approve
    from reconciler.state.trail import Trail

    commitment = approve(saved)
    about = attempt(commitment, folder, environment, pseudonyms)
    key, *former = record_keys_for(environment) or (pseudonyms,)
    for store in commitment.stores:
        trail = Trail(environment.folder, store.name, key, environment.clock, former)
        trail.append("refused", plan=commitment.id, why=why.message, **about)
