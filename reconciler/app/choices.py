"""What the caller and the specs chose for a plan: reading, raises, releases, acknowledgements."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.app.environment import Environment
from reconciler.model.scope import EVERYBODY, Scope
from reconciler.model.settings import Approval, DesiredState, Release, RiskClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cache.receipt import StoreReceipt
    from reconciler.model.customer import DesiredCustomer
    from reconciler.model.pseudonyms import Pseudonyms


@dataclass(slots=True)
class Kept:
    """What a plan leaves for the next, by store, and why a store leaves nothing."""

    receipts: "dict[str, StoreReceipt]" = field(default_factory=dict)
    why_not: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the caller chose for one plan. Raises and releases also come from the specs.

    `since` are receipts of earlier readings, with which `read` is since; `keep` gets those of this
    one, for which each store is read whole where it is not read since a receipt.
    """

    stores: tuple[str, ...] = ()
    read: str = "auto"
    raises: tuple[tuple[RiskClass, int], ...] = ()
    releases: tuple[Release, ...] = ()
    acknowledged: tuple[Release, ...] = ()
    scope: Scope = EVERYBODY
    since: "Mapping[str, StoreReceipt] | None" = None
    keep: Kept | None = None


def with_approvals(
    state: DesiredState, choices: PlanOptions, environment: Environment, pseudonyms: "Pseudonyms"
) -> PlanOptions:
    """Adds the releases and acknowledgements that stand in the specs and have not ended."""
    from reconciler.plan.approval_entries import ApprovalEntries

    now = environment.clock.now()
    named = ApprovalEntries(state)
    releases = list(choices.releases)
    acknowledged = list(choices.acknowledged)
    for approval in state.approvals:
        if approval.until < now:
            continue
        if approval.release is not None:
            releases.extend(
                _releases(state, approval, approval.release, named.of(approval), pseudonyms)
            )
        if approval.acknowledges is not None:
            acknowledged.extend(
                _releases(state, approval, approval.acknowledges, named.of(approval), pseudonyms)
            )
    return replace(
        choices,
        releases=tuple(sorted(set(releases), key=repr)),
        acknowledged=tuple(sorted(set(acknowledged), key=repr)),
    )


def raises_for(
    state: DesiredState, choices: PlanOptions, store: str, environment: Environment
) -> tuple[tuple[RiskClass, int], ...]:
    """The caller's and those of the specs that are for this store; the larger number counts."""
    raises = dict(choices.raises)
    for approval in state.approvals:
        if approval.until >= environment.clock.now() and store in (approval.stores or (store,)):
            for name, number in approval.raises:
                raises[RiskClass(name)] = max(number, raises.get(RiskClass(name), 0))
    return tuple(sorted(raises.items()))


def _releases(
    state: DesiredState,
    approval: Approval,
    rule: str,
    entries: "tuple[DesiredCustomer, ...] | None",
    pseudonyms: "Pseudonyms",
) -> list[Release]:
    """The rule for those customers whom the approval names, by their aliases; or for all."""
    if entries is None:
        stores = approval.stores or tuple(store.name for store in state.stores)
        return [Release(rule=rule, store=name) for name in stores]
    return [
        Release(rule=rule, alias=pseudonyms.entry_alias(entry), store=entry.store)
        for entry in entries
    ]
