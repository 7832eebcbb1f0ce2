"""SHOPLINE's lists, searches and counts, and the tokens that page through them."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from reconciler.sandbox import paging
from reconciler.sandbox.http import Answer, Call, Json, Refusal, Route, route
from reconciler.sandbox.platform import Store, whole
from reconciler.sandbox.records import Record
from reconciler.sandbox.shopline.form import CONSENT_KEYS, FLAGS, Form, code
from reconciler.sandbox.time_filters import BOUNDS, Test, time_tests

_LIMIT_MESSAGE = "limit must be between 1 and 250"
_FILTERS = ("since_id", "ids", *BOUNDS)
_FUZZY = ("phone", "email", "first_name", "last_name")
_ADDRESS_LINES = ("address1", "address2")
_SORTED = {"created_at": "created_at", "updated_at": "updated_at", "id": "id", "uid": "id"}


class Listing:
    """The read endpoints that answer with many customers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings
        self._form = Form(store)

    def routes(self, root: str) -> list[Route]:
        return [
            route("GET", f"{root}/v2/customers.json", self._list),
            route("GET", f"{root}/customers/v2/search.json", self._search),
            route("GET", f"{root}/customers/v2/count.json", self._count),
        ]

    def _list(self, call: Call) -> Answer:
        asked = call.parameters
        token = asked.get("page_info")
        state = paging.decode(token) if token else {}
        kept = {key: str(source[key]) for key in _FILTERS if (source := state or asked).get(key)}
        size = whole(
            asked.get("limit", str(state.get("limit", ""))), 50, most=250, message=_LIMIT_MESSAGE
        )
        where = self._filter(kept)
        if state.get("direction") == "previous":
            found, before, more = self._backwards(where, str(state.get("sinceId")), size)
        else:
            if "sinceId" in state:
                where["after"] = self._place(str(state["sinceId"]))
            found, more = self._store.page(size, **where)
            before = "sinceId" in state
        entries = []
        if before and found:
            entries.append(("previous", _token(found[0], "previous", size, kept)))
        if more and found:
            entries.append(("next", _token(found[-1], "next", size, kept)))
        return self._answer(call, found, entries)

    def _place(self, customer_id: str) -> tuple[int, int]:
        return self._store.table.position(self._settings["list_order"], customer_id)

    def _backwards(
        self, where: dict[str, Any], before_id: str, size: int
    ) -> tuple[list[Record], bool, bool]:
        edge = self._place(before_id)
        earlier = [one for one in self._store.scan(**where) if self._place(one["id"]) < edge]
        return earlier[-size:], len(earlier) > size, True

    def _filter(self, kept: Mapping[str, str]) -> dict[str, Any]:
        tests = time_tests(kept, self._store, status=400)
        if "ids" in kept:
            wanted = self._ids(kept["ids"])
            tests.append(lambda record: record["id"] in wanted)
        if "since_id" in kept:
            if not kept["since_id"].isdecimal():
                raise Refusal(400, "since_id is invalid")
            since = int(kept["since_id"])
            tests.append(lambda record: int(record["id"]) > since)
        return {"keep": lambda record: all(test(record) for test in tests)}

    def _ids(self, text: str) -> set[str]:
        found = {part.strip() for part in text.split(",")}
        measure = len(text) if self._settings["ids_limit"] == "characters" else len(found)
        if measure > 64:
            raise Refusal(400, "ids is too long (maximum is 64)")
        return found

    def _count(self, call: Call) -> Answer:
        where = self._filter({key: value for key, value in call.parameters.items() if value})
        return Answer(200, {"count": sum(1 for _ in self._store.scan(**where))})

    def _search(self, call: Call) -> Answer:
        asked = call.parameters
        state = paging.decode(asked["page_info"]) if asked.get("page_info") else {}
        names = ("query", "query_param", "order")
        kept = {key: str(source[key]) for key in names if (source := state or asked).get(key)}
        size = whole(
            asked.get("limit", str(state.get("limit", ""))), 50, most=250, message=_LIMIT_MESSAGE
        )
        tests = _query_tests(kept.get("query", ""))
        if len(kept.get("query_param", "")) > 50:
            raise Refusal(400, "query_param is too long (maximum is 50 characters)")
        if "query_param" in kept:
            tests.append(lambda record: _fuzzy(record, kept["query_param"], self._store.spelled))
        found = self._store.scan(keep=lambda record: all(test(record) for test in tests))
        page, query = self._cut(_ordered(list(found), kept.get("order", "")), state, size)
        entries = [("next", {"page_info": paging.encode({**query, **kept}), "limit": size})]
        return self._answer(call, page, entries if query else [])

    def _cut(self, found: list[Record], state: Json, size: int) -> tuple[list[Record], Json]:
        """Return one page and what the next token says, which is nothing at the end."""
        start = 0
        if "sinceId" in state:
            held = [one["id"] for one in found]
            last = str(state["sinceId"])
            start = held.index(last) + 1 if last in held else len(held)
        elif "page" in state:
            start = (int(state["page"]) - 1) * size
        page = list(islice(found, start, start + size))
        if start + size >= len(found):
            return page, {}
        if self._settings["search_token"] == "keyset":
            return page, {"sinceId": page[-1]["id"], "direction": "next", "limit": size}
        return page, {"sort": "uid desc", "page": start // size + 2, "limit": size}

    def _answer(self, call: Call, found: list[Record], entries: list[tuple[str, Json]]) -> Answer:
        headers = paging.link(call.origin + call.path, entries)
        fields = call.parameters.get("fields", "")
        shown = [only(self._form.customer(one), fields) for one in found]
        if self._settings["list_tells"] == "no consents":
            for one in shown:
                for key in (*CONSENT_KEYS.values(), *FLAGS.values()):
                    one.pop(key, None)
        return Answer(200, {"customers": shown}, headers)


def only(body: Json, fields: str) -> Json:
    """Return just the fields asked for, or all when none are."""
    names = {part.strip() for part in fields.split(",") if part.strip()}
    return {key: value for key, value in body.items() if not names or key in names}


def _token(edge: Record, direction: str, size: int, kept: Mapping[str, str]) -> Json:
    state = {"sinceId": edge["id"], "direction": direction, "limit": size, **kept}
    return {"page_info": paging.encode(state), "limit": size}


def _ordered(found: list[Record], order: str) -> list[Record]:
    """Sort by `field direction`; without one, by id descending like the search engine."""
    name, _, direction = (order or "uid desc").partition(" ")
    if name not in _SORTED or direction.lower() not in {"", "asc", "desc"}:
        raise Refusal(400, "order is invalid")
    key = _SORTED[name]
    return sorted(
        found,
        key=lambda record: (str(record[key] or ""), int(record["id"])),
        reverse=direction.lower() == "desc",
    )


def _query_tests(query: str) -> list[Test]:
    tests: list[Test] = []
    for part in filter(None, query.split(";")):
        name, colon, value = part.partition(":")
        if not colon or name.strip() not in _QUERIED:
            raise Refusal(400, f"query field {name.strip()} is not supported")
        read, wanted = _QUERIED[name.strip()], value.strip().casefold()

        def test(record: Record, read: Any = read, wanted: str = wanted) -> bool:
            held = read(record)
            return wanted in held if isinstance(held, list) else str(held).casefold() == wanted

        tests.append(test)
    return tests


def _tags(record: Record) -> list[str]:
    return [tag.casefold() for tag in record["tags"]] if isinstance(record["tags"], list) else []


_QUERIED: dict[str, Any] = {
    "accepts_marketing": lambda record: code(record["consent"]["email"]) == 1,
    "email_subscribe_flag": lambda record: code(record["consent"]["email"]),
    "customer_date": lambda record: str(record["created_at"])[:10],
    "customer_first_name": lambda record: record["first_name"],
    "customer_id": lambda record: record["id"],
    "tags": _tags,
    "orders_count": lambda record: record["orders_count"],
    "order_date": lambda record: record["extra"].get("last_order_at"),
    "state": lambda record: record["extra"].get("state", 1),
    "total_spent": lambda record: record["extra"].get("total_spent", "0.00"),
    "updated_at": lambda record: str(record["updated_at"])[:10],
    "verified_email": lambda record: record["extra"].get("verified_email", False),
}


def _fuzzy(record: Record, wanted: str, spelled: Callable[[Any], str]) -> bool:
    texts = [record[key] for key in _FUZZY]
    texts += [item[line] for item in record["addresses"] for line in _ADDRESS_LINES]
    return any(spelled(wanted) in spelled(text) for text in texts if text)
