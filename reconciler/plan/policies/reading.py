"""What may be concluded from a reading that saw less than everything: no create, and no delete."""

from collections.abc import Iterator

from reconciler.plan.changes import Action
from reconciler.plan.draft import Draft
from reconciler.plan.verdicts import Level, Verdict


def weak_reading(draft: Draft) -> Iterator[Verdict]:
    if draft.receipt.complete:
        return
    for change in draft.changes:
        if change.action is Action.UPDATE:
            continue
        what = "may exist already, unseen" if change.action is Action.CREATE else "was seen"
        yield Verdict(
            rule="read.incomplete",
            level=Level.HOLD,
            store=draft.store.name,
            alias=change.alias,
            mark=change.mark,
            message=f"the store was not read completely, and this customer {what}",
        )
