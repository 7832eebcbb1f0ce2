"""A saved plan to what an apply needs of it."""

from collections.abc import Iterator

from reconciler.model.customer import NOTHING_LEARNED
from reconciler.plan.approved import (
    ApprovedChange,
    ApprovedField,
    ApprovedLift,
    ApprovedPlan,
    ApprovedStore,
)
from reconciler.plan.lift import Lift, LiftState
from reconciler.plan.verdicts import Level
from reconciler.planfile.saved import SavedPlan
from reconciler.planfile.saved_change import SavedChange, SavedConsent, SavedField, SavedTags


def approve(plan: SavedPlan) -> ApprovedPlan:
    """For a plan made here, or one that `verified` gave."""
    return ApprovedPlan(
        id=plan.id,
        digest=plan.digest,
        spec_digest=plan.spec.digest,
        settings_digest=plan.spec.settings,
        base=plan.spec.base,
        shown=frozenset(one.digest for one in plan.settings.changed),
        made_from=plan.provenance,
        lifts=tuple(_lift(one) for one in plan.lifts),
        releases=plan.options.releases,
        stores=tuple(_stores(plan)),
    )


def _stores(plan: SavedPlan) -> Iterator[ApprovedStore]:
    blocked = {one.store for one in plan.verdicts if one.level is Level.BLOCK and not one.released}
    changes: dict[str, list[ApprovedChange]] = {}
    for one in plan.changes:
        changes.setdefault(one.store, []).append(_change(one))
    for store in plan.stores:
        yield ApprovedStore(
            name=store.name,
            was_read=not store.error,
            blocked=store.name in blocked,
            learned=NOTHING_LEARNED if store.receipt is None else store.receipt.learned,
            changes=tuple(changes.get(store.name, ())),
        )


def _change(change: SavedChange) -> ApprovedChange:
    return ApprovedChange(
        store=change.store,
        action=change.action,
        alias=change.alias,
        entry=change.entry,
        remote_id=change.remote_id,
        mark=change.mark,
        rank=change.rank,
        fields=tuple(_field(one) for one in change.fields),
        digest=change.digest,
        reason=change.reason,
        seen=change.seen,
    )


def _field(one: SavedField) -> ApprovedField:
    value = one.value
    consent = value if isinstance(value, SavedConsent) else None
    tags = value if isinstance(value, SavedTags) else None
    return ApprovedField(
        path=one.path,
        risk=one.risk,
        digest=one.digest,
        channel=None if tags is None else tags.channel,
        moves=consent is not None and consent.moves,
        elsewhere=None if consent is None else consent.elsewhere,
        evidence=() if consent is None else consent.after.evidence.told(),
        stated=one.stated,
        added=() if tags is None else tags.added,
        removed=() if tags is None else tags.removed,
    )


def _lift(one: Lift) -> ApprovedLift:
    whom = "" if one.customers is None else f"of {', '.join(one.customers) or 'nobody'}"
    return ApprovedLift(
        title=" ".join(part for part in (one.kind, one.what, one.value, whom) if part),
        origin=one.origin.value,
        source=f"{one.mark.file}:{one.mark.line}" if one.mark else None,
        reason=one.reason,
        used=one.state is LiftState.USED,
        digest=one.digest,
    )
