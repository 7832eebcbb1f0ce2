"""A plan as a pull-request comment: totals and verdicts first, changes by class, within a budget.

Everything that comes from specs or stores is escaped: tables, HTML, mentions, links and direction
characters of strangers do not work in it. Record numbers of the store are left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.planfile.saved import SavedPlan, SavedVerdict
from reconciler.report import phrases, settings
from reconciler.report.items import Item, items
from reconciler.report.lines import code_spans
from reconciler.report.links import source_link
from reconciler.report.plain import plain

MARKER: Final = "<!-- reconciler:plan -->"
BUDGET: Final = 60_000
_RESERVED: Final = 400
_NAMED: Final = 5
_CODE: Final = re.compile(r"[\w .,:;=+/(){}\[\]-]+")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~>-])")


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a table; `counts` says that leaving it out leaves something out."""

    text: str
    counts: bool = False


def escape(text: str) -> str:
    """Text that stays text: no table cell, tag, mention, issue number, link or emphasis."""
    safe = _SPECIAL.sub(r"\\\1", plain(text))
    safe = safe.replace("&", "&amp;").replace("<", "&lt;")
    return safe.replace("@", "&#64;").replace("://", ":&#47;&#47;").replace("www.", "www&#46;")


def coded(text: str) -> str:
    """The same for our own sentences, whose names in backticks are shown as code."""
    return "".join(
        f"`{part}`"
        if is_code and _CODE.fullmatch(part)
        else escape(f"`{part}`" if is_code else part)
        for is_code, part in code_spans(plain(text))
    )


