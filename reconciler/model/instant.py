"""Times as people write them in specs and as lines of a trail tell them: instants."""

import re
from datetime import UTC, date, datetime
from typing import Final

BEGIN: Final = datetime.min.replace(tzinfo=UTC)


def instant(text: str) -> datetime | None:
    """An aware time, or None for what is no time, a date alone, or a time without an offset."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.utcoffset() is not None else None
    except (ValueError, OverflowError):
        return None


def date_fault(text: str) -> str | None:
    """Why a text is no day of the calendar, year first; None where it is one."""
    try:
        if _DATE.fullmatch(text) and date.fromisoformat(text):
            return None
    except ValueError:
        pass
    return "is no date"


_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def told_at(text: object) -> datetime:
    """When a line says that it was written; the beginning of time where it does not tell that."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return BEGIN
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
