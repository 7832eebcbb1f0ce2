"""SHOPLINE's address endpoints, stricter in lengths than the addresses inside a customer."""

from reconciler.sandbox import records
from reconciler.sandbox.http import Answer, Call, Json, Refusal, Route, read_json, route
from reconciler.sandbox.platform import Store, check_text, unwrap
from reconciler.sandbox.records import Record
from reconciler.sandbox.shopline.form import ADDRESS_KEYS, Form
from reconciler.sandbox.shopline.write import OWN_ADDRESS_LIMITS, read_address, unflag


class Addresses:
    """The sub-resource of one customer's addresses."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._form = Form(store)

    def routes(self, root: str) -> list[Route]:
        many, one = (
            f"{root}/customers/{{id}}/addresses",
            f"{root}/customers/{{id}}/addresses/{{aid}}",
        )
        return [
            route("POST", f"{many}.json", self._create),
            route("PUT", f"{many}/set.json", self._destroy),
            route("GET", f"{one}.json", self._get),
            route("PUT", f"{one}.json", self._update),
            route("DELETE", f"{one}.json", self._delete),
            route("PUT", f"{one}/default.json", self._choose),
        ]

    def _pair(self, call: Call) -> tuple[Record, Record]:
        record = self._store.need(call.groups["id"])
        for item in record["addresses"]:
            if item["id"] == call.groups["aid"]:
                return record, item
        raise Refusal(404, "Not Found")

    def _given(self, call: Call) -> Json:
        body = unwrap(read_json(call), "customer_address", 400, "customer_address is required")
        check_text(body, OWN_ADDRESS_LIMITS)
        return body

    def _answer(self, record: Record, item: Record) -> Answer:
        masked = self._store.masked(record)
        shown = self._form.own_address(item, record["id"], masked=masked)
        return Answer(200, {"customer_address": shown})

    def _get(self, call: Call) -> Answer:
        return self._answer(*self._pair(call))

    def _create(self, call: Call) -> Answer:
        record = self._store.need(call.groups["id"])
        item = read_address(self._given(call), flag="def")
        if len(record["addresses"]) >= 50:
            raise Refusal(422, "addresses: at most 50")
        item["id"] = self._store.new_address_id()
        if item["default"]:
            unflag(record["addresses"])
        record["addresses"] = records.settle([*record["addresses"], item])
        self._store.save(record)
        return self._answer(record, item)

    def _update(self, call: Call) -> Answer:
        """Change the fields given; null is ignored, an empty text clears."""
        record, item = self._pair(call)
        given = self._given(call)
        for key in ADDRESS_KEYS:
            if given.get(key) is not None:
                item[key] = given[key] or None
        if given.get("def") in (True, 1):
            unflag(record["addresses"])
            item["default"] = True
        self._store.save(record)
        return self._answer(record, item)

    def _delete(self, call: Call) -> Answer:
        record, item = self._pair(call)
        rest = [other for other in record["addresses"] if other is not item]
        record["addresses"] = records.settle(rest)
        self._store.save(record)
        return Answer(200, {})

    def _choose(self, call: Call) -> Answer:
        record, item = self._pair(call)
        unflag(record["addresses"])
        item["default"] = True
        self._store.save(record)
        return self._answer(record, item)

    def _destroy(self, call: Call) -> Answer:
        asked = call.parameters
        if asked.get("operation") != "destroy":
            raise Refusal(422, "operation is invalid")
        record = self._store.need(call.groups["id"])
        gone = {part.strip() for part in asked.get("address_ids", "").split(",")}
        rest = [item for item in record["addresses"] if item["id"] not in gone]
        record["addresses"] = records.settle(rest)
        self._store.save(record)
        return Answer(200, {})
