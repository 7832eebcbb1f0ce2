"""What is left of a plan whose store was read since a receipt: nobody is opted in on that alone."""

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.customer import DesiredCustomer
from reconciler.model.settings import RiskClass
from reconciler.plan.changes import Action, Change
from reconciler.plan.held_back import without
from reconciler.plan.proof import WHOLE
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level, Verdict


def without_grants(
    changes: Iterable[Change],
    verdicts: Iterable[Verdict],
    desired: DesiredCustomer,
    rules: StoreRules,
) -> tuple[list[Change], list[Verdict]]:
    """The changes without what opts somebody in, which is held; creates are held as a whole.

    Whether a store counts an opt-out as a change of its record is not documented anywhere.
    """
    kept, said = [], list(verdicts)
    for one in changes:
        grants = {field.path for field in one.fields if field.risk is RiskClass.GRANT}
        if not grants or one.action is Action.CREATE:
            kept.append(one)
            continue
        fields = tuple(without(grants, one.fields))
        if fields:
            kept.append(replace(one, fields=fields))
        said.append(
            Verdict(
                rule="read.unproven-absence",
                level=Level.HOLD,
                store=rules.store.name,
                message="nobody is opted in on what changed since a receipt: an opt-out may not "
                "be among it",
                alias=one.alias,
                mark=desired.mark,
                lifted_by=WHOLE,
                fields=tuple(sorted(grants)),
                remote_ids=(one.remote_id,) if one.remote_id else (),
            )
        )
    return kept, said
