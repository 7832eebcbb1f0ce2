"""An approved plan to ordered steps. `show --steps` prints this list and `apply` carries it out."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.model.field_path import CUSTOMER
from reconciler.model.settings import RiskClass
from reconciler.plan.approved import ApprovedChange, ApprovedField, ApprovedStore
from reconciler.plan.changes import Action, ConsentChange, FieldChange


class StepKind(StrEnum):
    """In the order of carrying out; every step of a kind ends before the next kind begins.

    withdraw   opt-outs first: the harmless direction, and the one people are owed
    identity   addresses and numbers, given up (lower rank) before they are claimed
    create     then everything that a new customer starts with
    update     profile and tags of one customer, in one write
    grant      consents and tags that subscribe, each on its own evidence
    delete     last
    """

    WITHDRAW = "withdraw"
    IDENTITY = "identity"
    CREATE = "create"
    UPDATE = "update"
    GRANT = "grant"
    DELETE = "delete"


_CONTACTS: Final = frozenset({"email", "phone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`id` is stable for one plan: the change's digest and the kind."""

    kind: StepKind
    change: ApprovedChange
    fields: tuple[ApprovedField, ...]

    @property
    def id(self) -> str:
        return f"{self.change.digest[:16]}-{self.kind}"


def steps(store: ApprovedStore, only: Collection[RiskClass]) -> tuple[Step, ...]:
    """The steps of one store, those of the classes `only` (all where it is empty)."""
    found = [step for change in store.changes for step in _of(change, only)]
    order = list(StepKind)
    return tuple(
        sorted(found, key=lambda one: (order.index(one.kind), one.change.rank, one.change.alias))
    )


def grant_of(change: ApprovedChange) -> Step | None:
    """The step that opts a customer in; None where nothing was approved for it."""
    return next((one for one in _of(change, ()) if one.kind is StepKind.GRANT), None)


def _of(change: ApprovedChange, only: Collection[RiskClass]) -> Iterator[Step]:
    fields = [one for one in change.fields if not only or one.risk in only]
    created = any(one.path == CUSTOMER for one in fields)
    if change.action is Action.CREATE and not created:
        return  # nobody is there yet whom a lone grant could be given to
    for kind in StepKind:
        own = tuple(one for one in fields if kind in kinds(change.action, one))
        if own:
            yield Step(kind=kind, change=change, fields=own)


def kinds(action: Action, field: ApprovedField | FieldChange) -> tuple[StepKind, ...]:
    """A consent that moves with its address takes part twice: out before, in after."""
    if isinstance(field, (ApprovedField, ConsentChange)) and field.moves:
        return (StepKind.WITHDRAW, StepKind.GRANT)
    if field.risk is RiskClass.WITHDRAW:
        return (StepKind.WITHDRAW,)
    if field.risk is RiskClass.GRANT:
        return (StepKind.GRANT,)
    if field.risk is RiskClass.DELETE:
        return (StepKind.DELETE,)
    if action is Action.CREATE:
        return (StepKind.CREATE,)
    return (StepKind.IDENTITY,) if field.path.name in _CONTACTS else (StepKind.UPDATE,)
