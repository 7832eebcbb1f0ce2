"""The use cases, as the route of data in order; what each step does stands in its own module."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler import __version__
from reconciler.clock import Clock, system_clock
from reconciler.diagnostics import Diagnostic, Severity, has_errors, sort_by_place
from reconciler.errors import (
    BlockedPlanError,
    ConfigError,
    PlatformError,
    ReconcilerError,
    SpecError,
    StalePlanError,
)
from reconciler.model.customer import DesiredCustomer
from reconciler.model.settings import DesiredState, Rate, Release, RiskClass, StoreSettings
from reconciler.model.tags import Owned
from reconciler.plan.keyed import Keyed
from reconciler.platforms.limiter import Paces
from reconciler.platforms.tables import TABLES

if TYPE_CHECKING:
    from reconciler.apply.bench import Control
    from reconciler.apply.record import Record
    from reconciler.plan.commitment import ApprovedStore, Commitment
    from reconciler.plan.definition import Plan, StorePlan
    from reconciler.plan.examine import Judge
    from reconciler.plan.explanation import Explanation
    from reconciler.plan.outcome import ApplyResult, StepOutcome, StoreOutcome
    from reconciler.platforms.connect import Connection

PLAN_LIFE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambient:
    """What the world around gives: the clock, the environment, and where state is kept."""

    clock: Clock
    environment: Mapping[str, str]
    folder: Path
    paces: Paces = field(default_factory=Paces)

    @property
    def who(self) -> dict[str, str]:
        from reconciler.repository import who

        return who(self.environment)

    @property
    def hosts(self) -> frozenset[str]:
        text = self.environment.get("RECONCILER_HOSTS", "")
        return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def ambient(specs: Path, state_dir: Path | None) -> Ambient:
    from reconciler.state import folder_beside

    folder = state_dir if state_dir is not None else folder_beside(specs)
    return Ambient(clock=system_clock(), environment=dict(os.environ), folder=folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the caller chose for one plan. Raises and releases also come from the specs."""

    stores: tuple[str, ...] = ()
    read: str = "auto"
    raises: tuple[tuple[RiskClass, int], ...] = ()
    releases: tuple[Release, ...] = ()


# -- validate ---------------------------------------------------------------------------------


def load(paths: Sequence[Path], clock: Clock) -> tuple[DesiredState | None, tuple[Diagnostic, ...]]:
    """Specs to the desired state, with every complaint; None where there are errors."""
    from reconciler.spec import document, files, lint, resolve, schema, settings

    found, complaints = files.read(paths)
    gathered = list(complaints)
    documents = []
    for file in found:
        parsed, broken = document.parse(file)
        gathered.extend(broken)
        if parsed is not None:
            sound, wrong = schema.check(parsed)
            gathered.extend(wrong)
            if sound.data is not None:
                documents.append(sound)
    broken_files = has_errors(gathered)
    declared, wrong = settings.declare(documents, TABLES)
    gathered.extend(wrong)
    state, wrong = resolve.resolve(documents, declared, str(paths[0]))
    # What a refused part held cannot be missed: stores and tags may be defined in it.
    hidden = ("store.", "tags.not-owned") if broken_files else ()
    further = (*wrong, *lint.lint(state, clock.now()))
    gathered.extend(one for one in further if not one.rule.startswith(hidden))
    ordered = sort_by_place(gathered)
    return (None if has_errors(ordered) else state), ordered


def load_or_raise(specs: Path, clock: Clock, warn: Callable[[Diagnostic], None]) -> DesiredState:
    """The desired state; warnings go to `warn`, errors are raised together as `SpecError`."""
    state, diagnostics = load([specs], clock)
    for one in diagnostics:
        if one.severity is Severity.WARNING:
            warn(one)
    if state is None:
        raise SpecError(one for one in diagnostics if one.severity is Severity.ERROR)
    if not state.stores:
        raise ConfigError(
            f"no store is defined below {specs}",
            hint="add a section `stores` to a file there",
        )
    return state


def selected(state: DesiredState, names: Sequence[str]) -> tuple[StoreSettings, ...]:
    """The stores to work on: those named, or all."""
    known = {store.name: store for store in state.stores}
    for name in names:
        if name not in known:
            raise ConfigError(
                f"there is no store {name!r} in the specs",
                hint=f"defined are {', '.join(sorted(known))}",
            )
    return tuple(known[name] for name in sorted(set(names))) if names else state.stores


# -- plan -------------------------------------------------------------------------------------


