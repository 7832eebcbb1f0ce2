"""Findings on file and line: GitHub's workflow commands, and SARIF for other readers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.report import phrases, settings
from reconciler.report.lines import plain
from reconciler.report.phrases import Json

_COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}
_LEVELS: Final = {"block": "error", "hold": "warning", "warn": "note"}


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


def of_plan(body: Json) -> Iterator[Finding]:
    """What was not read, whatever is owed and not planned, the totals, then every verdict where it
    comes from.

    A store that was not read is an error, as is an opt-out or erasure that is not carried out.
    """
    for name, what, why in phrases.gaps(body):
        unread = what == "was not read"
        yield Finding(
            rule="read.failed" if unread else "read.incomplete",
            level="error",
            message=f"{name}: {why}" if unread else f"{name} {what}: {why}",
        )
    owed = phrases.owed(body)
    yield from (_of_verdict(one) for one in owed)
    for one in settings.changed(body):
        yield _of_remark(one, settings.CHANGED, "warning")
    yield Finding(rule="plan", level="note", message=_totals(body))
    for one in settings.lifted(body):
        yield _of_remark(one, "limit.lifted", "note")
    for item in phrases.items(body, {}):
        if item.reason:
            told = f"{item.store}: {item.customer}: {item.what}"
            yield Finding(
                rule=item.risk, level="note", message=told, file=item.source, line=item.line
            )
    yield from (_of_verdict(one) for one in body["verdicts"] if one not in owed)


def _of_remark(one: settings.Remark, rule: str, level: str) -> Finding:
    return Finding(rule=rule, level=level, message=one.text, file=one.file, line=one.line or 1)


def _of_verdict(one: Json) -> Finding:
    source = one["source"] or {"file": "", "line": 1}
    lifted = phrases.lift(one)
    lift = f"; lifted by: {lifted}" if lifted else ""
    who = f"{one['customer']}: " if one["customer"] else ""
    level = "note" if one["released"] else _LEVELS[one["level"]]
    if "acknowledged" in one:
        level = "warning" if one["acknowledged"] else "error"
    return Finding(
        rule=one["rule"],
        level=level,
        message=f"{one['store']}: {who}{one['message']}{lift}",
        file=source["file"],
        line=source["line"],
    )


def _totals(body: Json) -> str:
    parts = [f"{phrases.totals(body)}, {settings.source(body)}, {phrases.made_from(body)}."]
    for store in body["stores"]:
        if told := phrases.audience(body, store["name"]):
            parts.append(f"{store['name']}: {', '.join(told)}.")
    standing = phrases.standing(body)
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


def sarif(findings: Iterable[Finding], version: str) -> dict[str, Any]:
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


def _result(one: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {
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
