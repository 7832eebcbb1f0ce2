"""Shoplazza in the dialects 2022-01 and 2025-06 (which 2026-01 and 2026-07 share)."""

import base64
import binascii
from functools import partial
from typing import Any

from reconciler.sandbox import records
from reconciler.sandbox.bucket import Rate
from reconciler.sandbox.http import Answer, Call, Handler, Json, Refusal, Route, read_json, route
from reconciler.sandbox.platform import (
    MISSING,
    Store,
    assign,
    check_email,
    check_text,
    unwrap,
    whole,
)
from reconciler.sandbox.records import Record
from reconciler.sandbox.shoplazza.addresses import Addresses, read_address, required_fields
from reconciler.sandbox.shoplazza.form import (
    BOOLEANS,
    Dialect,
    Form,
    accepts,
    consent,
    false_code,
    read_boolean,
    read_tags,
)
from reconciler.sandbox.time_filters import time_tests

VERSIONS = ("2022-01", "2025-06", "2026-01", "2026-07")
_MISSING = "param is missing or the value is empty: customer"
_BUSINESS = frozenset({403, 404, 409, 422})


class Shoplazza:
    """The customer API of one Shoplazza shop."""

    rate = Rate(per_second=2.0, burst=40)

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings
        self._form = Form(store)

    def routes(self) -> list[Route]:
        found = []
        addresses = Addresses(self._store)
        for version in VERSIONS:
            customers = f"/openapi/{version}/customers"
            one = f"{customers}/{{id}}"
            plain = [
                route("GET", customers, self._list),
                route("POST", customers, self._create),
                route("GET", f"{customers}/count", self._count),
                route("GET", one, self._get),
                route("PUT", one, self._update),
                route("DELETE", one, self._no_delete),
                *addresses.routes(customers),
            ]
            modern = version != VERSIONS[0]
            found += [self._envelop(item) if modern else item for item in plain]
        return found

    def _envelop(self, plain: Route) -> Route:
        def handler(call: Call, inner: Handler = plain.handler) -> Answer:
            answer = inner(call)
            code = self._settings["envelope_code"]
            body = {"code": code, "message": "", "data": answer.body}
            return Answer(answer.status, body, answer.headers)

        return Route(plain.method, plain.pattern, handler, plain.reads)

    def token(self, call: Call) -> str | None:
        return call.headers.get("access-token")

    def cost(self, call: Call) -> int:  # noqa: ARG002 - one for all
        return 1

    def refuse(self, call: Call, refusal: Refusal) -> Answer:
        if not Dialect.of(call).modern:
            if refusal.status == 401:
                return Answer(401, {"error": "unauthorized"})
            return Answer(refusal.status, {"errors": [refusal.message]})
        business = refusal.status in _BUSINESS and call.method in {"POST", "PUT", "DELETE"}
        if business and self._settings["failure_status"] == "500":
            body = {"code": "ServerError", "message": refusal.message}
            return Answer(500, body)
        return Answer(
            refusal.status,
            {"code": refusal.code or "InvalidParameter", "message": refusal.message},
        )

    def headers(self, serial: int) -> dict[str, str]:
        return {"Request-Id": f"sandbox-{serial}"}

    def _list(self, call: Call) -> Answer:
        dialect = Dialect.of(call)
        where = self._filter(call, dialect)
        return self._by_cursor(call, where) if dialect.modern else self._by_page(call, where)

    def _by_page(self, call: Call, where: dict[str, Any]) -> Answer:
        asked = call.parameters
        most = "Exceeds maximum limit of 250"
        size = whole(asked.get("limit"), 10, most=250, message=most)
        number = whole(asked.get("page"), 1, most=10**9, message="page is invalid")
        found, _ = self._store.page(number * size, **where)
        return self._customers(found[(number - 1) * size :], Dialect.of(call))

    def _by_cursor(self, call: Call, where: dict[str, Any]) -> Answer:
        asked = call.parameters
        most = "Exceeds maximum limit of 250"
        size = whole(asked.get("page_size"), 10, most=250, message=most)
        if asked.get("cursor"):
            last = _read_cursor(asked["cursor"])
            where["after"] = self._store.table.position(self._settings["list_order"], last)
        found, more = self._store.page(size, **where)
        end = None if self._settings["has_more_end"] == "null" else False
        cursor = base64.b64encode(found[-1]["id"].encode()).decode() if more else ""
        answer = self._customers(found, Dialect.of(call))
        return Answer(200, {**answer.body, "cursor": cursor, "has_more": True if more else end})

    def _customers(self, found: list[Record], dialect: Dialect) -> Answer:
        return Answer(200, {"customers": [self._form.customer(one, dialect) for one in found]})

    def _count(self, call: Call) -> Answer:
        where = self._filter(call, Dialect.of(call))
        return Answer(200, {"count": sum(1 for _ in self._store.scan(**where))})

    def _filter(self, call: Call, dialect: Dialect) -> dict[str, Any]:
        """Return what to scan for; parameters of the other dialect are ignored in silence."""
        asked = call.parameters
        tests = time_tests(asked, self._store, status=400 if dialect.modern else 406)
        ids = call.every("ids") if dialect.modern else asked.get("ids", "").split(",")
        wanted = {part.strip() for part in ids if part.strip()}
        if wanted:
            tests.append(lambda record: record["id"] in wanted)
        where: dict[str, Any] = {}
        exact = self._settings["match"] == "exact"
        for name, keys in (("email", ("email",)), ("contact", ("email", "phone"))):
            value = self._store.spelled(asked.get(name, "").strip())
            if not value or self._settings["match"] == "ignored":
                continue
            tests.append(partial(self._has, keys=keys, value=value))
            sets = [self._store.exact(key, value) for key in keys]
            if exact and None not in sets:
                where["within"] = set().union(*(ids for ids in sets if ids))
        where["keep"] = lambda record: all(test(record) for test in tests)
        return where

    def _has(self, record: Record, keys: tuple[str, ...], value: str) -> bool:
        texts = [self._store.spelled(record[key]) for key in keys if record[key]]
        if self._settings["match"] == "fuzzy":
            return any(value in text for text in texts)
        return value in texts

    def _answer(self, record: Record, call: Call, status: int = 200) -> Answer:
        return Answer(status, {"customer": self._form.customer(record, Dialect.of(call))})

    def _get(self, call: Call) -> Answer:
        return self._answer(self._store.need(call.groups["id"], "record not found"), call)

    def _no_delete(self, call: Call) -> Answer:  # noqa: ARG002 - refused whatever it asks
        status = int(self._settings["delete_status"])
        raise Refusal(status, "delete is not offered", code="MethodNotAllowed")

    def _create(self, call: Call) -> Answer:
        given = unwrap(read_json(call), "customer", 422, _MISSING)
        dialect = Dialect.of(call)
        record = records.complete({}, customer_id=self._store.new_id(), at=self._store.now())
        self._take_contact(record, given)
        _check_password(given)
        check_text(given, {"first_name": 255, "last_name": 255})
        for key in ("first_name", "last_name"):
            record[key] = given.get(key) or None
        for channel, name in BOOLEANS.items():
            subscribing = read_boolean(given, name) is not False
            code = "create_true_flag" if subscribing else "create_false_flag"
            record["consent"][channel] = consent(int(self._settings[code]), self._store.now())
        record["tags"] = read_tags(given, dialect, self._settings) or []
        self._take_addresses(record, given, dialect)
        self._store.refuse_duplicates(record)
        self._store.save(record)
        return self._answer(record, call, int(self._settings["create_status"]))

    def _take_contact(self, record: Record, given: Json) -> None:
        kind = given.get("contact_type")
        if kind not in {"email", "phone"}:
            raise Refusal(422, "contact_type must be email or phone", code="InvalidParameter")
        if not given.get(kind):
            raise Refusal(422, f"{kind} can't be blank", code="InvalidParameter")
        other = "phone" if kind == "email" else "email"
        if given.get(other) and self._settings["two_contacts"] == "refused":
            raise Refusal(422, "only one of email and phone is allowed", code="InvalidParameter")
        check_email(given.get("email"))
        check_text(given, {"email": 255, "phone": 32})
        record["email"] = given.get("email") or None
        record["phone"] = given.get("phone") or None
        record["extra"]["contact_type"] = kind

    def _take_addresses(self, record: Record, given: Json, dialect: Dialect) -> None:
        listed = given.get("addresses") or []
        if not isinstance(listed, list):
            raise Refusal(422, "addresses is invalid", code="InvalidParameter")
        required = required_fields(dialect)
        read = [read_address(item, self._store, required=required) for item in listed]
        way = self._settings["create_default_address"]
        if way != "flagged" and any("default" in item for item in listed):
            raise Refusal(422, "default is unknown", code="InvalidParameter")
        if way == "last" and read:
            read[-1]["default"] = True
        record["addresses"] = records.settle(read)

    def _update(self, call: Call) -> Answer:
        record = self._store.need(call.groups["id"], "record not found")
        given = unwrap(read_json(call), "customer", 422, _MISSING)
        check_text(given, {"first_name": 255, "last_name": 255})
        clearing = self._settings["omitted_names"] == "clear"
        for key in ("first_name", "last_name"):
            value = given.get(key, MISSING)
            assign(record, key, value, clear=self._settings["clear"], replacing=clearing)
        tags = read_tags(given, Dialect.of(call), self._settings)
        if tags is not None:
            record["tags"] = tags
        for channel, name in BOOLEANS.items():
            self._update_consent(record, channel, read_boolean(given, name))
        self._store.save(record)
        return self._answer(record, call)

    def _update_consent(self, record: Record, channel: str, asked: bool | None) -> None:
        """Apply a boolean; one left out becomes true, or stays, by what is read of the page."""
        held = record["consent"][channel]
        if asked is None:
            if self._settings["update_defaults"] == "keep" or accepts(held):
                return
            asked = True
        code = 3 if asked else false_code(held, self._settings)
        fresh = consent(code, self._store.now())
        if not asked and code == 2:
            return
        record["consent"][channel] = fresh


def _check_password(given: Json) -> None:
    password = given.get("password")
    if password is None:
        return
    if not isinstance(password, str) or len(password) < 6:
        raise Refusal(422, "password is too short (minimum is 6)", code="InvalidParameter")
    if given.get("password_confirmation") != password:
        raise Refusal(422, "password_confirmation doesn't match", code="InvalidParameter")


def _read_cursor(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, validate=True).decode()
    except (ValueError, binascii.Error):
        raise Refusal(400, "cursor is invalid", code="InvalidParameter") from None
