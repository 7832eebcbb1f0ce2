"""How long a store asks to wait."""

from collections.abc import Mapping

from reconciler.clock import Clock
from reconciler.platforms.http_date import http_date


def retry_after(headers: Mapping[str, str], clock: Clock) -> float | None:
    """In seconds, from seconds or a date as HTTP allows; None where it is not told, or nonsense."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    then = http_date(text)
    if then is None:
        return None
    # The store's own clock says from when: ours may differ.
    told = http_date(headers.get("date", ""))
    return max(0.0, (then - (told or clock.now())).total_seconds())
