"""TinyShop's server: people by number, each replaced as a whole. It knows nothing of reconciler
but what the suite asks of a server.
"""

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reconciler.model.consent import Channel, ConsentState
from reconciler.testing import Person

TOKEN = "tiny"
_NEWS = {
    "yes": ConsentState.SUBSCRIBED,
    "no": ConsentState.UNSUBSCRIBED,
    "never": ConsentState.NOT_SUBSCRIBED,
}
_WORDS = {state: word for word, state in _NEWS.items()}


class TinyServer:
    """The people by number; `since` is the shop's own, and a write that leaves it out loses it."""

    token = TOKEN

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.url = ""

    def reset(self, people: Iterable[Person]) -> None:
        self.rows = {number: _row(one, number) for number, one in enumerate(people, 1)}

    def people(self) -> Sequence[Person]:
        return [_person(one) for one in list(self.rows.values())]

    def edit(self, person: Person) -> None:
        self.rows[int(person.id)] = _row(person, int(person.id))

    def remove(self, id: str) -> None:
        del self.rows[int(id)]

    def carry_out(self, method: str, path: str, body: Any) -> tuple[int, object]:
        if path == "/people":
            if method == "GET":
                return 200, {"people": list(self.rows.values())}
            number = max(self.rows, default=0) + 1
            self.rows[number] = {**body, "number": number}
            return 201, self.rows[number]
        last = path.rpartition("/")[2]
        number = int(last) if last.isdecimal() else 0
        if number not in self.rows:
            return 404, {"error": "no such person"}
        if method == "PUT":
            self.rows[number] = {**body, "number": number}
        return 200, self.rows[number]


def _row(person: Person, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "mail": person.email,
        "name": person.first_name,
        "labels": list(person.tags),
        "news": _WORDS[person.consent(Channel.EMAIL)],
        "since": dict(person.rest).get("since", "2019"),
    }


def _person(row: dict[str, Any]) -> Person:
    return Person(
        id=str(row["number"]),
        email=row["mail"],
        first_name=row["name"],
        tags=tuple(row["labels"]),
        consents=((Channel.EMAIL, _NEWS[row["news"]]),),
        rest=(("since", str(row.get("since"))),),
    )


@contextmanager
def serving() -> Iterator[TinyServer]:
    server = TinyServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if self.headers["x-tiny-token"] != TOKEN:
                self._answer(401, {"error": "who are you?"})
                return
            length = int(self.headers["content-length"] or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            self._answer(*server.carry_out(self.command, self.path, body))

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        def _answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
