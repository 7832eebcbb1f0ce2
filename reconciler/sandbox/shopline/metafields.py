"""SHOPLINE's metafields of customers; they are held in `extra`, with their ids."""

import re
from typing import Any

from reconciler.sandbox import paging
from reconciler.sandbox.http import Answer, Call, Json, Refusal, Route, read_json, route
from reconciler.sandbox.platform import Store, unwrap, whole
from reconciler.sandbox.records import Record

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 500_000
_KEYS = ("namespace", "key", "type", "value", "description")


class Metafields:
    """The endpoints below one customer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings

    def routes(self, root: str) -> list[Route]:
        base = f"{root}/customers/{{id}}/metafields"
        return [
            route("GET", f"{base}.json", self._list),
            route("POST", f"{base}.json", self._create),
            route("GET", f"{base}/{{mid}}.json", self._get),
            route("PUT", f"{base}/{{mid}}.json", self._update),
            route("DELETE", f"{base}/{{mid}}.json", self._delete),
        ]

    def _held(self, call: Call) -> tuple[Record, list[Json]]:
        if self._settings["metafields"] == "404":
            raise Refusal(404, "Not Found")
        record = self._store.need(call.groups["id"])
        held = record["extra"].setdefault("metafields", [])
        for number, one in enumerate(held, start=1):
            one.setdefault("id", str(7_000_000_000 + number))
        return record, held

    def _one(self, call: Call) -> tuple[Record, list[Json], Json]:
        record, held = self._held(call)
        for one in held:
            if one["id"] == call.groups["mid"]:
                return record, held, one
        raise Refusal(404, "Not Found")

    def _list(self, call: Call) -> Answer:
        _, held = self._held(call)
        paged = self._settings["metafield_pages"]
        if paged == "none":
            return Answer(200, {"metafields": [_shown(one) for one in held]})
        asked = call.parameters
        token = asked.get("page_info")
        start = int(paging.decode(token)["start"]) if token else 0
        if paged == "since" and "since_id" in asked:
            start = sum(int(one["id"]) <= int(asked["since_id"]) for one in held)
        size = whole(asked.get("limit"), 50, most=250, message="limit is invalid")
        size = 3 if paged == "small" else min(size, 50)
        shown = [_shown(one) for one in held[start : start + size]]
        headers = {}
        if paged not in ("silent", "since") and start + size < len(held):
            state = {"page_info": paging.encode({"start": start + size}), "limit": size}
            headers = paging.link(call.origin + call.path, [("next", state)])
        return Answer(200, {"metafields": shown}, headers)

    def _get(self, call: Call) -> Answer:
        return Answer(200, {"metafield": _shown(self._one(call)[2])})

    def _create(self, call: Call) -> Answer:
        record, held = self._held(call)
        given = unwrap(read_json(call), "metafield", 400, "metafield is required")
        made = {key: given.get(key) for key in _KEYS}
        _check(made)
        if any((one["namespace"], one["key"]) == (made["namespace"], made["key"]) for one in held):
            raise Refusal(422, "key has already been taken")
        made["id"] = str(max((int(one["id"]) for one in held), default=7_000_000_000) + 1)
        held.append(made)
        self._save(record)
        return Answer(200, {"metafield": _shown(made)})

    def _update(self, call: Call) -> Answer:
        record, held, one = self._one(call)
        given = unwrap(read_json(call), "metafield", 400, "metafield is required")
        if str(given.get("id")) != one["id"]:
            raise Refusal(422, "id is required")
        if {"namespace", "key"} & set(given) and self._settings["metafield_put"] != "any":
            raise Refusal(422, "namespace and key are unknown")
        if given.get("type", one["type"]) != one["type"]:
            reading = self._settings["metafield_type"]
            if reading == "refused":
                raise Refusal(422, "type is invalid")
            if reading == "kept":
                given = {**given, "type": one["type"]}
        told: Json = {key: given[key] for key in ("type", "value", "description") if key in given}
        _check({**one, **told})
        one.update(told)
        if self._settings["metafield_put"] == "alone":
            held[:] = [one]
        self._save(record)
        return Answer(200, {"metafield": _shown(one)})

    def _delete(self, call: Call) -> Answer:
        record, held, one = self._one(call)
        held.remove(one)
        self._save(record)
        return Answer(200, {})

    def _save(self, record: Record) -> None:
        self._store.save(record)


def _shown(one: Json) -> Json:
    return {"id": one["id"], **{key: one.get(key) for key in _KEYS}, "owner_resource": "customers"}


def _check(given: Json) -> None:
    for key, least, most in (("namespace", 2, 50), ("key", 3, 30)):
        text: Any = given[key]
        fits = isinstance(text, str) and least <= len(text) <= most and _NAME.fullmatch(text)
        if not fits:
            raise Refusal(422, f"{key} is invalid")
    if not isinstance(given["type"], str) or not given["type"]:
        raise Refusal(422, "type is invalid")
    value = given["value"]
    if not isinstance(value, str) or not value or len(value) > _LONGEST:
        raise Refusal(422, "value is invalid")
