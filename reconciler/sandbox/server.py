"""Serving simulators on loopback, from a thread of their own.

uvicorn's protocol is used without its server loop, which polls ten times a second: starting and
stopping take milliseconds here, and the tests do both hundreds of times.
"""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from reconciler.sandbox.app import TRANSPORT, build_app
from reconciler.sandbox.shop import Shop

LOOPBACK = "127.0.0.1"
_ENDING = (signal.SIGINT, signal.SIGTERM)


class CuttableProtocol(H11Protocol):
    """Hands the application its connection, so that a fault can cut it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport


class _Service:
    """An event loop in a thread with one listening socket."""

    def __init__(self, shop: Shop, port: int) -> None:
        self._socket = socket.socket(
            socket.AF_INET,
            socket.SOCK_STREAM,
            socket.IPPROTO_TCP,  # named, or asyncio leaves Nagle's delay on
        )
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((LOOPBACK, port))
        except OSError:
            self._socket.close()
            raise
        self._socket.listen(128)
        self.port: int = self._socket.getsockname()[1]
        self._config = Config(
            build_app(shop),
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
        )
        self._state = ServerState()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"sandbox-{shop.shop}", daemon=True)

    def start(self) -> None:
        self._config.load()
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    def _protocol(self) -> CuttableProtocol:
        return CuttableProtocol(config=self._config, server_state=self._state, app_state={})

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._protocol, sock=self._socket)
        await self._stop.wait()
        server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        tasks = [task for task in self._state.tasks if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Sandbox(Shop):
    """A simulated shop that can be asked over HTTP."""

    @contextmanager
    def serving(self, port: int = 0) -> Iterator[str]:
        """Serve on loopback until the block ends; yields the address without a trailing slash."""
        service = _Service(self, port)
        service.start()
        try:
            yield f"http://{LOOPBACK}:{service.port}"
        finally:
            service.stop()


def serve_forever(boxes: Sequence[tuple[Sandbox, int]], announce: Callable[[str], None]) -> None:
    """Serve several simulators until SIGINT or SIGTERM; announce the address of each.

    For the main thread of a program. The signals are kept back and waited for: a handler could come
    when what it has to wake is only about to wait, and holds its lock.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        with ExitStack() as stack:
            for box, port in boxes:
                url = stack.enter_context(box.serving(port))
                announce(f"{box.platform} shop {box.shop} at {url}")
            signal.sigwait(_ENDING)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
