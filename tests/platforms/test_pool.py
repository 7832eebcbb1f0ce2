"""The connections of a store: as many as are needed at once, and each found without a search."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread

import pytest

from reconciler.platforms.library import httpx
from reconciler.platforms.pool import Pool
from tests.growth import steps


class Together(ThreadingHTTPServer):
    """Answers once as many are asked as it waits for; counts the connections."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.waits = Barrier(1)
        self.connections = 0


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Together

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        self.server.waits.wait()
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def opened() -> Iterator[tuple[Together, Pool]]:
    with Together() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        pool = Pool(f"http://127.0.0.1:{server.server_port}", {}, httpx.Timeout(10))
        try:
            yield server, pool
        finally:
            pool.close()
            server.shutdown()


def ask(server: Together, pool: Pool, at_once: int) -> None:
    server.waits = Barrier(at_once)
    with ThreadPoolExecutor(at_once) as threads:
        for one in [threads.submit(ask_once, pool) for _ in range(at_once)]:
            one.result()
    server.waits = Barrier(1)


def ask_once(pool: Pool) -> None:
    assert pool.exchange(pool.request("GET", "/?a=b%20c", None, {})).content == b"{}"


def test_there_are_as_many_connections_as_requests_at_once() -> None:
    with opened() as (server, pool):
        for _ in range(3):
            ask_once(pool)
        assert server.connections == 1
        ask(server, pool, 5)
        for _ in range(10):
            ask_once(pool)
        assert server.connections == 5


@pytest.mark.no_cover  # the work is counted here
def test_a_request_costs_the_same_however_many_went_at_once() -> None:
    found = []
    for at_once in (1, 32):
        with opened() as (server, pool):
            ask(server, pool, at_once)
            found.append(steps(lambda pool=pool: ask_once(pool)))  # type: ignore[misc]

    assert found[1] <= found[0] * 1.1