def keyed_for(world: Ambient) -> Keyed:
    from reconciler.state import key

    return Keyed(key(world.folder, world.environment))


def plan(state: DesiredState, choices: Choices, world: Ambient, keyed: Keyed) -> "Plan":
    """Reads every selected store and computes its part; where one fails, its part says why."""
    from reconciler.plan.codec import spec_digest
    from reconciler.plan.definition import Basis, Plan

    stores = selected(state, choices.stores)
    choices = _with_approvals(state, choices, world, keyed)
    with ThreadPoolExecutor(max_workers=max(1, len(stores))) as pool:
        parts = list(pool.map(lambda one: _plan_store(state, one, choices, world, keyed), stores))
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


def _with_approvals(state: DesiredState, choices: Choices, world: Ambient, keyed: Keyed) -> Choices:
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
    from reconciler.plan.build import compute
    from reconciler.plan.definition import StorePlan
    from reconciler.reading import read_store

    desired = state.of(store.name)
    try:
        connection = open_store(store, world, ())
        try:
            read = read_store(
                connection.client,
                store.name,
                desired,
                store.phone_region,
                choices.read,
                lambda: connection.session.requests,
            )
        finally:
            connection.session.close()
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
    judge = judge_for(state, store, choices.releases, keyed)
    return compute(read, judge, _raises(state, choices, store.name, world))


def open_store(store: StoreSettings, world: Ambient, words: Any) -> "Connection":
    from reconciler.credentials import token
    from reconciler.platforms.connect import connect
    from reconciler.platforms.hosts import base_url

    base = base_url(store, TABLES[store.platform], world.hosts)
    secret = token(store, world.environment)
    rate = store.rate or Rate(per_second=1, burst=1)
    limiter = world.paces.of(base, secret, rate, world.clock)
    return connect(store, base=base, token=secret, limiter=limiter, words=words)


def judge_for(
    state: DesiredState, store: StoreSettings, releases: tuple[Release, ...], keyed: Keyed
) -> "Judge":
    from reconciler.plan.compare import Rules
    from reconciler.plan.examine import Judge

    return Judge(
        store=store,
        table=TABLES[store.platform],
        policy=state.policy,
        rules=Rules(
            region=store.phone_region,
            owned=Owned(state.owned_by(store.name)),
            bearing=state.policy.bearing_tags,
        ),
        releases=releases,
        keyed=keyed,
    )


# -- explain ----------------------------------------------------------------------------------


def explain(
    text: str, state: DesiredState, store: StoreSettings, world: Ambient, keyed: Keyed
) -> "tuple[Explanation, ...]":
    """What the specs say in one store of the customer whom `text` names. Raises `PlatformError`."""
    from reconciler.plan import explanation
    from reconciler.reading import read_store

    entries = explanation.meant(text, state.of(store.name), store.phone_region)
    if not entries:
        return ()
    connection = open_store(store, world, ())
    try:
        read = read_store(
            connection.client,
            store.name,
            entries,
            store.phone_region,
            "auto",
            lambda: connection.session.requests,
        )
    finally:
        connection.session.close()
    judge = judge_for(state, store, (), keyed)
    return explanation.explain(text, read.index.pairings(), judge)


# -- apply ------------------------------------------------------------------------------------


def check_usable(
    body: dict[str, Any], state: DesiredState, world: Ambient, keyed: Keyed, *, resume: bool
) -> "Commitment":
    """The commitment of a saved plan. Raises what says why it must not be applied."""
    from reconciler.plan import codec

    codec.verify(body, keyed)
    commitment = codec.decode(body)
    if body["tool"]["version"] != __version__:
        raise StalePlanError(
            f"this plan was made by version {body['tool']['version']}",
            hint="plan again with this version",
        )
    if codec.expires_at(body) < world.clock.now():
        raise StalePlanError("this plan has expired", hint="plan again, and review that plan")
    if commitment.spec_digest != codec.spec_digest(state, keyed):
        raise StalePlanError(
            "the specs have changed since this plan was made",
            hint="plan again, and review that plan",
        )
    _check_unused(commitment, world, resume=resume)
    return commitment


