"""A plan for a terminal: what stands in the way first, then the changes by store and risk class."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.report import phrases, settings
from reconciler.report.lines import Line, Style, plain
from reconciler.report.phrases import NAMED_AT_MOST, Item, Json, Reveal

_LEVELS: Final = {"block": Style.BAD, "hold": Style.WARN, "warn": Style.DIM}
_COLOURS: Final = {
    "create": Style.ADD,
    "grant": Style.ADD,
    "delete": Style.REMOVE,
    "withdraw": Style.REMOVE,
}
LEGEND: Final = "+ new   ~ changed   - deleted   ••• personal value, masked"


def render(body: Json, *, every: bool, reveal: Reveal) -> Iterator[Line]:
    """`every` lists each customer; otherwise identical changes are folded."""
    found = phrases.items(body, reveal)
    yield from _not_read(body)
    yield from not_carried_out(body)
    yield from _settings(body)
    for store in body["stores"]:
        yield from _store(
            body, store, [one for one in found if one.store == store["name"]], every=every
        )
    if found:
        yield Line(LEGEND, Style.DIM)
        if any("grade " in one.what for one in found):
            yield Line(phrases.GRADES, Style.DIM)
        yield Line()
    yield from _last(body)


def _not_read(body: Json) -> Iterator[Line]:
    """What nobody knows stands before all that is known."""
    found = phrases.gaps(body)
    for name, what, why in found:
        mark = "NOT READ" if what == "was not read" else "READ IN PART"
        yield Line(f"{mark}  {name}: {plain(why)}", Style.BAD)
    if found:
        yield Line()


def not_carried_out(body: Json) -> Iterator[Line]:
    """What is owed to people and not planned stands before everything else, each with its line."""
    found = phrases.owed(body)
    for one in found:
        known = "known" if one["acknowledged"] else "NOT PLANNED"
        style = Style.WARN if one["acknowledged"] else Style.BAD
        who = f"{one['store']}: {one['customer']} {_place(one)}"
        yield Line(f"{known}  {who}: {plain(one['message'])}", style)
        if not one["acknowledged"]:
            yield Line(f"  lifted by: {one['lifted_by']}", Style.DIM)
    if found:
        yield Line()


def _settings(body: Json) -> Iterator[Line]:
    """What the files at hand would change of the rules, and what lifts them already."""
    found = settings.changed(body)
    if found:
        yield Line(settings.under(body), Style.BAD)
    for one in found:
        yield Line(f"  {plain(one.text)}{_after(one.place)}", Style.WARN)
    lifts = settings.lifted(body)
    if lifts:
        yield Line("limits that are lifted or not the default", Style.TITLE)
    for one in lifts:
        yield Line(f"  {plain(one.text)}{_after(one.place)}", Style.WARN)
    if found or lifts:
        yield Line()


def _after(place: str) -> str:
    return f"  {plain(place)}" if place else ""


def _store(body: Json, store: Json, found: Sequence[Item], *, every: bool) -> Iterator[Line]:
    title = f"{store['name']} ({store['platform']} {store['api_version']})"
    yield Line(f"{title}: {phrases.receipt(store)}", Style.TITLE)
    if store["error"]:
        yield Line("  NOT PLANNED: it was not read", Style.BAD)
        yield Line()
        return
    for note in store["receipt"]["notes"]:
        yield Line(f"  {note}", Style.WARN)
    own_verdicts = [one for one in body["verdicts"] if one["store"] == store["name"]]
    yield from _verdicts((one for one in own_verdicts if "acknowledged" not in one), every=every)
    for risk in phrases.RISKS:
        own = [one for one in found if one.risk == risk]
        if own:
            yield Line(f"  {phrases.RISKS[risk]} ({len(own)})", Style.TITLE)
            yield from _items(own, _COLOURS.get(risk, Style.PLAIN), every=every)
    if not found and any(one["level"] == "hold" or one["released"] for one in own_verdicts):
        yield Line("  no changes beside what is held or left out", Style.WARN)
    elif not found and store["receipt"]["complete"]:
        yield Line("  no changes", Style.GOOD)
    told = phrases.audience(body, store["name"])
    yield Line(f"  audience: {', '.join(told)}", Style.DIM)
    if every and found:
        yield from _footprints(store["footprints"])
    yield Line()


def _footprints(footprints: Sequence[Json]) -> Iterator[Line]:
    yield Line("  what the calls could change without being asked", Style.DIM)
    for one in footprints:
        told = f"{one['call']}: {', '.join(one['touches'])} — {one['guard']}"
        yield Line(f"    {told}", Style.DIM)


def _verdicts(verdicts: Iterable[Mapping[str, Any]], *, every: bool) -> Iterator[Line]:
    for key, group in phrases.folded(verdicts).items():
        style = _LEVELS.get(key.state, Style.DIM)
        yield Line(f"  {key.state.upper():<9}{key.rule}: {plain(key.message)}", style)
        who = [f"{one['customer']} {_place(one)}" for one in group if one["customer"]]
        shown = who if every else who[:NAMED_AT_MOST]
        more = f" and {len(who) - len(shown)} more" if len(who) > len(shown) else ""
        if who:
            yield Line(f"           {'; '.join(shown)}{more}", Style.DIM)
        if key.lift:
            yield Line(f"           lifted by: {key.lift}", Style.DIM)


def _place(verdict: Mapping[str, Any]) -> str:
    source = verdict["source"]
    return f"{source['file']}:{source['line']}" if source else ""


def _items(found: Sequence[Item], style: Style, *, every: bool) -> Iterator[Line]:
    groups: dict[tuple[str, str], list[Item]] = {}
    for one in found:
        key = (one.sign, one.what if not every else f"{one.what}\0{one.customer}")
        groups.setdefault(key, []).append(one)
    for (sign, _), group in groups.items():
        what = plain(group[0].what)
        if len(group) == 1:
            one = group[0]
            yield Line(f"    {sign} {one.customer}  {what}  {one.source}:{one.line}", style)
            continue
        names = ", ".join(one.customer for one in group[:NAMED_AT_MOST])
        more = f", … (-v names all {len(group)})" if len(group) > NAMED_AT_MOST else ""
        place = f"{group[0].source}:{group[0].line} and {len(group) - 1} more"
        told = f"    {sign} {what}  {len(group)} customers: {names}{more}  {place}"
        yield Line(told, style)


def _last(body: Json) -> Iterator[Line]:
    summary = body["summary"]
    told = f"Plan {phrases.plan_id(body)}, {settings.source(body)}, {phrases.made_from(body)}."
    yield Line(told, Style.WARN if phrases.is_uncommitted(body) else Style.DIM)
    unread = [bool(store["error"]) for store in body["stores"]]
    if unread and all(unread):
        yield Line("No store could be read, so nothing is planned.", Style.BAD)
    elif any(unread):
        yield Line("Some stores could not be read; the plan covers the others.", Style.BAD)
    owed = sum(not one["acknowledged"] for one in phrases.owed(body))
    if not summary["complete"] and not any(unread):
        yield Line("Not every store was read whole.", Style.BAD)
    if owed:
        yield Line(phrases.not_planned(owed), Style.BAD)
    if phrases.is_empty(body):
        held = f", {summary['held']} held" if summary["held"] else ""
        left = phrases.counted(summary["unchanged"], "customer")
        if phrases.standing(body).startswith(phrases.NO_CHANGES):
            style = Style.GOOD if phrases.standing(body) == phrases.NO_CHANGES else Style.WARN
            yield Line(f"No changes. {left} unchanged{held}.", style)
        else:
            yield Line(f"Nothing to carry out. {left} unchanged{held}.", Style.WARN)
        return
    yield Line(f"Plan: {phrases.totals(body)}.", Style.TITLE)
    if takes := phrases.sentence(phrases.duration(body)):
        yield Line(f"{takes}.", Style.DIM)
    if sent := phrases.messages(body):
        yield Line(sent, Style.WARN)
    if summary["blocked"]:
        rest = "only `apply --only withdraw`" if summary["classes"]["withdraw"] else "nothing of it"
        yield Line(f"The plan is BLOCKED: {rest} would be carried out.", Style.BAD)
