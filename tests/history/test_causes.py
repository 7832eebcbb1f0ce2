"""A pull request, an edit by hand and an older plan: each change says which of them it is from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.history.repository import Repository, entry, repository, told, totals

NAMES = ("ada", "bob", "cyd", "dan")


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path, NAMES) as made:
        made.write("people", customers=[entry(name, first_name="Ada") for name in NAMES])
        made.commit()
        yield made


def test_each_change_says_what_it_follows_from(repo: Repository) -> None:
    repo.converge()
    repo.write(
        "people",
        customers=[entry(n, first_name="Ada", note="first") for n in NAMES[:1]]
        + [entry(n, first_name="Ada") for n in NAMES[1:]],
    )
    repo.commit()  # merged, and never applied
    repo.edit("bob@example.com", first_name="Robert")
    repo.git("checkout", "-qb", "branch")
    repo.write(
        "people",
        customers=[entry(n, first_name="Ada", note="first") for n in NAMES[:1]]
        + [
            entry("bob", first_name="Ada"),
            entry("cyd", first_name="Cyd"),
            entry("dan", first_name="Ada"),
        ],
    )
    repo.commit()
    done, body = repo.plan("main")
    assert told(body) == [
        ("first_name", "drift"),
        ("first_name", "this change"),
        ("note", "left over"),
    ]
    assert totals(body) == {"this change": 1, "left over": 1, "drift": 1}
    assert "Causes, by customers: 1 this change, 1 left over, 1 drift." in done.out
    for asked, code in (("drift", 3), ("left-over", 3), ("hold", 0)):
        assert repo.plan("main", "--fail-on", asked)[0].code == code


def test_without_a_base_no_cause_is_told(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada", first_name="Eva")])
    repo.commit()
    _, body = repo.plan("none")
    assert [one["cause"] for one in body["changes"]] == [None]
    assert totals(body) == {}


def test_where_nothing_was_applied_yet_what_is_equal_is_not_in_sync(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada", first_name="Eva")])
    repo.commit()
    _, body = repo.plan("main")
    assert told(body) == [("first_name", "not in sync")]


def test_the_main_branch_is_compared_with_what_was_applied(repo: Repository) -> None:
    repo.converge()
    repo.edit("bob@example.com", first_name="Robert")
    done, body = repo.plan("applied", "--fail-on", "drift")
    assert told(body) == [("first_name", "drift")]
    assert done.code == 3
    repo.converge()
    assert repo.plan("applied", "--fail-on", "drift", "--detailed-exitcode")[0].code == 0


def test_a_claim_is_from_the_change_that_makes_it(repo: Repository) -> None:
    repo.shop.settings.update(ownership={"tag": "ours"})
    repo.shop.want()
    repo.commit()
    repo.converge()
    repo.git("checkout", "-qb", "branch")
    people = [entry(name, first_name="Ada") for name in NAMES[1:]]
    repo.write("people", customers=[entry("ada", first_name="Ada", claim=True), *people])
    repo.commit()
    _, body = repo.plan("main")
    assert told(body) == [("tags[ours]", "this change")]


def test_what_is_held_of_an_older_change_is_not_from_this_one(repo: Repository) -> None:
    repo.shop.settings.update(ownership={"foreign": ["app:*"]})
    repo.shop.want()
    repo.write("more", customers=[entry("ada", tags={"add": ["vip"]}), entry("bob")])
    repo.write("old", tags=[{"name": "old", "members": [entry("bob")]}])
    repo.commit()
    repo.converge()
    for name in ("ada", "bob"):
        repo.edit(f"{name}@example.com", tags=["vip", "old", "app:1"])
    repo.write("more", customers=[entry("ada")])
    repo.drop("old")
    repo.write("people", customers=[entry("cyd"), entry("dan")])
    repo.commit()  # merged, and never applied
    repo.git("checkout", "-qb", "branch")
    repo.write("people", customers=[entry("cyd", note="n"), entry("dan")])
    repo.commit()
    _, body = repo.plan("main", "--fail-on", "hold")
    assert [one["rule"] for one in body["verdicts"]] == ["ownership.foreign"] * 2
    assert [one.get("cause") for one in body["verdicts"]] == [None, None]


def test_where_no_trail_is_left_nothing_is_known_to_be_in_sync(repo: Repository) -> None:
    repo.edit("bob@example.com", first_name="Robert")
    _, body = repo.plan("applied")
    assert told(body) == [("first_name", "not in sync")]


@pytest.mark.parametrize(
    "job",
    [
        {"GITHUB_REF": "refs/pull/1/merge"},
        {"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": "event.json"},
        {"GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-1-c0ffee"},
        {"CI_MERGE_REQUEST_IID": "1"},
    ],
)
def test_what_is_only_proposed_was_not_applied_completely(
    repo: Repository, job: dict[str, str]
) -> None:
    event = repo.shop.folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 1, "head": {"sha": "c0" * 20}}}))
    if "GITHUB_EVENT_PATH" in job:
        job = {**job, "GITHUB_EVENT_PATH": str(event)}
    repo.plan("none")
    assert repo.call("apply", "--base", "none", str(repo.plan_file), **job).code == 0
    _, body = repo.plan("applied")
    assert body["stores"][0]["applied"] is None


def test_a_tag_that_becomes_ours_by_being_named_is_no_drift(repo: Repository) -> None:
    repo.write("more", customers=[entry("ada", tags=["vip"])])
    repo.commit()
    repo.converge()
    repo.edit("ada@example.com", tags=["vip", "old", "seen"])
    repo.write("other", customers=[entry("bob", tags={"add": ["old"]})])
    repo.commit()  # merged, and never applied
    _, body = repo.plan("main")
    assert told(body) == [("tags", "left over"), ("tags", "left over")]
    repo.git("checkout", "-qb", "branch")
    repo.write("other", customers=[entry("bob", tags={"add": ["old", "seen"]})])
    repo.commit()
    _, body = repo.plan("main")
    assert told(body) == [("tags", "this change"), ("tags", "this change")]


def test_a_tag_that_left_an_exact_list_earlier_is_left_over(repo: Repository) -> None:
    repo.write("more", customers=[entry("ada", tags=["vip", "old"])])
    repo.commit()
    repo.converge()
    repo.write("more", customers=[entry("ada", tags=["vip"])])
    repo.commit()  # merged, and never applied
    _, body = repo.plan("main")
    assert told(body) == [("tags", "left over")]


def test_each_metafield_has_the_cause_of_its_own(tmp_path: Path) -> None:
    def one(key: str, value: str) -> dict[str, str]:
        return {"namespace": "custom", "key": key, "type": "json", "value": value}

    with repository(tmp_path, ["ada"], "shopline") as repo:
        both = [one("stage", "1"), one("points", "1")]
        repo.write("people", customers=[entry("ada", metafields=both)])
        repo.commit()
        repo.converge()
        repo.edit("ada@example.com", extra={"metafields": [one("stage", "2"), one("points", "1")]})
        repo.git("checkout", "-qb", "branch")
        repo.write("people", customers=[entry("ada", metafields=[both[0], one("points", "3")])])
        repo.commit()
        _, body = repo.plan("main")
    assert told(body) == [
        ("metafields[custom.points]", "this change"),
        ("metafields[custom.stage]", "drift"),
    ]
