"""Consents whose time the store cannot be told."""

from collections.abc import Iterator

from reconciler.plan.changes import ConsentChange
from reconciler.plan.draft import Draft
from reconciler.plan.verdicts import Level, Verdict


def undated_writes(draft: Draft) -> Iterator[Verdict]:
    """A platform that wants times in the store's own zone gets none while nobody names it."""
    if not draft.table.dates_consent or draft.store.timezone is not None:
        return
    count = sum(
        any(isinstance(field, ConsentChange) for field in change.fields) for change in draft.changes
    )
    if count:
        yield Verdict(
            rule="consent.time-not-sent",
            level=Level.WARN,
            store=draft.store.name,
            message=f"{count} consents go without their time: the store's `timezone` is not told",
            mark=draft.store.mark,
        )
