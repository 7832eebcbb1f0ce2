"""Lenient reading of loosely typed JSON: numbers and booleans as text, lists as text, broken dates.

What cannot be read is None or `Unreadable`, never a guess; sources are the platforms' own examples.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.model.customer import Address
from reconciler.model.identity import IdentityKind
from reconciler.model.personal import Personal, personal
from reconciler.model.spelling import email_fault

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
MOST_RECORDS: Final = 10_000
"""In one answer. The documents tell of 250 at most; some stores may take no notice of a limit."""
_LONGEST_NUMBER: Final = 40
_OF_STARS: Final = ("email", "phone", "note")  # judged by themselves, or written by people
_CANONICAL: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":")
).encode
_OBFUSCATED: Final = re.compile(r"\[email.{0,3}protected\]")  # as the documents' own pages show it


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
    if len(value) > MOST_RECORDS:
        raise Unreadable(f"{what} holds more than {MOST_RECORDS} records")
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


def as_texts(
    raw: Mapping[str, Any], keys: Iterable[tuple[str, str]]
) -> tuple[tuple[str, Personal], ...]:
    """What is told of these, each by our own name and the wire's."""
    found = []
    for name, key in keys:
        value = raw.get(key)
        text = value if value.__class__ is str else as_text(value)
        if text:
            found.append((name, Personal(text)))
    return tuple(found)


def as_bool(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower())
    return None


def as_flag(value: object) -> object:
    """What goes back of a flag that may have been told as text: the boolean that it is documented
    to be, and what is none as it was read.
    """
    flag = as_bool(value)
    return value if flag is None else flag


def as_int(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    text = value.strip() if isinstance(value, str) and len(value) <= _LONGEST_NUMBER else ""
    return int(text) if text.isascii() and text.isdigit() else None


def as_tags(value: object) -> tuple[str, ...] | None:
    """A list, or one text with commas; None where it is neither."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return None
    tags = []
    for tag in value:
        if not isinstance(tag, (str, int)):
            return None
        if text := str(tag).strip():
            tags.append(text)
    return tuple(tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The texts of a record by our own names, and which of them the store withholds."""

    texts: Mapping[str, Personal | None]
    unreadable: set[str]
    hidden: tuple[tuple[IdentityKind, Personal | None], ...]
    untold: frozenset[str]

    def readable(self, addresses: tuple[Address, ...] | None) -> tuple[Address, ...] | None:
        """None where a part of any is hidden: it must not be sent back over the real one."""
        if not self.hidden and "email" not in self.unreadable:
            return addresses
        if addresses is None or any(
            _is_hidden_part(name, text.reveal(), self)
            for one in addresses
            for name, text in one.texts
        ):
            return None
        return addresses


def as_written_tags(value: object) -> tuple[str, ...] | None:
    """The same where a text may be a list that was written out, as in Genstore's examples."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return as_tags(json.loads(value))
        except (ValueError, RecursionError):
            return None
    return as_tags(value)


def told(record: Mapping[str, Any], keys: Mapping[str, str], *, masks_phones: bool) -> Told:
    """What a record tells; `keys` maps our fields to the wire.

    A star is no mask where a person may have typed it: masks are what stands where an address or a
    number is due and is none. `masks_phones` is for platforms whose documents show masked numbers;
    elsewhere a number with stars is masked only beside an address that is not readable either.
    """
    texts: dict[str, Personal | None] = {}
    unreadable: set[str] = set()
    untold: list[str] = []
    for name, key in keys.items():
        value = record.get(key)
        if value.__class__ is str:
            texts[name] = Personal(value) if value else None
            continue
        if value is None and key not in record:
            untold.append(name)
        if isinstance(value, bool) or not isinstance(value, (str, int, type(None))):
            unreadable.add(name)
        texts[name] = personal(as_text(value))
    hidden = _hidden(record, keys, unreadable, masks_phones=masks_phones)
    for name in unreadable:
        texts[name] = None
    return Told(texts=texts, unreadable=unreadable, hidden=hidden, untold=frozenset(untold))


def _hidden(
    record: Mapping[str, Any], keys: Mapping[str, str], unreadable: set[str], *, masks_phones: bool
) -> tuple[tuple[IdentityKind, Personal | None], ...]:
    """The contacts that are withheld, or may be; what cannot be read for it joins `unreadable`."""
    email = "" if "email" in unreadable else str(record.get(keys["email"]) or "")
    phone = "" if "phone" in unreadable else str(record.get(keys["phone"]) or "")
    if not unreadable and "*" not in email and "*" not in phone and "[" not in email:
        return ()
    hidden: list[tuple[IdentityKind, Personal | None]] = []
    if "email" in unreadable or _OBFUSCATED.search(email):
        unreadable.add("email")
        hidden.append((IdentityKind.EMAIL, None))
    elif "*" in email:
        hidden.append((IdentityKind.EMAIL, Personal(email)))
        if email_fault(email) is not None:
            unreadable.add("email")
    if "phone" in unreadable:
        hidden.append((IdentityKind.PHONE, None))
    elif "*" in phone:
        hidden.append((IdentityKind.PHONE, Personal(phone)))
        if masks_phones or not email or "email" in unreadable:
            unreadable.add("phone")
    if "email" in unreadable:
        unreadable |= {
            name
            for name, key in keys.items()
            if name not in _OF_STARS and "**" in str(record.get(key) or "")
        }
    return tuple(hidden)


def _is_hidden_part(name: str, text: str, told: Told) -> bool:
    if name == "phone":
        return "*" in text and any(kind is IdentityKind.PHONE for kind, _ in told.hidden)
    return "**" in text and "email" in told.unreadable


def others(record: Mapping[str, Any], keys: Iterable[str]) -> tuple[tuple[str, Personal], ...]:
    """What a store keeps beside what is managed, where it holds anything."""
    return tuple(
        [
            (key, Personal(canonical(value)))
            for key in keys
            if (value := record.get(key)) is not None and value not in ("", [], {})
        ]
    )


def canonical(value: object) -> str:
    """One text for one JSON value, whatever the order of its keys."""
    if value is True or value is False:
        return "true" if value else "false"
    return _CANONICAL(value)
