"""What an apply did, told by receipts: everything counted here was read back from the store."""

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.plan.outcome import ApplyResult, State, StoreOutcome, TrailEnd
from reconciler.plan.steps import StepKind
from reconciler.planfile.encode import (
    encode_lift,
    encode_provenance,
    encode_settings,
    encode_verdict,
)
from reconciler.planfile.saved import SavedPlan, SavedVerdict
from reconciler.report import phrases
from reconciler.report.lines import Line, Style
from reconciler.report.phrases import Gap
from reconciler.report.plain import plain


def render(
    result: ApplyResult,
    resume: str,
    owed: Sequence[SavedVerdict],
    gaps: Sequence[Gap] = (),
) -> Iterator[Line]:
    """`resume` is the command that goes on where something is left; `owed` are the plan's verdicts
    on what is asked for and not carried out, `gaps` the stores that it knows nothing or not all of.
    """
    unread = bool(gaps)
    for gap in gaps:
        yield Line(f"{gap.store} {gap.what} for this plan: {plain(gap.why)}", Style.BAD)
    for one in owed:
        known = "NOT CARRIED OUT" if one.neglected else "known"
        style = Style.BAD if one.neglected else Style.WARN
        who = f"{one.store}: {one.alias} {phrases.place(one.mark)}"
        yield Line(f"{known}  {who}: {one.message}", style)
    for store in result.stores:
        yield from _store(store)
    if result.earlier is not None:
        when = result.earlier.isoformat(timespec="seconds")
        told = f"Nothing was left to do: this plan was applied completely at {when}."
        if result.left:
            told = f"Nothing was left to do of these classes, by the run that ended at {when}."
        yield Line(told, Style.WARN if unread or result.left else Style.GOOD)
        yield from _left(result, resume)
        yield from _owing(owed)
        return
    good = sum(result.count(state) for state in State if state.good)
    total = sum(len(store.outcomes) for store in result.stores)
    for trail in result.trails:
        of = f" of {trail.store}" if len(result.trails) > 1 else ""
        yield Line(f"audit trail{of}: {trail.lines} lines, head {trail.head[:16]}", Style.DIM)
    if result.complete and not total:
        yield Line("Nothing was applied: the plan has no step for it.", Style.WARN)
    elif result.complete:
        but = ", but not every store was read whole for the plan" if unread else ""
        style = Style.WARN if unread else Style.GOOD
        yield Line(f"Applied: {good} of {total} steps, each read back from its store{but}.", style)
    yield from _left(result, resume)
    if result.complete:
        yield from _owing(owed)
        return
    yield Line(f"Not everything is applied: {good} of {total} steps are.", Style.BAD)
    if result.resumable:
        yield Line(f"Continue with: {resume}", Style.WARN, whole=True)
    else:
        yield Line("Plan again: what was skipped is decided anew by the next plan.", Style.WARN)


def _left(result: ApplyResult, resume: str) -> Iterator[Line]:
    """What was approved and is not done, because this run was for some classes only."""
    if not result.left:
        return
    counts = Counter(step.kind.value for step in result.left)
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    yield Line(f"Left by --only, though approved: {told}.", Style.WARN)
    if resume:
        yield Line(f"Carry them out with: {resume}", Style.WARN, whole=True)


def _owing(owed: Sequence[SavedVerdict]) -> Iterator[Line]:
    if left := sum(one.neglected for one in owed):
        yield Line(phrases.not_planned(left), Style.BAD)


def _store(store: StoreOutcome) -> Iterator[Line]:
    counts = Counter(one.state for one in store.outcomes)
    told = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    yield Line(f"{store.store}: {told or 'nothing to do'} ({store.requests} requests)", Style.TITLE)
    if calls := _calls(store):
        yield Line(f"  requests a step: {calls}", Style.DIM)
    if store.stopped:
        yield Line(f"  STOPPED: {store.stopped}", Style.BAD)
    for one in store.outcomes:
        where = f"{one.step.change.alias} {one.step.kind}"
        if not one.state.good and one.state is not State.NOT_REACHED:
            yield Line(f"  {one.state}: {where}{_tail(one.message)}", Style.BAD)
        elif one.collateral:
            yield Line(f"  collateral: {where}{_tail('; '.join(one.collateral))}", Style.BAD)
    yield from _deleted(store)
    noticed: dict[str, list[str]] = {}
    for one in store.outcomes:
        for text in one.noticed:
            noticed.setdefault(text, []).append(f"{one.step.change.alias} {one.step.kind}")
    for text, who in noticed.items():
        yield Line(f"  noticed: {phrases.names(who)}: {text}", Style.WARN)


def _deleted(store: StoreOutcome) -> Iterator[Line]:
    """Who went, and why: a delete cannot be undone."""
    for one in store.outcomes:
        if one.step.kind is StepKind.DELETE and one.state.good:
            change = one.step.change
            why = f", reason: {change.reason}" if change.reason else ""
            place = phrases.place(change.mark)
            yield Line(f"  deleted: {change.alias}{why}  {place}", Style.REMOVE)


def _calls(store: StoreOutcome) -> str:
    """How many requests one step of each kind took; readings that several share come apart."""
    found: dict[str, list[int]] = {}
    for one in store.outcomes:
        if one.requests:
            found.setdefault(one.step.kind, []).append(one.requests)
    parts = [f"{kind} {sum(counts) / len(counts):.1f}" for kind, counts in found.items()]
    shared = store.requests - sum(one.requests for one in store.outcomes)
    if shared > 0 and parts:
        parts.append(f"and {shared} beside them")
    return ", ".join(parts)


def _tail(message: str) -> str:
    return f": {message}" if message else ""


def _audit(trails: Sequence[TrailEnd]) -> dict[str, object]:
    """The head of all only where there is one trail."""
    return {
        "lines": sum(one.lines for one in trails),
        "head": trails[0].head if len(trails) == 1 else None,
        "stores": {one.store: {"lines": one.lines, "head": one.head} for one in trails},
    }


def as_json(result: ApplyResult, resume: str, plan: SavedPlan) -> dict[str, object]:
    """The plan tells what was owed, what the settings were, and what lifted them."""
    return {
        "plan": result.plan_digest,
        "complete": result.complete,
        "interrupted": result.interrupted,
        "resume": resume if result.resumable or result.left else None,
        "left_by_only": [
            {"step": step.id, "customer": step.change.alias, "kind": step.kind.value}
            for step in result.left
        ],
        "applied_before": result.earlier.isoformat() if result.earlier else None,
        "not_read_whole": [
            {"store": gap.store, "why": f"{gap.what}: {gap.why}"} for gap in phrases.gaps(plan)
        ],
        "not_carried_out": [encode_verdict(one) for one in plan.owed],
        "provenance": encode_provenance(plan.provenance),
        "settings": encode_settings(plan.settings),
        "lifts": [encode_lift(one) for one in plan.lifts],
        "audit": _audit(result.trails),
        "stores": [
            {
                "store": store.store,
                "stopped": store.stopped or None,
                "requests": store.requests,
                "steps": [
                    {
                        "step": one.step.id,
                        "customer": one.step.change.alias,
                        "kind": one.step.kind.value,
                        "reason": one.step.change.reason,
                        "state": one.state.value,
                        "requests": one.requests,
                        "message": one.message,
                        "collateral": list(one.collateral),
                        "noticed": list(one.noticed),
                        "fields": {str(path): state.value for path, state in one.fields},
                    }
                    for one in store.outcomes
                ],
            }
            for store in result.stores
        ],
    }
