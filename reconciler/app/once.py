"""A plan that a queue hands over, as often as it likes: carried out once, or refused once.

What the trail knows of it is enough; whoever hands it over remembers nothing.
"""

from typing import TYPE_CHECKING

from reconciler.app.attempt import attempt
from reconciler.app.environment import Environment, record_keys_for
from reconciler.app.usable import Progress, applied_before, progress
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.planfile.saved import SavedPlan


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


def note_refusal(
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
