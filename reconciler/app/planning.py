"""The desired state and the stores to a plan."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from reconciler import __version__
from reconciler.app.loading import selected
from reconciler.app.world import Ambient, judge_for, open_store
from reconciler.errors import ConfigError, PlatformError
from reconciler.model.settings import DesiredState, Release, RiskClass, StoreSettings
from reconciler.plan.keyed import Keyed

if TYPE_CHECKING:
    from reconciler.plan.build import Read
    from reconciler.plan.definition import Plan, StorePlan
    from reconciler.plan.examine import Judge

PLAN_LIFE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the caller chose for one plan. Raises and releases also come from the specs."""

    stores: tuple[str, ...] = ()
    read: str = "auto"
    raises: tuple[tuple[RiskClass, int], ...] = ()
    releases: tuple[Release, ...] = ()


def plan(state: DesiredState, choices: Choices, world: Ambient, keyed: Keyed) -> "Plan":
    """Reads every selected store and computes its part; where one fails, its part says why."""
    from reconciler.plan.codec import spec_digest
    from reconciler.plan.definition import Basis, Plan

    stores = selected(state, choices.stores)
    choices = with_approvals(state, choices, world, keyed)
    with ThreadPoolExecutor(max_workers=max(1, len(stores))) as pool:
        try:
            parts = list(
                pool.map(lambda one: _plan_store(state, one, choices, world, keyed), stores)
            )
        except KeyboardInterrupt:
            world.paces.close()
            raise
    now = world.clock.now()
    basis = Basis(
        tool=__version__,
        created_at=now,
        expires_at=now + PLAN_LIFE,
        spec_digest=spec_digest(state, keyed),
        spec_files=state.files,
        read=choices.read,
        raises=choices.raises,
        releases=choices.releases,
        selected=tuple(store.name for store in stores),
    )
    return Plan(basis=basis, stores=tuple(parts))


def with_approvals(state: DesiredState, choices: Choices, world: Ambient, keyed: Keyed) -> Choices:
    """Adds the releases that stand in the specs and have not ended."""
    now = world.clock.now()
    releases = list(choices.releases)
    for approval in state.approvals:
        if approval.until < now:
            continue
        if approval.release is not None:
            releases.extend(_releases(state, approval, keyed))
    return replace(
        choices,
        releases=tuple(sorted(set(releases), key=repr)),
    )


def _raises(
    state: DesiredState, choices: Choices, store: str, world: Ambient
) -> tuple[tuple[RiskClass, int], ...]:
    """The caller's and those of the specs that are for this store; the larger number counts."""
    raises = dict(choices.raises)
    for approval in state.approvals:
        if approval.until >= world.clock.now() and store in (approval.stores or (store,)):
            for name, number in approval.raises:
                raises[RiskClass(name)] = max(number, raises.get(RiskClass(name), 0))
    return tuple(sorted(raises.items()))


def _releases(state: DesiredState, approval: Any, keyed: Keyed) -> list[Release]:
    stores = approval.stores or tuple(store.name for store in state.stores)
    if approval.identities is None:
        return [Release(rule=approval.release, store=name) for name in stores]
    wanted = {(one.kind, one.key) for one in approval.identities}
    return [
        Release(rule=approval.release, alias=keyed.entry_alias(entry), store=name)
        for name in stores
        for entry in state.of(name)
        if wanted & {(one.kind, one.key) for one in entry.identities}
    ]


def _plan_store(
    state: DesiredState, store: StoreSettings, choices: Choices, world: Ambient, keyed: Keyed
) -> "StorePlan":
    from reconciler.plan.definition import StorePlan

    try:
        return compute_store(state, store, choices, world, keyed)[0]
    except (PlatformError, ConfigError) as error:
        return StorePlan(
            name=store.name,
            platform=store.platform,
            api_version=store.api_version,
            receipt=None,
            customers=None,
            changes=(),
            verdicts=(),
            audience=(),
            unchanged=0,
            error=str(error),
        )


def compute_store(
    state: DesiredState, store: StoreSettings, choices: Choices, world: Ambient, keyed: Keyed
) -> "tuple[StorePlan, Read, Judge]":
    """One store's part of the plan, with what was read and how it was judged.

    Raises `PlatformError` and `ConfigError`.
    """
    from reconciler.plan.build import compute
    from reconciler.reading import read_store

    connection = open_store(store, world, ())
    try:
        read = read_store(
            connection.client,
            store.name,
            state.of(store.name),
            store.phone_region,
            choices.read,
            lambda: connection.session.requests,
        )
    finally:
        connection.session.close()
    judge = judge_for(state, store, choices.releases, world, keyed)
    return compute(read, judge, _raises(state, choices, store.name, world)), read, judge
