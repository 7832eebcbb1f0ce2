"""The endpoints under `/_sandbox` by which other processes seed, edit and watch a simulator."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as WebRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from reconciler.sandbox.faults import Fault

if TYPE_CHECKING:
    from reconciler.sandbox.box import Sandbox


def control_routes(box: "Sandbox") -> list[Route]:
    desk = _Desk(box)
    return [
        Route("/customers", desk.customers, methods=["GET"]),
        Route("/requests", desk.requests, methods=["GET"]),
        Route("/reset", desk.reset, methods=["POST"]),
        Route("/faults", desk.faults, methods=["POST", "DELETE"]),
        Route("/edit", desk.edit, methods=["POST"]),
        Route("/person", desk.person, methods=["POST"]),
        Route("/remove", desk.remove, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, box: "Sandbox") -> None:
        self._box = box

    async def customers(self, _: WebRequest) -> JSONResponse:
        return JSONResponse({"customers": self._box.customers()})

    async def requests(self, _: WebRequest) -> JSONResponse:
        entries = [{**asdict(entry), "at": entry.at.isoformat()} for entry in self._box.requests]
        return JSONResponse({"requests": entries, "writes": self._box.writes})

    async def reset(self, request: WebRequest) -> JSONResponse:
        body = await _body(request)
        return await _do(
            lambda: {"ids": self._box.reset(body.get("records", ()), body.get("switches"))}
        )

    async def faults(self, request: WebRequest) -> JSONResponse:
        if request.method == "DELETE":
            return await _do(self._box.clear_faults)
        body = await _body(request)
        given = body.get("faults", [body] if body else [])

        def arm() -> None:
            for fault in [Fault(**one) for one in given]:
                self._box.fault(fault)

        return await _do(arm)

    async def edit(self, request: WebRequest) -> JSONResponse:
        body = await _body(request)
        customer_id = str(body.pop("id", ""))
        return await _do(lambda: self._box.edit(customer_id, **body))

    async def person(self, request: WebRequest) -> JSONResponse:
        body = await _body(request)
        return await _do(lambda: self._box.person(str(body["id"]), body["channel"], body["state"]))

    async def remove(self, request: WebRequest) -> JSONResponse:
        body = await _body(request)
        return await _do(lambda: self._box.remove(str(body["id"])))


async def _body(request: WebRequest) -> dict[str, Any]:
    value = json.loads(await request.body() or b"{}")
    return {"faults": value} if isinstance(value, list) else dict(value)


async def _do(work: Any) -> JSONResponse:
    try:
        result = await run_in_threadpool(work)
    except (KeyError, TypeError, ValueError) as exc:
        return JSONResponse({"error": str(exc)}, status_code=400)
    return JSONResponse(result or {})
