"""Findings on file and line: GitHub's workflow commands, and SARIF for other readers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from reconciler.diagnostics import Diagnostic, Severity, SourceMark
from reconciler.plan.verdicts import Level
from reconciler.planfile.saved import SavedPlan, SavedVerdict
from reconciler.report import phrases, settings
from reconciler.report.items import items
from reconciler.report.plain import plain

_COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}
_LEVELS: Final = {Level.BLOCK: "error", Level.HOLD: "warning", Level.WARN: "note"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`level` is SARIF's: error, warning or note. Without a file it is about the whole plan."""

    rule: str
    level: str
    message: str
    file: str = ""
    line: int = 1
    column: int = 1


def of_diagnostics(diagnostics: Iterable[Diagnostic]) -> Iterator[Finding]:
    for one in diagnostics:
        yield Finding(
            rule=one.rule,
            level="error" if one.severity is Severity.ERROR else "warning",
            message=f"{one.message}. {one.hint}" if one.hint else one.message,
            file=one.mark.file,
            line=one.mark.line,
            column=one.mark.column,
        )


def of_plan(plan: SavedPlan) -> Iterator[Finding]:
    """What was not read, whatever is owed and not planned, the totals, then every verdict where it
    comes from.

    A store that was not read is an error, as is an opt-out or erasure that is not carried out.
    """
    for gap in phrases.gaps(plan):
        if gap.unread:
            message = f"{gap.store}: {gap.why}"
            yield Finding(rule="read.failed", level="error", message=message)
        else:
            message = f"{gap.store} {gap.what}: {gap.why}"
            yield Finding(rule="read.incomplete", level="error", message=message)
    yield from (_of_verdict(one) for one in plan.owed)
    for one in settings.changed(plan.settings):
        yield _at(one.mark, rule=settings.CHANGED, level="warning", message=one.text)
    yield Finding(rule="plan", level="note", message=_totals(plan))
    for one in settings.lifted(plan.lifts):
        yield _at(one.mark, rule="limit.lifted", level="note", message=one.text)
    for store in plan.stores:
        for gone in store.departures:
            told = f"{store.name}: {gone.alias} is no longer managed since {gone.commit[:12]}"
            yield Finding(rule="departed", level="note", message=told)
    for item in items(plan, {}):
        if item.reason:
            told = f"{item.store}: {item.customer}: {item.what}"
            yield _at(item.mark, rule=item.risk.value, level="note", message=told)
    yield from (_of_verdict(one) for one in plan.verdicts if not one.owed)


def _at(mark: SourceMark | None, *, rule: str, level: str, message: str) -> Finding:
    found = Finding(rule=rule, level=level, message=message)
    return found if mark is None else replace(found, file=mark.file, line=mark.line)


def _of_verdict(one: SavedVerdict) -> Finding:
    lifted = phrases.lift(one)
    lift = f"; lifted by: {lifted}" if lifted else ""
    who = f"{one.alias}: " if one.alias else ""
    message = f"{one.store}: {who}{one.message}{lift}"
    return _at(one.mark, rule=one.rule, level=_level(one), message=message)


def _level(one: SavedVerdict) -> str:
    if one.owed:
        return "error" if one.neglected else "warning"
    return "note" if one.released else _LEVELS[one.level]


def _totals(plan: SavedPlan) -> str:
    made = phrases.made_from(plan.provenance)
    parts = [f"{phrases.totals(plan)}, {settings.source(plan)}, {made}."]
    if part := phrases.scope(plan):
        parts.append(f"This is {part}.")
    if why := phrases.causes(plan):
        parts.append(f"Causes, by customers: {why}.")
    if waits := phrases.waiting(plan):
        parts.append(f"{waits}.")
    for store in plan.stores:
        if told := phrases.audience(store):
            parts.append(f"{store.name}: {', '.join(told)}.")
    standing = phrases.standing(plan)
    if standing not in (phrases.READY, phrases.NO_CHANGES):
        parts.append(f"The plan: {standing}.")
    return " ".join(parts)


def github(findings: Iterable[Finding]) -> Iterator[str]:
    """One workflow command a finding; texts of strangers cannot start another one."""
    for one in findings:
        values = {"title": one.rule}
        if one.file:
            values |= {"file": one.file, "line": str(one.line), "col": str(one.column)}
        told = ",".join(f"{name}={_value(value)}" for name, value in values.items())
        yield f"::{_COMMANDS[one.level]} {told}::{_escaped(one.message)}"


def _escaped(text: str) -> str:
    safe = plain(text).replace("%", "%25")
    return safe.replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def sarif(findings: Iterable[Finding], version: str) -> dict[str, object]:
    """A SARIF 2.1.0 log with one run."""
    every = tuple(findings)
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
        "sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "reconciler",
                        "version": version,
                        "rules": [{"id": rule} for rule in sorted({one.rule for one in every})],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one) for one in every],
            }
        ],
    }


def _result(one: Finding) -> dict[str, object]:
    found: dict[str, object] = {
        "ruleId": one.rule,
        "level": one.level,
        "message": {"text": plain(one.message)},
    }
    if one.file:
        region = {"startLine": one.line, "startColumn": one.column}
        place = {
            # A file name may hold any bytes.
            "artifactLocation": {"uri": quote(one.file, errors="surrogateescape")},
            "region": region,
        }
        found["locations"] = [{"physicalLocation": place}]
    return found
