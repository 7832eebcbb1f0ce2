"""Times as stores tell them, believed only as far as they go.

Vaguer never means more permissive: a time that is none, or that may be another, tells no instant,
and a day without a clock lasts to its end wherever on earth it may be meant.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from reconciler.model.consent import Channel, ConsentState, LiveConsent
from reconciler.model.customer import Learned

_DATE: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d)(?:[T ](.*))?", re.DOTALL)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Zero values after 1999: of PostgreSQL's and of Apple's time types.
_ZEROS: Final = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC))
# A store's clock may run ahead, or write another zone's time: no later than this.
_AHEAD: Final = timedelta(days=1)
_NOT_AT_ALL: Final = timedelta(0)
_MONTHS: Final = frozenset(f"{month:02}" for month in range(1, 13))
_TICK: Final = timedelta(microseconds=1)
_LAST_ZONE: Final = timezone(timedelta(hours=-12))
_FIRST_ZONE: Final = timezone(timedelta(hours=14))


def in_utc(instant: datetime) -> str:
    """To the second, with its zone: which one a store takes a time without one for is not told."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something may have happened; `at` is the instant as the store wrote it."""

    at: datetime
    earliest: datetime
    latest: datetime


class StoreTimes:
    """Reads the times of one store; a time without offset is one of `zone`, without a zone none.

    `day_first` says that the store was seen to write year, day, month: Genstore's documents have
    such times. From then on a date whose day and month can be swapped tells no instant.
    """

    def __init__(
        self, zone: str | None, now: Callable[[], datetime], *, day_first: bool = False
    ) -> None:
        self.zone = zone
        self.day_first = day_first
        self._now = now
        self._place: tzinfo | None = None
        self._taught = Learned(day_first=day_first)

    def as_of(self, *, day_first: bool) -> "StoreTimes":
        """The same reader when it had learned only this."""
        return StoreTimes(self.zone, self._now, day_first=day_first)

    def learned(self, words: tuple[tuple[Channel, ConsentState, str], ...] = ()) -> Learned:
        """What has been seen so far, with the store's words for consents where it has its own."""
        if self._taught.words is not words or self._taught.day_first is not self.day_first:
            self._taught = Learned(words=words, day_first=self.day_first)
        return self._taught

    def note(self, values: Iterable[object]) -> None:
        """Learns from any other times of a record how this store writes them."""
        for value in values:
            if isinstance(value, str) and not (value[4:5] == "-" and value[5:7] in _MONTHS):
                self._learn(_DATE.fullmatch(value))

    def _learn(self, parts: re.Match[str] | None) -> None:
        if parts and int(parts[2]) > 12 >= int(parts[3]):
            self.day_first = True

    def consent(self, told: LiveConsent, value: object) -> LiveConsent:
        """The same consent with when it came about, as far as that is told."""
        if value is None or value == "":
            return told
        parts = _DATE.fullmatch(value) if isinstance(value, str) else None
        if parts is None:
            return told.with_time(dated=True)
        self._learn(parts)
        other = _swapped(parts)
        span = self._span(parts)
        swappable = other is not None
        if span is not None and not (swappable and self.day_first):
            return _at(told, span, swappable=swappable)
        found = [span, self._span(other) if other is not None else None]
        spans = [one for one in found if one is not None]
        if not spans:
            return told.with_time(dated=True)
        if swappable and self.day_first:
            return told.with_time(
                dated=True, not_before=min(one.earliest for one in spans), swappable=True
            )
        return told.with_time(dated=True, swappable=swappable)

    def instant(self, value: object) -> datetime | None:
        """A time that decides nothing about a consent."""
        parts = _DATE.fullmatch(value) if isinstance(value, str) else None
        span = None if parts is None else self._span(parts)
        return None if span is None else span.at

    def _span(self, parts: re.Match[str]) -> Span | None:
        try:
            found = self._of_clock(parts[0], parts[4]) if parts[4] else self._of_day(parts)
        except (ValueError, OverflowError):
            return None
        if found is None or found.at < _EARLIEST or found.at in _ZEROS:
            return None
        return None if found.earliest > self._now() + _AHEAD else found

    def _of_day(self, parts: re.Match[str]) -> Span:
        """A date alone: to its end in the last zone of the earth, from its start in the first."""
        day = datetime(int(parts[1]), int(parts[2]), int(parts[3]), tzinfo=UTC)
        return Span(
            at=day,
            earliest=day.replace(tzinfo=_FIRST_ZONE).astimezone(UTC),
            latest=(day.replace(tzinfo=_LAST_ZONE) + timedelta(days=1) - _TICK).astimezone(UTC),
        )

    def _of_clock(self, value: str, clock: str) -> Span | None:
        moment = datetime.fromisoformat(value)
        if moment.utcoffset() is None:
            if self.zone is None:
                return None
            if self._place is None:
                self._place = ZoneInfo(self.zone)
            # What `astimezone` does, without asking the zone of UTC too.
            ahead = self._place.utcoffset(moment) or _NOT_AT_ALL
            behind = self._place.utcoffset(moment.replace(fold=1)) or _NOT_AT_ALL
            if ahead == behind:
                first = last = (moment - ahead).replace(tzinfo=UTC)
            else:
                first = (moment - max(ahead, behind)).replace(tzinfo=UTC)
                last = (moment - min(ahead, behind)).replace(tzinfo=UTC)
        else:
            first = last = moment.astimezone(UTC)
        return Span(at=last, earliest=first, latest=last + _vagueness(moment, clock))


def _at(told: LiveConsent, span: Span, *, swappable: bool) -> LiveConsent:
    yes = told.state is ConsentState.SUBSCRIBED
    return told.with_time(
        dated=True,
        at=span.at,
        until=span.earliest if yes else span.latest,
        not_before=span.earliest,
        swappable=swappable,
    )


def _vagueness(moment: datetime, clock: str) -> timedelta:
    """How much later it may have been: midnight sharp is how a day without a clock is written."""
    if moment.second or moment.microsecond:
        return _NOT_AT_ALL
    if not (moment.hour or moment.minute):
        return timedelta(days=1) - _TICK
    digits = re.match(r"[\d:]*", clock)
    given = len(re.sub(r"\D", "", digits[0])) if digits else 0
    if given <= 2:
        return timedelta(hours=1) - _TICK
    return timedelta(minutes=1) - _TICK if given <= 4 else _NOT_AT_ALL


def _swapped(parts: re.Match[str]) -> re.Match[str] | None:
    """The same with day and month the other way round, where both make a date of another day."""
    month, day = int(parts[2]), int(parts[3])
    if month == day or not (1 <= month <= 12 and 1 <= day <= 12):
        return None
    tail = parts[0][parts.end(3) :]
    return _DATE.fullmatch(f"{parts[1]}-{parts[3]}-{parts[2]}{tail}")
