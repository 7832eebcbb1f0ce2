"""What a pipeline asks of its forge, by the forge's REST interface: GitHub, GitLab, or a folder.

python forge.py groups                        < `reconciler stores --format json`
python forge.py comment GROUP FILE            one comment a group on the request at hand
python forge.py merged GROUP DAYS FOLDER      of each request merged lately, in that order, a line:
                                              NUMBER, the commit that the merge made, its plan
                                              below FOLDER or -, approvers or -
python forge.py keep GROUP FILE               the plan of the request at hand; GitHub has a step
python forge.py issue TITLE FILE              one open issue of that title
python forge.py close TITLE                   none
python forge.py request BRANCH TITLE FILE     one open request of a branch
python forge.py withdraw BRANCH               none

FORGE names it: github, gitlab or local. Ends with 1 where the forge does not do as asked.
"""

import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote

import httpx
import stamina

PAGE = 100
LARGEST = 64 * 1024 * 1024
INSIDE = ("OWNER", "MEMBER", "COLLABORATOR")
PASSING = (429, 500, 502, 503, 504)


class Refused(Exception):
    """The forge does not do as asked."""


def _passes(error: Exception) -> bool:
    """Whether it is worth another try. What may have been made already is not made again."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in PASSING and error.request.method != "POST"
    return isinstance(error, httpx.TransportError) and error.request.method != "POST"


class Api:
    """One forge's interface below an address."""

    def __init__(self, base: str, headers: dict[str, str]) -> None:
        told = {"User-Agent": "reconciler-pipeline", **headers}
        self.client = httpx.Client(base_url=f"{base}/", headers=told, timeout=60)

    @stamina.retry(on=_passes, attempts=3, wait_initial=0.5)
    def ask(self, method: str, path: str, **told: Any) -> httpx.Response:
        answer = self.client.request(method, path, **told)
        if answer.is_redirect:  # leads to where files are stored, which is no place for a token
            answer = httpx.get(answer.headers["Location"], timeout=60)
        return answer.raise_for_status()

    def json(self, method: str, path: str, **told: Any) -> Any:
        return self.ask(method, path, **({"json": told} if told else {})).json()

    def found(self, path: str, **asked: Any) -> Any:
        return self.ask("GET", path, params=asked).json()

    def every(self, path: str, inside: str | None = None, **asked: Any) -> Any:
        """Of all pages; GitHub has some lists `inside` an object."""
        for page in range(1, 1000):
            answer = self.found(path, **asked, per_page=PAGE, page=page)
            found = answer if inside is None else answer[inside]
            yield from found
            if len(found) < PAGE:
                return


Request: TypeAlias = tuple[str, str, str]
"""The number, the last commit, and the one that the merge made on the protected branch."""


class Forge(Protocol):
    """What one is asked; a text of None closes what is open."""

    def __init__(self, env: dict[str, str]) -> None: ...
    def comment(self, marker: str, text: str) -> None: ...
    def requests(self, days: str, /) -> list[Request]: ...
    def keep(self, group: str, path: Path, /) -> None: ...
    def plan(self, head: str, group: str) -> bytes | None: ...
    def approvers(self, number: str) -> list[str]: ...
    def issue(self, title: str, text: str | None) -> None: ...
    def request(self, branch: str, title: str, text: str | None) -> None: ...


Merged: TypeAlias = tuple[datetime, int, str, str]


def _since(days: str) -> datetime:
    return datetime.now(UTC) - timedelta(days=int(days))


def _oldest_first(found: list[Merged]) -> list[Request]:
    """A queue merges several in one second: then the lower number came first."""
    return [(str(number), head, made) for _, number, head, made in sorted(found)]


def _login(one: Any) -> str:
    """Of whoever made it on GitHub; empty where that account is gone."""
    return str((one["user"] or {}).get("login", ""))


