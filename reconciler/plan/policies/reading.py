"""What may be concluded from a reading that saw less than everything: no create, and no delete."""

from collections.abc import Iterator

from reconciler.plan.changes import Action, Change
from reconciler.plan.draft import Draft
from reconciler.plan.verdicts import Level, Verdict


def weak_reading(draft: Draft) -> Iterator[Verdict]:
    for change in draft.changes:
        if change.action is Action.UPDATE:
            continue
        creates = change.action is Action.CREATE
        if not draft.receipt.complete:
            what = "may exist already, unseen" if creates else "was seen only in part of it"
            yield _hold(
                draft,
                change,
                "read.incomplete",
                f"the store was not read completely, and this customer {what}",
            )
        elif creates and draft.receipt.masked:
            yield _hold(
                draft,
                change,
                "read.masked",
                f"{draft.receipt.masked} customers of the store have hidden contacts, and this one "
                "may be among them",
            )


def _hold(draft: Draft, change: Change, rule: str, message: str) -> Verdict:
    return Verdict(
        rule=rule,
        level=Level.HOLD,
        store=draft.store.name,
        message=message,
        alias=change.alias,
        mark=change.mark,
    )
