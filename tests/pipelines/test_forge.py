"""What the shipped pipelines ask of a forge, over HTTP, by a forge that follows its pages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.clock import system_clock
from tests.pipelines.forges import OTHER, Forge, packed, serving

PROGRAM = Path(__file__).resolve().parents[2] / "examples/pipeline/forge.py"
BOTH = ("github", "gitlab")


@pytest.fixture(params=BOTH)
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    with serving(request.param) as made:
        yield made


@pytest.fixture
def github() -> Iterator[Forge]:
    with serving("github") as made:
        yield made


def call(forge: Forge, folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **forge.env(), "REQUEST": "4", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def done(forge: Forge, folder: Path, *words: str, **env: str) -> str:
    found = call(forge, folder, *words, **env)
    assert found.returncode == 0, found.stderr
    return found.stdout


def written(folder: Path, text: str = "a plan") -> str:
    (folder / "plan.md").write_text(text)
    return "plan.md"


def by(forge: Forge, who: dict[str, Any]) -> dict[str, Any]:
    return {"user" if forge.kind == "github" else "author": who}


def test_there_is_one_comment_a_group_and_it_is_renewed(forge: Forge, tmp_path: Path) -> None:
    forge.comments += [{"id": number, "body": "nice", **by(forge, OTHER)} for number in range(250)]
    for text in ("first", "second"):
        for group in ("acme", "acme-eu"):
            done(forge, tmp_path, "comment", group, written(tmp_path, f"{text} {group}"))
    ours = [one["body"] for one in forge.comments[250:]]
    assert ours == [
        "<!-- reconciler: acme -->\nsecond acme",
        "<!-- reconciler: acme-eu -->\nsecond acme-eu",
    ]


def test_a_comment_that_somebody_else_wrote_is_never_made_ours(
    forge: Forge, tmp_path: Path
) -> None:
    """They could write into it what they like afterwards."""
    theirs = {"id": 0, "body": "<!-- reconciler: acme -->\nno changes", **by(forge, OTHER)}
    forge.comments.append(dict(theirs))
    done(forge, tmp_path, "comment", "acme", written(tmp_path))
    assert forge.comments[0] == theirs
    assert len(forge.comments) == 2


def test_an_issue_is_opened_renewed_and_closed(forge: Forge, tmp_path: Path) -> None:
    title = "The store has drifted: acme"
    done(forge, tmp_path, "close", title)
    for text in ("one", "two"):
        done(forge, tmp_path, "issue", title, written(tmp_path, text))
        done(forge, tmp_path, "issue", f"{title}-eu", written(tmp_path, text))
    assert len(forge.issues) == 2
    assert [one.get("body") or one.get("description") for one in forge.issues] == ["two", "two"]
    done(forge, tmp_path, "close", title)
    assert [one["state"] for one in forge.issues] == ["closed", forge.issues[1]["state"]]
    assert forge.issues[1]["state"] in ("open", "opened")
    done(forge, tmp_path, "issue", title, written(tmp_path))
    assert len(forge.issues) == 3


def test_a_request_of_a_branch_is_opened_renewed_and_closed(forge: Forge, tmp_path: Path) -> None:
    done(forge, tmp_path, "withdraw", "reconciler/adopt")
    for title in ("Adopt 1 opt-out", "Adopt 2 opt-outs"):
        done(forge, tmp_path, "request", "reconciler/adopt", title, written(tmp_path))
    assert [one["title"] for one in forge.requests] == ["Adopt 2 opt-outs"]
    done(forge, tmp_path, "withdraw", "reconciler/adopt")
    closed = forge.requests[0]
    assert closed["state"] == "closed" or closed["state_event"] == "close"


def merged(forge: Forge, number: int, days: float, head: str, **fields: Any) -> None:
    at = (system_clock().now() - timedelta(days=days)).isoformat()
    made = f"{number:x}" * 40
    told: dict[str, Any] = {"merged_at": at, "updated_at": at, "branch": "b"}
    told |= {"merge_commit_sha": made[:40], "squash_commit_sha": None}
    if forge.kind == "github":
        told |= {"number": number, "state": "closed", "head": {"sha": head}}
    else:
        told |= {"iid": number, "state": "merged", "sha": head}
    forge.requests.append({**told, **fields})


def kept(forge: Forge, head: str, group: str, content: bytes, **run: Any) -> None:
    if forge.kind == "gitlab":
        forge.packages[f"{head}/plan-{group}.json"] = content
        return
    about = {"head_sha": head, "repository_id": 1, "head_repository_id": 1, **run}
    forge.artifacts.append(
        {
            "id": len(forge.artifacts),
            "name": f"plan-{head}-{group}",
            "expired": False,
            "created_at": f"2026-11-2{len(forge.artifacts)}T00:00:00Z",
            "workflow_run": about,
            "content": packed(f"plan-{group}.json", content),
        }
    )


def test_merged_requests_come_in_the_order_of_their_merges(forge: Forge, tmp_path: Path) -> None:
    approved = (
        [{"user": {"login": "grace"}, "state": "APPROVED", "author_association": "OWNER"}]
        if forge.kind == "github"
        else [{"user": {"username": "grace"}}]
    )
    forge.reviews += approved
    for number, days, head in ((7, 0.1, "b" * 40), (5, 3, "a" * 40), (6, 1, "d" * 40)):
        merged(forge, number, days, head)
    kept(forge, "a" * 40, "acme", b"{first}")
    kept(forge, "b" * 40, "acme", b"{last}")
    kept(forge, "d" * 40, "other", b"{}")
    told = done(forge, tmp_path, "merged", "acme", "30", ".").splitlines()
    assert told == [
        f"5 {'5' * 40} merged-5-acme.json grace",
        f"6 {'6' * 40} - -",
        f"7 {'7' * 40} merged-7-acme.json grace",
    ]
    assert (tmp_path / "merged-5-acme.json").read_bytes() == b"{first}"
    assert (tmp_path / "merged-7-acme.json").read_bytes() == b"{last}"


def test_where_files_are_stored_gets_no_token(github: Forge, tmp_path: Path) -> None:
    merged(github, 1, 1, "a" * 40)
    kept(github, "a" * 40, "acme", b"{}")
    done(github, tmp_path, "merged", "acme", "30", ".")
    stored = [one.startswith("GET /storage/") for one in github.asked]
    assert sum(stored) == 1
    assert github.tokens[stored.index(True)] is None


@pytest.mark.parametrize("run", [{"head_repository_id": 2}, {"head_sha": "f" * 40}])
def test_a_plan_from_a_fork_is_no_plan(github: Forge, tmp_path: Path, run: Any) -> None:
    merged(github, 1, 1, "a" * 40)
    kept(github, "a" * 40, "acme", b"{ours}")
    kept(github, "a" * 40, "acme", b"{theirs}", **run)
    done(github, tmp_path, "merged", "acme", "30", ".")
    assert (tmp_path / "merged-1-acme.json").read_bytes() == b"{ours}"


def test_requests_that_were_closed_or_are_old_are_none(github: Forge, tmp_path: Path) -> None:
    merged(github, 1, 1, "a" * 40, merged_at=None)
    merged(github, 2, 40, "b" * 40)
    assert done(github, tmp_path, "merged", "acme", "30", ".") == ""


def test_who_takes_an_approval_back_did_not_approve(github: Forge, tmp_path: Path) -> None:
    merged(github, 1, 1, "a" * 40)
    kept(github, "a" * 40, "acme", b"{}")
    for login, state in (
        ("ada", "APPROVED"),
        ("bob", "APPROVED"),
        ("ada", "CHANGES_REQUESTED"),
        ("bob", "COMMENTED"),
    ):
        told = {"user": {"login": login}, "state": state, "author_association": "MEMBER"}
        github.reviews.append(told)
    github.let_in.append({"state": "approved", "user": {"login": "cyd"}})
    assert done(github, tmp_path, "merged", "acme", "30", ".").split()[-1] == "bob,cyd"


def test_a_plan_is_kept_under_the_commit_that_the_request_names(tmp_path: Path) -> None:
    with serving("gitlab") as forge:
        file = written(tmp_path, "{}")
        done(forge, tmp_path, "keep", "acme", file)
        told = {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "e" * 40}
        done(forge, tmp_path, "keep", "acme", file, **told)
        assert [*forge.packages] == [f"{'c' * 40}/plan-acme.json", f"{'e' * 40}/plan-acme.json"]


def test_what_passes_is_asked_again_and_what_may_be_made_is_not(
    forge: Forge, tmp_path: Path
) -> None:
    forge.ails = [503, 429]
    done(forge, tmp_path, "close", "x")
    asked = len(forge.asked)
    assert asked == 3
    forge.issues.clear()
    forge.ails = []
    called = call(forge, tmp_path, "issue", "x", written(tmp_path), FORGE_TOKEN="wrong")
    if forge.kind == "gitlab":
        assert (called.returncode, called.stdout) == (1, "")
        assert called.stderr == "the forge answered 401 to GET /api/v4/projects/5/issues\n"


@pytest.mark.parametrize("words", [(), ("nothing",), ("comment", "acme", "missing.md")])
def test_trouble_is_one_sentence(forge: Forge, tmp_path: Path, words: tuple[str, ...]) -> None:
    found = call(forge, tmp_path, *words)
    assert found.returncode == 1
    assert found.stderr.startswith("the forge: ")
    assert found.stderr.count("\n") == 1


def test_a_forge_that_is_away_is_told_without_a_token(tmp_path: Path) -> None:
    with serving("github") as forge:
        pass
    found = call(forge, tmp_path, "comment", "acme", written(tmp_path))
    assert found.returncode == 1
    assert "secret" not in found.stderr
    assert "Traceback" not in found.stderr