class GitHub:
    """With the job's own token. `GITHUB_TOKEN` may write comments, issues or requests where the
    job's `permissions` say so.
    """

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.main = env.get("MAIN_BRANCH", "main")
        self.api = Api(
            f"{env.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{env['GITHUB_REPOSITORY']}",
            {
                "Authorization": f"Bearer {env['GITHUB_TOKEN']}",
                "Accept": "application/vnd.github+json",
            },
        )
        # Whose comments are ours: one that somebody else began could be rewritten by them.
        self.me = env.get("FORGE_USER", "github-actions[bot]")

    def comment(self, marker: str, text: str) -> None:
        at = f"issues/{self.env['REQUEST']}/comments"
        for one in self.api.every(at):
            if _login(one) == self.me and (one["body"] or "").startswith(marker):
                self.api.json("PATCH", f"issues/comments/{one['id']}", body=text)
                return
        self.api.json("POST", at, body=text)

    def requests(self, days: str) -> list[Request]:
        since, found = _since(days), list[Merged]()
        asked = {"state": "closed", "base": self.main, "sort": "updated", "direction": "desc"}
        for one in self.api.every("pulls", **asked):
            if datetime.fromisoformat(one["updated_at"]) < since:
                break
            at = one["merged_at"] and datetime.fromisoformat(one["merged_at"])
            if at and at >= since:
                found.append((at, one["number"], one["head"]["sha"], one["merge_commit_sha"]))
        return _oldest_first(found)

    def keep(self, _group: str, _path: Path) -> None:
        """The step after this one uploads it."""

    def plan(self, head: str, group: str) -> bytes | None:
        name = f"plan-{head}-{group}"
        # All pages: runs of forks may bury ours under theirs.
        found = self.api.every("actions/artifacts", inside="artifacts", name=name)
        kept = [one for one in found if self._is_of(one, head)]
        if not kept:
            return None
        last = max(kept, key=lambda one: one["created_at"])
        packed = self.api.ask("GET", f"actions/artifacts/{last['id']}/zip")
        return _plan_in(packed.content, f"plan-{group}.json")

    def _is_of(self, artifact: Any, head: str) -> bool:
        """Runs of forks may give their artefacts any name; theirs are no plans of ours."""
        run = artifact["workflow_run"] or {}
        inside = run.get("head_repository_id") == run.get("repository_id") is not None
        return not artifact["expired"] and inside and run.get("head_sha") == head

    def approvers(self, number: str) -> list[str]:
        last: dict[str, str] = {}
        for one in self.api.every(f"pulls/{number}/reviews"):
            # Whoever can read a repository can review in it.
            inside = one["author_association"] in INSIDE
            if inside and one["state"] != "COMMENTED" and _login(one):
                last[_login(one)] = one["state"]
        names = [name for name, state in last.items() if state == "APPROVED"]
        run = self.env.get("GITHUB_RUN_ID")
        if run:  # who let this run into its environment
            for one in self.api.json("GET", f"actions/runs/{run}/approvals"):
                if one["state"] == "approved" and _login(one):
                    names.append(_login(one))
        return names

    def issue(self, title: str, text: str | None) -> None:
        for one in self.api.every("issues", state="open", creator=self.me):
            if one["title"] == title and "pull_request" not in one:
                told = {"body": text} if text is not None else {"state": "closed"}
                self.api.json("PATCH", f"issues/{one['number']}", **told)
                return
        if text is not None:
            self.api.json("POST", "issues", title=title, body=text)

    def request(self, branch: str, title: str, text: str | None) -> None:
        owner = self.env["GITHUB_REPOSITORY"].partition("/")[0]
        found = self.api.found("pulls", state="open", head=f"{owner}:{branch}")
        if found:
            told = {"state": "closed"} if text is None else {"title": title, "body": text}
            self.api.json("PATCH", f"pulls/{found[0]['number']}", **told)
        elif text is not None:
            self.api.json("POST", "pulls", title=title, body=text, head=branch, base=self.main)


def _made(request: Any) -> str:
    return str(request["merge_commit_sha"] or request["squash_commit_sha"] or request["sha"])


