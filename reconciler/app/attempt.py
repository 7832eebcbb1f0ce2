"""What the trail tells of whoever tries to carry out a plan."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.app.environment import Environment, provenance_of

if TYPE_CHECKING:
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.approved import ApprovedPlan


def attempt(
    commitment: "ApprovedPlan", folder: str, environment: Environment, pseudonyms: "Pseudonyms"
) -> dict[str, object]:
    """Which plan it is, who that is, and from which commit."""
    from reconciler import forge

    made_of = provenance_of(folder, environment)
    approvers, _ = forge.approvers(environment.variables)
    who = {"actor": made_of.actor, "run": forge.run(environment.variables)}
    return {
        "digest": commitment.digest,
        "spec": commitment.spec_digest,
        "tool": __version__,
        "who": {name: pseudonyms.text(one) for name, one in who.items() if one is not None},
        "commit": made_of.commit,
        "committed": made_of.committed,
        "made_from": asdict(commitment.made_from),
        "approvers": [pseudonyms.text(one) for one in approvers],
    }
