"""The changes of one step as what is written."""

from collections.abc import Iterable
from dataclasses import replace

from reconciler.clock import Clock
from reconciler.model.consent import ConsentState, Evidence
from reconciler.model.customer import Scalar
from reconciler.model.identity import Identity
from reconciler.model.metafields import Metafields, metafields
from reconciler.model.patch import ConsentWrite, Patch
from reconciler.model.tags import TagDelta
from reconciler.plan.changes import (
    AddressChange,
    ConsentChange,
    FieldChange,
    ScalarChange,
    TagChange,
)
from reconciler.plan.steps import StepKind


def patch_for(kind: StepKind, changes: tuple[FieldChange, ...], clock: Clock) -> Patch:
    """What to write for some changes of one customer."""
    contacts: list[Identity] = []
    patch = Patch(scalars=values(one for one in changes if isinstance(one, ScalarChange)))
    added: list[str] = []
    removed: list[str] = []
    for change in changes:
        if isinstance(change, ScalarChange) and change.written is not None:
            contacts.append(change.written)
        elif isinstance(change, TagChange):
            added.extend(change.delta.added)
            removed.extend(change.delta.removed)
        elif isinstance(change, AddressChange):
            patch = replace(patch, addresses=change.after)
        elif isinstance(change, ConsentChange):
            write = _consent_write(kind, change, clock)
            patch = replace(patch, consents=(*patch.consents, (change.channel, write)))
    return replace(
        patch,
        contacts=tuple(contacts),
        tags=TagDelta(added=tuple(added), removed=tuple(removed)),
    )


def values(changes: Iterable[ScalarChange]) -> tuple[tuple[str, Scalar], ...]:
    """The single values by field, contacts apart; parts of one field stand together."""
    found: dict[str, Scalar] = {}
    for one in changes:
        name, had = one.path.name, found.get(one.path.name)
        if one.written is not None:
            continue
        if isinstance(had, Metafields) and isinstance(one.after, Metafields):
            found[name] = metafields((*had.every, *one.after.every))
        else:
            found[name] = one.after
    return tuple(found.items())


def _consent_write(kind: StepKind, change: ConsentChange, clock: Clock) -> ConsentWrite:
    """A withdrawal is dated now: an older date might lose against what the store knows."""
    if kind is StepKind.WITHDRAW or change.withdraws:
        evidence = Evidence(at=clock.now(), source=change.wanted.evidence.source)
        return ConsentWrite(state=ConsentState.UNSUBSCRIBED, evidence=evidence)
    return ConsentWrite(state=change.wanted.state, evidence=change.wanted.evidence)
