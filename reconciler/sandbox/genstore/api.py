"""Genstore, version 202412: PUT and search as its page tells, token pages that are page numbers."""

from itertools import islice
from typing import Any

from reconciler.sandbox import paging, records
from reconciler.sandbox.bucket import Rate
from reconciler.sandbox.genstore.form import (
    ConsentWrite,
    Form,
    check_flags,
    read_address,
    read_exemptions,
)
from reconciler.sandbox.http import Answer, Call, Json, Refusal, Route, read_json, route
from reconciler.sandbox.platform import (
    MISSING,
    Store,
    assign,
    check_email,
    check_text,
    truth,
    unwrap,
    whole,
)
from reconciler.sandbox.records import Record

_ROOT = "/api/202412"
_TEXTS = {
    "email": "email",
    "phone": "phone",
    "firstName": "first_name",
    "lastName": "last_name",
    "notes": "note",
}
# Lengths of the help centre's import template.
_LIMITS = {"email": 255, "phone": 60, "firstName": 200, "lastName": 200, "notes": 1000}
_ADDRESS_LIMITS = {
    "firstName": 200,
    "lastName": 200,
    "company": 1000,
    "address1": 1000,
    "address2": 1000,
    "city": 200,
    "zip": 60,
    "phone": 60,
}
_STATES = ("DECLINED", "DISABLED", "ENABLED", "INVITED")
_SEARCHED = {
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "customerId": "id",
    "customer_id": "id",
    "orders_count": "orders_count",
}
_SORTED = {"createTime": "created_at", "updateTime": "updated_at", "id": "id"}


