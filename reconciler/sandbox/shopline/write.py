"""What a create or an update of SHOPLINE does to a customer, with the limits of its pages."""

import re
from typing import Any

from reconciler.sandbox import records
from reconciler.sandbox.http import Json, Refusal
from reconciler.sandbox.platform import MISSING, Store, assign, check_email, check_text
from reconciler.sandbox.records import Record
from reconciler.sandbox.shopline.form import ADDRESS_KEYS, ConsentWrite

_LIMITS = {
    "email": 50,
    "phone": 20,
    "first_name": 128,
    "last_name": 128,
    "nick_name": 128,
    "language": 64,
    "note": 1000,
    "birthday": 8,
    "multipass_identifier": 100,
}
_ADDRESS_LIMITS = {
    "first_name": 128,
    "last_name": 128,
    "company": 255,
    "address1": 255,
    "address2": 255,
    "city": 64,
    "province": 64,
    "province_code": 64,
    "country": 64,
    "country_code": 64,
    "zip": 64,
    "phone": 20,
}
OWN_ADDRESS_LIMITS = _ADDRESS_LIMITS | {"zip": 10, "phone": 16}
_PHONE = re.compile(r"^00[1-9]\d{4,17}$")
_MOST_ADDRESSES = 50


class Write:
    """Applies the fields of a create or an update, refusing what the platform refuses."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings
        self._consent = ConsentWrite(store)

    def apply(self, record: Record, given: Json, *, replacing: bool) -> None:
        check_text(given, _LIMITS)
        check_email(given.get("email"))
        if given.get("phone") and not _PHONE.match(given["phone"]):
            raise Refusal(422, "phone is invalid")
        self._texts(record, given, replacing=replacing)
        if not record["email"] and not record["phone"]:
            raise Refusal(422, "email and phone cannot both be empty")
        self._store.refuse_duplicates(record)
        self._typed(record, given, replacing=replacing)
        self._tags(record, given, replacing=replacing)
        self._addresses(record, given, replacing=replacing)
        self._consent.apply(record, given, replacing=replacing)
        self._store.save(record)

    def _texts(self, record: Record, given: Json, *, replacing: bool) -> None:
        clear = self._settings["clear"]
        # A customer keeps a contact that a replacing PUT leaves out: it could not be refused else.
        for key in ("email", "phone"):
            assign(record, key, given.get(key, MISSING), clear=clear, replacing=False)
        for key in ("first_name", "last_name", "note"):
            assign(record, key, given.get(key, MISSING), clear=clear, replacing=replacing)
        birthday = given.get("birthday")
        if birthday and not re.fullmatch(r"\d{8}", birthday):
            raise Refusal(422, "birthday is invalid")
        extra = record["extra"]
        for key in ("birthday", "multipass_identifier"):
            assign(extra, key, given.get(key, MISSING), clear=clear, replacing=replacing)
        for key in ("nick_name", "language"):
            taken = self._settings[key] == "honoured"
            if key in given and self._settings[key] == "refused":
                raise Refusal(422, f"{key} is not permitted")
            # What is not taken may be lost all the same where a PUT replaces.
            value = given.get(key, MISSING) if taken else MISSING
            assign(extra, key, value, clear=clear, replacing=replacing)

    def _typed(self, record: Record, given: Json, *, replacing: bool) -> None:
        extra = record["extra"]
        gender = given.get("gender")
        if gender is not None and (type(gender) is not int or not 0 <= gender <= 3):
            raise Refusal(422, "gender is invalid")
        verified = given.get("verified_email")
        if verified is not None and not isinstance(verified, bool):
            raise Refusal(422, "verified_email is invalid")
        for key, value, blank in (("gender", gender, 0), ("verified_email", verified, False)):
            if value is not None or replacing:
                extra[key] = blank if value is None else value

    def _tags(self, record: Record, given: Json, *, replacing: bool) -> None:
        value = given.get("tags")
        if value is None:
            if replacing:
                record["tags"] = []
            return
        if not isinstance(value, str):
            raise Refusal(422, "tags must be a text")
        if len(value) > 1000:
            raise Refusal(422, "tags is too long (maximum is 1000 characters)")
        held = record["tags"] if isinstance(record["tags"], list) else []
        fresh = [tag.strip() for tag in value.split(",") if tag.strip()]
        joined = records.join_tags(held if self._settings["tags"] == "append" else [], fresh)
        if len(joined) > 100 or any(len(tag) > 128 for tag in joined):
            raise Refusal(422, "tags: at most 100 of at most 128 characters each")
        record["tags"] = joined

    def _addresses(self, record: Record, given: Json, *, replacing: bool) -> None:
        listed = given.get("addresses")
        if listed is None:
            if replacing:
                record["addresses"] = []
            return
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise Refusal(422, "addresses is invalid")
        held = {item["id"]: item for item in record["addresses"]}
        result = dict(held) if self._settings["address_put"] == "merge" else {}
        for item in listed:
            check_text(item, _ADDRESS_LIMITS)
            address = read_address(item, flag="default")
            known = str(item.get("id")) in held
            address["id"] = str(item["id"]) if known else self._store.new_address_id()
            if address["default"]:
                unflag(result.values())
            result[address["id"]] = address
        if len(result) > _MOST_ADDRESSES:
            raise Refusal(422, f"addresses: at most {_MOST_ADDRESSES}")
        record["addresses"] = records.settle(list(result.values()))


def read_address(given: Json, *, flag: str) -> Record:
    address = records.address({key: given.get(key) or None for key in ADDRESS_KEYS})
    address["default"] = given.get(flag) in (True, 1)
    return address


def unflag(addresses: Any) -> None:
    for address in addresses:
        address["default"] = False
