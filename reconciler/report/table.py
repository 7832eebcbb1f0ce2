"""A plan for a spreadsheet: a row for each remark, and for each customer and risk class."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from reconciler.planfile.saved import SavedPlan
from reconciler.report.annotations import of_plan
from reconciler.report.items import items
from reconciler.report.plain import plain

COLUMNS: Final = ("kind", "about", "store", "customer", "what", "cause", "reason", "file", "line")
"""`kind` is `change`, or how much a remark weighs; `about` the class of the change, or the rule."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def render(plan: SavedPlan) -> str:
    """Nobody's data is in it; a cell that a spreadsheet would work out begins with a quote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _rows(plan):
        writer.writerow(map(_cell, row))
    return out.getvalue()


def _rows(plan: SavedPlan) -> Iterator[tuple[str, ...]]:
    """First what every rendering tells first: what was not read, what is owed, the settings."""
    for one in of_plan(plan):
        place = (one.file, str(one.line)) if one.file else ("", "")
        yield one.level, one.rule, "", "", one.message, "", "", *place
    for item in items(plan, {}):
        place = (item.mark.file, str(item.mark.line))
        what = f"{item.sign} {item.what}"
        told = (item.store, item.customer, what, item.cause, item.reason)
        yield "change", item.risk.value, *told, *place


def _cell(text: str) -> str:
    safe = plain(text)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe
