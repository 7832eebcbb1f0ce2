"""Whatever lifts a limit of a plan, gathered from flags, approvals and settings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from reconciler.diagnostics import SourceMark
from reconciler.model.customer import DesiredCustomer
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.redaction import NOBODY, Names, without_values
from reconciler.model.settings import (
    CEILINGS,
    Approval,
    DesiredState,
    Policy,
    Release,
    RiskClass,
    Settings,
    StoreSettings,
)
from reconciler.plan.approval_entries import ApprovalEntries
from reconciler.plan.lift import Lift, LiftKind, LiftState, Origin
from reconciler.plan.plan import StorePlan
from reconciler.plan.verdicts import Verdict

Places: TypeAlias = set[SourceMark] | None
"""The lines of some entries; None for all of them."""


class _Told:
    """The verdicts of one store by their lines: these name a customer by the record and approvals
    by the entry, and both have its lines.
    """

    def __init__(self, part: StorePlan) -> None:
        self.part = part
        self._at: dict[SourceMark | None, list[Verdict]] = {}
        for one in part.verdicts:
            self._at.setdefault(one.mark, []).append(one)
        self._rules = {one.rule for one in part.verdicts}
        self._released = {one.rule for one in part.verdicts if one.released}
        self._known = any(one.acknowledged for one in part.verdicts)

    def released(self, rule: str, places: Places) -> bool:
        if places is None:
            return rule in self._released
        return any(one.rule == rule and one.released for one in self._in(places))

    def acknowledged(self, rule: str, places: Places) -> bool:
        """Whether it names something that is owed and known, by its own rule or what holds it."""
        if places is None:
            return self._known and rule in self._rules
        here = list(self._in(places))
        return any(one.acknowledged for one in here) and any(one.rule == rule for one in here)

    def _in(self, places: set[SourceMark]) -> Iterator[Verdict]:
        return (one for place in places for one in self._at.get(place, ()))


def lifts(
    state: DesiredState,
    flags: tuple[tuple[tuple[RiskClass, int], ...], tuple[Release, ...]],
    parts: Iterable[StorePlan],
    now: datetime,
    pseudonyms: Pseudonyms,
    names: Names = NOBODY,
) -> tuple[Lift, ...]:
    """In a fixed order. `flags` are the raises and releases of the command line, `names` what
    people are called by whom reasons may speak of.
    """
    parts = tuple(parts)
    planned = {part.name for part in parts}
    stores = tuple(one for one in state.stores if one.name in planned)
    named = ApprovalEntries(state)
    told = {part.name: _Told(part) for part in parts}
    origin = Origin.SPECS if state.base is None else Origin.BASE
    found = [
        *_of_flags(*flags, parts),
        *(
            lift
            for approval in state.approvals
            if not approval.stores or planned & set(approval.stores)
            for lift in _of_approval(
                replace(approval, reason=without_values(approval.reason, (), names)),
                named.of(approval),
                [told[one] for one in approval.stores or told if one in told],
                origin,
                now,
                pseudonyms,
            )
        ),
        *(lift for store in stores for lift in _of_limits(store, origin)),
        *_of_policy(state.policy, origin),
    ]
    return tuple(sorted(found, key=_order))


def _order(one: Lift) -> tuple[object, ...]:
    place = (one.mark.file, one.mark.line, one.mark.column) if one.mark else ("", 0, 0)
    return (
        list(LiftKind).index(one.kind),
        one.what,
        one.store or "",
        place,
        one.value,
        one.customers or (),
    )


def _of_flags(
    raises: tuple[tuple[RiskClass, int], ...],
    releases: tuple[Release, ...],
    parts: tuple[StorePlan, ...],
) -> Iterator[Lift]:
    for risk, number in raises:
        used = any(_raised(part, risk, number) for part in parts)
        yield Lift(
            kind=LiftKind.RAISE,
            what=risk.value,
            value=str(number),
            origin=Origin.FLAG,
            state=_state(used=used),
        )
    for one in releases:
        customers = None if one.alias is None else (one.alias,)
        here = [part for part in parts if one.store in (None, part.name)]
        used = any(
            verdict.rule == one.rule and verdict.released and one.alias in (None, verdict.alias)
            for part in here
            for verdict in part.verdicts
        )
        yield Lift(
            kind=LiftKind.RELEASE,
            what=one.rule,
            store=one.store,
            customers=customers,
            origin=Origin.FLAG,
            state=_state(used=used),
        )


def _of_approval(
    approval: Approval,
    entries: tuple[DesiredCustomer, ...] | None,
    parts: Sequence[_Told],
    origin: Origin,
    now: datetime,
    pseudonyms: Pseudonyms,
) -> Iterator[Lift]:
    places = (
        None if entries is None else {mark for one in entries for mark in (one.mark, *one.marks)}
    )
    for kind, what, value in _lifted(approval):
        match kind:
            case LiftKind.RAISE:
                used = any(_raised(one.part, RiskClass(what), int(value)) for one in parts)
            case LiftKind.RELEASE:
                used = any(one.released(what, places) for one in parts)
            case _:
                used = any(one.acknowledged(what, places) for one in parts)
        yield Lift(
            kind=kind,
            what=what,
            value=value,
            store=", ".join(sorted(approval.stores)) or None,
            customers=None
            if entries is None
            else tuple(sorted({pseudonyms.entry_alias(one) for one in entries})),
            mark=approval.mark,
            reason=pseudonyms.text(approval.reason),
            until=approval.until,
            origin=origin,
            state=LiftState.EXPIRED if approval.until < now else _state(used=used),
            digest=_digest(approval, kind, what, value, pseudonyms),
        )


def _lifted(approval: Approval) -> Iterator[tuple[LiftKind, str, str]]:
    for risk, number in approval.raises:
        yield LiftKind.RAISE, risk, str(number)
    if approval.release is not None:
        yield LiftKind.RELEASE, approval.release, ""
    if approval.acknowledges is not None:
        yield LiftKind.ACKNOWLEDGE, approval.acknowledges, ""


def approval_ends(settings: Settings, pseudonyms: Pseudonyms) -> dict[str, datetime]:
    """When each approval runs out, by the digests that lifts of it bear."""
    ends: dict[str, datetime] = {}
    for approval in settings.approvals:
        for kind, what, value in _lifted(approval):
            digest = _digest(approval, kind, what, value, pseudonyms)
            ends[digest] = max(approval.until, ends.get(digest, approval.until))
    return ends


def _digest(
    approval: Approval, kind: LiftKind, what: str, value: str, pseudonyms: Pseudonyms
) -> str:
    """Of what is lifted for whom; a new reason or end makes no other approval of it."""
    whom = (
        None
        if approval.identities is None
        else sorted([one.kind.value, one.key] for one in approval.identities)
    )
    return pseudonyms.digest("approval", [kind.value, what, value, sorted(approval.stores), whom])


def _state(*, used: bool) -> LiftState:
    return LiftState.USED if used else LiftState.UNUSED


def _raised(part: StorePlan, risk: RiskClass, number: int) -> bool:
    rule = "withdraw.mass" if risk is RiskClass.WITHDRAW else f"ceiling.{risk}"
    return any(one.rule == rule and one.released for one in part.verdicts) and (
        risk is RiskClass.WITHDRAW or number >= part.count(risk)
    )


def _of_limits(store: StoreSettings, origin: Origin) -> Iterator[Lift]:
    for risk, ceiling in store.ceilings:
        usual = CEILINGS.get(risk)
        if ceiling == usual:
            continue
        told = f"{ceiling.percent:g} %, {ceiling.at_least} to {ceiling.at_most}"
        default = (
            "none" if usual is None else f"{usual.percent:g} %, {usual.at_least} to {usual.at_most}"
        )
        yield Lift(
            kind=LiftKind.LIMIT,
            what=risk.value,
            value=f"{told} (default {default})",
            store=store.name,
            mark=ceiling.mark,
            origin=origin,
            state=LiftState.IN_FORCE,
        )


def _of_policy(policy: Policy, origin: Origin) -> Iterator[Lift]:
    """Where less is asked of a grant than by default."""
    found = []
    for channel, usual in Policy().required:
        missing = [name for name in usual if name not in policy.required_for(channel)]
        if missing:
            found.append((f"consent.require.{channel}", f"without {', '.join(missing)}"))
    if policy.implied:
        found.append(("consent.implied", ", ".join(policy.implied)))
    for what, value in found:
        yield Lift(
            kind=LiftKind.POLICY,
            what=what,
            value=value,
            mark=policy.mark,
            origin=origin,
            state=LiftState.IN_FORCE,
        )
