"""compute(): a store's entries and what was read of it, to its part of the plan."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from reconciler.model.cause import Cause
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.entries import Entries
from reconciler.model.field_path import FieldPath
from reconciler.model.settings import RiskClass
from reconciler.plan.called_out import called_out
from reconciler.plan.case import CustomerPlan
from reconciler.plan.cause import causes, differs_from_base
from reconciler.plan.changes import Action, Change, ConsentChange
from reconciler.plan.contact import keys_of
from reconciler.plan.customer import plan_customer, withdrawals_only
from reconciler.plan.draft import Draft
from reconciler.plan.effort import effort
from reconciler.plan.everybody_else import entry_for, plan_everybody_else
from reconciler.plan.freeze import frozen
from reconciler.plan.ordering import ranked, unmet
from reconciler.plan.owed import owed
from reconciler.plan.pairing import Ambiguous, Missing, Paired, Pairing, is_another, lives_of
from reconciler.plan.plan import Audience, Departed, StorePlan
from reconciler.plan.policies import POLICIES
from reconciler.plan.policies.ceiling import SIZED
from reconciler.plan.proof import unproven
from reconciler.plan.reading import StoreReading
from reconciler.plan.register_access import left_behind, unasked
from reconciler.plan.since import without_grants
from reconciler.plan.standing import is_erased
from reconciler.plan.store_rules import StoreRules
from reconciler.plan.verdicts import Level, Verdict
from reconciler.plan.waiting import overdue, waiting

_REASONS: Final = {
    "identity.no-such-id": (
        "the store has no record of this id",
        "correct the `id`, or leave it out",
    ),
    "identity.ambiguous": (
        "the identities of this entry belong to different customers",
        "give the `id` of the one",
    ),
    "identity.swap": (
        "two entries would exchange an address, and no step between is possible here",
        "name both customers by `id`, and change one address in the store by hand first",
    ),
    "identity.disagrees": (
        "the phone number belongs to a customer with another e-mail address",
        "give the `id`, or `previously: {email: …}` if the person changed it",
    ),
    "identity.doubtful": (
        "a contact of the store may be this one, written in another way",
        "give the `id`, or correct the contact in the store",
    ),
    "read.withheld": (
        "whoever answers to this contact in the store has it hidden",
        "a token that may see personal data, or the `id`",
    ),
    "identity.same-person": ("two entries mean one customer", "make one entry of the two"),
}


Named: TypeAlias = Callable[[DesiredCustomer, Iterable[LiveCustomer]], bool]
"""Whether an entry, with those whom it may mean, is one that is planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Whom a plan is for: those who are `named`, all that were read where nobody is. `entries` are
    everybody's, of whom another may mean the same customer.
    """

    named: Named | None
    entries: Entries

    def of(self, pairings: Iterable[Pairing], region: str | None) -> tuple[Pairing, ...]:
        return tuple(
            self._with_others(one, region)
            for one in pairings
            if self.named is None or self.named(one.desired, lives_of(one))
        )

    def _with_others(self, pairing: Pairing, region: str | None) -> Pairing:
        """What a plan for everybody would make of it where another entry names that customer."""
        if not isinstance(pairing, Paired):
            return pairing
        desired, live = pairing.desired, pairing.live
        if any(is_another(one, desired) for one in self.entries.naming(keys_of(live, region))):
            return Ambiguous(desired=desired, candidates=(live,), rule="identity.same-person")
        return pairing


def compute(
    read: StoreReading,
    rules: StoreRules,
    raises: tuple[tuple[RiskClass, int], ...],
    chosen: Chosen | None = None,
) -> StorePlan:
    """Equal inputs in any order give equal plans; `chosen` are those whom one is for."""
    pairings = read.index.pairings()
    if chosen is not None:
        pairings = chosen.of(pairings, rules.comparison.region)
    pairings += tuple(called_out(read.called_out, pairings, rules, all_of_them=chosen is None))
    examined = [
        _caused(one.desired, _proven(one, _examine(one, rules), read, rules), rules)
        for one in pairings
    ]
    claiming = [(one, result.changes) for one, result in zip(pairings, examined, strict=True)]
    for place, verdict in unmet(claiming, read.index, rules):
        examined[place].verdicts.append(verdict)
    others = plan_everybody_else(read.census.bearers, read.receipt, rules)
    nobody = entry_for("", rules)
    examined += [_of(one) if nobody is None else _caused(nobody, _of(one), rules) for one in others]
    changes = ranked(_merged(change for result in examined for change in result.changes))
    verdicts = tuple(verdict for result in examined for verdict in result.verdicts)
    full = read.receipt.mode == "full"
    draft = Draft(
        store=rules.store,
        table=rules.table,
        receipt=read.receipt,
        customers=read.customers,
        subscribers=_subscribers(read) if full else None,
        raises=raises,
        changes=changes,
        lifted=frozenset(one.rule for one in rules.releases if rules.released(one.rule)),
        left=rules.before.left,
        listed=rules.before.listed,
        unprotected=tuple(
            (rules.pseudonyms.entry_alias(one), one.mark) for one in rules.before.unprotected
        ),
    ).judged(verdicts)
    for policy in POLICIES:
        draft = draft.judged(tuple(policy(draft)))
    draft = draft.judged((*frozen(draft, rules), *unasked(draft, rules), *left_behind(rules)))
    waits = waiting(pairings, rules)
    draft = draft.judged((*owed(pairings, draft, rules), *overdue(waits, rules)))
    touched = {one.remote_id for one in draft.changes if one.remote_id is not None}
    touched |= {
        one
        for verdict in draft.verdicts
        if verdict.level is Level.HOLD and verdict.in_force
        for one in verdict.remote_ids
    }
    return StorePlan(
        name=rules.store.name,
        platform=rules.store.platform,
        api_version=rules.store.api_version,
        receipt=read.receipt,
        customers=read.customers,
        changes=tuple(sorted(draft.changes, key=lambda one: (one.mark, one.alias))),
        verdicts=tuple(sorted(draft.verdicts, key=_verdict_order)),
        audience=_audience(draft),
        footprints=rules.table.footprints,
        effort=effort(draft.changes, rules.table, rules.store.rate or rules.table.rate),
        unchanged=read.receipt.read - len(touched),
        compared=rules.before.compared,
        applied=rules.before.last,
        departures=_departures(rules),
        foreign_tags=read.census.foreign,
        waiting=waits,
    )


def _departures(rules: StoreRules) -> tuple[Departed, ...]:
    found = (
        Departed(
            alias=rules.pseudonyms.entry_alias(one.customer),
            mark=one.customer.mark,
            commit=one.commit,
        )
        for one in rules.before.departures
    )
    return tuple(sorted(found, key=lambda one: (one.mark, one.alias)))


def rests_on_size(plan: StorePlan) -> bool:
    """Whether a ceiling is passed that in a store of known size might not be."""
    return any(
        one.level is Level.BLOCK
        and (one.rule == "withdraw.mass" or (one.rule in SIZED and plan.customers is None))
        for one in plan.verdicts
    )


def rests_on_doubt(plan: StorePlan) -> bool:
    """Whether an opt-in is held for a *no* that may be an opt-out."""
    return any(
        one.in_force and one.rule in ("consent.newer-opt-out", "consent.undated-opt-out")
        for one in plan.verdicts
    )


def _verdict_order(one: Verdict) -> tuple[object, ...]:
    place = (one.mark.file, one.mark.line, one.mark.column) if one.mark else ("", 0, 0)
    return (
        not one.owed,
        list(Level).index(one.level),
        one.rule,
        place,
        one.alias or "",
        one.message,
    )


@dataclass(slots=True)
class _Result:
    changes: list[Change]
    verdicts: list[Verdict]


def _proven(pairing: Pairing, result: _Result, read: StoreReading, rules: StoreRules) -> _Result:
    """With a hold where the reading does not show what the result rests on."""
    if isinstance(pairing, Missing) and is_erased(pairing.desired, rules):
        return result
    held = unproven(pairing, result.changes, read.receipt, read.hidden, read.vouched)
    if held is not None:
        rule, message, lift = held
        first = next(iter(result.changes), None)
        alias = first.alias if first else rules.pseudonyms.entry_alias(pairing.desired)
        remote_id = first.remote_id if first else None
        result.verdicts.append(
            Verdict(
                rule=rule,
                level=Level.HOLD,
                store=rules.store.name,
                message=message,
                alias=alias,
                mark=pairing.desired.mark,
                lifted_by=lift,
                remote_ids=(remote_id,) if remote_id else (),
            )
        )
    if read.receipt.is_since:
        return _Result(*without_grants(result.changes, result.verdicts, pairing.desired, rules))
    return result


def _caused(desired: DesiredCustomer, result: _Result, rules: StoreRules) -> _Result:
    """With why each change is needed. What is held bears a cause only where the files changed."""
    before = rules.before
    result.changes[:] = [
        replace(one, causes=causes(desired, one.fields, before)) for one in result.changes
    ]
    if before.compared is not None and result.verdicts:
        held = any(one.level is Level.HOLD for one in result.verdicts)
        if held and not desired.unnamed and differs_from_base(desired, before):
            result.verdicts[:] = [
                replace(one, cause=Cause.THIS_CHANGE) if one.level is Level.HOLD else one
                for one in result.verdicts
            ]
    return result


def _of(customer_plan: CustomerPlan) -> _Result:
    return _Result(
        changes=[customer_plan.change] if customer_plan.change else [],
        verdicts=list(customer_plan.verdicts),
    )


def _examine(pairing: Pairing, rules: StoreRules) -> _Result:
    match pairing:
        case Paired(desired=desired, live=live):
            return _of(plan_customer(desired, live, rules))
        case Missing(desired=desired):
            return _of(plan_customer(desired, None, rules))
        case Ambiguous(desired=desired, candidates=candidates):
            return _unsure(desired, candidates, pairing.rule, rules)


def _unsure(
    desired: DesiredCustomer, candidates: tuple[LiveCustomer, ...], rule: str, rules: StoreRules
) -> _Result:
    """Held, with every candidate named; but the opt-outs it asks for go to all of them."""
    message, lift = _REASONS[rule]
    aliases = [rules.pseudonyms.live_alias(rules.store.name, one) for one in candidates]
    named = f": {', '.join(aliases)}" if aliases else ""
    hold = Verdict(
        rule=rule,
        level=Level.HOLD,
        store=rules.store.name,
        message=f"{message}{named}",
        alias=rules.pseudonyms.entry_alias(desired),
        mark=desired.mark,
        lifted_by=lift,
        remote_ids=tuple(one.remote_id for one in candidates),
    )
    changes = [
        found.change
        for one in candidates
        if (found := withdrawals_only(desired, one, rules)).change is not None
    ]
    return _Result(changes=changes, verdicts=[hold])


def _merged(changes: Iterable[Change]) -> tuple[Change, ...]:
    """What two entries ask of one customer, once: an entry keeps what none before it asked."""
    asked: dict[str, set[FieldPath]] = {}
    kept = []
    for change in sorted(changes, key=lambda one: (one.mark, one.alias)):
        names = asked.setdefault(change.alias, set())
        fields = tuple(field for field in change.fields if field.path not in names)
        names |= {field.path for field in fields}
        if fields:
            kept.append(replace(change, fields=fields))
    return tuple(kept)


def _subscribers(read: StoreReading) -> tuple[tuple[Channel, int], ...]:
    counted = read.census.subscribed or dict.fromkeys(Channel, 0)
    return tuple((channel, counted[channel]) for channel in Channel)


def _audience(draft: Draft) -> tuple[Audience, ...]:
    before = None if draft.subscribers is None else dict(draft.subscribers)
    found = []
    for channel in Channel:
        change = sum(_effect(one, channel) for one in draft.changes)
        had = None if before is None else before[channel]
        found.append(
            Audience(
                channel=channel,
                before=had,
                change=change,
                after=None if had is None else had + change,
            )
        )
    return tuple(found)


def _effect(change: Change, channel: Channel) -> int:
    """+1 or -1 for a customer who enters or leaves the channel's subscribers."""
    if change.action is Action.DELETE:
        return -1 if change.was_subscribed(channel) else 0
    for field in change.fields:
        if isinstance(field, ConsentChange) and field.channel is channel:
            was = field.before is not None and field.before.state is ConsentState.SUBSCRIBED
            becomes = field.wanted.state is ConsentState.SUBSCRIBED
            return int(becomes) - int(was)
    return 0
