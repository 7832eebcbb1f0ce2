"""One call and one answer, apart from any web framework, and the way from a path to its handler."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a platform sees it; header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = ""
    groups: dict[str, str] = field(default_factory=dict)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def parameters(self) -> dict[str, str]:
        return dict(self.pairs)

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, a JSON body (or raw text), and further headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Refusal(Exception):
    """The call is answered with a status and a message in the platform's own error form."""

    def __init__(self, status: int, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path pattern; `reads` marks a POST that only needs the read scope."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    reads: bool = False


def route(method: str, path: str, handler: Handler, *, reads: bool = False) -> Route:
    """Build a route; `{name}` in the path takes one segment."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+?)", path.replace(".", r"\."))
    return Route(method, re.compile(f"^{pattern}$"), handler, reads or method == "GET")


def find(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a path with its parts, or refuse with 404 or 405."""
    known = False
    for candidate in routes:
        match = candidate.pattern.match(path)
        if match is None:
            continue
        if candidate.method == method:
            return candidate, match.groupdict()
        known = True
    if known:
        raise Refusal(405, "method not allowed", code="MethodNotAllowed")
    raise Refusal(404, "Not Found", code="NotFound")


def read_json(call: Call) -> Json:
    """Return the body as an object; a body that is not declared or not JSON is refused."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, "Content-Type must be application/json", code="UnsupportedMediaType")
    try:
        value = json.loads(call.body)
    except ValueError:
        raise Refusal(400, "the body is not valid JSON", code="InvalidParameter") from None
    if not isinstance(value, dict):
        raise Refusal(400, "the body is not a JSON object", code="InvalidParameter")
    return value