def _check_unused(commitment: "Commitment", world: Ambient, *, resume: bool) -> None:
    from reconciler.apply import journal
    from reconciler.state import journal_path

    pasts = [
        journal.read(journal_path(world.folder, commitment.id, store.name))
        for store in commitment.stores
        if store.changes
    ]
    begun = [past for past in pasts if past.intended or past.ended]
    if begun and not resume and all(past.finished for past in pasts):
        raise StalePlanError("this plan has been applied already", hint="plan again")
    if begun and not resume:
        raise StalePlanError(
            "an apply of this plan was begun and has not ended", hint="continue it with --resume"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Everything that one apply needs; `only` empty means all classes."""

    commitment: "Commitment"
    state: DesiredState
    only: Collection[RiskClass]
    world: Ambient
    keyed: Keyed
    control: "Control"
    progress: "Callable[[StepOutcome], None]"


def apply(order: Order) -> "ApplyResult":
    """Carries out what was approved. A blocked store lets only withdrawals through."""
    from reconciler.plan.outcome import ApplyResult

    blocked = [store.name for store in order.commitment.stores if store.blocked]
    if blocked and set(order.only) != {RiskClass.WITHDRAW}:
        raise BlockedPlanError(
            f"the plan is blocked for {', '.join(blocked)}",
            hint="see `reconciler show PLAN` for what lifts it; the opt-outs alone are carried out "
            "by `apply --only withdraw`",
        )
    busy = [store for store in order.commitment.stores if store.changes]
    record = _audit_of(order)
    record.begin()
    with ThreadPoolExecutor(max_workers=max(1, len(busy))) as pool:
        ended = list(pool.map(lambda one: _apply_or_tell(order, one, record), busy))
    outcomes = [outcome for outcome, _ in ended]
    result = ApplyResult(
        plan_digest=order.commitment.digest,
        stores=tuple(outcomes),
        interrupted=order.control.interrupted.is_set(),
    )
    head = record.end(result)
    failures = [error for _, error in ended if error is not None]
    if failures and len(failures) == len(ended):
        raise failures[0]
    return replace(result, audit_count=head.count, audit_head=head.seal)


def _audit_of(order: Order) -> "Record":
    from reconciler import repository
    from reconciler.apply.audit import Trail
    from reconciler.apply.record import Record

    world = order.world
    actor = {name: order.keyed.text(text) for name, text in world.who.items()}
    return Record(
        trail=Trail(world.folder, order.keyed, world.clock),
        plan=order.commitment.id,
        about={
            "digest": order.commitment.digest,
            "spec": order.commitment.spec_digest,
            "tool": __version__,
            "who": actor,
            "commit": repository.commit_of(Path(order.state.folder), world.environment),
        },
    )


def _apply_or_tell(
    order: Order, approved: "ApprovedStore", record: "Record"
) -> "tuple[StoreOutcome, ReconcilerError | None]":
    """One store; what keeps it from being begun at all does not stop the others."""
    from reconciler.plan.outcome import State, StepOutcome, StoreOutcome
    from reconciler.plan.steps import steps

    try:
        return _apply_store(order, approved, record), None
    except ReconcilerError as error:
        left = tuple(
            StepOutcome(step=step, state=State.NOT_REACHED, message=str(error))
            for step in steps(approved, order.only)
        )
        return StoreOutcome(store=approved.name, outcomes=left, stopped=str(error)), error


def _apply_store(order: Order, approved: "ApprovedStore", record: "Record") -> "StoreOutcome":
    from reconciler.apply import journal
    from reconciler.apply.bench import Bench
    from reconciler.apply.executor import StoreRun
    from reconciler.plan.steps import steps
    from reconciler.state import journal_path, one_writer

    world, keyed = order.world, order.keyed
    store = next(one for one in order.state.stores if one.name == approved.name)
    path = journal_path(world.folder, order.commitment.id, store.name)
    with one_writer(world.folder, store.name):
        past = journal.read(path)
        kept = journal.Journal(path, world.clock)
        try:
            connection = open_store(store, world, approved.words)
            try:
                bench = Bench(
                    client=connection.client,
                    judge=judge_for(order.state, store, order.commitment.releases, keyed),
                    journal=kept,
                    past=past,
                    clock=world.clock,
                    requests=lambda: connection.session.requests,
                    own_requests=connection.session.own_requests,
                    prepay=connection.session.prepay,
                    control=order.control,
                    audit=record.step,
                    only=order.only,
                )
                run = StoreRun(
                    bench,
                    entries(order.state, store.name, keyed),
                    order.progress,
                    frozenset(step.id for step in steps(approved, ())),
                )
                return run.run(steps(approved, order.only))
            finally:
                connection.session.close()
        finally:
            kept.close()


def entries(state: DesiredState, store: str, keyed: Keyed) -> dict[str, DesiredCustomer]:
    """The spec entries of a store by the alias that plans call them."""
    return {keyed.entry_alias(one): one for one in state.of(store)}
