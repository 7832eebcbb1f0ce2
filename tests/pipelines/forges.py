"""Two forges on loopback, written from their public REST pages: as much as a pipeline asks."""

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]


@dataclass
class Forge:
    """What it has, and what it was asked; `ails` are statuses to answer first."""

    kind: str
    comments: list[Json] = field(default_factory=list)
    requests: list[Json] = field(default_factory=list)
    reviews: list[Json] = field(default_factory=list)
    let_in: list[Json] = field(default_factory=list)
    artifacts: list[Json] = field(default_factory=list)
    packages: dict[str, bytes] = field(default_factory=dict)
    issues: list[Json] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    ails: list[int] = field(default_factory=list)
    about: Json | None = None
    url: str = ""

    def env(self) -> dict[str, str]:
        if self.kind == "github":
            return {
                "FORGE": "github",
                "GITHUB_API_URL": self.url,
                "GITHUB_REPOSITORY": "acme/shop",
                "GITHUB_TOKEN": "secret",
                "GITHUB_RUN_ID": "77",
            }
        return {
            "FORGE": "gitlab",
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_PROJECT_ID": "5",
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_SHA": "c" * 40,
            "FORGE_TOKEN": "secret",
        }


ME = {"login": "github-actions[bot]", "id": 1, "username": "pipeline"}
OTHER = {"login": "mallory", "id": 2, "username": "mallory"}