class GitLab:
    """With `FORGE_TOKEN`, a project access token with the scope `api`."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.main = env["CI_DEFAULT_BRANCH"]
        base = f"{env['CI_API_V4_URL']}/projects/{env['CI_PROJECT_ID']}"
        self.api = Api(base, {"PRIVATE-TOKEN": env["FORGE_TOKEN"]})
        self.root = Api(env["CI_API_V4_URL"], {"PRIVATE-TOKEN": env["FORGE_TOKEN"]})

    def comment(self, marker: str, text: str) -> None:
        me = self.root.json("GET", "user")["id"]
        at = f"merge_requests/{self.env['REQUEST']}/notes"
        for one in self.api.every(at):
            if one["author"]["id"] == me and one["body"].startswith(marker):
                self.api.json("PUT", f"{at}/{one['id']}", body=text)
                return
        self.api.json("POST", at, body=text)

    def requests(self, days: str) -> list[Request]:
        asked = {
            "state": "merged",
            "target_branch": self.main,
            "updated_after": _since(days).isoformat(),
        }
        found = [
            (datetime.fromisoformat(one["merged_at"]), one["iid"], one["sha"], _made(one))
            for one in self.api.every("merge_requests", **asked)
            if one["merged_at"]
        ]
        return _oldest_first(found)

    def _place(self, head: str, group: str) -> str:
        return f"packages/generic/plans/{quote(head, safe='')}/plan-{quote(group, safe='')}.json"

    def keep(self, group: str, path: Path) -> None:
        # The commit that the request names, not the one that a pipeline made by merging it.
        head = self.env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or self.env["CI_COMMIT_SHA"]
        self.api.ask("PUT", self._place(head, group), content=path.read_bytes())

    def plan(self, head: str, group: str) -> bytes | None:
        try:
            return self.api.ask("GET", self._place(head, group)).content
        except httpx.HTTPStatusError as error:
            if error.response.status_code == HTTPStatus.NOT_FOUND:
                return None
            raise

    def approvers(self, number: str) -> list[str]:
        told = self.api.json("GET", f"merge_requests/{number}/approvals")
        return [one["user"]["username"] for one in told["approved_by"]]

    def issue(self, title: str, text: str | None) -> None:
        # Whoever opened an issue can rewrite and close it.
        asked = {"state": "opened", "scope": "created_by_me", "search": title, "in": "title"}
        for one in self.api.every("issues", **asked):
            if one["title"] == title:
                told = {"description": text} if text is not None else {"state_event": "close"}
                self.api.json("PUT", f"issues/{one['iid']}", **told)
                return
        if text is not None:
            self.api.json("POST", "issues", title=title, description=text)

    def request(self, branch: str, title: str, text: str | None) -> None:
        asked = {"state": "opened", "source_branch": branch, "target_branch": self.main}
        here = int(self.env["CI_PROJECT_ID"])
        # A fork may have a branch of that name as well.
        every = self.api.every("merge_requests", **asked)
        found = next((one for one in every if one["source_project_id"] == here), None)
        if found is not None:
            told = (
                {"state_event": "close"} if text is None else {"title": title, "description": text}
            )
            self.api.json("PUT", f"merge_requests/{found['iid']}", **told)
        elif text is not None:
            self.api.json(
                "POST",
                "merge_requests",
                title=title,
                description=text,
                source_branch=branch,
                target_branch=self.main,
                remove_source_branch=True,
            )


class Local:
    """A folder that plays the forge, to try the steps without one; `FORGE_FOLDER` names it."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.folder = Path(env["FORGE_FOLDER"])

    def _write(self, name: str, text: bytes | None) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_bytes(text)

    def comment(self, marker: str, text: str) -> None:
        group = marker.split()[-2]
        self._write(f"requests/{self.env['REQUEST']}/comment-{group}.md", text.encode())

    def requests(self, _days: str) -> list[Request]:
        merged = self.folder / "merged"
        lines = merged.read_text().splitlines() if merged.exists() else []
        return [(number, head, made) for number, head, made in map(str.split, lines)]

    def keep(self, group: str, path: Path) -> None:
        self._write(f"plans/{self.env['HEAD']}/{group}.json", path.read_bytes())

    def plan(self, head: str, group: str) -> bytes | None:
        path = self.folder / "plans" / head / f"{group}.json"
        return path.read_bytes() if path.exists() else None

    def approvers(self, number: str) -> list[str]:
        path = self.folder / "requests" / number / "approvers"
        return path.read_text().split() if path.exists() else []

    def issue(self, title: str, text: str | None) -> None:
        self._write(f"issues/{title}.md", None if text is None else text.encode())

    def request(self, branch: str, title: str, text: str | None) -> None:
        told = None if text is None else f"{title}\n\n{text}".encode()
        self._write(f"requests/{branch.replace('/', '-')}.md", told)


FORGES: dict[str, type[Forge]] = {"github": GitHub, "gitlab": GitLab, "local": Local}


def _plan_in(packed: bytes, name: str) -> bytes | None:
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        if name not in files.namelist() or files.getinfo(name).file_size > LARGEST:
            return None
        return files.read(name)


def _kept(forge: Forge, number: str, head: str, group: str, folder: Path) -> Iterator[str]:
    plan = forge.plan(head, group)
    path = folder / f"merged-{number}-{group}.json"
    if plan is None:
        yield from ("-", "-")
        return
    path.write_bytes(plan)
    yield from (str(path), ",".join(dict.fromkeys(forge.approvers(number))) or "-")


def groups(stores: Any) -> str:
    """The stores that one job is for: those of one controller together."""
    together: dict[str, list[str]] = {}
    for one in stores:
        together.setdefault(one["controller"], []).append(one["name"])
    found = [{"group": name, "stores": " ".join(each)} for name, each in sorted(together.items())]
    return json.dumps(found)


def main(words: list[str], env: dict[str, str]) -> None:
    if words == ["groups"]:
        print(groups(json.load(sys.stdin)))
        return
    forge = FORGES[env["FORGE"]](env)
    match words:
        case ["comment", group, file]:
            marker = f"<!-- reconciler: {group} -->"
            forge.comment(marker, f"{marker}\n{Path(file).read_text(encoding='utf-8')}")
        case ["merged", group, days, folder]:
            for number, head, made in forge.requests(days):
                print(number, made, *_kept(forge, number, head, group, Path(folder)))
        case ["keep", group, file]:
            forge.keep(group, Path(file))
        case ["issue", title, file]:
            forge.issue(title, Path(file).read_text(encoding="utf-8"))
        case ["close", title]:
            forge.issue(title, None)
        case ["request", branch, title, file]:
            forge.request(branch, title, Path(file).read_text(encoding="utf-8"))
        case ["withdraw", branch]:
            forge.request(branch, "", None)
        case _:
            raise Refused(f"no such words: {' '.join(words[:1])}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:], dict(os.environ))
    except httpx.HTTPStatusError as error:
        asked, status = error.request, error.response.status_code
        sys.exit(f"the forge answered {status} to {asked.method} {asked.url.path}")
    except (httpx.HTTPError, Refused, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        sys.exit(f"the forge: {type(error).__name__}: {error}")
