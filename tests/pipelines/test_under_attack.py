"""What an attack on the shipped pipelines found, each as it was tried."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.clock import system_clock
from tests.pipelines.forges import OTHER, serving
from tests.pipelines.test_forge import by, done, kept, merged, written


def test_of_requests_merged_in_one_second_the_lower_number_is_first(tmp_path: Path) -> None:
    """A merge queue does that; as text, 10 came before 9."""
    at = (system_clock().now() - timedelta(days=1)).isoformat()
    for kind in ("github", "gitlab"):
        with serving(kind) as forge:
            for number in (10, 9, 100):
                merged(forge, number, 1, f"{number:040x}", merged_at=at)
            told = done(forge, tmp_path, "merged", "acme", "30", ".").splitlines()
            assert [one.split()[0] for one in told] == ["9", "10", "100"]


def test_the_hour_of_a_merge_counts_whatever_the_zone_it_is_told_in(tmp_path: Path) -> None:
    with serving("gitlab") as forge:
        merged(forge, 2, 1, "b" * 40, merged_at="2026-11-25T02:30:00.000+02:00")
        merged(forge, 1, 1, "a" * 40, merged_at="2026-11-25T02:10:00.000+01:00")
        told = done(forge, tmp_path, "merged", "acme", "30", ".").splitlines()
        assert [one.split()[0] for one in told] == ["2", "1"]


def test_artefacts_of_forks_do_not_bury_the_plan(tmp_path: Path) -> None:
    """A list has thirty where no more are asked for, and theirs are newer."""
    with serving("github") as forge:
        merged(forge, 1, 1, "a" * 40)
        kept(forge, "a" * 40, "acme", b"{ours}")
        for _ in range(150):
            kept(forge, "a" * 40, "acme", b"{theirs}", head_repository_id=2)
        done(forge, tmp_path, "merged", "acme", "30", ".")
        assert (tmp_path / "merged-1-acme.json").read_bytes() == b"{ours}"


def test_an_issue_that_somebody_else_opened_is_never_made_ours(tmp_path: Path) -> None:
    """They could close it, and rewrite it; nobody would hear of the drift."""
    title = "The store has drifted: acme"
    for kind, state in (("github", "open"), ("gitlab", "opened")):
        with serving(kind) as forge:
            theirs = {"iid": 0, "number": 0, "title": title, "state": state, **by(forge, OTHER)}
            forge.issues.append(dict(theirs))
            done(forge, tmp_path, "issue", title, written(tmp_path))
            assert forge.issues[0] == theirs
            assert len(forge.issues) == 2
            done(forge, tmp_path, "close", title)
            assert forge.issues[0] == theirs


@pytest.mark.parametrize("words", [("request", "reconciler/adopt", "Adopt 1", "plan.md")])
def test_a_branch_of_a_fork_with_our_name_is_not_our_request(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """What it holds would stand under our title, and ours would never be opened."""
    written(tmp_path)
    with serving("gitlab") as forge:
        theirs = {
            "iid": 3,
            "state": "opened",
            "branch": "reconciler/adopt",
            "source_project_id": 6,
            "title": "theirs",
        }
        forge.requests.append(dict(theirs))
        done(forge, tmp_path, *words)
        assert forge.requests[0] == theirs
        assert forge.requests[1]["title"] == "Adopt 1"
        done(forge, tmp_path, "withdraw", "reconciler/adopt")
        assert forge.requests[0] == theirs


def test_whose_account_is_gone_stops_nothing(tmp_path: Path) -> None:
    with serving("github") as forge:
        gone: dict[str, Any] = {"user": None}
        forge.comments.append({"id": 0, "body": None, **gone})
        done(forge, tmp_path, "comment", "acme", written(tmp_path))
        merged(forge, 1, 1, "a" * 40)
        kept(forge, "a" * 40, "acme", b"{}")
        forge.reviews.append({"state": "APPROVED", **gone})
        forge.let_in.append({"state": "approved", **gone})
        assert done(forge, tmp_path, "merged", "acme", "30", ".").split()[-1] == "-"
