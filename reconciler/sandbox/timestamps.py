"""Times on the wire: stored as ISO text, written as each platform does; unreadable ones as is."""

from datetime import UTC, datetime, timedelta, timezone


def read(text: str | None) -> datetime | None:
    """Return the instant, or None for what is no time; a time without a zone counts as UTC."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def write(text: str | None, *, zone: str | None, milliseconds: bool = False) -> str | None:
    """Render a stored time at an offset (`Z`, `+HH:MM`, or None for no zone at all)."""
    moment = read(text)
    if moment is None:
        return text
    spec = "milliseconds" if milliseconds else "seconds"
    if zone in {None, "Z"}:
        bare = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec)
        return bare if zone is None else bare + "Z"
    return moment.astimezone(_offset(zone or "")).isoformat(timespec=spec)


def _offset(zone: str) -> timezone:
    sign = -1 if zone.startswith("-") else 1
    hours, _, minutes = zone.lstrip("+-").partition(":")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes or 0)))
