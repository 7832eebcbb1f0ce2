"""A CSV of people who opted out elsewhere: addresses or numbers, with the day or instant of it.

Whoever stands in it is out; a column that would say otherwise is none that is known here.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from reconciler.model.consent import Channel
from reconciler.model.identity import IdentityKind, identity
from reconciler.model.instant import instant
from reconciler.model.spelling import email_fault

COLUMNS: Final = ("email", "phone", "date")
_FIRST_ZONE: Final = timezone(timedelta(hours=14))
_LAST_ZONE: Final = timezone(timedelta(hours=-12))
_SLACK: Final = timedelta(seconds=60)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=_FIRST_ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`at` is None where no date is told; of a day it is the last instant, wherever that was."""

    channel: Channel
    contact: str = field(repr=False)
    at: datetime | None
    to_the_day: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, without what stands in it."""

    line: int
    what: str


def read(path: Path, now: datetime) -> tuple[list[Row], list[Fault]]:
    """All rows, and all that is wrong. Raises `OSError`."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            faults = list(_columns(reader.fieldnames or ()))
            if faults:
                return [], faults
            rows: list[Row] = []
            for told in reader:
                found, wrong = _row(told, reader.line_num, now)
                rows += found
                faults += wrong
        except (csv.Error, UnicodeError) as error:
            what = "is no UTF-8 text" if isinstance(error, UnicodeError) else "is no line of a CSV"
            return [], [Fault(reader.line_num + 1, what)]
    return rows, faults


def _columns(names: object) -> Iterator[Fault]:
    given = [str(one) for one in names] if isinstance(names, (list, tuple)) else []
    known = ", ".join(COLUMNS)
    for place, one in enumerate(given, start=1):
        if one not in COLUMNS:
            yield Fault(1, f"column {place} is none that is known here: {known}")
        elif given.index(one) != place - 1:
            yield Fault(1, f"the column {one} stands there twice")
    if not {"email", "phone"} & set(given):
        yield Fault(1, "there is no column email, and none phone")


def _row(
    told: Mapping[str | None, object], line: int, now: datetime
) -> tuple[list[Row], list[Fault]]:
    if None in told or None in told.values():
        return [], [Fault(line, "has more or fewer cells than there are columns")]
    texts = {str(name): str(value).strip() for name, value in told.items()}
    try:
        at, to_the_day = _when(texts.get("date", ""), now)
    except ValueError as error:
        return [], [Fault(line, str(error))]
    rows, faults = [], []
    for kind, channel in ((IdentityKind.EMAIL, Channel.EMAIL), (IdentityKind.PHONE, Channel.SMS)):
        text = texts.get(kind.value, "")
        if not text:
            continue
        one = identity(kind, text, None)
        if one is None:
            what = "the phone is no number with + and its country"
            faults.append(Fault(line, what))
        elif kind is IdentityKind.EMAIL and email_fault(text) is not None:
            faults.append(Fault(line, "the email is no address"))
        else:
            rows.append(Row(channel=channel, contact=one.key, at=at, to_the_day=to_the_day))
    if not rows and not faults:
        faults.append(Fault(line, "names nobody"))
    return rows, faults


def _when(text: str, now: datetime) -> tuple[datetime | None, bool]:
    """Raises `ValueError` with what is wrong."""
    if not text:
        return None, False
    day = _day(text)
    moment = instant(text) if day is None else None
    if day is None and moment is None:
        raise ValueError("the date is neither a day (2026-03-01) nor an instant with its offset")
    begins = moment
    if day is not None:
        begins = datetime(day.year, day.month, day.day, tzinfo=_FIRST_ZONE)
    if begins is None or not _EARLIEST <= begins <= now + _SLACK:
        raise ValueError("the date lies in the future, or before 2000")
    if day is None:
        return begins, False
    ends = begins.replace(tzinfo=_LAST_ZONE) + timedelta(days=1) - timedelta(microseconds=1)
    return ends.astimezone(UTC), True


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-03-01") else None
    except ValueError:
        return None
