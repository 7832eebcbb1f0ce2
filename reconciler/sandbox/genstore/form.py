"""Genstore's JSON: customers as its examples show them, and consent in its words."""

import json
from typing import Any

from reconciler.sandbox import masking, records, timestamps
from reconciler.sandbox.http import Json, Refusal
from reconciler.sandbox.platform import MISSING, Store, truth
from reconciler.sandbox.records import Record
from reconciler.sandbox.switches import Settings

CONSENT_KEYS = {"email": "emailMarketingConsent", "sms": "smsMarketingConsent"}
ADDRESS_KEYS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "provinceCode": "province_code",
    "countryCode": "country_code",
    "zip": "zip",
    "phone": "phone",
}
_PROTECTED = ("email", "phone", "firstName", "lastName", "addresses", "defaultAddress")
_FLAGS = (
    "verifiedEmail",
    "taxExempt",
    "isDefaultAddress",
    "applyToAllRegion",
    "applyToAllSubdivision",
)
_WORDS = {
    "subscribed": "SUBSCRIBED",
    "not_subscribed": "NOT_SUBSCRIBED",
    "pending": "PENDING_CONFIRMATION",
    "redacted": "REDACTED",
}


class Form:
    """Writes records in Genstore's form, by the readings taken."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings

    def _zone(self) -> str | None:
        return None if self._settings["times"] == "zoneless" else "Z"

    def time(self, text: str | None) -> str | None:
        return self._store.time(text, self._zone())

    def scalar(self, value: Any) -> Any:
        if self._settings["scalars"] == "typed" or value is None:
            return value
        return json.dumps(value) if isinstance(value, bool) else str(value)

    def tags(self, held: list[str] | str) -> list[str] | str:
        if isinstance(held, str) or self._settings["tags"] == "list":
            return held
        return json.dumps(held, ensure_ascii=False)

    def consent(self, held: Record | None, channel: str) -> Json | None:
        if held is None:
            return None
        moment = timestamps.write(held["at"], zone=self._zone(), milliseconds=True)
        return {"state": word(held["state"], channel, self._settings), "consentUpdateTime": moment}

    def address(self, held: Record | None) -> Json | None:
        if held is None:
            return None
        return {
            "id": held["id"],
            **{ours: held[neutral] for ours, neutral in ADDRESS_KEYS.items()},
            "isDefaultAddress": self.scalar(held["default"]),
        }

    def _tax(self, held: Any) -> Any:
        if isinstance(held, dict):
            told = {key: self._tax(value) for key, value in held.items()}
            if self._settings["subdivisions"] == "string" and "subdivisions" in told:
                told["subdivisions"] = json.dumps(told["subdivisions"])
            return told
        if isinstance(held, list):
            return [self._tax(value) for value in held]
        return self.scalar(held) if isinstance(held, bool) else held

    def customer(self, record: Record) -> Json:
        extra = record["extra"]
        typed = self._settings["scalars"] == "typed" and record["id"].isdecimal()
        body = {
            "id": int(record["id"]) if typed else record["id"],
            "email": record["email"],
            "phone": record["phone"],
            "firstName": record["first_name"],
            "lastName": record["last_name"],
            "notes": record["note"],
            "verifiedEmail": self.scalar(extra.get("verified_email", False)),
            "taxExempt": self.scalar(record["tax_exempt"]),
            "state": extra.get("state", "ENABLED"),
            "ordersCount": self.scalar(record["orders_count"]),
            "totalSpent": self.scalar(extra.get("total_spent", 0)),
            "createTime": self.time(record["created_at"]),
            "updateTime": self.time(record["updated_at"]),
            "tags": self.tags(record["tags"]),
            "taxExemptions": self._tax(record["tax_exemptions"]),
            "addresses": [self.address(item) for item in record["addresses"]],
            "defaultAddress": self.address(records.default_address(record)),
        }
        for channel, key in CONSENT_KEYS.items():
            body[key] = self.consent(record["consent"][channel], channel)
        return self._protect(body)

    def _protect(self, body: Json) -> Json:
        way = self._settings["protected"]
        if way == "none":
            return body
        if way == "absent":
            return {key: value for key, value in body.items() if key not in _PROTECTED}
        hidden: Json = dict.fromkeys(_PROTECTED)
        if way == "masked":
            hidden = {
                "email": masking.email(body["email"]),
                "phone": masking.phone(body["phone"]),
                "firstName": masking.name(body["firstName"]),
                "lastName": masking.name(body["lastName"]),
                "addresses": [_mask_address(item) for item in body["addresses"]],
                "defaultAddress": body["defaultAddress"] and _mask_address(body["defaultAddress"]),
            }
        return body | hidden


def _mask_address(item: Json) -> Json:
    visible = ("id", "countryCode", "provinceCode", "isDefaultAddress")
    return {key: value if key in visible else masking.name(value) for key, value in item.items()}


def word(state: Any, channel: str, settings: Settings) -> Any:
    """Return Genstore's word for a neutral state; what is no neutral state goes out as it is."""
    if state == "unsubscribed":
        two = channel == "sms" and settings["sms_words"] == "two"
        return "NOT_SUBSCRIBED" if two else settings["unsubscribed_word"]
    return _WORDS.get(state, state) if isinstance(state, str) else state


