"""An approved plan to what became of it."""

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler import __version__
from reconciler.app.environment import (
    Environment,
    open_store,
    provenance_of,
    record_keys_for,
    rules_for,
    shop_of,
)
from reconciler.errors import BlockedPlanError, ReconcilerError, StalePlanError
from reconciler.model.customer import DesiredCustomer
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import DesiredState, RiskClass, Settings

if TYPE_CHECKING:
    from reconciler.apply.bench import Cancellation
    from reconciler.plan.approved import ApprovedPlan, ApprovedStore
    from reconciler.plan.outcome import ApplyResult, StepOutcome, StoreOutcome
    from reconciler.plan.steps import Step
    from reconciler.state.recorder import Record


def check_usable(
    body: dict[str, Any],
    state: DesiredState,
    environment: Environment,
    pseudonyms: Pseudonyms,
    *,
    resume: bool,
    under: Callable[[str], DesiredState],
) -> "tuple[ApprovedPlan, DesiredState]":
    """The commitment of a saved plan, and the state that it is carried out for.

    `state` is under the settings at hand, `under` gives the same files under those of a commit.
    Raises what says why the plan must not be applied.
    """
    from reconciler.plan import codec
    from reconciler.plan.spec_digest import spec_digest

    codec.verify(body, pseudonyms)
    commitment = codec.decode(body)
    if body["tool"]["version"] != __version__:
        raise StalePlanError(
            f"this plan was made by version {body['tool']['version']}",
            hint="plan again with this version",
        )
    if body["stores"] and all(store["error"] for store in body["stores"]):
        raise StalePlanError(
            "no store could be read when this plan was made", hint="see why, and plan again"
        )
    if codec.expires_at(body) < environment.clock.now():
        raise StalePlanError("this plan has expired", hint="plan again, and review that plan")
    _check_approvals(commitment, state.settings, environment, pseudonyms)
    planned = _under_plan(commitment, state, under, pseudonyms)
    if commitment.spec_digest != spec_digest(planned, pseudonyms):
        raise StalePlanError(
            "the specs have changed since this plan was made",
            hint="plan again, and review that plan",
        )
    _check_unused(commitment, environment, resume=resume)
    return commitment, planned


def _under_plan(
    commitment: "ApprovedPlan",
    state: DesiredState,
    under: Callable[[str], DesiredState],
    pseudonyms: Pseudonyms,
) -> DesiredState:
    """The files under the settings of the plan: those at hand, or those of the plan's base.

    The two may differ by what the plan showed, since that is what was merged with it.
    """
    from reconciler.plan.settings_change import rule_changes, settings_digest

    if settings_digest(state.settings, pseudonyms) == commitment.settings_digest:
        return state
    stale = StalePlanError(
        "stores or policy have changed since this plan was made, by more than it showed",
        hint="plan again, and review that plan",
    )
    if commitment.base is None:
        raise stale
    planned = under(commitment.base)
    found = rule_changes(planned.settings, state.settings, pseudonyms)
    if not {one.digest for one in found} <= commitment.shown:
        raise stale
    return planned


def _check_approvals(
    commitment: "ApprovedPlan", at_hand: Settings, environment: Environment, pseudonyms: Pseudonyms
) -> None:
    """An approval that the plan used still stands at hand and has not run out."""
    from reconciler.plan.lifts import approval_ends

    ends = approval_ends(at_hand, pseudonyms)
    for one in commitment.lifts:
        if one.digest is None or not one.used:
            continue
        if one.digest not in ends:
            raise StalePlanError(
                f"an approval that this plan used is gone ({one.title})",
                hint="plan again, and review that plan",
            )
        if ends[one.digest] < environment.clock.now():
            raise StalePlanError(
                f"an approval that this plan used has run out ({one.title})",
                hint="renew it on the protected branch, and plan again",
            )


def _check_unused(commitment: "ApprovedPlan", environment: Environment, *, resume: bool) -> None:
    from reconciler.plan.outcome import State
    from reconciler.plan.steps import steps
    from reconciler.state import journal
    from reconciler.state.folder import journal_path

    if resume:
        return
    busy = [store for store in commitment.stores if store.changes]
    pasts = [
        journal.read(journal_path(environment.folder, commitment.id, store.name)) for store in busy
    ]
    begun = [past for past in pasts if past.intended or past.ended]
    if begun and all(past.finished for past in pasts):
        raise StalePlanError("this plan has been applied already", hint="plan again")
    left = [
        past.ended.get(step.id)
        for past, store in zip(pasts, busy, strict=True)
        for step in steps(store, ())
        if not past.done(step)
    ]
    never = (State.STALE, State.OPTED_OUT)
    if begun and all(one in never for one in left):
        raise StalePlanError(
            "this plan has been applied as far as it could be", hint="plan again for what is left"
        )
    if begun:
        raise StalePlanError(
            "an apply of this plan was begun and has not ended", hint="continue it with --resume"
        )


