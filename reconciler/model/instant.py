"""Times as people write them in specs: instants, with an offset or not at all."""

from datetime import datetime


def instant(text: str) -> datetime | None:
    """An aware time, or None for what is no time, a date alone, or a time without an offset."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.utcoffset() is not None else None
    except (ValueError, OverflowError):
        return None