def read_word(given: Any, held: Record | None, channel: str, settings: Settings) -> str | None:
    """Return the neutral state of a word, or None for one that this store does not know."""
    known = {word(state, channel, settings): state for state in ("subscribed", "unsubscribed")}
    if channel == "email" or settings["sms_words"] == "full":
        known["PENDING_CONFIRMATION"] = "pending"
    if given == "NOT_SUBSCRIBED" and known.get(given) == "unsubscribed":
        # One word for both: whoever had said nothing before still has not.
        return "not_subscribed" if records.state_of(held) == "not_subscribed" else "unsubscribed"
    known.setdefault("NOT_SUBSCRIBED", "not_subscribed")
    return known.get(given) if isinstance(given, str) else None


class ConsentWrite:
    """Applies the consents of a create or an update."""

    def __init__(self, store: Store) -> None:
        self._settings = store.settings
        self._now = store.now

    def default(self) -> Record | None:
        choice = self._settings["create_default"]
        if choice == "null":
            return None
        return records.consent(choice.lower(), at=None, actor=None)

    def apply(self, record: Record, given: Json, *, replacing: bool) -> None:
        for channel, key in CONSENT_KEYS.items():
            value = given.get(key, MISSING)
            if value is MISSING or value is None:
                if replacing:
                    record["consent"][channel] = self.default()
                continue
            if not isinstance(value, dict):
                raise Refusal(422, f"{key} is invalid")
            self._set(record, channel, value)

    def _set(self, record: Record, channel: str, value: Json) -> None:
        held = record["consent"][channel]
        state: Any = read_word(value.get("state"), held, channel, self._settings)
        if state is None:
            if self._settings["unknown_word"] == "reject":
                raise Refusal(422, f"{CONSENT_KEYS[channel]}.state is invalid")
            if self._settings["unknown_word"] == "ignore":
                return
            state = value.get("state")
        contact = "email" if channel == "email" else "phone"
        needed = state == "subscribed" and self._settings.on("consent_needs_contact")
        if needed and not record[contact]:
            raise Refusal(422, f"{contact} is required for {CONSENT_KEYS[channel]}")
        before = records.state_of(held)
        if state == "subscribed" and self._settings.on("double_opt_in") and before != "subscribed":
            state = "pending"
        if before == state and self._settings["resend"] == "keep":
            return
        record["consent"][channel] = records.consent(state, at=self._when(value), actor="staff")

    def _when(self, value: Json) -> str:
        moment = value.get("consentUpdateTime")
        if self._settings["consent_time"] == "ignored" or timestamps.read(moment) is None:
            return self._now()
        return str(moment)


def check_flags(given: Any) -> None:
    """Refuse what its page calls a boolean and is text, at any depth."""
    for value in given if isinstance(given, list) else ():
        check_flags(value)
    for key, value in given.items() if isinstance(given, dict) else ():
        if key in _FLAGS and isinstance(value, str):
            raise Refusal(422, f"{key} must be a boolean")
        check_flags(value)


def read_address(given: Any, new_id: str, held: Record | None) -> Record:
    """Read one address of a write; the default flag may be text."""
    if not isinstance(given, dict):
        raise Refusal(422, "addresses is invalid")
    fields = {neutral: given.get(ours) for ours, neutral in ADDRESS_KEYS.items()}
    address = records.address({**fields, "default": truth(given.get("isDefaultAddress")) or False})
    address["id"] = held["id"] if held else new_id
    return address


def read_exemptions(given: Any, held: Json | None) -> Json:
    """Read the tax exemptions of a write; regions that are held stay, where there are any."""
    rows = given.get("taxExemptionRegions") or [] if isinstance(given, dict) else None
    if not isinstance(rows, list) or not all(map(_is_region, rows)):
        raise Refusal(422, "taxExemptions is invalid")
    kept = {row["country"]: row for row in (held or {}).get("taxExemptionRegions") or ()}
    if kept:
        joined = kept | {row["country"]: row for row in rows}
        given = {**given, "taxExemptionRegions": list(joined.values())}
    typed: Json = _typed(given)
    return typed


def _is_region(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("country"), str)
        and isinstance(row.get("subdivisions") or [], list)
    )


def _typed(value: Any) -> Any:
    """Return the same with booleans written as text made booleans."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return value if truth(value) is None else truth(value)
