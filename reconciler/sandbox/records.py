"""The neutral form of a customer: what tests seed and read back, whatever the platform calls it."""

from collections.abc import Iterable, Mapping
from typing import Any

Record = dict[str, Any]

CHANNELS = ("email", "sms")
ADDRESS_FIELDS = (
    "first_name",
    "last_name",
    "company",
    "address1",
    "address2",
    "city",
    "province",
    "province_code",
    "country",
    "country_code",
    "zip",
    "phone",
)
_BLANK: Record = {
    "email": None,
    "phone": None,
    "first_name": None,
    "last_name": None,
    "note": None,
    "tax_exempt": False,
    "tax_exemptions": None,
    "orders_count": 0,
}
KEYS = frozenset(_BLANK) | {
    "id",
    "tags",
    "consent",
    "addresses",
    "created_at",
    "updated_at",
    "extra",
}


def complete(record: Mapping[str, Any], *, customer_id: str, at: str) -> Record:
    """Return a full copy of a partial record; `at` is the time where it gives none."""
    unknown = sorted(set(record) - KEYS)
    if unknown:
        raise ValueError(f"a record has no field {unknown[0]!r}; put platform fields under extra")
    created = record.get("created_at", at)
    tags = record.get("tags", [])
    return {
        "id": customer_id,
        **{key: record.get(key, blank) for key, blank in _BLANK.items()},
        "tags": tags if isinstance(tags, str) else list(tags),
        "consent": _consents(record.get("consent") or {}),
        "addresses": _as_seeded([address(item) for item in record.get("addresses") or ()]),
        "created_at": created,
        "updated_at": record.get("updated_at", created),
        "extra": dict(record.get("extra") or {}),
    }


def _consents(given: Mapping[str, Any]) -> dict[str, Any]:
    result = {}
    for channel in CHANNELS:
        value = given.get(channel, consent("not_subscribed"))
        result[channel] = None if value is None else consent(**value)
    return result


def consent(
    state: Any,
    *,
    at: str | None = None,
    actor: str | None = None,
    **details: Any,
) -> Record:
    """Return a consent; `details` are level, source, and a platform's own code."""
    kept = {key: value for key, value in details.items() if value is not None}
    return {"state": state, "at": at, "actor": actor, **kept}


def state_of(held: Mapping[str, Any] | None) -> Any:
    return None if held is None else held["state"]


def address(given: Mapping[str, Any]) -> Record:
    """Return a full copy of a partial address."""
    return {
        "id": None if given.get("id") is None else str(given["id"]),
        **{key: given.get(key) for key in ADDRESS_FIELDS},
        "default": bool(given.get("default", False)),
    }


def _as_seeded(addresses: list[Record]) -> list[Record]:
    """Records with several defaults do occur in stores."""
    several = sum(item["default"] for item in addresses) > 1
    return addresses if several else settle(addresses)


def settle(addresses: list[Record]) -> list[Record]:
    """Leave exactly one default: the last one flagged, else the first."""
    flagged = [position for position, item in enumerate(addresses) if item["default"]]
    chosen = flagged[-1] if flagged else 0
    for position, item in enumerate(addresses):
        item["default"] = position == chosen
    return addresses


def default_address(record: Record) -> Record | None:
    return next((item for item in record["addresses"] if item["default"]), None)


def join_tags(held: Iterable[str], added: Iterable[str]) -> list[str]:
    """Return the tags without repeats (letter case apart), the spelling seen first."""
    seen: dict[str, str] = {}
    for tag in (*held, *added):
        seen.setdefault(tag.casefold(), tag)
    return list(seen.values())


def merge(record: Record, fields: Mapping[str, Any], *, at: str) -> None:
    """Apply somebody else's edit; consents and extra merge, other fields are replaced."""
    unknown = sorted(set(fields) - KEYS)
    if unknown:
        raise ValueError(f"a record has no field {unknown[0]!r}; put platform fields under extra")
    for key, value in fields.items():
        if key == "consent":
            for channel, held in value.items():
                stamped = None if held is None else {"at": at, "actor": "staff", **held}
                record["consent"][channel] = None if stamped is None else consent(**stamped)
        elif key == "extra":
            record["extra"].update(value)
        elif key == "addresses":
            record["addresses"] = settle([address(item) for item in value])
        else:
            record[key] = value