def applied_before(
    body: dict[str, Any],
    environment: Environment,
    pseudonyms: Pseudonyms,
    only: Collection[RiskClass] = (),
) -> "ApplyResult | None":
    """What earlier runs did of a saved plan of which nothing is left; None where there may be.

    It is told even where the plan has expired since. Raises `PlanFileError`.
    """
    from reconciler.plan import codec
    from reconciler.plan.outcome import ApplyResult, StepOutcome, StoreOutcome
    from reconciler.plan.steps import steps
    from reconciler.state import journal
    from reconciler.state.folder import journal_path
    from reconciler.state.trail import NAME, Head, ended_whole

    codec.verify(body, pseudonyms)
    commitment = codec.decode(body)
    at, head = ended_whole(environment.folder / NAME, commitment.id) or (None, Head(0, ""))
    if at is None:
        return None
    stores = []
    for store in commitment.stores:
        past = journal.read(journal_path(environment.folder, commitment.id, store.name))
        every = steps(store, only)
        if not all(past.done(step) for step in every):
            return None
        outcomes = tuple(
            StepOutcome(step=step, state=past.ended[step.id], message="done in an earlier run")
            for step in every
        )
        stores.append(StoreOutcome(store=store.name, outcomes=outcomes))
    return ApplyResult(
        plan_digest=commitment.digest,
        stores=tuple(one for one in stores if one.outcomes),
        earlier=at,
        left=_left_by(commitment, only, environment.folder),
        audit_count=head.count,
        audit_head=head.seal,
    )


def _left_by(
    commitment: "ApprovedPlan", only: Collection[RiskClass], folder: Path
) -> "tuple[Step, ...]":
    """The steps of the plan, or parts of them, that neither an apply of some classes is for nor any
    run before it has done.
    """
    from reconciler.plan.steps import steps
    from reconciler.state import journal
    from reconciler.state.folder import journal_path

    if not only:
        return ()
    found = []
    for store in commitment.stores:
        past = journal.read(journal_path(folder, commitment.id, store.name))
        chosen = {(step.id, one.digest) for step in steps(store, only) for one in step.fields}
        for step in steps(store, ()):
            if past.done(step):
                continue
            covered = past.covered.get(step.id, set())
            rest = tuple(
                one
                for one in step.fields
                if (step.id, one.digest) not in chosen and one.digest not in covered
            )
            if rest:
                found.append(replace(step, fields=rest))
    return tuple(found)


_APPLYING: Final = "applying"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """Everything that one apply needs; `only` empty means all classes."""

    commitment: "ApprovedPlan"
    state: DesiredState
    only: Collection[RiskClass]
    environment: Environment
    pseudonyms: Pseudonyms
    control: "Cancellation"
    progress: "Callable[[StepOutcome], None]"


def apply(order: ApplyRequest) -> "ApplyResult":
    """Carries out what was approved. A blocked store lets only withdrawals through."""
    from reconciler.plan.outcome import ApplyResult

    blocked = [store.name for store in order.commitment.stores if store.blocked]
    if blocked and set(order.only) != {RiskClass.WITHDRAW}:
        opt_outs = any(
            one.risk is RiskClass.WITHDRAW
            for store in order.commitment.stores
            for change in store.changes
            for one in change.fields
        )
        alone = "; the opt-outs alone are carried out by `apply --only withdraw`"
        raise BlockedPlanError(
            f"the plan is blocked for {', '.join(blocked)}",
            hint="see `reconciler show PLAN` for what lifts it, and plan again with that"
            f"{alone if opt_outs else ''}",
        )
    busy = [store for store in order.commitment.stores if store.changes]
    record = _audit_of(order)
    record.begin()
    order = replace(order, progress=_watched(order, busy))
    with ThreadPoolExecutor(max_workers=max(1, len(busy))) as pool:
        ended = list(pool.map(lambda one: _apply_or_tell(order, one, record), busy))
    outcomes = [outcome for outcome, _ in ended]
    result = ApplyResult(
        plan_digest=order.commitment.digest,
        stores=tuple(outcomes),
        interrupted=order.control.interrupted.is_set(),
        left=_left_by(order.commitment, order.only, order.environment.folder),
    )
    order.environment.watch.ended(_APPLYING)
    head = record.end(result)
    failures = [error for _, error in ended if error is not None]
    if failures and len(failures) == len(ended):
        raise failures[0]
    return replace(result, audit_count=head.count, audit_head=head.seal)


