"""Shoplazza's JSON in its two dialects, and the flags that tell who changed a consent."""

from dataclasses import dataclass
from typing import Any

from reconciler.sandbox import masking, records
from reconciler.sandbox.http import Call, Json, Refusal
from reconciler.sandbox.platform import MISSING, Store
from reconciler.sandbox.records import Record
from reconciler.sandbox.switches import Settings

BOOLEANS = {"email": "accepts_marketing", "sms": "accepts_sms_marketing"}
FLAGS = {"email": "subscribed_flag", "sms": "sms_subscribed_flag"}
ADDRESS_KEYS = (
    "first_name",
    "last_name",
    "company",
    "address1",
    "address2",
    "city",
    "province",
    "country",
    "country_code",
    "zip",
    "phone",
)
_CODES = {
    ("unsubscribed", "staff"): 1,
    ("unsubscribed", "person"): 2,
    ("subscribed", "staff"): 3,
    ("subscribed", "person"): 4,
}
_SUBSCRIBING = (3, 4, 5)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the version in the address decides."""

    modern: bool

    @classmethod
    def of(cls, call: Call) -> "Dialect":
        return cls(modern="/2022-01/" not in call.path)


def flag(held: Record | None) -> Any:
    """Return the code of a consent; a state that is no neutral word is itself a code."""
    if held is None:
        return None
    if "code" in held:
        return held["code"]
    state = held["state"]
    if isinstance(state, int) or (isinstance(state, str) and state.isdecimal()):
        return int(state)
    if state in {"subscribed", "unsubscribed"}:
        return _CODES[state, "person" if held["actor"] == "person" else "staff"]
    return 0


def accepts(held: Record | None) -> bool | None:
    if held is None:
        return None
    return bool(held.get("accepts", flag(held) in _SUBSCRIBING))


def consent(code: int, at: str) -> Record:
    """Return what a write leaves behind: the neutral state with the code it was given."""
    if code in _SUBSCRIBING:
        state = "subscribed"
    else:
        state = "not_subscribed" if code == 0 else "unsubscribed"
    return records.consent(state, at=at, actor="staff", code=code)


def false_code(held: Record | None, settings: Settings) -> int:
    """Return the flag after an explicit false."""
    choice = settings["explicit_false_flag"]
    if choice == "keep2":
        return 2 if flag(held) == 2 else 1
    return int(choice)


def read_boolean(given: Json, name: str) -> bool | None:
    value = given.get(name, MISSING)
    if value is MISSING or value is None:
        return None
    if not isinstance(value, bool):
        raise Refusal(422, f"{name} is invalid", code="InvalidParameter")
    return value


def read_tags(given: Json, dialect: Dialect, settings: Settings) -> list[str] | None:
    """Return the tags of a write: a comma text in 2022-01, a list from 2025-06 on."""
    value = given.get("tags")
    if value is None:
        return None
    if dialect.modern:
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            raise Refusal(422, "tags must be a list of texts", code="InvalidParameter")
        tags = [tag.strip() for tag in value]
    elif isinstance(value, str):
        tags = [tag.strip() for tag in value.split(",")]
    else:
        raise Refusal(422, "tags must be a text", code="InvalidParameter")
    joined = records.join_tags((), filter(None, tags))
    limit = settings["tag_limit"]
    if limit != "none" and len(joined) > int(limit):
        raise Refusal(422, f"tags: at most {limit}", code="InvalidParameter")
    return joined


class Form:
    """Writes records in Shoplazza's form."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def time(self, text: str | None) -> str | None:
        return self._store.time(text, self._store.settings["offset"])

    def address(self, held: Record | None) -> Json | None:
        if held is None:
            return None
        return {
            "id": held["id"],
            **{key: held[key] or "" for key in ADDRESS_KEYS},
            "default": held["default"],
        }

    def own_address(self, record: Record, held: Record) -> Json:
        """Return an address as the address endpoints show it, with the fields they add."""
        more = {"phone_area_code": "", "area": "", "gender": "", "email": record["email"] or ""}
        return {**(self.address(held) or {}), **more}

    def customer(self, record: Record, dialect: Dialect) -> Json:
        extra = record["extra"]
        names = (record["first_name"], record["last_name"])
        masked = self._store.masked(record)
        tags = record["tags"]
        if not dialect.modern and isinstance(tags, list):
            tags = ", ".join(tags)
        body = {
            "id": record["id"],
            "first_name": record["first_name"] or "",
            "last_name": record["last_name"] or "",
            "name": " ".join(filter(None, names)),
            "email": (masking.email(record["email"]) if masked else record["email"]) or "",
            "phone": (masking.phone(record["phone"]) if masked else record["phone"]) or "",
            "phone_area_code": extra.get("phone_area_code", ""),
            "contact_type": extra.get("contact_type", "email" if record["email"] else "phone"),
            "source": extra.get("source", ""),
            "free_tax": extra.get("free_tax", record["tax_exempt"]),
            "registered": extra.get("registered", False),
            "orders_count": record["orders_count"],
            "first_order_at": extra.get("first_order_at"),
            "last_order_at": extra.get("last_order_at"),
            "total_spent": str(extra.get("total_spent", "0.00")),
            "tags": tags,
            "created_at": self.time(record["created_at"]),
            "updated_at": self.time(record["updated_at"]),
            "default_address": self.address(records.default_address(record)),
            "addresses": [self.address(item) for item in record["addresses"]],
        }
        for channel, held in record["consent"].items():
            body[BOOLEANS[channel]] = accepts(held)
            body[FLAGS[channel]] = flag(held)
        return body
