"""What each customer gets in each risk class, in words: the rows of every rendering."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import ConsentState, WantedConsent
from reconciler.model.fields import BY_NAME
from reconciler.model.personal import MASK
from reconciler.model.settings import RiskClass
from reconciler.plan.changes import Action
from reconciler.planfile.saved import SavedPlan
from reconciler.planfile.saved_change import (
    Effect,
    HiddenAddresses,
    HiddenScalar,
    SavedChange,
    SavedConsent,
    SavedField,
    SavedPresence,
    SavedScalar,
    SavedTags,
    Shown,
    first_cause,
)
from reconciler.report.phrases import STATES, since

Reveal = Mapping[tuple[str, str], str]
"""Alias and field to `before → after` in clear; only ever filled for a person at a terminal."""

_SIGNS: Final = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one customer gets in one risk class; items with the same `what` can be folded.

    `evidence` is what the specs say of how a consent came about, beyond what `what` tells;
    `reason` is why somebody goes, which `what` tells too. `cause` is why it has to change, empty
    where no base was given.
    """

    store: str
    risk: RiskClass
    sign: str
    what: str
    customer: str
    mark: SourceMark
    fields: tuple[str, ...]
    evidence: str
    reason: str
    cause: str


def items(plan: SavedPlan, reveal: Reveal) -> tuple[Item, ...]:
    """The plan's changes, split by risk class."""
    return tuple(_item(change, risk, reveal) for change in plan.changes for risk in change.classes)


def _item(change: SavedChange, risk: RiskClass, reveal: Reveal) -> Item:
    fields = change.of_class(risk)
    reason = _reason(risk, change)
    told = [*_words(fields, change, reveal), *([f"reason: {reason}"] if reason else [])]
    return Item(
        store=change.store,
        risk=risk,
        sign=_SIGNS[change.action],
        what=", ".join(told) or change.action.value,
        customer=_customer(change, reveal),
        mark=fields[0].mark,
        fields=tuple(str(one.path) for one in fields),
        evidence=_evidence(fields),
        reason=reason,
        cause=first_cause(fields) or "",
    )


def _reason(risk: RiskClass, change: SavedChange) -> str:
    """Why somebody goes, or is opted out where nobody can be deleted; empty for other things."""
    tells = risk is RiskClass.DELETE or RiskClass.DELETE not in change.classes
    return (change.reason or "") if tells else ""


def _evidence(fields: Iterable[SavedField]) -> str:
    told = [
        f"{name} {text}"
        for one in fields
        if isinstance(one.value, SavedConsent)
        for name, text in one.value.after.evidence.told()
    ]
    return f"evidence: {', '.join(told)}" if told else ""


def _words(fields: Iterable[SavedField], change: SavedChange, reveal: Reveal) -> list[str]:
    """What each field gets; the values of a new customer are named together."""
    if change.action is not Action.CREATE:
        return [_field(one, change, reveal) for one in fields]
    hidden = [
        one
        for one in fields
        if isinstance(one.value, HiddenScalar | HiddenAddresses)
        and (change.alias, str(one.path)) not in reveal
    ]
    others = [_field(one, change, reveal) for one in fields if one not in hidden]
    names = ", ".join(_title(one) for one in hidden)
    return [*([f"with {names}"] if names else []), *(one for one in others if one)]


def _customer(change: SavedChange, reveal: Reveal) -> str:
    named = reveal.get((change.alias, ""))
    return f"{change.alias} ({named})" if named else change.alias


def _title(field: SavedField) -> str:
    spec, part = BY_NAME[field.path.table], field.path.member
    return f"{spec.several.single} {part}" if spec.several and part else spec.title


def _field(field: SavedField, change: SavedChange, reveal: Reveal) -> str:
    creates = change.action is Action.CREATE
    match field.value:
        case SavedPresence():
            return "" if creates else "delete the customer"
        case SavedTags() as tags:
            signs = [*(f"+{tag}" for tag in tags.added), *(f"-{tag}" for tag in tags.removed)]
            tail = f" (feeds {tags.channel})" if tags.channel else ""
            tail = " (our mark)" if tags.claims else tail
            return " ".join(signs) + tail
        case SavedConsent() as consent:
            return _consent(_title(field), consent)
        case HiddenAddresses(paths=paths):
            return f"addresses: {', '.join(paths)}"
        case SavedScalar() as scalar:
            before = "" if creates else f"{_shown(scalar.before)} → "
            after = "nothing" if scalar.after is None else _shown(scalar.after)
            return f"{_title(field)} {before}{after}"
        case HiddenScalar(effect=effect):
            masked = f"{MASK} → {MASK}" if effect is Effect.CHANGED else effect.value
            return f"{_title(field)} {reveal.get((change.alias, str(field.path))) or masked}"


def _shown(value: Shown) -> str:
    if value is None:
        return "not told"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _consent(title: str, consent: SavedConsent) -> str:
    after = STATES[consent.after.state]
    if consent.before is None:
        return f"{title} {after}{_proof(consent.after)}"
    moves = " for the new address" if consent.moves else ""
    carried = f" (opted out in {consent.elsewhere.store})" if consent.elsewhere else ""
    return f"{title} {since(consent.before)} → {after}{moves}{carried}{_proof(consent.after)}"


def _proof(after: WantedConsent) -> str:
    if after.state is not ConsentState.SUBSCRIBED:
        return ""
    proof = after.evidence
    told = [text for text in (proof.source, proof.level, proof.evidence) if text is not None]
    when = [f"given {proof.at.date().isoformat()}"] if proof.at else []
    return f" [{', '.join([*when, *told])}]" if told or when else ""
