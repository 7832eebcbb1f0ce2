"""SHOPLINE's JSON, and consent in its numbers."""

from typing import Any

from reconciler.sandbox import masking, records, timestamps
from reconciler.sandbox.http import Json, Refusal
from reconciler.sandbox.platform import Store
from reconciler.sandbox.records import Record

CONSENT_KEYS = {"email": "email_marketing_consent", "sms": "sms_marketing_consent"}
FLAGS = {"email": "email_subscribe_flag", "sms": "mobile_subscribe_flag"}
ACCEPTS = {"email": "accepts_marketing", "sms": "accepts_mobile_marketing"}
CONTACTS = {"email": "email", "sms": "phone"}
CODES = {"unsubscribed": 0, "subscribed": 1, "not_subscribed": 2, "pending": 3}
STATES = {code: state for state, code in CODES.items()}
LEVELS = {"unknown": 0, "single": 1, "confirmed": 2}
_LEVEL_NAMES = {code: name for name, code in LEVELS.items()}
GENDERS = ("unknown", "male", "female", "secret")
ADDRESS_KEYS = (
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


def code(held: Record | None) -> Any:
    """Return the state number; a state that is no neutral word goes out as it is."""
    if held is None:
        return None
    state = held["state"]
    if isinstance(state, str) and state.isdecimal():
        return int(state)
    return CODES.get(state, state) if isinstance(state, str) else state


class Form:
    """Writes records in SHOPLINE's form."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings

    def time(self, text: str | None) -> str | None:
        return self._store.time(text, self._settings["offset"])

    def consent(self, held: Record | None) -> Json | None:
        if held is None:
            return None
        level = held.get("level", 0)
        return {
            "state": code(held),
            "opt_in_level": LEVELS.get(level, level) if isinstance(level, str) else level,
            "consent_updated_at": self.time(held["at"]),
            "consent_collected_from": held.get("source", ""),
        }

    def flag(self, held: Record | None) -> Any:
        number = code(held)
        if number == 3 and self._settings["flags_cross"] == "lagging":
            return 2
        return 2 if number is None else number

    def address(self, held: Record | None, *, masked: bool = False) -> Json | None:
        if held is None:
            return None
        body = {"id": held["id"], **{key: held[key] or "" for key in ADDRESS_KEYS}}
        code, country = body["province_code"], body["country_code"]
        if code and country and self._settings["province_v2"] == "with country":
            code = f"{country}-{code.removeprefix(f'{country}-')}"
        body["province_code_v2"] = code
        body["default"] = held["default"]
        if masked:
            body["phone"] = masking.phone(body["phone"])
        return body

    def own_address(self, held: Record, customer_id: str, *, masked: bool) -> Json:
        """Return an address as the address endpoints show it."""
        body = self.address(held, masked=masked) or {}
        return {**body, "def": held["default"], "customer_id": customer_id}

    def _gender(self, held: Any) -> str:
        """What a number or word is that the documents do not list goes out as it is."""
        reading = self._settings["gender"]
        if reading == "words" and held in range(len(GENDERS)):
            return GENDERS[held]
        return "0" if reading == "no secret" and held == GENDERS.index("secret") else str(held)

    def customer(self, record: Record) -> Json:
        extra = record["extra"]
        masked = self._store.masked(record)
        tags = record["tags"]
        body = {
            "id": record["id"],
            "email": masking.email(record["email"]) if masked else record["email"],
            "phone": masking.phone(record["phone"]) if masked else record["phone"],
            "first_name": record["first_name"] or "",
            "last_name": record["last_name"] or "",
            "nick_name": extra.get("nick_name") or "",
            "note": record["note"] or "",
            "tags": tags if isinstance(tags, str) else ",".join(tags),
            "gender": self._gender(extra.get("gender") or 0),
            "birthday": extra.get("birthday") or "",
            "language": extra.get("language") or "",
            "verified_email": extra.get("verified_email", False),
            "multipass_identifier": extra.get("multipass_identifier") or "",
            "state": extra.get("state", 1),
            "orders_count": record["orders_count"],
            "total_spent": str(extra.get("total_spent", "0.00")),
            "last_order_id": extra.get("last_order_id", "N/A"),
            "last_order_name": extra.get("last_order_name", "N/A"),
            "addresses": [self.address(item, masked=masked) for item in record["addresses"]],
            "default_address": self.address(records.default_address(record), masked=masked),
            "created_at": self.time(record["created_at"]),
            "updated_at": self.time(record["updated_at"]),
        }
        for channel, held in record["consent"].items():
            body[CONSENT_KEYS[channel]] = self.consent(held)
            body[FLAGS[channel]] = self.flag(held)
            body[ACCEPTS[channel]] = code(held) == 1
        return body


class ConsentWrite:
    """Applies the consents of a create or an update."""

    def __init__(self, store: Store) -> None:
        self._settings = store.settings
        self._now = store.now

    def apply(self, record: Record, given: Json, *, replacing: bool) -> None:
        for channel, key in CONSENT_KEYS.items():
            value = given.get(key)
            if value is None:
                if replacing:
                    record["consent"][channel] = records.consent("not_subscribed")
                continue
            if not isinstance(value, dict):
                raise Refusal(422, f"{key} is invalid")
            _check(value, key)
            self._set(record, channel, value)

    def _set(self, record: Record, channel: str, value: Json) -> None:
        held = record["consent"][channel]
        before = records.state_of(held) or "not_subscribed"
        state = STATES[value["state"]] if "state" in value else before
        if state != before:
            self._refuse_change(record, channel, before, state)
            if state == "subscribed" and self._settings.on("double_opt_in"):
                state = "pending"
        same = held is not None and state == before and not set(value) - {"state"}
        if same and self._settings["resend"] == "keep":
            return
        level = value.get("opt_in_level")
        kept = held or {}
        record["consent"][channel] = records.consent(
            state,
            at=value.get("consent_updated_at") or self._when(kept, changed=state != before),
            actor="staff" if state != before else self._actor(kept),
            level=kept.get("level") if level is None else _LEVEL_NAMES[level],
            source=value.get("consent_collected_from", kept.get("source")),
        )

    def _when(self, held: Record, *, changed: bool) -> str | None:
        keeping = not changed and self._settings["resend"] == "keep"
        return held.get("at") if keeping else self._now()

    def _actor(self, held: Record) -> str | None:
        return held.get("actor") if self._settings["resend"] == "keep" else "staff"

    def _refuse_change(self, record: Record, channel: str, before: Any, state: Any) -> None:
        if not record[CONTACTS[channel]]:
            raise Refusal(422, f"{CONTACTS[channel]} is required to change {CONSENT_KEYS[channel]}")
        leaving = before in {"subscribed", "unsubscribed"}
        if state == "not_subscribed" and leaving and self._settings["leave_never"] == "refused":
            raise Refusal(422, f"{CONSENT_KEYS[channel]}.state cannot go back to 2")


def _check(value: Json, key: str) -> None:
    """Refuse numbers, texts and lengths that the documents do not list."""
    for name, allowed in (("state", STATES), ("opt_in_level", _LEVEL_NAMES)):
        number = value.get(name, 0)
        if isinstance(number, bool) or not isinstance(number, int) or number not in allowed:
            raise Refusal(422, f"{key}.{name} is invalid")
    moment = value.get("consent_updated_at")
    if moment and timestamps.read(moment) is None:
        raise Refusal(422, f"{key}.consent_updated_at is invalid")
    source = value.get("consent_collected_from")
    if source is not None and (not isinstance(source, str) or len(source) > 50):
        raise Refusal(422, f"{key}.consent_collected_from is too long (maximum is 50)")
