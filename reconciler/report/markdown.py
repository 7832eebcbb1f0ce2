"""A plan as a pull-request comment: totals and verdicts first, changes by class, within a budget.

Everything that comes from specs or stores is escaped: tables, HTML, mentions, links and direction
characters of strangers do not work in it. Record numbers of the store are left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reconciler.report import phrases, settings
from reconciler.report.lines import code_spans, plain
from reconciler.report.links import source_link
from reconciler.report.phrases import Item, Json

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


def render(body: Json, link: Mapping[str, str]) -> str:
    """At most `BUDGET` characters. `link` may hold `base`, the address that files are below."""
    head, tail = list(_head(body)), [*_foot(body)]
    room = BUDGET - sum(len(one) + 1 for one in (*head, *tail)) - _RESERVED
    remarks, taken = _fitting(_changed(body, link), room // 4, "settings")
    lifts, more = _fitting(_lifted(body, link), room // 4, "limits")
    room -= taken + more
    verdicts, used = _fitting(_verdicts(body["verdicts"], link), room // 2, "verdicts")
    changes, _ = _fitting(_changes(body, link), room - used, "rows")
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


def _head(body: Json) -> Iterator[str]:
    yield MARKER
    owed = phrases.owed(body)
    left = sum(not one["acknowledged"] for one in owed)
    yield f"## Customer plan: {phrases.standing(body)}"
    yield ""
    for name, what, why in phrases.gaps(body):
        yield f"**{escape(name)} {what}: {escape(why)}**"
        yield ""
    if left:
        yield f"**{phrases.not_planned(left)}** They stand first below."
        yield ""
    if differing := settings.changed(body):
        yield f"**{escape(settings.under(body))}** ({len(differing)}, listed below)."
        yield ""
    sent = phrases.messages(body)
    yield f"{escape(phrases.totals(body))}.{f' **{escape(sent)}.**' if sent else ''}"
    yield ""
    if takes := phrases.sentence(phrases.duration(body)):
        yield f"{takes}."
        yield ""
    yield "| store | read | audience |"
    yield "|---|---|---|"
    for store in body["stores"]:
        told = "not read" if store["error"] else phrases.receipt(store)
        effect = ", ".join(phrases.audience(body, store["name"])) or "unknown"
        yield f"| {escape(store['name'])} | {escape(told)} | {escape(effect)} |"
    yield ""


def _changed(body: Json, link: Mapping[str, str]) -> Iterator[_Row]:
    return _remarks("Settings that this would change", settings.changed(body), link)


def _lifted(body: Json, link: Mapping[str, str]) -> Iterator[_Row]:
    return _remarks("Limits that are lifted or not the default", settings.lifted(body), link)


def _remarks(
    title: str, remarks: Sequence[settings.Remark], link: Mapping[str, str]
) -> Iterator[_Row]:
    if not remarks:
        return
    yield _Row(f"### {title} ({len(remarks)})")
    yield _Row("")
    for one in remarks:
        place = f" {_place(one.file, one.line, link)}" if one.file else ""
        yield _Row(f"- {coded(one.text)}{place}", counts=True)
    yield _Row("")


def _verdicts(verdicts: Sequence[Mapping[str, Any]], link: Mapping[str, str]) -> Iterator[_Row]:
    if not verdicts:
        return
    yield _Row(f"### Verdicts ({len(verdicts)})")
    yield _Row("")
    yield _Row("| verdict | store | rule | what | who | lifted by | source |")
    yield _Row("|---|---|---|---|---|---|---|")
    for key, group in phrases.folded(verdicts).items():
        who = _names(str(one["customer"]) for one in group if one["customer"])
        mark = f"**{key.state}**" if key.state in ("block", "hold") else key.state
        cells = (mark, escape(key.store), escape(key.rule), coded(key.message), who,
                 coded(key.lift), _asked(group, link))  # fmt: skip
        yield _Row(f"| {' | '.join(cells)} |", counts=True)
    yield _Row("")


def _names(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(f"`{one}`" for one in every[:_NAMED])
    return f"{shown} and {len(every) - _NAMED} more" if len(every) > _NAMED else shown


def _changes(body: Json, link: Mapping[str, str]) -> Iterator[_Row]:
    found = phrases.items(body, {})
    for risk in phrases.RISKS:
        own = [one for one in found if one.risk == risk]
        if not own:
            continue
        yield _Row(f"### {phrases.RISKS[risk].capitalize()} ({len(own)})")
        yield _Row("")
        yield _Row("| store | change | customers | source |")
        yield _Row("|---|---|---|---|")
        groups: dict[tuple[str, str, str], list[Item]] = {}
        for one in own:
            groups.setdefault((one.store, one.sign, one.what), []).append(one)
        for (store, sign, what), group in groups.items():
            source = _place(group[0].source, group[0].line, link)
            more = f" and {len(group) - 1} more" if len(group) > 1 else ""
            count = f"{len(group)}: " if len(group) > 1 else ""
            yield _Row(
                f"| {escape(store)} | {escape(sign)} {escape(what)} | "
                f"{count}{_names(one.customer for one in group)} | {source}{more} |",
                counts=True,
            )
        yield _Row("")


def _asked(group: Sequence[Mapping[str, Any]], link: Mapping[str, str]) -> str:
    """The line that asked first for what a verdict is about."""
    sources = [one["source"] for one in group if one["source"]]
    if not sources:
        return ""
    more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    return _place(sources[0]["file"], sources[0]["line"], link) + more


def _place(file: str, line: int, link: Mapping[str, str]) -> str:
    place = escape(f"{file}:{line}")
    address = source_link(file, line, link)
    return f"[{place}]({address})" if address else place


def _foot(body: Json) -> Iterator[str]:
    if any("grade " in one.what for one in phrases.items(body, {})):
        yield f"{escape(phrases.GRADES)}."
        yield ""
    until = body["expires_at"][:16]
    mark = "**" if phrases.is_uncommitted(body) else ""
    yield (
        f"Plan `{phrases.plan_id(body)}`, valid until {until} UTC, {settings.source(body)}, "
        f"{mark}{escape(phrases.made_from(body))}{mark}."
    )
