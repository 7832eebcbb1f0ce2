"""Whether a saved plan may be applied, and what earlier runs did of it."""

from collections.abc import Callable, Collection
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.app.environment import Environment
from reconciler.errors import ConfigError, StalePlanError
from reconciler.model.settings import DesiredState, RiskClass, Settings

if TYPE_CHECKING:
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.approved import ApprovedPlan
    from reconciler.plan.outcome import ApplyResult
    from reconciler.plan.steps import Step
    from reconciler.planfile.saved import SavedPlan


def check_usable(
    saved: "SavedPlan",
    state: DesiredState,
    environment: Environment,
    pseudonyms: "Pseudonyms",
    *,
    resume: bool,
    under: Callable[[str], DesiredState],
) -> "tuple[ApprovedPlan, DesiredState]":
    """The commitment of a saved plan that `verified` gave, and the state it is carried out for.

    `state` is under the settings at hand, `under` gives the same files under those of a commit.
    What the specs ask for need not be what the plan was made of: that is judged change by change.
    Raises what says why the plan must not be applied.
    """
    from reconciler.planfile.approve import approve

    commitment = approve(saved)
    if saved.tool != __version__:
        raise StalePlanError(
            f"this plan was made by version {saved.tool}",
            hint="plan again with this version",
        )
    if saved.stores and all(store.error for store in saved.stores):
        raise StalePlanError(
            "no store could be read when this plan was made", hint="see why, and plan again"
        )
    if saved.expires_at < environment.clock.now():
        raise StalePlanError("this plan has expired", hint="plan again, and review that plan")
    _check_approvals(commitment, state.settings, environment, pseudonyms)
    planned = _under_plan(commitment, state, under, pseudonyms)
    _check_unused(commitment, environment, resume=resume)
    return commitment, planned


def _under_plan(
    commitment: "ApprovedPlan",
    state: DesiredState,
    under: Callable[[str], DesiredState],
    pseudonyms: "Pseudonyms",
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
    commitment: "ApprovedPlan",
    at_hand: Settings,
    environment: Environment,
    pseudonyms: "Pseudonyms",
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
    if resume:
        return
    match progress(commitment, environment):
        case Progress.NOT_BEGUN:
            return
        case Progress.APPLIED:
            raise StalePlanError("this plan has been applied already", hint="plan again")
        case Progress.AS_FAR_AS_COULD_BE:
            raise StalePlanError(
                "this plan has been applied as far as it could be",
                hint="plan again for what is left",
            )
        case Progress.BEGUN:
            raise StalePlanError(
                "an apply of this plan was begun and has not ended",
                hint="continue it with --resume",
            )


class Progress(Enum):
    """How far earlier runs came with a plan, as its journals tell. As far as could be: what they
    have not done they skipped.
    """

    NOT_BEGUN = auto()
    BEGUN = auto()
    AS_FAR_AS_COULD_BE = auto()
    APPLIED = auto()


def progress(commitment: "ApprovedPlan", environment: Environment) -> Progress:
    from reconciler.plan.steps import steps
    from reconciler.state import journal
    from reconciler.state.folder import journal_path

    busy = [store for store in commitment.stores if store.changes]
    pasts = [
        journal.read(journal_path(environment.folder, commitment.id, store.name)) for store in busy
    ]
    if not any(past.begun for past in pasts):
        return Progress.NOT_BEGUN
    if all(past.finished for past in pasts):
        return Progress.APPLIED
    left = [
        past.ended.get(step.id)
        for past, store in zip(pasts, busy, strict=True)
        for step in steps(store, ())
        if not past.done(step)
    ]
    skipped = all(one is not None and one.skipped for one in left)
    return Progress.AS_FAR_AS_COULD_BE if skipped else Progress.BEGUN


def applied_before(
    saved: "SavedPlan",
    environment: Environment,
    only: Collection[RiskClass] = (),
) -> "ApplyResult | None":
    """What earlier runs did of a saved plan of which nothing is left; None where there may be.

    It is told even where the plan has expired since.
    """
    from reconciler.plan.outcome import ApplyResult, StepOutcome, StoreOutcome, TrailEnd
    from reconciler.plan.steps import steps
    from reconciler.planfile.approve import approve
    from reconciler.state import journal
    from reconciler.state.folder import journal_path
    from reconciler.state.trail import ended_whole

    commitment = approve(saved)
    stores, trails, times = [], [], []
    for store in commitment.stores:
        if not store.was_read:
            continue
        ended = ended_whole(environment.folder, store.name, commitment.id)
        if ended is None:
            return None
        times.append(ended[0])
        trails.append(TrailEnd(store=store.name, lines=ended[1].count, head=ended[1].seal))
        past = journal.read(journal_path(environment.folder, commitment.id, store.name))
        every = steps(store, only)
        if not all(past.done(step) for step in every):
            return None
        outcomes = tuple(
            StepOutcome(step=step, state=past.ended[step.id], message="done in an earlier run")
            for step in every
        )
        stores.append(StoreOutcome(store=store.name, outcomes=outcomes))
    if not times:
        return None
    return ApplyResult(
        plan_digest=commitment.digest,
        stores=tuple(one for one in stores if one.outcomes),
        earlier=max(times),
        left=left_by(commitment, only, environment.folder),
        trails=tuple(trails),
    )


def left_by(
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


def last_begun(environment: Environment) -> Path:
    """The copy of the plan that an apply may go on with, the last one of several.

    Raises `ConfigError` where there is none.
    """
    from reconciler.state.unfinished import unfinished

    found = (one.kept for one in unfinished(environment.folder) if one.rest.resumable)
    last = next(found, None)
    if last is None:
        raise ConfigError("no apply is unfinished here", hint="there is nothing to resume")
    return last