class Genstore:
    """The customer API of one Genstore shop."""

    rate = Rate(per_second=2.0, burst=40)

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings
        self._form = Form(store)
        self._consent = ConsentWrite(store)

    def routes(self) -> list[Route]:
        customers = f"{_ROOT}/customers"
        return [
            route("GET", customers, self._list),
            route("POST", customers, self._create),
            route("POST", f"{customers}/search", self._search),
            route("GET", f"{customers}/{{id}}", self._get),
            route("PUT", f"{customers}/{{id}}", self._update),
            route("DELETE", f"{customers}/{{id}}", self._delete),
            route("GET", f"{_ROOT}/oauth2/access_scopes", self._scopes),
        ]

    def token(self, call: Call) -> str | None:
        return call.headers.get("x-genstore-access-token")

    def cost(self, call: Call) -> int:  # noqa: ARG002 - one for all
        return 1

    def refuse(self, call: Call, refusal: Refusal) -> Answer:  # noqa: ARG002 - one form for all
        return Answer(refusal.status, {"error": refusal.message})

    def headers(self, serial: int) -> dict[str, str]:  # noqa: ARG002 - no trace header is documented
        return {}

    def _scopes(self, call: Call) -> Answer:  # noqa: ARG002 - the route needs no input
        scopes = '["read_customers","write_customers"]'
        if self._settings["scope"] == "read":
            scopes = '["read_customers"]'
        return Answer(200, {"accessScopes": scopes})

    def _list(self, call: Call) -> Answer:
        asked = call.parameters
        if "pageToken" in asked and set(asked) - {"pageToken", "limit"}:
            raise Refusal(400, "only limit may be used with pageToken")
        state = paging.decode(asked["pageToken"]) if "pageToken" in asked else asked
        size = whole(
            asked.get("limit", str(state.get("pageSize", ""))),
            50,
            most=250,
            message="limit must be between 1 and 250",
        )
        number = _positive(state.get("pageNum", 1))
        kept = {key: str(state[key]) for key in ("ids", "sinceId") if state.get(key)}
        where = self._filter(kept)
        return self._paged(call, self._page(number, size, **where), number, size, kept)

    def _filter(self, kept: dict[str, str]) -> dict[str, Any]:
        where: dict[str, Any] = {}
        if "ids" in kept:
            wanted = {part.strip() for part in kept["ids"].split(",")}
            where["keep"] = lambda record: record["id"] in wanted
        if "sinceId" in kept and self._settings["since_id"] == "honoured":
            if not kept["sinceId"].isdecimal():
                raise Refusal(400, "sinceId is invalid")
            if self._settings["list_order"] == "ascending":
                where["after"] = self._store.table.position("ascending", kept["sinceId"])
            else:
                since, inner = int(kept["sinceId"]), where.get("keep", lambda _: True)
                where["keep"] = lambda record: int(record["id"]) > since and inner(record)
        return where

    def _page(self, number: int, size: int, **where: Any) -> tuple[list[Record], bool]:
        start = (number - 1) * size
        found = list(islice(self._store.scan(**where), start, start + size + 1))
        return found[:size], len(found) > size

    def _paged(
        self,
        call: Call,
        page: tuple[list[Record], bool],
        number: int,
        size: int,
        kept: dict[str, str],
    ) -> Answer:
        found, more = page
        entries = []
        if number > 1:
            entries.append(("previous", self._query(number - 1, size, kept)))
        if more:
            entries.append(("next", self._query(number + 1, size, kept)))
        quirky = self._settings["link_form"] == "quirky"
        headers = paging.link(call.origin + call.path, entries, quirky=quirky)
        return Answer(200, {"customers": [self._form.customer(one) for one in found]}, headers)

    def _query(self, number: int, size: int, kept: dict[str, str]) -> Json:
        token = paging.encode({"pageNum": number, "pageSize": size, **kept})
        return {"pageToken": token, "limit": size}

    def _search(self, call: Call) -> Answer:
        if self._settings["search_scope"] == "403":
            raise Refusal(403, "the token may not search customers")
        body = read_json(call)
        state = paging.decode(str(body["pageToken"])) if body.get("pageToken") else {}
        kept = {key: str(body.get(key) or state.get(key) or "") for key in ("query", "order")}
        limit = body.get("limit") or state.get("pageSize") or ""
        size = whole(str(limit), 50, most=250, message="limit must be between 1 and 250")
        number = _positive(state.get("pageNum", 1))
        found = self._sorted(self._found(kept["query"]), kept["order"])
        start = (number - 1) * size
        page = found[start : start + size]
        if not page and self._settings["empty_search"] == "word":
            return Answer(200, {"customers": "cusomer"})
        return self._paged(call, (page, len(found) > start + size), number, size, kept)

    def _found(self, query: str) -> list[Record]:
        tests = []
        for part in filter(None, query.split(";")):
            name, colon, value = part.partition(":")
            if not colon or name.strip() not in _SEARCHED:
                raise Refusal(400, f"query field {name.strip()} is not supported")
            tests.append((_SEARCHED[name.strip()], self._store.spelled(value.strip())))
        within = None
        if self._settings["search_match"] == "exact":
            emails = [value for key, value in tests if key == "email"]
            within = self._store.exact("email", emails[0]) if emails else None
        return list(
            self._store.scan(
                "search_delay",
                within=within,
                keep=lambda record: all(self._matches(record[key], value) for key, value in tests),
            )
        )

    def _matches(self, held: Any, value: str) -> bool:
        text = self._store.spelled(held)
        match self._settings["search_match"]:
            case "prefix":
                return text.startswith(value)
            case "contains":
                return value in text
            case _:
                return text == value

    def _sorted(self, found: list[Record], order: str) -> list[Record]:
        if not order:
            return found
        name, _, direction = order.partition(" ")
        if name not in _SORTED or direction.upper() not in {"", "ASC", "DESC"}:
            raise Refusal(400, "order is invalid")
        key = _SORTED[name]
        return sorted(
            found, key=lambda record: str(record[key] or ""), reverse=direction.upper() == "DESC"
        )

    def _answer(self, record: Record) -> Answer:
        return Answer(200, {"customer": self._form.customer(record)})

    def _get(self, call: Call) -> Answer:
        return self._answer(self._store.need(call.groups["id"]))

    def _create(self, call: Call) -> Answer:
        given = unwrap(read_json(call), "customer", 400, "customer is required")
        customer_id = self._store.new_id()
        if self._settings["client_id"] == "honoured" and given.get("id"):
            customer_id = str(given["id"])
            if self._store.table.get(customer_id) is not None:
                raise Refusal(409, "id has already been taken")
        record = records.complete({}, customer_id=customer_id, at=self._store.now())
        for channel in records.CHANNELS:
            record["consent"][channel] = self._consent.default()
        self._write(record, given, replacing=False)
        return self._answer(record)

    def _update(self, call: Call) -> Answer:
        record = self._store.need(call.groups["id"])
        given = unwrap(read_json(call), "customer", 400, "customer is required")
        self._write(record, given, replacing=self._settings["put"] == "replace")
        return self._answer(record)

    def _write(self, record: Record, given: Json, *, replacing: bool) -> None:
        if self._settings["written_flags"] == "typed":
            check_flags(given)
        check_text(given, _LIMITS)
        check_email(given.get("email"))
        for ours, neutral in _TEXTS.items():
            value = given.get(ours, MISSING)
            assign(record, neutral, value, clear=self._settings["clear"], replacing=replacing)
        if not any(record[key] for key in ("first_name", "last_name", "email", "phone")):
            raise Refusal(422, "one of firstName, lastName, email, phone is required")
        self._store.refuse_duplicates(record)
        self._write_flags(record, given, replacing=replacing)
        self._write_tags(record, given, replacing=replacing)
        self._write_addresses(record, given, replacing=replacing)
        self._consent.apply(record, given, replacing=replacing)
        self._store.save(record)

    def _write_flags(self, record: Record, given: Json, *, replacing: bool) -> None:
        for ours, holder, neutral in (
            ("taxExempt", record, "tax_exempt"),
            ("verifiedEmail", record["extra"], "verified_email"),
        ):
            value = given.get(ours)
            if value is not None and truth(value) is None:
                raise Refusal(422, f"{ours} is invalid")
            if value is not None or replacing:
                holder[neutral] = bool(truth(value))
        self._write_exemptions(record, given.get("taxExemptions"), replacing=replacing)
        state = given.get("state")
        if state is not None and state not in _STATES:
            raise Refusal(422, "state is invalid")
        if state and self._settings["state_write"] == "honoured":
            record["extra"]["state"] = state

    def _write_exemptions(self, record: Record, given: Any, *, replacing: bool) -> None:
        if given is not None:
            joining = self._settings["tax_put"] == "merge"
            held = record["tax_exemptions"] if joining else None
            record["tax_exemptions"] = read_exemptions(given, held)
        elif replacing:
            record["tax_exemptions"] = None

    def _write_tags(self, record: Record, given: Json, *, replacing: bool) -> None:
        tags = given.get("tags")
        if tags is None:
            if replacing:
                record["tags"] = []
            return
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise Refusal(422, "tags must be a list of texts")
        held = record["tags"] if isinstance(record["tags"], list) else []
        joined = records.join_tags(held if self._settings["tags_put"] == "append" else [], tags)
        if len(joined) > 120 or any(not tag or len(tag) > 100 for tag in joined):
            raise Refusal(422, "tags: at most 120 of at most 100 characters each")
        record["tags"] = joined

    def _write_addresses(self, record: Record, given: Json, *, replacing: bool) -> None:
        listed = given.get("addresses")
        if listed is None:
            if replacing:
                record["addresses"] = []
        elif isinstance(listed, list):
            self._take_addresses(record, listed)
        else:
            raise Refusal(422, "addresses is invalid")
        self._take_default(record, given.get("defaultAddress"))
        records.settle(record["addresses"])

    def _take_addresses(self, record: Record, listed: list[Any]) -> None:
        held = {item["id"]: item for item in record["addresses"]}
        merging = self._settings["address_put"] == "merge"
        result = dict(held) if merging else {}
        taken: list[str] = []
        for item in listed:
            check_text(item if isinstance(item, dict) else {}, _ADDRESS_LIMITS)
            known = held.get(str(item.get("id"))) if isinstance(item, dict) else None
            address = read_address(item, self._store.new_address_id(), known)
            if address["default"]:
                taken.append(address["id"])
                for other in result.values():
                    other["default"] = False
            result[address["id"]] = address
        if len(taken) > 1:
            raise Refusal(422, "addresses: only one can be the default")
        record["addresses"] = list(result.values())

    def _take_default(self, record: Record, given: Any) -> None:
        """Make the address it names the default; one without a known id is added when none is."""
        if not isinstance(given, dict):
            return
        named = [item for item in record["addresses"] if item["id"] == str(given.get("id"))]
        if not named and not record["addresses"]:
            check_text(given, _ADDRESS_LIMITS)
            named = [read_address(given, self._store.new_address_id(), None)]
            record["addresses"] = named
        if named:
            for item in record["addresses"]:
                item["default"] = item is named[0]

    def _delete(self, call: Call) -> Answer:
        record = self._store.need(call.groups["id"])
        if record["orders_count"]:
            raise Refusal(422, "a customer with orders cannot be deleted")
        self._store.table.remove(record["id"])
        shown = self._form.customer(record)
        names = ("id", "email", "phone", "firstName", "lastName", "createTime", "updateTime")
        return Answer(200, {"customer": {name: shown[name] for name in names if name in shown}})


def _positive(value: Any) -> int:
    text = str(value)
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, "the page token is invalid")
    return int(text)