def _watched(
    order: ApplyRequest, busy: "Iterable[ApprovedStore]"
) -> "Callable[[StepOutcome], None]":
    """Counts the steps that have ended, of all stores together."""
    from reconciler.plan.steps import steps

    total = sum(len(steps(store, order.only)) for store in busy)
    done = count(1)

    def advance(outcome: "StepOutcome") -> None:
        order.environment.watch.at(_APPLYING, "steps", next(done), total)
        order.progress(outcome)

    order.environment.watch.at(_APPLYING, "steps", 0, total)
    return advance


def _audit_of(order: ApplyRequest) -> "Record":
    from reconciler import forge
    from reconciler.state.recorder import Record
    from reconciler.state.trail import Trail

    environment = order.environment
    pseudonyms, *former = record_keys_for(environment) or (order.pseudonyms,)
    made_of = provenance_of(order.state.folder, environment)
    approvers, _ = forge.approvers(environment.variables)
    who = {"actor": made_of.actor, "run": forge.run(environment.variables)}
    return Record(
        trail=Trail(environment.folder, pseudonyms, environment.clock, former),
        plan=order.commitment.id,
        about={
            "digest": order.commitment.digest,
            "spec": order.commitment.spec_digest,
            "tool": __version__,
            "who": {
                name: order.pseudonyms.text(one) for name, one in who.items() if one is not None
            },
            "commit": made_of.commit,
            "committed": made_of.committed,
            "made_from": order.commitment.made_from,
            "approvers": [order.pseudonyms.text(one) for one in approvers],
            "base": order.commitment.base,
            "lifts": [
                {
                    "lift": one.title,
                    "origin": one.origin,
                    "source": one.source,
                    "reason": one.reason,
                    "used": one.used,
                }
                for one in order.commitment.lifts
            ],
        },
    )


def _apply_or_tell(
    order: ApplyRequest, approved: "ApprovedStore", record: "Record"
) -> "tuple[StoreOutcome, Exception | None]":
    """One store; what keeps it from being begun at all does not stop the others."""
    from reconciler.plan.outcome import State, StepOutcome, StoreOutcome
    from reconciler.plan.steps import steps

    failure: Exception
    try:
        return _apply_store(order, approved, record), None
    except ReconcilerError as error:
        why, failure = str(error), error
    except Exception as error:  # the others go on; told with its kind, since texts may be personal
        why, failure = f"a fault of reconciler itself ({type(error).__name__})", error
    left = tuple(
        StepOutcome(step=step, state=State.NOT_REACHED, message=why)
        for step in steps(approved, order.only)
    )
    return StoreOutcome(store=approved.name, outcomes=left, stopped=why), failure


def _apply_store(
    order: ApplyRequest, approved: "ApprovedStore", record: "Record"
) -> "StoreOutcome":
    from reconciler.apply.bench import Bench
    from reconciler.apply.store_run import StoreRun
    from reconciler.plan.steps import steps
    from reconciler.state import journal
    from reconciler.state.folder import journal_path
    from reconciler.state.lock import one_writer

    environment, pseudonyms = order.environment, order.pseudonyms
    store = next(one for one in order.state.stores if one.name == approved.name)
    path = journal_path(environment.folder, order.commitment.id, store.name)
    began = environment.clock.now()
    shop, plan = shop_of(store, environment), order.commitment.id
    with one_writer(environment.folder, store.name, shop, plan=plan, since=began):
        past = journal.read(path)
        kept = journal.Journal(path, environment.clock)
        try:
            connection = open_store(store, environment, approved.learned)
            try:
                bench = Bench(
                    client=connection.client,
                    rules=rules_for(
                        order.state,
                        store,
                        order.commitment.releases,
                        environment,
                        pseudonyms,
                        learned=approved.learned,
                    ),
                    journal=kept,
                    past=past,
                    clock=environment.clock,
                    requests=lambda: connection.session.requests,
                    own_requests=connection.session.own_requests,
                    reserve_turn=connection.session.reserve_turn,
                    control=order.control,
                    audit=record.step,
                    trail_stands=record.trail.stands,
                    only=order.only,
                    made_before=journal.created_lately(environment.folder, store.name, began),
                )
                run = StoreRun(
                    bench,
                    entries(order.state, store.name, pseudonyms),
                    order.progress,
                    steps(approved, ()),
                )
                return run.run(steps(approved, order.only))
            finally:
                connection.session.close()
        finally:
            kept.close()


def entries(state: DesiredState, store: str, pseudonyms: Pseudonyms) -> dict[str, DesiredCustomer]:
    """The spec entries of a store by the alias that plans call them."""
    return {pseudonyms.entry_alias(one): one for one in state.of(store)}
