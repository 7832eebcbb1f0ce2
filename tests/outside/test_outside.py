"""A platform that a package adds is planned and applied without a line changed here."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
Json = dict[str, Any]


class _Handler(BaseHTTPRequestHandler):
    """TinyShop's server: people by number, each replaced as a whole."""

    people: dict[int, Json]

    def do_GET(self) -> None:
        if self.path == "/people":
            self._answer(200, list(self.people.values()))
        else:
            one = self.people.get(int(self.path.rpartition("/")[2]))
            self._answer(200 if one else 404, one)

    def do_POST(self) -> None:
        number = max(self.people, default=0) + 1
        self.people[number] = {**self._body(), "number": number}
        self._answer(201, self.people[number])

    def do_PUT(self) -> None:
        number = int(self.path.rpartition("/")[2])
        self.people[number] = {**self._body(), "number": number}
        self._answer(200, self.people[number])

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _body(self) -> Json:
        found: Json = json.loads(self.rfile.read(int(self.headers["content-length"])))
        return found

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode() if self.headers["x-tiny-token"] == "t" else b"{}"
        self.send_response(status if self.headers["x-tiny-token"] == "t" else 401)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    _Handler.people = {
        1: {
            "number": 1,
            "mail": "ada@example.com",
            "name": "Ada",
            "labels": ["old"],
            "news": "yes",
        },
        2: {"number": 2, "mail": "grace@example.com", "name": "Grace", "labels": [], "news": "no"},
    }
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def _installed(folder: Path, point: str = "tinyshop = tinyshop:PLATFORM") -> Path:
    """The package where Python finds it, as an installer leaves it."""
    place = folder / "packages"
    about = place / "tinyshop-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "tinyshop.py").write_text((HERE / "tinyshop.py").read_text())
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tinyshop\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[reconciler.platforms]\n{point}\n")
    return place


def _run(place: Path, *words: object) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "PYTHONPATH": f"{place}{os.pathsep}{HERE.parents[1]}",
        "TOKEN": "t",
    }
    return subprocess.run([sys.executable, "-m", "reconciler", *map(str, words)], text=True,
                          env=environment, capture_output=True, check=False)  # fmt: skip


def _specs(folder: Path, port: int) -> Path:
    specs = folder / "specs"
    specs.mkdir()
    (specs / "a.yaml").write_text(f"""\
stores:
  tiny: {{platform: tinyshop, shop: acme, base_url: "http://127.0.0.1:{port}", token: {{env: TOKEN}},
         limits: {{create: {{percent: 100, at_least: 9, at_most: 9}}}}}}
store: tiny
customers:
  - email: ada@example.com
    first_name: Mei
    tags: {{add: [vip], remove: [old]}}
    consent: {{email: unsubscribed}}
  - email: grace@example.com
    consent: {{email: {{state: subscribed, given_at: 2026-06-01T10:00:00+00:00, source: checkout}}}}
  - {{email: new@example.com, first_name: New}}
""")
    return specs


def test_it_is_planned_applied_and_planned_empty(
    tmp_path: Path, server: ThreadingHTTPServer
) -> None:
    place, specs = _installed(tmp_path), _specs(tmp_path, server.server_address[1])

    assert _run(place, "validate", specs).returncode == 0
    stores = _run(place, "stores", "--specs", specs)
    assert "tiny: TinyShop 1" in stores.stdout, stores.stderr
    assert '"tinyshop"' in _run(place, "schema").stdout
    done = _run(place, "apply", "--yes", "--specs", specs)
    assert done.returncode == 0, done.stdout + done.stderr

    people = {one["mail"]: one for one in _Handler.people.values()}
    assert (people["ada@example.com"]["news"], people["ada@example.com"]["name"]) == ("no", "Mei")
    assert people["ada@example.com"]["labels"] == ["vip"]
    assert people["grace@example.com"]["news"] == "no"  # nobody knows since when, so it is held
    assert people["new@example.com"]["news"] == "no"
    again = _run(place, "plan", "--specs", specs, "--detailed-exitcode")
    assert (again.returncode, "No changes" in again.stdout) == (0, True), again.stdout


@pytest.mark.parametrize(
    ("point", "why"),
    [
        ("tinyshop = nowhere:PLATFORM", "cannot be loaded (ModuleNotFoundError)"),
        ("tinyshop = tinyshop:TINYSHOP", "is no Platform of that name"),
        ("other = tinyshop:PLATFORM", "is no Platform of that name"),
        ("genstore = reconciler.platforms.genstore.platform:PLATFORM", "one of that name already"),
    ],
)
def test_a_package_that_adds_none_is_named(tmp_path: Path, point: str, why: str) -> None:
    place = _installed(tmp_path, point)

    done = _run(place, "validate", _specs(tmp_path, 1))

    assert done.returncode == 1
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_package_nobody_knows_it(tmp_path: Path) -> None:
    done = _run(tmp_path, "validate", _specs(tmp_path, 1))

    assert done.returncode == 1
    assert "must be one of `genstore`, `shoplazza`, `shopline`" in done.stdout
