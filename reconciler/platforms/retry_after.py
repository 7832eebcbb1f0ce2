"""How long a store asks to wait."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.clock import Clock


def retry_after(headers: Mapping[str, str], clock: Clock) -> float | None:
    """In seconds, from seconds or a date as HTTP allows; None where it is not told, or nonsense."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    then = _http_date(text)
    if then is None:
        return None
    # The store's own clock says from when: ours may differ.
    told = _http_date(headers.get("date", ""))
    return max(0.0, (then - (told or clock.now())).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