def render(plan: SavedPlan, link: Mapping[str, str]) -> str:
    """At most `BUDGET` characters. `link` may hold `base`, the address that files are below."""
    head, tail = list(_head(plan)), [*_foot(plan)]
    room = BUDGET - sum(len(one) + 1 for one in (*head, *tail)) - _RESERVED
    remarks, taken = _fitting(_changed(plan, link), room // 4, "settings")
    lifts, more = _fitting(_lifted(plan, link), room // 4, "limits")
    room -= taken + more
    verdicts, used = _fitting(_verdicts(plan.verdicts, link), room // 2, "verdicts")
    changes, _ = _fitting(_changes(plan, link), room - used, "rows")
    return "\n".join([*head, *remarks, *lifts, *verdicts, *changes, *tail]) + "\n"


def _fitting(rows: Iterable[_Row], room: int, what: str) -> tuple[list[str], int]:
    """The rows that fit, and an honest word on those that do not; and how much they take."""
    kept: list[str] = []
    used = left = 0
    for row in rows:
        if left or used + len(row.text) + 1 > room:
            left += row.counts
            continue
        kept.append(row.text)
        used += len(row.text) + 1
    if left:
        kept += ["", f"**{left} more {what} do not fit here; see the plan's artefact.**", ""]
    return kept, used


def _head(plan: SavedPlan) -> Iterator[str]:
    yield MARKER
    yield f"## Customer plan: {phrases.standing(plan)}"
    yield ""
    for gap in phrases.gaps(plan):
        yield f"**{escape(gap.store)} {gap.what}: {escape(gap.why)}**"
        yield ""
    if left := sum(one.neglected for one in plan.owed):
        yield f"**{phrases.not_planned(left)}** They stand first below."
        yield ""
    if part := phrases.scope(plan):
        yield f"**This is {escape(part)}.**"
        yield ""
    if differing := settings.changed(plan.settings):
        yield f"**{escape(settings.under(plan))}** ({len(differing)}, listed below)."
        yield ""
    sent = phrases.messages(plan)
    yield f"{escape(phrases.totals(plan))}.{f' **{escape(sent)}.**' if sent else ''}"
    yield ""
    if why := phrases.causes(plan):
        yield f"Causes, by customers: {why}."
        yield ""
    if waits := phrases.waiting(plan):
        yield f"**{waits}.**"
        yield ""
    if takes := phrases.sentence(phrases.duration([store.effort for store in plan.stores])):
        yield f"{takes}."
        yield ""
    yield "| store | read | audience |"
    yield "|---|---|---|"
    for store in plan.stores:
        told = "not read" if store.error else phrases.receipt(store)
        effect = ", ".join(phrases.audience(store)) or "unknown"
        yield f"| {escape(store.name)} | {escape(told)} | {escape(effect)} |"
    yield ""
    for store in plan.stores:
        if gone := phrases.departures(store):
            yield f"{escape(store.name)}: {escape(gone)}."
            yield ""
        if alone := phrases.left_alone(store):
            yield f"{escape(store.name)}: {escape(alone)}."
            yield ""


def _changed(plan: SavedPlan, link: Mapping[str, str]) -> Iterator[_Row]:
    return _remarks("Settings that this would change", settings.changed(plan.settings), link)


def _lifted(plan: SavedPlan, link: Mapping[str, str]) -> Iterator[_Row]:
    return _remarks("Limits that are lifted or not the default", settings.lifted(plan.lifts), link)


def _remarks(
    title: str, remarks: Sequence[settings.Remark], link: Mapping[str, str]
) -> Iterator[_Row]:
    if not remarks:
        return
    yield _Row(f"### {title} ({len(remarks)})")
    yield _Row("")
    for one in remarks:
        place = f" {_place(one.mark, link)}" if one.mark else ""
        yield _Row(f"- {coded(one.text)}{place}", counts=True)
    yield _Row("")


def _verdicts(verdicts: Sequence[SavedVerdict], link: Mapping[str, str]) -> Iterator[_Row]:
    if not verdicts:
        return
    yield _Row(f"### Verdicts ({len(verdicts)})")
    yield _Row("")
    yield _Row("| verdict | store | rule | what | who | lifted by | source |")
    yield _Row("|---|---|---|---|---|---|---|")
    for key, group in phrases.folded(verdicts).items():
        who = _names(one.alias for one in group if one.alias)
        mark = f"**{key.state}**" if key.state in ("block", "hold") else key.state
        cells = (
            mark,
            escape(key.store),
            escape(key.rule),
            coded(key.message),
            who,
            coded(key.lift),
            _asked(group, link),
        )
        yield _Row(f"| {' | '.join(cells)} |", counts=True)
    yield _Row("")


def _names(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(f"`{one}`" for one in every[:_NAMED])
    return f"{shown} and {len(every) - _NAMED} more" if len(every) > _NAMED else shown


def _changes(plan: SavedPlan, link: Mapping[str, str]) -> Iterator[_Row]:
    found, told = items(plan, {}), bool(plan.summary.causes)
    for risk, title in phrases.RISKS.items():
        own = [one for one in found if one.risk is risk]
        if not own:
            continue
        yield _Row(f"### {title.capitalize()} ({len(own)})")
        yield _Row("")
        yield _Row(f"| store | change | customers |{' cause |' if told else ''} source |")
        yield _Row(f"|---|---|---|{'---|' if told else ''}---|")
        groups: dict[tuple[str, str, str, str], list[Item]] = {}
        for one in own:
            groups.setdefault((one.store, one.sign, one.what, one.cause), []).append(one)
        for (store, sign, what, cause), group in groups.items():
            source = _place(group[0].mark, link)
            more = f" and {len(group) - 1} more" if len(group) > 1 else ""
            count = f"{len(group)}: " if len(group) > 1 else ""
            yield _Row(
                f"| {escape(store)} | {escape(sign)} {escape(what)} | "
                f"{count}{_names(one.customer for one in group)} |"
                f"{f' {cause} |' if told else ''} {source}{more} |",
                counts=True,
            )
        yield _Row("")


def _asked(group: Sequence[SavedVerdict], link: Mapping[str, str]) -> str:
    """The line that asked first for what a verdict is about."""
    marks = [one.mark for one in group if one.mark]
    if not marks:
        return ""
    more = f" and {len(marks) - 1} more" if len(marks) > 1 else ""
    return _place(marks[0], link) + more


def _place(mark: SourceMark, link: Mapping[str, str]) -> str:
    place = escape(phrases.place(mark))
    address = source_link(mark.file, mark.line, link)
    return f"[{place}]({address})" if address else place


def _foot(plan: SavedPlan) -> Iterator[str]:
    if any("grade " in one.what for one in items(plan, {})):
        yield f"{escape(phrases.GRADES)}."
        yield ""
    until = plan.expires_at.isoformat()[:16]
    mark = "**" if plan.provenance.differs else ""
    yield (
        f"Plan `{plan.id}`, valid until {until} UTC, {settings.source(plan)}, "
        f"{mark}{escape(phrases.made_from(plan.provenance))}{mark}."
    )
