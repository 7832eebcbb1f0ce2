"""SHOPLINE's REST Admin API (`myshopline.com`) for customers."""

from reconciler.sandbox import records
from reconciler.sandbox.bucket import Rate
from reconciler.sandbox.http import Answer, Call, Handler, Json, Refusal, Route, read_json, route
from reconciler.sandbox.platform import Store, unwrap
from reconciler.sandbox.records import Record
from reconciler.sandbox.shopline.addresses import Addresses
from reconciler.sandbox.shopline.form import Form
from reconciler.sandbox.shopline.graphql import Graphql, failed
from reconciler.sandbox.shopline.metafields import Metafields
from reconciler.sandbox.shopline.read import Listing, only
from reconciler.sandbox.shopline.write import Write

VERSIONS = ("v20250301", "v20250601", "v20251201", "v20260301", "v20260601", "v20260901")
# subscribe_channel: 1 is the person's own account page, 3 the open API.
_CHANNELS = {"person": 1, "staff": 3}
_ACCOUNTS = {"email": 0, "sms": 1}


def _declared(plain: Route) -> Route:
    """Every call has to say that it speaks JSON, one without a body too."""

    def handler(call: Call, inner: Handler = plain.handler) -> Answer:
        kind = call.headers.get("content-type", "").replace(" ", "").lower()
        if kind != "application/json;charset=utf-8":
            raise Refusal(415, "Content-Type must be application/json; charset=utf-8")
        return inner(call)

    return Route(plain.method, plain.pattern, handler, plain.reads)


def _is_graph(call: Call) -> bool:
    return call.path.startswith("/admin/graph/")


class Shopline:
    """The customer API of one SHOPLINE shop."""

    rate = Rate(per_second=4.0, burst=40)

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings
        self._form = Form(store)
        self._write = Write(store)

    def routes(self) -> list[Route]:
        found = []
        listing, addresses = Listing(self._store), Addresses(self._store)
        graphql, metafields = Graphql(self._store), Metafields(self._store)
        for version in VERSIONS:
            root = f"/admin/openapi/{version}"
            customers = f"{root}/customers"
            found += [
                *listing.routes(root),
                route("GET", f"{customers}/subscribe.json", self._subscriptions),
                route("GET", f"{customers}/v2/{{id}}.json", self._get),
                route("GET", f"{customers}/{{id}}/orders.json", self._orders),
                route("POST", f"{customers}.json", self._create),
                route("POST", f"{customers}/query_user_by_email.json", self._by_email, reads=True),
                route("POST", f"{customers}/add_blacklist.json", self._block),
                route("POST", f"{customers}/remove_blacklist.json", self._unblock),
                route("PUT", f"{customers}/{{id}}.json", self._update),
                route("DELETE", f"{customers}/{{id}}.json", self._delete),
                *addresses.routes(root),
                *graphql.routes(version),
                *metafields.routes(root),
            ]
        return [_declared(one) for one in found]

    def token(self, call: Call) -> str | None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        return token if scheme == "Bearer" else None

    def cost(self, call: Call) -> int:
        return int(self._settings["graph_cost"]) if _is_graph(call) else 1

    def refuse(self, call: Call, refusal: Refusal) -> Answer:
        in_body = self._settings["graph_throttle"] == "body"
        if refusal.status == 429 and in_body and _is_graph(call):
            return failed("Too many request", "REQUEST_LIMIT_EXCEEDED")
        return Answer(refusal.status, {"errors": refusal.message})

    def headers(self, serial: int) -> dict[str, str]:
        return {"traceId": f"sandbox-{serial}"}

    def _answer(self, record: Record, status: int = 200, fields: str = "") -> Answer:
        return Answer(status, {"customer": only(self._form.customer(record), fields)})

    def _get(self, call: Call) -> Answer:
        record = self._store.need(call.groups["id"])
        return self._answer(record, fields=call.parameters.get("fields", ""))

    def _by_email(self, call: Call) -> Answer:
        email = read_json(call).get("email")
        if not isinstance(email, str) or not email:
            raise Refusal(422, "email is required")
        wanted = self._store.spelled(email)
        within = self._store.exact("email", email)
        found = self._store.table.scan(
            "ascending",
            within=within,
            keep=lambda record: self._store.spelled(record["email"]) == wanted,
        )
        for record in found:
            return self._answer(record)
        if self._settings["email_lookup_missing"] == "404":
            raise Refusal(404, "Not Found")
        return Answer(200, {"customer": None})

    def _create(self, call: Call) -> Answer:
        given = unwrap(read_json(call), "customer", 400, "customer is required")
        record = records.complete({}, customer_id=self._store.new_id(), at=self._store.now())
        self._write.apply(record, given, replacing=False)
        return self._answer(record, int(self._settings["create_status"]))

    def _update(self, call: Call) -> Answer:
        record = self._store.need(call.groups["id"])
        given = unwrap(read_json(call), "customer", 400, "customer is required")
        self._write.apply(record, given, replacing=self._settings["put"] == "replace")
        return self._answer(record)

    def _delete(self, call: Call) -> Answer:
        """Delete; an id that never was is answered with 200 like one that was."""
        record = self._store.table.get(call.groups["id"])
        names = ("email", "first_name", "last_name", "phone")
        if record is None:
            return Answer(200, {"customer": dict.fromkeys(names)})
        if record["orders_count"]:
            raise Refusal(422, "a customer with orders cannot be deleted")
        shown = self._form.customer(record)
        self._store.table.remove(record["id"])
        return Answer(200, {"customer": {name: shown[name] for name in names}})

    def _subscriptions(self, call: Call) -> Answer:
        ids = [part.strip() for part in call.parameters.get("customer_ids", "").split(",")]
        if not any(ids):
            raise Refusal(422, "customer_ids is required")
        rows = []
        for customer_id in ids:
            record = self._store.table.get(customer_id)
            if record is not None:
                rows += self._subscription_rows(record)
        return Answer(200, {"user_subscribe_info_list": rows})

    def _subscription_rows(self, record: Record) -> list[Json]:
        """Return a row per channel on which something was ever said, and per other account."""
        rows = []
        for channel, held in record["consent"].items():
            if held is None or held["state"] in {"not_subscribed", "pending"}:
                continue
            rows.append(
                {
                    "customer_id": record["id"],
                    "status": int(held["state"] == "subscribed"),
                    "subscribe_account_type": _ACCOUNTS[channel],
                    "subscribe_channel": held.get("code", _CHANNELS.get(held["actor"], 7)),
                    "subscribe_time": self._form.time(held["at"]),
                }
            )
        for held in record["extra"].get("subscriptions", ()):
            rows.append({"customer_id": record["id"], **held})
        return rows

    def _orders(self, call: Call) -> Answer:
        record = self._store.need(call.groups["id"])
        count = int(record["orders_count"])
        orders = [{"id": f"{record['id']}{number:04}"} for number in range(1, count + 1)]
        return Answer(200, {"orders": orders})

    def _block(self, call: Call) -> Answer:
        return self._set_state(call, 0)

    def _unblock(self, call: Call) -> Answer:
        return self._set_state(call, 1)

    def _set_state(self, call: Call, state: int) -> Answer:
        record = self._store.need(str(read_json(call).get("customer_id")))
        record["extra"]["state"] = state
        self._store.save(record)
        return Answer(200, {})
