"""Marks and tags as documents beside what earlier revisions said."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.history.repository import Repository, entry, repository, told

MARK = "managed-by-us"


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path, ("ada", "bob")) as made:
        yield made


def settle(repo: Repository, **settings: Any) -> None:
    repo.shop.settings |= settings
    repo.shop.want()
    repo.commit()


def tags_of(repo: Repository, name: str) -> list[str]:
    return sorted(repo.shop.live(f"{name}@example.com")["tags"])


def test_a_claim_that_a_pull_request_brings_is_its_change(repo: Repository) -> None:
    settle(repo, ownership={"tag": MARK})
    repo.write("people", customers=[entry("ada"), entry("bob", claim=True)])
    repo.commit()
    repo.converge()
    repo.git("checkout", "-qb", "branch")
    repo.write("people", customers=[entry("ada", claim=True), entry("bob", claim=True)])
    repo.commit()
    repo.edit("bob@example.com", tags=[])
    _, body = repo.plan("main")

    assert told(body) == [(f"tags[{MARK}]", "drift"), (f"tags[{MARK}]", "this change")]


def test_a_hold_of_a_claim_that_a_pull_request_brings_is_its_change(repo: Repository) -> None:
    settle(repo, ownership={"tag": MARK, "foreign": ["managed-by-*"]})
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    repo.converge()
    repo.edit("ada@example.com", tags=["managed-by-them"])
    repo.git("checkout", "-qb", "branch")
    repo.write("people", customers=[entry("ada", claim=True)])
    repo.commit()
    _, body = repo.plan("main")

    (verdict,) = (one for one in body["verdicts"] if one["rule"] == "ownership.foreign")
    assert verdict["cause"] == "this change"


def test_a_tag_that_has_become_our_mark_is_not_taken_off(repo: Repository) -> None:
    """The entries named it before there were marks, and may name it no more."""
    repo.write("people", customers=[entry("ada", tags={"add": [MARK, "vip"]})])
    repo.commit()
    repo.converge()
    repo.write("people", customers=[entry("ada", tags={"add": ["vip"]})])
    settle(repo, ownership={"tag": MARK})
    repo.converge()

    assert tags_of(repo, "ada") == [MARK, "vip"]


def test_a_membership_that_has_ended_is_no_drift(repo: Repository) -> None:
    until = (repo.shop.environment.clock.now() + timedelta(days=-1)).isoformat(timespec="seconds")
    repo.write("vip", tags=[{"name": "vip", "members": [{**entry("ada"), "until": until}]}])
    repo.commit()
    repo.converge()
    repo.edit("ada@example.com", tags=["vip"])  # as it was before the end
    _, body = repo.plan("applied")

    assert told(body) == [("tags", "left over")]


def test_a_mark_of_others_that_comes_before_a_claim_is_told_as_what_it_is(repo: Repository) -> None:
    settle(repo, ownership={"tag": MARK, "foreign": ["managed-by-*"]})
    repo.write("people", customers=[entry("ada", claim=True)])
    repo.commit()
    repo.plan("none")
    repo.edit("ada@example.com", tags=["managed-by-them"])
    done = repo.apply()

    assert "no longer asked for" not in done.everything
    assert done.code == 4
    repo.edit("ada@example.com", tags=[])
    repo.plan("none")
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    done = repo.apply()
    assert "no longer asked for" in done.everything
    assert tags_of(repo, "ada") == []
