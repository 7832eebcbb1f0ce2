"""One customer field by field, for the person who asks why it is as it is."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import LiveConsent, WantedConsent
from reconciler.model.customer import Account, Address
from reconciler.model.fields import BY_NAME
from reconciler.model.metafields import Metafield, Metafields
from reconciler.model.personal import MASK, Personal
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.tags import TagIntent
from reconciler.model.tax import TaxExemptions
from reconciler.plan.explanation import Bearing, Explanation, Field, Live, Wanted
from reconciler.plan.verdicts import Level, Verdict
from reconciler.planfile.saved_change import ConsentRecord
from reconciler.report import phrases
from reconciler.report.lines import Line, Style
from reconciler.report.plain import plain

Commit = Callable[[SourceMark], str]
Show = Callable[[Personal], str]
_STYLES: Final = {Level.BLOCK: Style.BAD, Level.HOLD: Style.WARN, Level.WARN: Style.DIM}


def masked(value: Personal) -> str:  # noqa: ARG001 -- one signature with whatever reveals
    return MASK


def render(
    found: Iterable[Explanation], *, pseudonyms: Pseudonyms, commit: Commit, show: Show
) -> Iterator[Line]:
    """`commit` tells which commit last touched a line, `show` how a personal value is shown."""
    for one in found:
        state = "" if one.exists else ", which the store does not have"
        if one.absent:
            state = ", who is to be deleted" if one.exists else ", who is gone as wanted"
        yield Line(f"{one.store}: {one.alias}{state}  {one.mark}", Style.TITLE)
        if one.reason is not None:
            yield Line(f"  reason: {plain(pseudonyms.text(one.reason))}")
        if one.bearing is not None:
            yield _bearing(one.bearing, pseudonyms)
        yield from _account(one)
        yield from _subscriptions(one)
        for field in one.fields:
            yield from _field(field, pseudonyms, commit, show)
        for verdict in one.verdicts:
            yield from _verdict(verdict, "  ")
        yield Line()


def _account(one: Explanation) -> Iterator[Line]:
    """What only the store says; it is read and never written."""
    told = [] if one.account is None else [one.account.value]
    if one.verified_email is not None:
        told.append(f"e-mail address {'' if one.verified_email else 'not '}verified")
    if one.known_by is not None:
        told.append(f"known by {BY_NAME[one.known_by].title}")
    if told:
        doubtful = one.account in (Account.DECLINED, Account.DISABLED)
        yield Line(f"  account: {'; '.join(told)}", Style.WARN if doubtful else Style.DIM)


def _subscriptions(one: Explanation) -> Iterator[Line]:
    """To channels that no spec can speak of."""
    for told in one.subscriptions:
        parts = [] if told.at is None else [f"subscribed at {told.at.date().isoformat()}"]
        parts.append(f"grade {told.grade}")
        state = phrases.STATES[told.state]
        yield Line(f"  {told.channel}: {state} ({', '.join(parts)}), not managed here", Style.DIM)


def _bearing(one: Bearing, pseudonyms: Pseudonyms) -> Line:
    """Whose the customer is."""
    ours = "ours" if one.ours else "not ours"
    told = [f"{ours}, and would change" if one.changes else ours]
    if one.others:
        told.append(f"of others: {', '.join(pseudonyms.text(tag) for tag in one.others)}")
    style = Style.WARN if one.changes or one.others else Style.GOOD
    return Line(f"  mark of ownership: {plain('; '.join(told))}", style)


def _field(field: Field, pseudonyms: Pseudonyms, commit: Commit, show: Show) -> Iterator[Line]:
    title = BY_NAME[field.name].title
    held = any(one.in_force for one in field.verdicts)
    state = "would change" if field.changes else "held" if held else "as wanted"
    style = Style.WARN if field.changes or held else Style.GOOD
    yield Line(f"  {title}: {state}", style)
    yield Line(f"    wanted  {plain(_wanted(field.wanted, pseudonyms, show))}")
    yield Line(f"    live    {plain(_live(field.live, pseudonyms, show))}")
    yield Line(f"    from    {field.mark}  {commit(field.mark)}", Style.DIM)
    for verdict in field.verdicts:
        yield from _verdict(verdict, "    ")


def _verdict(one: Verdict, indent: str) -> Iterator[Line]:
    state = "released" if one.released else one.level.value
    yield Line(f"{indent}{state.upper()}  {one.rule}: {plain(one.message)}", _STYLES[one.level])
    if one.in_force:
        lift = one.lifted_by or "nothing"
        if one.approval is not None:
            lift = f"`{lift}`, or the approval `{one.approval}` on the protected branch"
        yield Line(f"{indent}  lifted by: {lift}", Style.DIM)


def _wanted(value: Wanted, pseudonyms: Pseudonyms, show: Show) -> str:
    match value:
        case TagIntent():
            present = ", ".join(pseudonyms.text(tag) for tag in value.present)
            absent = ", ".join(pseudonyms.text(tag) for tag in value.unwanted)
            if value.exact:
                return f"exactly these of ours: {present or 'none'}"
            parts = [f"among them {present}"] if present else []
            return "; ".join([*parts, *([f"without {absent}"] if absent else [])])
        case WantedConsent():
            told = [
                f"{'given' if name == 'at' else name} {pseudonyms.text(text)}"
                for name, text in value.evidence.told()
                if text
            ]
            state = phrases.STATES[value.state]
            return f"{state} [{', '.join(told)}]" if told else state
        case _:
            return _live(value, pseudonyms, show)


def _live(value: Live | Wanted, pseudonyms: Pseudonyms, show: Show) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case str():
            return pseudonyms.text(value)
        case Personal():
            return show(value)
        case TaxExemptions():
            return str(value)
        case Metafields():
            return "; ".join(_metafield(one, pseudonyms, show) for one in value.every) or "none"
        case LiveConsent():
            return _since(value, show)
        case tuple():
            return ", ".join(_part(one, pseudonyms, show) for one in value) or "none"
        case _:
            raise TypeError(type(value).__name__)


def _metafield(one: Metafield, pseudonyms: Pseudonyms, show: Show) -> str:
    """By its name in the files."""
    name = pseudonyms.text(one.title)
    return f"{name}: {'nothing' if one.value is None else show(one.value)}"


def _since(live: LiveConsent, show: Show) -> str:
    """Where a store has a consent from may be anybody's text."""
    told = [phrases.since(ConsentRecord.of(live))]
    if live.level is not None:
        told.append(f"level {live.level}")
    if live.source is not None:
        told.append(f"source {show(live.source)}")
    return ", ".join(told)


def _part(value: str | Address, pseudonyms: Pseudonyms, show: Show) -> str:
    if isinstance(value, str):
        return pseudonyms.text(value)
    told = "; ".join(f"{name} {show(text)}" for name, text in value.texts)
    return f"({told})"
