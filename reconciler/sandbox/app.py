"""The way of one request through a simulator: token, bucket, faults, work, log."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.control import control_routes
from reconciler.sandbox.faults import Fault, first
from reconciler.sandbox.http import Answer, Call, Refusal, find
from reconciler.sandbox.request_log import Request
from reconciler.sandbox.shop import Shop

# The server puts the connection here so that a fault can cut it.
TRANSPORT = "reconciler.sandbox.transport"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to send, and how badly."""

    answer: Answer | None
    cut: bool = False


def build_app(shop: Shop) -> Starlette:
    front = PlatformApp(shop)
    return Starlette(
        routes=[Mount("/_sandbox", routes=control_routes(shop)), Mount("/", app=front)],
    )


class PlatformApp:
    """The ASGI application of the platform itself."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await _read(WebRequest(scope, receive))
        shop = self._shop
        with shop.lock:
            entry = Request(call.method, call.path, call.query, 0, shop.moment())
            serial = shop.log.open(entry)
        outcome = await self._handle(call)
        answer = outcome.answer
        with shop.lock:
            shop.log.close(serial, 0 if answer is None else answer.status)
        if answer is None:
            scope[TRANSPORT].abort()
            return
        extra = shop.shopfront.headers(serial)
        if (date := shop.settings["date"]) != "off":
            moved = timedelta(days=3 if date == "ahead" else 0)
            extra = {**extra, "Date": format_datetime(shop.moment() + moved, usegmt=True)}
        await _send(replace(answer, headers={**extra, **answer.headers}), outcome.cut, scope, send)

    async def _handle(self, call: Call) -> Outcome:
        with self._shop.lock:
            refused = self._admit(call)
            faults = () if refused else self._shop.faults.hits(call.method, call.path)
        if refused:
            return Outcome(refused)
        for fault in faults:
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            if fault.kind == "edit_before":
                await self._edit(fault)
        instead = await _instead_of_work(faults)
        if instead is not None:
            return instead
        answer = self._work(call, first(faults, "late"))
        for fault in faults:
            if fault.kind == "edit_after":
                await self._edit(fault)
        return _after_work(answer, faults)

    def _admit(self, call: Call) -> Answer | None:
        shop = self._shop
        if shop.shopfront.token(call) != shop.token:
            refusal = Refusal(401, "Unauthorized", code="Unauthorized")
            return shop.shopfront.refuse(call, refusal)
        wait = shop.bucket.take(shop.shopfront.cost(call)) if shop.bucket else 0.0
        if not wait:
            return None
        answer = shop.shopfront.refuse(
            call, Refusal(429, "Too many request", code="TooManyRequests")
        )
        if not shop.settings.on("retry_after"):
            return answer
        return replace(answer, headers={"Retry-After": str(max(1, round(wait + 0.5)))})

    def _work(self, call: Call, late: Fault | None) -> Answer:
        shop = self._shop
        with shop.lock:
            shop.table.late = late.seconds if late else 0.0
            version = shop.table.version
            try:
                return self._route(call)
            except Refusal as refusal:
                return shop.shopfront.refuse(call, refusal)
            finally:
                shop.table.late = 0.0
                shop.writes += shop.table.version != version

    def _route(self, call: Call) -> Answer:
        chosen, groups = find(self._shop.routes, call.method, call.path)
        if not chosen.reads and self._shop.settings["scope"] == "read":
            raise Refusal(403, "the token lacks the write scope", code="Forbidden")
        return chosen.handler(replace(call, groups=groups))

    async def _edit(self, fault: Fault) -> None:
        """Run somebody else's edit off the event loop, so that it may itself use the network."""
        edit = fault.edit
        if isinstance(edit, Mapping):
            fields = {key: value for key, value in edit.items() if key != "id"}
            self._shop.edit(str(edit["id"]), **fields)
        elif edit is not None:
            await asyncio.to_thread(edit, self._shop)


async def _read(request: WebRequest) -> Call:
    scope = request.scope
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=await request.body(),
        origin=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
    )


async def _instead_of_work(faults: tuple[Fault, ...]) -> Outcome | None:
    fault = first(faults, "status", "html", "drop_before", "hang", "redirect")
    if fault is None:
        return None
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
    if fault.kind in {"hang", "drop_before"}:
        return Outcome(None)
    if fault.kind == "html":
        page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
        status = 502 if fault.status == 500 else fault.status
        return Outcome(Answer(status, page, {"Content-Type": "text/html"}))
    if fault.kind == "redirect":
        return Outcome(Answer(302, b"", {"Location": str(fault.body)}))
    return Outcome(_failure(fault))


def _after_work(answer: Answer, faults: tuple[Fault, ...]) -> Outcome:
    for one in faults:
        if one.kind == "rewrite":
            text = re.sub(one.find, one.put, answer.encode().decode())
            answer = replace(answer, body=text.encode())
    fault = first(faults, "status_after", "drop_after", "truncate", "link")
    if fault is None:
        return Outcome(answer)
    if fault.kind == "drop_after":
        return Outcome(None)
    if fault.kind == "status_after":
        return Outcome(_failure(fault))
    if fault.kind == "link":
        return Outcome(_relink(answer, str(fault.body or "https://elsewhere.invalid")))
    return Outcome(answer, cut=True)


def _failure(fault: Fault) -> Answer:
    headers = dict(fault.headers or {})
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    body: Any = {"error": "fault", "errors": "fault"} if fault.body is None else fault.body
    return Answer(fault.status, body.encode() if isinstance(body, str) else body, headers)


def _relink(answer: Answer, host: str) -> Answer:
    """Point the answer's link header, or a new one, to another host."""
    held = answer.headers.get("Link", f'<{host}/next?page_info=x&pageToken=x>; rel="next"')
    parts = urlsplit(host)
    target = f"{parts.scheme}://{parts.netloc}"
    pieces = held.split("http://")
    moved = target.join([pieces[0], *(_drop_host(piece) for piece in pieces[1:])])
    return replace(answer, headers={**answer.headers, "Link": moved})


def _drop_host(rest: str) -> str:
    return "/" + rest.partition("/")[2]


async def _send(answer: Answer, cut: bool, scope: Scope, send: Send) -> None:
    body = answer.encode()
    headers = {"Content-Type": "application/json", **answer.headers}
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    if cut:
        await send(
            {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        )
        scope[TRANSPORT].close()
        return
    await send({"type": "http.response.body", "body": body})
