"""What `doctor` found, as lines for a person and as data for a program."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from reconciler.model.finding import Checkup, Finding, Level
from reconciler.report.lines import Line, Style
from reconciler.report.plain import counted

_STYLES: Final = {
    Level.OK: Style.GOOD,
    Level.UNTOLD: Style.DIM,
    Level.WARN: Style.WARN,
    Level.FAIL: Style.BAD,
}
_FORMAT: Final = "1"


def lines(checkup: Checkup, *, quiet: bool = False) -> Iterator[Line]:
    """`quiet` leaves out what is well, and what cannot be told."""
    for title, findings in _groups(checkup):
        told = [one for one in findings if not quiet or one.level in (Level.WARN, Level.FAIL)]
        if not told:
            continue
        yield Line(title, Style.TITLE)
        for one in told:
            yield Line(f"  {one.level:<6}  {one.check}: {one.message}", _STYLES[one.level])
            if one.advice and one.level is not Level.OK:
                yield Line(f"          {one.advice}")
    yield Line(_total(checkup), Style.BAD if checkup.failed else Style.GOOD)


def _groups(checkup: Checkup) -> Iterator[tuple[str, Iterable[Finding]]]:
    yield "here", checkup.folder
    for store in checkup.stores:
        asked = counted(store.requests, "request")
        yield f"{store.name} ({store.platform}, {asked})", store.findings


def _total(checkup: Checkup) -> str:
    counts = Counter(one.level for one in checkup.findings)
    failed, warned, untold = counts[Level.FAIL], counts[Level.WARN], counts[Level.UNTOLD]
    told = f"{failed} to mend, {warned} to look at, {untold} that cannot be told"
    return f"{'Not ready' if failed else 'Ready'}: {told}."


def as_data(checkup: Checkup, version: str) -> Mapping[str, Any]:
    return {
        "format_version": _FORMAT,
        "tool": {"name": "reconciler", "version": version},
        "ready": not checkup.failed,
        "folder": [_finding(one) for one in checkup.folder],
        "stores": [
            {
                "name": store.name,
                "platform": store.platform,
                "requests": store.requests,
                "findings": [_finding(one) for one in store.findings],
            }
            for store in checkup.stores
        ],
    }


def _finding(one: Finding) -> Mapping[str, Any]:
    return {
        "check": one.check,
        "level": one.level.value,
        "message": one.message,
        "advice": one.advice,
    }
