"""`python -m benchmarks.pages SIZE [--live FOLDER]`: Genstore's pages of a crowd on loopback.

A process of its own, so that what it costs is nobody else's. Prepared pages are answered from their
files; without a folder, and for whatever is asked for singly, records are made as they are asked
for. It prints its port, and tells at `/asked` what it was asked for since the last time.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from benchmarks.crowd import SEED, Crowd, Json
from benchmarks.data import PAGE, encoded

_ROOT: Final = "/api/202412/customers"
_NOBODY: Final = (404, b'{"error":"not found"}')


@dataclass(slots=True)
class Pages:
    """What the store answers; `asked` counts by kind of request."""

    crowd: Crowd
    folder: Path | None
    asked: Counter[str] = field(default_factory=Counter)
    _after: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.folder is not None:
            self._after = json.loads((self.folder / "after.json").read_bytes())

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(target)
        if parts.path == "/asked":
            told = json.dumps(dict(self.asked)).encode()
            self.asked.clear()
            return 200, told
        if not parts.path.startswith(_ROOT):
            return _NOBODY
        rest = parts.path.removeprefix(_ROOT).strip("/")
        if method == "POST" and rest == "search":
            self.asked["search"] += 1
            return 200, encoded(self._searched(json.loads(body)["query"]))
        if method != "GET":
            return 405, b'{"error":"this store is read only"}'
        if rest:
            self.asked["get"] += 1
            record = self._by_id(rest)
            return (200, json.dumps({"customer": record}).encode()) if record else _NOBODY
        return 200, self._listed(parse_qs(parts.query))

    def _listed(self, query: dict[str, list[str]]) -> bytes:
        if "ids" in query:
            self.asked["ids"] += 1
            found = (self._by_id(one) for one in query["ids"][0].split(","))
            return encoded([one for one in found if one is not None])
        self.asked["list"] += 1
        since = int(query.get("sinceId", ["0"])[0])
        limit = int(query.get("limit", ["50"])[0])
        return self._page(since, limit)

    def _page(self, since: int, limit: int) -> bytes:
        place = bisect_left(self._after, since)
        if self.folder is not None and limit == PAGE and self._after[place : place + 1] == [since]:
            return (self.folder / f"{place:05}.json").read_bytes()
        return encoded(list(islice(self.crowd.records(since), limit)))

    def _by_id(self, remote_id: str) -> Json | None:
        number = self.crowd.number_of(int(remote_id)) if remote_id.isdecimal() else None
        return self.crowd.record(number) if number is not None else None

    def _searched(self, query: str) -> list[Json]:
        """By `email:`, blind to case, as a store's search is."""
        told = re.fullmatch(r"email:(customer\.(\d+)@\S+)", query, re.IGNORECASE)
        if told is None or not self.crowd.is_live(int(told[2])):
            return []
        record = self.crowd.record(int(told[2]))
        return [record] if record["email"] == told[1].lower() else []


async def _serve(pages: Pages, port: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                status, told = pages.answer(method, target, body)
                writer.write(
                    b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                    % (status, len(told))
                    + told
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, limit=1 << 20)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


@dataclass(frozen=True, slots=True)
class Served:
    """A page server that runs."""

    port: int

    def asked(self) -> Counter[str]:
        """What it was asked for since the last time."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/asked") as answer:
            return Counter(json.load(answer))


@contextmanager
def serving(crowd: Crowd, live: Path | None = None) -> Iterator[Served]:
    """The pages in `live`, or made as they are asked for."""
    words = [sys.executable, "-m", "benchmarks.pages", str(crowd.size), "--seed", str(crowd.seed)]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(
        [*words, *(["--live", str(live)] if live is not None else [])],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as process:
        try:
            assert process.stdout is not None
            yield Served(int(process.stdout.readline()))
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages")
    parser.add_argument("size", type=int)
    parser.add_argument("--live", type=Path, help="the folder `live/` that benchmarks.data made")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--port", type=int, default=0)
    told = parser.parse_args()
    pages = Pages(Crowd(size=told.size, seed=told.seed), told.live)
    try:
        asyncio.run(_serve(pages, told.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
