"""Ceilings by risk class: how much of a kind a plan may hold before somebody raises it."""

from collections.abc import Iterator
from typing import Final

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.settings import MASS_WITHDRAWAL_PEOPLE, MASS_WITHDRAWAL_PERCENT, RiskClass
from reconciler.plan.changes import ConsentChange, TagChange
from reconciler.plan.draft import Draft
from reconciler.plan.verdicts import Level, Verdict

_NOUNS: Final = {
    RiskClass.TAG: "customers would get or lose tags",
    RiskClass.PROFILE: "profiles would change",
    RiskClass.CREATE: "customers would be created",
    RiskClass.GRANT: "customers would be subscribed",
    RiskClass.DELETE: "customers would be deleted",
}


SIZED: Final = tuple(f"ceiling.{risk}" for risk in _NOUNS)


def ceilings(draft: Draft) -> Iterator[Verdict]:
    """One block for each class that is over its ceiling, released where somebody raised it.

    Withdrawals have none here.
    """
    for risk, noun in _NOUNS.items():
        ceiling = draft.store.ceiling(risk)
        count = sum(risk in change.classes for change in draft.changes)
        if ceiling is None or count == 0:
            continue
        allowed = ceiling.allows(draft.customers)
        raised = draft.raised(risk) or 0
        if count > allowed:
            size = "unknown size" if draft.customers is None else f"{draft.customers} customers"
            yield Verdict(
                rule=f"ceiling.{risk}",
                level=Level.BLOCK,
                store=draft.store.name,
                message=f"{count} {noun}, and {max(allowed, raised)} may in a store of {size}"
                if count > raised
                else f"{count} {noun}, and {allowed} might in a store of {size}",
                lifted_by=f"--raise {risk}={count}" if count > raised else None,
                raises=(risk, count) if count > raised else None,
                released=count <= raised,
            )


def mass_withdrawal(draft: Draft) -> Iterator[Verdict]:
    """Over 20 % of a channel's subscribers and over 20 people: an empty file looks the same."""
    for channel in Channel:
        leaving = sum(
            any(_leaves(field, channel) for field in change.fields) for change in draft.changes
        )
        subscribers = None if draft.subscribers is None else dict(draft.subscribers)[channel]
        share = (
            None if subscribers is None else leaving > subscribers * MASS_WITHDRAWAL_PERCENT / 100
        )
        if leaving <= MASS_WITHDRAWAL_PEOPLE or share is False:
            continue
        raised = draft.raised(RiskClass.WITHDRAW) or 0
        of = "an unknown number of" if subscribers is None else str(subscribers)
        yield Verdict(
            rule="withdraw.mass",
            level=Level.BLOCK,
            store=draft.store.name,
            message=f"{leaving} of {of} {channel} subscribers would be unsubscribed at once",
            lifted_by=f"--raise withdraw={leaving}" if leaving > raised else None,
            raises=(RiskClass.WITHDRAW, leaving) if leaving > raised else None,
            released=leaving <= raised,
        )


def _leaves(field: object, channel: Channel) -> bool:
    if isinstance(field, TagChange):
        return field.channel is channel and bool(field.delta.removed)
    return (
        isinstance(field, ConsentChange)
        and field.channel is channel
        and field.withdraws
        and field.before is not None
        and field.before.state is ConsentState.SUBSCRIBED
    )
