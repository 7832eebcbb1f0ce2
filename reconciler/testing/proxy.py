"""A proxy on loopback between an adapter and the caller's server: it notes, and it makes faults."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from reconciler.testing.subject import Person

_OWN: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding"}
)
_TIMEOUT: Final = 30.0


class FaultKind(StrEnum):
    """`answer`: an answer in place of the work; `answer_after`: in place of the server's own.

    `lost_before` and `lost_after`: no answer, and the work not done or done. `truncated`: done, and
    half of the answer under its full length.
    """

    ANSWER = "answer"
    ANSWER_AFTER = "answer_after"
    LOST_BEFORE = "lost_before"
    LOST_AFTER = "lost_after"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with `times` requests from the `nth` on, counted from when it was armed."""

    kind: FaultKind = FaultKind.ANSWER
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    nth: int = 1
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as the adapter sent it; `wrote` says that the store was another after it, which
    `after` shows.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    after: tuple[Person, ...] = field(repr=False)
    wrote: bool
    faulty: bool

    def repeats(self, other: "Asked") -> bool:
        return (self.method, self.path, self.body) == (other.method, other.path, other.body)


@dataclass(frozen=True, slots=True)
class _Sent:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    length: int


class Proxy:
    """One request at a time, so that it is known which of them changed the store."""

    def __init__(self, target: str, truth: Callable[[], tuple[Person, ...]]) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._truth = truth
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._counted = 0
        self.asked: list[Asked] = []
        self.url = ""

    def arm(self, fault: Fault | None) -> None:
        with self._lock:
            self._fault, self._counted = fault, 0

    def _hit(self) -> Fault | None:
        self._counted += 1
        fault = self._fault
        if fault is None or not fault.nth <= self._counted < fault.nth + fault.times:
            return None
        return fault

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> _Sent | None:
        """What is sent back; None where the connection just ends."""
        with self._lock:
            fault = self._hit()
            instead = None if fault is None else _instead(fault)
            works = fault is None or fault.kind not in (FaultKind.ANSWER, FaultKind.LOST_BEFORE)
            before = self._truth()
            sent = self._forward(method, path, headers, body) if works else instead
            after = self._truth()
            self.asked.append(
                Asked(
                    method=method,
                    path=path,
                    headers=headers,
                    body=body,
                    after=after,
                    wrote=after != before,
                    faulty=fault is not None,
                )
            )
        if fault is None or fault.kind is FaultKind.ANSWER:
            return sent
        if fault.kind is FaultKind.ANSWER_AFTER:
            return instead
        if fault.kind is FaultKind.TRUNCATED and sent is not None:
            return replace(sent, body=sent.body[: len(sent.body) // 2])
        return None

    def _forward(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> _Sent | None:
        connection = HTTPConnection(*self._target, timeout=_TIMEOUT)
        kept = {name: text for name, text in headers.items() if name not in _OWN}
        try:
            connection.request(method, path, body=body or None, headers=kept)
            answer = connection.getresponse()
            content = answer.read()
            told = tuple(
                (name, text) for name, text in answer.getheaders() if name.lower() not in _OWN
            )
            return _Sent(answer.status, told, content, len(content))
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()


def _instead(fault: Fault) -> _Sent:
    return _Sent(fault.status, tuple(fault.headers.items()), fault.body, len(fault.body))


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _TIMEOUT
        wbufsize = -1  # an answer in two pieces waits for the other side's acknowledgement
        disable_nagle_algorithm = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): text for name, text in self.headers.items()}
            sent = proxy.answer(self.command, self.path, headers, body)
            if sent is None:
                self.close_connection = True
                return
            self.send_response(sent.status)
            for name, text in sent.headers:
                self.send_header(name, text)
            self.send_header("content-length", str(sent.length))
            self.end_headers()
            self.wfile.write(sent.body)
            self.close_connection = self.close_connection or len(sent.body) < sent.length

        def do_GET(self) -> None:
            self._any()

        def do_POST(self) -> None:
            self._any()

        def do_PUT(self) -> None:
            self._any()

        def do_PATCH(self) -> None:
            self._any()

        def do_DELETE(self) -> None:
            self._any()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


@contextmanager
def serving(proxy: Proxy) -> Iterator[None]:
    """The proxy at an address of its own, which it then has as `url`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
