"""Servers that answer as no store should: raw bytes over a socket, as slowly and as long as they like."""

import gzip
import json
import socketserver
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

Reply: TypeAlias = Callable[[str, int], Iterable[bytes | float]]
"""Of the first line of a request and its number: pieces to send, and pauses in seconds."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        first = self.rfile.readline().decode("latin-1").strip()
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(first)
        try:
            for one in self.server.reply(first, len(self.server.asked)):
                if isinstance(one, bytes):
                    self.wfile.write(one)
                    self.wfile.flush()
                else:
                    time.sleep(one)  # noqa: TID251 -- a server that waits
        except OSError:
            return


@contextmanager
def serving(reply: Reply) -> Iterator[tuple[str, list[str]]]:
    """The address, and the first lines of what was asked."""
    with _Server(reply) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", server.asked
        finally:
            server.shutdown()


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def always(*pieces: bytes | float) -> Reply:
    return lambda first, number: pieces


def said(value: Any, *headers: str) -> Reply:
    return always(ok(json.dumps(value).encode(), *headers))


def customers(*records: Any) -> Reply:
    """A list of records in the form that every platform's reader sees one in."""
    return said({"customers": list(records), "data": {"customers": list(records)}, "count": 1})


def record(**fields: Any) -> dict[str, Any]:
    return {"id": "1", "email": "b@example.com", **fields}


def _forever(head: bytes, piece: bytes, pause: float = 0.0) -> Reply:
    def reply(first: str, number: int) -> Iterator[bytes | float]:
        yield head
        while True:
            yield piece
            if pause:
                yield pause

    return reply


def _rising(first: str, number: int) -> Iterator[bytes]:
    """A page of new people for every request, and always one more."""
    if "count" in first:
        yield ok(b'{"count": 2, "code": "Success", "data": {"count": 2}}')
        return
    people = [
        {"id": str(number * 1000 + n), "email": f"p{number}x{n}@example.com"} for n in range(250)
    ]
    body = json.dumps(
        {
            "customers": people,
            "data": {"customers": people, "cursor": f"c{number}"},
            "code": "Success",
        }
    ).encode()
    yield ok(
        body, f'Link: <https://evil.example/?pageToken=t{number}&page_info=t{number}>; rel="next"'
    )


_DEEP: Final = 100_000
_PACKED: Final = "Content-Encoding: gzip"
_BOMB: Final = gzip.compress(b" " * 8_000_000)
_CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

