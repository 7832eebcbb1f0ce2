"""The way of one request through a simulator: token, bucket, faults, work, log."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.control import control_routes
from reconciler.sandbox.faults import Fault, first
from reconciler.sandbox.journal import Request
from reconciler.sandbox.wire import Answer, Call, Refusal, find

if TYPE_CHECKING:
    from reconciler.sandbox.box import Sandbox

# The server puts the connection here so that a fault can cut it.
TRANSPORT = "reconciler.sandbox.transport"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to send, and how badly."""

    answer: Answer | None
    cut: bool = False


def build_app(box: "Sandbox") -> Starlette:
    front = Front(box)
    return Starlette(
        routes=[Mount("/_sandbox", routes=control_routes(box)), Mount("/", app=front)],
    )


class Front:
    """The ASGI application of the platform itself."""

    def __init__(self, box: "Sandbox") -> None:
        self._box = box

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await _read(WebRequest(scope, receive))
        box = self._box
        with box.lock:
            entry = Request(call.method, call.path, call.query, 0, box.moment())
            serial = box.log.open(entry)
        outcome = await self._handle(call)
        answer = outcome.answer
        with box.lock:
            box.log.close(serial, 0 if answer is None else answer.status)
        if answer is None:
            scope[TRANSPORT].abort()
            return
        extra = box.shopfront.headers(serial)
        await _send(replace(answer, headers={**extra, **answer.headers}), outcome.cut, scope, send)

    async def _handle(self, call: Call) -> Outcome:
        with self._box.lock:
            refused = self._admit(call)
            faults = () if refused else self._box.faults.hits(call.method, call.path)
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
        box = self._box
        if box.shopfront.token(call) != box.token:
            refusal = Refusal(401, "Unauthorized", code="Unauthorized")
            return box.shopfront.refuse(call, refusal)
        wait = box.bucket.take() if box.bucket else 0.0
        if not wait:
            return None
        answer = box.shopfront.refuse(
            call, Refusal(429, "Too many request", code="TooManyRequests")
        )
        if not box.settings.on("retry_after"):
            return answer
        return replace(answer, headers={"Retry-After": str(max(1, round(wait + 0.5)))})

    def _work(self, call: Call, late: Fault | None) -> Answer:
        box = self._box
        with box.lock:
            box.table.late = late.seconds if late else 0.0
            version = box.table.version
            try:
                return self._route(call)
            except Refusal as refusal:
                return box.shopfront.refuse(call, refusal)
            finally:
                box.table.late = 0.0
                box.writes += box.table.version != version

    def _route(self, call: Call) -> Answer:
        chosen, groups = find(self._box.routes, call.method, call.path)
        if not chosen.reads and self._box.settings["scope"] == "read":
            raise Refusal(403, "the token lacks the write scope", code="Forbidden")
        return chosen.handler(replace(call, groups=groups))

    async def _edit(self, fault: Fault) -> None:
        """Run somebody else's edit off the event loop, so that it may itself use the network."""
        edit = fault.edit
        if isinstance(edit, Mapping):
            fields = {key: value for key, value in edit.items() if key != "id"}
            self._box.edit(str(edit["id"]), **fields)
        elif edit is not None:
            await asyncio.to_thread(edit, self._box)


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
