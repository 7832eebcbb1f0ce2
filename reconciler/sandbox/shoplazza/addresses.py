"""Shoplazza's address endpoints: flat bodies in 2022-01, wrapped ones from 2025-06 on."""

from typing import Any

from reconciler.sandbox import records
from reconciler.sandbox.http import Answer, Call, Json, Refusal, Route, read_json, route
from reconciler.sandbox.platform import Store, check_text, unwrap
from reconciler.sandbox.records import Record
from reconciler.sandbox.shoplazza.form import ADDRESS_KEYS, Dialect, Form

_MISSING = "param is missing or the value is empty: address"
_LIMITS = dict.fromkeys((*ADDRESS_KEYS, "province_code"), 255)


def read_address(given: Any, store: Store, *, required: tuple[str, ...]) -> Record:
    if not isinstance(given, dict):
        raise Refusal(422, "address is invalid", code="InvalidParameter")
    for name in required:
        if not given.get(name):
            raise Refusal(422, f"{name} can't be blank", code="InvalidParameter")
    check_text(given, _LIMITS)
    address = records.address({key: given.get(key) for key in _LIMITS})
    address["default"] = given.get("default") is True
    address["id"] = store.new_address_id()
    return address


def required_fields(dialect: Dialect) -> tuple[str, ...]:
    if dialect.modern:
        return ("country", "country_code")
    return ("first_name", "last_name", "country", "country_code")


class Addresses:
    """The sub-resource of one customer's addresses."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._form = Form(store)

    def routes(self, customers: str) -> list[Route]:
        many, one = f"{customers}/{{id}}/addresses", f"{customers}/{{id}}/addresses/{{aid}}"
        return [
            route("GET", many, self._list),
            route("POST", many, self._create),
            route("GET", one, self._get),
            route("PUT", one, self._update),
            route("DELETE", one, self._delete),
            route("PUT", f"{one}/default", self._choose),
        ]

    def _customer(self, call: Call) -> Record:
        return self._store.need(call.groups["id"], "record not found")

    def _pair(self, call: Call) -> tuple[Record, Record]:
        record = self._customer(call)
        for item in record["addresses"]:
            if item["id"] == call.groups["aid"]:
                return record, item
        raise Refusal(404, "record not found", code="NotFound")

    def _given(self, call: Call) -> Json:
        body = read_json(call)
        return unwrap(body, "address", 422, _MISSING) if Dialect.of(call).modern else body

    def _list(self, call: Call) -> Answer:
        record = self._customer(call)
        shown = [self._form.own_address(record, item) for item in record["addresses"]]
        return Answer(200, {"addresses": shown})

    def _get(self, call: Call) -> Answer:
        record, item = self._pair(call)
        return Answer(200, {"address": self._form.own_address(record, item)})

    def _create(self, call: Call) -> Answer:
        record = self._customer(call)
        required = required_fields(Dialect.of(call))
        item = read_address(self._given(call), self._store, required=required)
        self._settle(record, item, [*record["addresses"], item])
        status = int(self._store.settings["create_status"])
        return Answer(status, {"address": self._form.own_address(record, item)})

    def _update(self, call: Call) -> Answer:
        record, item = self._pair(call)
        given = self._given(call)
        check_text(given, _LIMITS)
        for key in _LIMITS:
            if given.get(key) is not None:
                item[key] = given[key] or None
        wanted = given.get("default") is True
        item["default"] = item["default"] or wanted
        self._settle(record, item, record["addresses"])
        return Answer(200, {"address": self._form.own_address(record, item)})

    def _delete(self, call: Call) -> Answer:
        record, item = self._pair(call)
        rest = [other for other in record["addresses"] if other is not item]
        self._settle(record, None, rest)
        return Answer(200, {})

    def _choose(self, call: Call) -> Answer:
        record, item = self._pair(call)
        item["default"] = True
        self._settle(record, item, record["addresses"])
        return Answer(200, {})

    def _settle(self, record: Record, changed: Record | None, addresses: list[Record]) -> None:
        """Save with one default: the one just flagged, else the one before, else the first."""
        if changed is not None and changed["default"]:
            for item in addresses:
                item["default"] = item is changed
        record["addresses"] = records.settle(addresses)
        self._store.save(record)