FORMS: Final[dict[str, Reply]] = {
    # The connection
    "hangs up": always(),
    "garbage": always(b"\x00\xff\x16\x03\x01" * 200),
    "no http": always(b"SSH-2.0-OpenSSH_9.0\r\n"),
    "odd version": always(b"HTTP/9.9 200 OK\r\n\r\n{}"),
    "odd status": always(b"HTTP/1.1 99999 x\r\n\r\n{}"),
    "status 599": always(ok(b"{}", status="599 x")),
    "header without colon": always(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n{}"),
    "header with a null": always(b"HTTP/1.1 200 OK\r\nA: b\x00c\r\n\r\n{}"),
    "headers without end": _forever(b"HTTP/1.1 200 OK\r\n", b"A: " + b"a" * 1000 + b"\r\n"),
    "headers that drip": _forever(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.1),
    "interim answers": _forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim answers with headers": _forever(
        b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 0.01
    ),
    "silence": _forever(b"", b"", 0.5),
    # The body
    "body that drips": _forever(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", b" ", 0.1),
    "chunks without end": _forever(_CHUNKED, b"400\r\n" + b" " * 1024 + b"\r\n"),
    "chunk of no size": always(_CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "chunk of a negative size": always(_CHUNKED + b"-5\r\n{}\r\n0\r\n\r\n"),
    "body too large": always(ok(b" " * 3_000_000)),
    "length too large": always(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{"),
    "length of 5000 digits": always(
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n{}"
    ),
    "two lengths": always(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "packed bomb": always(ok(_BOMB, _PACKED)),
    "bomb in a bomb": always(ok(gzip.compress(_BOMB), "Content-Encoding: gzip, gzip")),
    "packed otherwise": always(ok(b"\x0b\x02\x80", "Content-Encoding: br")),
    "packed badly": always(ok(b"no gzip", _PACKED)),
    "packed and broken off": always(ok(gzip.compress(b'{"customers": []}' * 50)[:-9], _PACKED)),
    "deflated unasked": always(ok(zlib.compress(b"{}"), "Content-Encoding: deflate")),
    # Where it leads
    "redirect": always(ok(b"", "Location: https://evil.example/", status="302 Found")),
    "redirect to itself": always(ok(b"", "Location: /", status="307 Temporary Redirect")),
    "cookies": always(
        ok(b"{}", *(f"Set-Cookie: c{n}={'x' * 90}; Domain=evil.example" for n in range(300)))
    ),
    "wait of 5000 digits": always(ok(b"", f"Retry-After: {'9' * 5000}", status="429 x")),
    "wait that is no date": always(
        ok(b"", "Retry-After: Mon, 99 Foo 9999", "Date: x", status="429 x")
    ),
    "broken link headers": always(ok(b'{"customers": []}', "Link: " + "<" * 9000)),
    "blank link header": always(ok(b'{"customers": [{"id": 1}]}', "Link: <" + " " * 60_000)),
    "pages without end": _rising,
    # What it says
    "html": always(ok(b"<html>::error::boo</html>", "Content-Type: text/html")),
    "nothing": always(ok(b"")),
    "null": said(None),
    "a number": said(5),
    "a list": said([1, [2]]),
    "no numbers": always(ok(b'{"customers": [{"id": NaN}], "count": Infinity}')),
    "number of 5000 digits": always(ok(b'{"customers": [{"id": ' + b"9" * 5000 + b"}]}")),
    "count of 5000 digits": said({"count": "9" * 5000, "data": {"count": "9" * 5000}}),
    "count below zero": said({"count": -5, "data": {"count": -5}, "customers": []}),
    "nested lists": always(ok(b"[" * _DEEP)),
    "nested objects": always(ok(b'{"customers": ' + b'{"a":' * _DEEP + b"1" + b"}" * _DEEP + b"}")),
    "just nested enough": always(
        ok(b'{"customers": [{"id": "1", "taxExemptions": ' + b"[" * 900 + b"]" * 900 + b"}]}")
    ),
    "nested text": customers(record(tags="[" * _DEEP)),
    "not utf-8": always(ok(b'{"customers": [{"id": "1", "email": "\xff\xfe"}]}')),
    "utf-16": always(ok('{"customers": [{"id": "1"}]}'.encode("utf-16"))),
    "half characters": customers(
        record(firstName="\ud800", first_name="\udfff", tags=["\ud83d", "\u202ex"])
    ),
    "ids that are none": customers(
        record(id={"a": 1}), record(id=1.5), record(id="../../admin"), record(id="1\r\nX: y")
    ),
    "records that are none": customers(None, 5, "x", []),
    "consents that are none": customers(
        record(
            emailMarketingConsent=[[]],
            smsMarketingConsent={"state": {"a": 1}},
            accepts_marketing=[1],
            email_subscribe_flag="x" * 9999,
        )
    ),
    "times that are none": customers(
        record(
            updateTime="9" * 5000,
            createTime=-1e300,
            emailMarketingConsent={
                "state": "SUBSCRIBED",
                "consentUpdateTime": "99999-99-99T99:99:99+99:99",
            },
        )
    ),
    "addresses that are none": customers(
        record(addresses=[[[]]], defaultAddress="x", default_address=[1])
    ),
    "words that talk": customers(
        record(emailMarketingConsent={"state": "::error::\x1b[31m"}, tags=["\n::error::x"])
    ),
    "trace that talks": always(
        ok(b"{}", "request-id: ::stop-commands::x", "traceid: " + "1" * 9000, status="400 \x1b[2J")
    ),
}
