"""One request and its whole answer, bounded in size and in time whatever the other side does."""

import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from reconciler.platforms.library import httpx

LARGEST: Final = 64 * 1024 * 1024
DEADLINE: Final = 120.0
ENCODINGS: Final = "gzip"
_GZIP: Final = ("gzip", "x-gzip")
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_STEP: Final = 1024 * 1024


class TooLarge(Exception):
    """The answer is larger than `LARGEST` once it is decoded."""


class TooSlow(Exception):
    """The answer was not whole after `DEADLINE`: the limits of single reads are not enough, since
    a server may drip, or send interim answers for ever.
    """


class Garbled(Exception):
    """The answer is packed in a way that was not asked for, or not as it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One answer, whole and within the bounds; nobody has looked at its status yet."""

    status: int
    headers: httpx.Headers
    content: bytes


@dataclass(slots=True)
class _Outcome:
    ended: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    received: Received | None = None
    error: BaseException | None = None


def exchange(client: httpx.Client, request: httpx.Request) -> Received:
    """Raises `TooLarge`, `TooSlow`, `Garbled`, or what httpx raises.

    The request runs in a thread of its own, which is left behind where it does not end: it stops
    at its next byte, or with the process.
    """
    outcome = _Outcome()
    threading.Thread(target=_run, args=(client, request, outcome), daemon=True).start()
    if not outcome.ended.wait(DEADLINE):
        outcome.left.set()
        raise TooSlow
    if outcome.error is not None:
        raise outcome.error
    assert outcome.received is not None, "it ended well"  # noqa: S101
    return outcome.received


def _run(client: httpx.Client, request: httpx.Request, outcome: _Outcome) -> None:
    try:
        response = client.send(request, stream=True)
        try:
            content = b"".join(_decoded(response, outcome.left))
        finally:
            response.close()
        outcome.received = Received(
            status=response.status_code, headers=response.headers, content=content
        )
    except BaseException as error:  # it is raised where it was waited for
        outcome.error = error
    finally:
        outcome.ended.set()


def _decoded(response: httpx.Response, left: threading.Event) -> Iterator[bytes]:
    """The body in pieces; a small piece may hold a large one, so each is unpacked step by step."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", *_GZIP):
        raise Garbled
    unpacker = zlib.decompressobj(_GZIP_WINDOW) if encoding in _GZIP else None
    size = 0
    for raw in response.iter_raw():
        if left.is_set():
            return
        for piece in (raw,) if unpacker is None else _unpacked(unpacker, raw):
            size += len(piece)
            if size > LARGEST:
                raise TooLarge
            yield piece
    if unpacker is not None and size and not unpacker.eof:
        raise httpx.RemoteProtocolError("the packed answer breaks off", request=response.request)


def _unpacked(unpacker: "zlib._Decompress", raw: bytes) -> Iterator[bytes]:
    try:
        while raw:
            yield unpacker.decompress(raw, _STEP)
            raw = unpacker.unconsumed_tail
    except zlib.error as error:
        raise Garbled from error
