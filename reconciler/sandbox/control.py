"""The endpoints under `/_sandbox` by which other processes seed, edit and watch a simulator."""

import json
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as WebRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.shop import Shop


def control_routes(shop: Shop) -> list[Route]:
    control = ControlApi(shop)
    return [
        Route("/customers", control.customers, methods=["GET"]),
        Route("/requests", control.requests, methods=["GET"]),
        Route("/reset", control.reset, methods=["POST"]),
        Route("/faults", control.faults, methods=["POST", "DELETE"]),
        Route("/edit", control.edit, methods=["POST"]),
        Route("/person", control.person, methods=["POST"]),
        Route("/remove", control.remove, methods=["POST"]),
    ]


class ControlApi:
    """Needs no token: whoever reaches the simulator's port may do anything to it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def customers(self, _: WebRequest) -> JSONResponse:
        return JSONResponse({"customers": self._shop.customers()})

    async def requests(self, _: WebRequest) -> JSONResponse:
        entries = [{**asdict(entry), "at": entry.at.isoformat()} for entry in self._shop.requests]
        return JSONResponse({"requests": entries, "writes": self._shop.writes})

    async def reset(self, request: WebRequest) -> JSONResponse:
        body = await _body(request)
        return await _do(
            lambda: {"ids": self._shop.reset(body.get("records", ()), body.get("switches"))}
        )

    async def faults(self, request: WebRequest) -> JSONResponse:
        if request.method == "DELETE":
            return await _do(self._shop.clear_faults)
        body = await _body(request)
        given = body.get("faults", [body] if body else [])

        def arm() -> None:
            for fault in [Fault(**one) for one in given]:
                self._shop.fault(fault)

        return await _do(arm)

    async def edit(self, request: WebRequest) -> JSONResponse:
        body = await _body(request)
        customer_id = str(body.pop("id", ""))
        return await _do(lambda: self._shop.edit(customer_id, **body))

    async def person(self, request: WebRequest) -> JSONResponse:
        body = await _body(request)
        return await _do(lambda: self._shop.person(str(body["id"]), body["channel"], body["state"]))

    async def remove(self, request: WebRequest) -> JSONResponse:
        body = await _body(request)
        return await _do(lambda: self._shop.remove(str(body["id"])))


async def _body(request: WebRequest) -> dict[str, Any]:
    value = json.loads(await request.body() or b"{}")
    return {"faults": value} if isinstance(value, list) else dict(value)


async def _do(work: Any) -> JSONResponse:
    try:
        result = await run_in_threadpool(work)
    except (KeyError, TypeError, ValueError) as exc:
        return JSONResponse({"error": str(exc)}, status_code=400)
    return JSONResponse(result or {})