def packed(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as files:
        files.writestr(name, content)
    return out.getvalue()


class _Answers(BaseHTTPRequestHandler):
    forge: Forge

    def log_message(self, *_: Any) -> None:
        """Tests have their own words."""

    def _say(self, told: Any, status: int = 200, **headers: str) -> None:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _go(self) -> None:
        forge, asked = self.forge, urlsplit(self.path)
        token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        forge.asked.append(f"{self.command} {asked.path}")
        forge.tokens.append(token)
        if forge.ails:
            self._say({"message": "no"}, forge.ails.pop(0))
            return
        if asked.path.startswith("/storage/"):
            self._say(forge.artifacts[int(asked.path.split("/")[-1])]["content"])
            return
        if token not in ("Bearer secret", "secret"):
            self._say({"message": "who?"}, 401)
            return
        if asked.path == "/repos/acme/shop" and forge.about is not None:
            self._say(forge.about)
            return
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        _ROUTES[forge.kind](self, unquote(asked.path), query, body)

    do_GET = do_POST = do_PATCH = do_PUT = _go  # noqa: N815  # the names that the library calls

    def page(self, found: list[Json], query: dict[str, str], inside: str | None = None) -> None:
        size, number = int(query.get("per_page", "20")), int(query.get("page", "1"))
        page = found[(number - 1) * size : number * size]
        self._say(page if inside is None else {inside: page, "total_count": len(found)})

    def github(self, path: str, query: dict[str, str], body: bytes) -> None:
        forge, told = self.forge, json.loads(body or b"{}")
        place = path.removeprefix("/repos/acme/shop/")
        match (self.command, *place.split("/")):
            case ("GET", "issues", _, "comments"):
                self.page(forge.comments, query)
            case ("POST", "issues", _, "comments"):
                forge.comments.append({"id": len(forge.comments), "user": ME, **told})
                self._say({}, 201)
            case ("PATCH", "issues", "comments", number):
                forge.comments[int(number)] |= told
                self._say({})
            case ("GET", "pulls"):
                wanted = query.get("head", ":").partition(":")[2]
                kept = [one for one in forge.requests if not wanted or one["branch"] == wanted]
                self.page([one for one in kept if one["state"] == query["state"]], query)
            case ("POST", "pulls"):
                forge.requests.append(
                    {"number": 9, "state": "open", "branch": told["head"], **told}
                )
                self._say({}, 201)
            case ("PATCH", "pulls", number):
                next(one for one in forge.requests if one["number"] == int(number)).update(told)
                self._say({})
            case ("GET", "pulls", _, "reviews"):
                self.page(forge.reviews, query)
            case ("GET", "actions", "runs", "77", "approvals"):
                self._say(forge.let_in)
            case ("GET", "actions", "artifacts"):
                found = [one for one in forge.artifacts if one["name"] == query["name"]]
                told = [{**one, "content": None} for one in reversed(found)]
                self.page(told, {"per_page": "30", **query}, inside="artifacts")
            case ("GET", "actions", "artifacts", number, "zip"):
                self._say(b"", 302, Location=f"{forge.url}/storage/{number}")
            case ("GET", "issues"):
                mine = [one for one in forge.issues if one["user"]["login"] == query["creator"]]
                self.page([one for one in mine if one["state"] == "open"], query)
            case ("POST", "issues"):
                issue = {"number": len(forge.issues), "user": ME, "state": "open", **told}
                forge.issues.append(issue)
                self._say({}, 201)
            case ("PATCH", "issues", number):
                forge.issues[int(number)] |= told
                self._say({})
            case _:
                self._say({"message": "Not Found"}, 404)

    def gitlab(self, path: str, query: dict[str, str], body: bytes) -> None:
        forge = self.forge
        place = path.removeprefix("/api/v4/").removeprefix("projects/5/")
        package = re.fullmatch("packages/generic/plans/(.*)", place)
        if package and self.command == "PUT":
            forge.packages[package[1]] = body
            self._say({}, 201)
            return
        if package:
            found = forge.packages.get(package[1])
            self._say({} if found is None else found, 404 if found is None else 200)
            return
        told = json.loads(body or b"{}")
        match (self.command, *place.split("/")):
            case ("GET", "user"):
                self._say(ME)
            case ("GET", "merge_requests", _, "notes"):
                self.page(forge.comments, query)
            case ("POST", "merge_requests", _, "notes"):
                forge.comments.append({"id": len(forge.comments), "author": ME, **told})
                self._say({}, 201)
            case ("PUT", "merge_requests", _, "notes", number):
                forge.comments[int(number)] |= told
                self._say({})
            case ("GET", "merge_requests"):
                wanted = query.get("source_branch")
                kept = [one for one in forge.requests if wanted in (None, one["branch"])]
                kept = [one for one in kept if one.get("target_branch", "main") == "main"]
                self.page([one for one in kept if one["state"] == query["state"]], query)
            case ("POST", "merge_requests"):
                made = {"iid": 9, "state": "opened", "branch": told["source_branch"]}
                forge.requests.append({**made, "source_project_id": 5, **told})
                self._say({}, 201)
            case ("PUT", "merge_requests", number):
                next(one for one in forge.requests if one["iid"] == int(number)).update(told)
                self._say({})
            case ("GET", "merge_requests", _, "approvals"):
                self._say({"approved_by": forge.reviews})
            case (_, "issues", *_):
                self._gitlab_issues(place, query, told)
            case _:
                self._say({"message": "404"}, 404)

    def _gitlab_issues(self, place: str, query: dict[str, str], told: Json) -> None:
        forge = self.forge
        match (self.command, *place.split("/")):
            case ("GET", "issues"):
                titled = [one for one in forge.issues if query["search"] in one["title"]]
                whose = (ME,) if query.get("scope") == "created_by_me" else (ME, OTHER)
                mine = [one for one in titled if one["author"] in whose]
                self.page([one for one in mine if one["state"] == query["state"]], query)
            case ("POST", "issues"):
                made = {"iid": len(forge.issues), "author": ME, "state": "opened"}
                forge.issues.append({**made, **told})
                self._say({}, 201)
            case ("PUT", "issues", number):
                forge.issues[int(number)] |= told
                if told.get("state_event") == "close":
                    forge.issues[int(number)]["state"] = "closed"
                self._say({})
            case _:
                self._say({"message": "404"}, 404)


_ROUTES = {"github": _Answers.github, "gitlab": _Answers.gitlab}


@contextmanager
def serving(kind: str) -> Iterator[Forge]:
    forge = Forge(kind)
    answers = type("Answers", (_Answers,), {"forge": forge})
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        forge.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield forge
        finally:
            server.shutdown()
            thread.join()
