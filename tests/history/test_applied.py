"""Which commit was applied: said by the trail, only when all of it was, and only by the key."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import consent
from tests.history.repository import Repository, entry, repository

NAMES = ("ada", "bob")


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path, NAMES, consent={"email": consent("subscribed")}) as made:
        made.write("people", customers=[entry(name, first_name="Eva") for name in NAMES])
        made.commit()
        yield made


def applied(repo: Repository) -> str | None:
    done, body = repo.plan("none")
    assert done.code in (0, 3), done.everything
    told: str | None = body["stores"][0]["applied"]
    return told


def trail(repo: Repository) -> Path:
    return repo.shop.folder / ".reconciler" / "audit" / "shop.jsonl"


def test_an_apply_of_everything_names_the_commit(repo: Repository) -> None:
    assert applied(repo) is None
    repo.converge()
    assert applied(repo) == repo.git("rev-parse", "HEAD")
    done = repo.call("audit", "verify")
    assert done.code == 0, done.everything


def test_an_apply_with_nothing_to_do_names_it_too(repo: Repository) -> None:
    repo.converge()
    repo.git("commit", "-q", "--allow-empty", "-m", "nothing")
    done = repo.call("apply", "--base", "none", "--yes")
    assert done.code == 0, done.everything
    assert applied(repo) == repo.git("rev-parse", "HEAD")


def test_what_is_held_does_not_keep_a_commit_from_being_applied(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada", consent={"email": {"state": "subscribed"}})])
    repo.edit("ada@example.com", consent={"email": consent("not_subscribed")})
    repo.commit()
    _, body = repo.plan("none")
    assert body["summary"]["held"] == 1
    assert repo.apply().code == 0
    assert applied(repo) == repo.git("rev-parse", "HEAD")


@pytest.mark.parametrize("only", [("--only", "tag"), ("--only", "profile")])
def test_a_part_of_a_plan_names_none(repo: Repository, only: tuple[str, str]) -> None:
    repo.plan("none")
    repo.apply(*only)
    assert applied(repo) is None


def test_files_that_are_not_committed_name_none(repo: Repository) -> None:
    repo.write("more", customers=[entry("new")])
    repo.converge()
    assert applied(repo) is None


def test_a_pull_request_job_names_none(repo: Repository) -> None:
    repo.plan("none")
    done = repo.call("apply", "--base", "none", str(repo.plan_file), GITHUB_REF="refs/pull/7/merge")
    assert done.code == 0, done.everything
    assert applied(repo) is None


def test_what_changed_since_a_receipt_names_none(tmp_path: Path) -> None:
    """Nobody is created on that, so it is not all that a commit asks for."""
    with repository(tmp_path, NAMES, "shopline") as repo:
        repo.shop.box.reset(repo.shop.box.customers(), {"date": "on"})
        repo.write("people", customers=[entry("ada", first_name="Ada")])
        repo.commit()
        file = tmp_path / "receipt"
        assert repo.plan("none", "--keep-receipt", str(file))[0].code == 0
        repo.write("people", customers=[entry("ada", first_name="Eva")])
        repo.commit()
        done, body = repo.plan("none", "--since-receipt", str(file))
        assert (done.code, body["stores"][0]["receipt"]["mode"]) == (0, "since")
        assert len(body["changes"]) == 1
        assert repo.apply().code == 0
        assert applied(repo) is None
        repo.converge()
        assert applied(repo) == repo.git("rev-parse", "HEAD")


def test_what_was_skipped_names_none(repo: Repository) -> None:
    repo.plan("none")
    repo.edit("ada@example.com", first_name="Other")
    assert repo.apply().code == 4
    assert applied(repo) is None


def test_specs_that_moved_on_name_none(repo: Repository) -> None:
    repo.plan("none")
    repo.write("more", customers=[entry("new")])
    repo.commit()
    assert repo.apply().code == 0
    assert applied(repo) is None


FORGERIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another commit": lambda line: {**line, "commit": "f" * 40},
    "another store": lambda line: {**line, "store": "other"},
    "no proof": lambda line: {**line, "proof": ""},
    "a proof that is no text": lambda line: {**line, "proof": None},
    "a commit that is no text": lambda line: {**line, "commit": 7},
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_line_that_no_key_vouches_for_tells_nothing(repo: Repository, how: str) -> None:
    repo.converge()
    first = applied(repo)
    lines = trail(repo).read_text().splitlines()
    forged = FORGERIES[how](json.loads(lines[-1]))
    trail(repo).write_text("\n".join([*lines, json.dumps(forged, separators=(",", ":"))]) + "\n")
    assert applied(repo) == first


def test_another_key_knows_of_no_commit(repo: Repository) -> None:
    repo.converge()
    done, body = repo.plan("none")
    told = repo.call("plan", "--base", "none", "--format", "json", RECONCILER_KEY="k" * 40)
    assert json.loads(told.out)["stores"][0]["applied"] is None
    assert body["stores"][0]["applied"] is not None
    assert done.code == 0


def test_a_trail_with_a_key_of_its_own_is_checked_by_the_key_for_plans(repo: Repository) -> None:
    repo.plan("none")
    done = repo.call(
        "apply", "--base", "none", str(repo.plan_file), RECONCILER_REGISTER_KEY="r" * 40
    )
    assert done.code == 0, done.everything
    assert applied(repo) == repo.git("rev-parse", "HEAD")


def test_a_commit_that_this_clone_lacks_tells_no_cause(repo: Repository) -> None:
    repo.converge()
    repo.edit("ada@example.com", first_name="Other")
    lost = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "--orphan", "other")
    (repo.shop.folder / "note").write_text("another commit, whatever the second\n")
    head = repo.commit()
    (repo.shop.folder / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    done, body = repo.plan(head)
    assert done.code == 0, done.everything
    assert [one["cause"] for one in body["changes"]] == ["not in sync"]


def test_an_older_line_at_the_end_does_not_count_for_a_newer_one(repo: Repository) -> None:
    """As where a copy of the trail was merged, or somebody appends what stood before."""
    repo.converge()
    first = trail(repo).read_text().splitlines()[-1]
    repo.git("commit", "-q", "--allow-empty", "-m", "later")
    repo.converge()
    with trail(repo).open("a") as file:
        file.write(f"{first}\n")
    assert applied(repo) == repo.git("rev-parse", "HEAD")
