"""Lenient reading of loosely typed JSON: numbers and booleans as text, lists as text, broken dates.

What cannot be read is None or `Unreadable`, never a guess; sources are the platforms' own examples.
"""

import json
import re
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from reconciler.model.customer import Address
from reconciler.model.identity import looks_masked
from reconciler.model.personal import Personal, personal

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTACTS: Final = ("email", "phone")


class Unreadable(Exception):
    """An answer does not have the shape that the documents tell. Holds no value of it."""


def as_mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unreadable(f"{what} is no JSON object")
    return value


def as_records(value: object, what: str) -> list[Mapping[str, Any]]:
    """A list of objects; anything else, such as Genstore's text in place of a list, is an error."""
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise Unreadable(f"{what} is no list of JSON objects")
    return value


def as_id(value: object) -> str:
    """Ids stay text; a number is written out. Raises `Unreadable` where there is none.

    An id becomes part of the paths asked for, so only letters, digits and dashes make one.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Unreadable("a record has no id")
    if not _ID.fullmatch(str(value)):
        raise Unreadable("a record has no id")
    return str(value)


def as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return None


def as_bool(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower())
    return None


def as_int(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return None


def as_tags(value: object) -> tuple[str, ...] | None:
    """A list, a list written as text, or one text with commas; None where it is none of these."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(tag, (str, int)) for tag in value):
        return None
    return tuple(str(tag).strip() for tag in value if str(tag).strip())


def as_time(value: object, zone: str | None) -> datetime | None:
    """An instant in UTC, or None where no time is told or it cannot be read.

    A time without offset is read in `zone`, the later instant in an ambiguous hour; without a zone
    it tells nothing.
    """
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.utcoffset() is not None:
            return moment.astimezone(UTC)
        if zone is None:
            return None
        place = ZoneInfo(zone)
        return max(moment.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    except (ValueError, OverflowError):
        return None


def hidden(record: Mapping[str, Any], keys: Mapping[str, str]) -> set[str]:
    """Fields that are no text, or that the store has hidden; `keys` maps fields to the wire."""
    return {
        name
        for name, key in keys.items()
        if not isinstance(record.get(key), (str, int, type(None)))
        or looks_masked(str(record.get(key) or ""), strict=name in _CONTACTS)
    }


def readable(addresses: tuple[Address, ...] | None) -> tuple[Address, ...] | None:
    """None where a part of any address is hidden: it must not be sent back over the real one."""
    if addresses is None or any(
        looks_masked(text.reveal(), strict=name == "phone")
        for one in addresses
        for name, text in one.texts
    ):
        return None
    return addresses


def texts(
    record: Mapping[str, Any], keys: Mapping[str, str], unreadable: Container[str]
) -> dict[str, Personal | None]:
    """The readable fields by our own names, None for all others."""
    return {
        name: None if name in unreadable else personal(as_text(record.get(key)))
        for name, key in keys.items()
    }


def others(record: Mapping[str, Any], keys: Iterable[str]) -> tuple[tuple[str, Personal], ...]:
    """What a store keeps beside what is managed, where it holds anything."""
    return tuple(
        (key, Personal(canonical(record[key])))
        for key in keys
        if record.get(key) not in (None, "", [], {})
    )


def canonical(value: object) -> str:
    """One text for one JSON value, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
