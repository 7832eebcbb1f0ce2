"""Plans of several pull requests, merged in whatever way: each change is approved by itself."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import grant
from tests.history.repository import Repository, entry
from tests.history.requests import MERGES, applied, merged, requested


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with applied(tmp_path) as made:
        yield made


@pytest.mark.parametrize("how", MERGES)
def test_two_pull_requests_merged_one_after_the_other_both_apply(
    repo: Repository, how: str
) -> None:
    first = requested(repo, "first", ada={"first_name": "Eva"}, bob={"first_name": "Rob"})
    second = requested(repo, "second", cyd={"first_name": "Sid", "tags": ["vip"]})
    merged(repo, how, "first")
    merged(repo, how, "second")
    for plan in (first, second):
        done = repo.call("apply", "--base", "none", str(plan))
        assert done.code == 0, done.everything
    assert repo.shop.live("ada@example.com")["first_name"] == "Eva"
    assert repo.shop.live("cyd@example.com")["tags"] == ["vip"]
    repo.converge()
    _, body = repo.plan("applied")
    assert body["changes"] == []
    assert body["stores"][0]["applied"] == repo.git("rev-parse", "HEAD")


def test_what_moved_on_is_told_change_by_change(repo: Repository) -> None:
    first = requested(repo, "first", ada={"first_name": "Eva", "note": "n"})
    merged(repo, "merge", "first")
    second = requested(repo, "second", ada={"first_name": "Ada", "last_name": "King"})
    merged(repo, "merge", "second")
    done = repo.call("apply", "--base", "none", str(first), "--format", "json")
    assert done.code == 4
    step = json.loads(done.out)["stores"][0]["steps"][0]
    assert step["state"] == "skipped: no longer asked for"
    assert "asked for and not approved, left for the next plan: last_name" in step["noticed"]
    assert repo.shop.box.writes == 0
    done = repo.call("apply", "--base", "none", str(second))
    assert done.code == 0, done.everything
    assert repo.shop.live("ada@example.com")["last_name"] == "King"


def test_an_approved_grant_that_is_taken_back_in_the_files_is_not_given(repo: Repository) -> None:
    consent = {
        "email": {
            "state": "subscribed",
            "given_at": "2026-03-01T09:00:00+00:00",
            "source": "form",
            "method": "form_checkbox",
            "evidence": "f/1",
        }
    }
    first = requested(repo, "first", ada={"consent": consent})
    merged(repo, "merge", "first")
    repo.write("ada", customers=[entry("ada", consent={"email": "unsubscribed"})])
    repo.commit()
    done = repo.call("apply", "--base", "none", str(first))
    assert done.code == 4
    assert repo.shop.live("ada@example.com")["consent"]["email"]["state"] != "subscribed"
    assert repo.shop.box.writes == 0


def test_a_delete_that_is_taken_back_in_the_files_is_not_done(repo: Repository) -> None:
    first = requested(repo, "first", ada={"state": "absent", "reason": "asked to"})
    merged(repo, "merge", "first")
    repo.write("ada", customers=[entry("ada")])
    repo.commit()
    done = repo.call("apply", "--base", "none", str(first))
    assert done.code == 4
    assert "no longer asked for" in done.out
    assert repo.shop.live("ada@example.com")


def test_a_removal_planned_on_a_branch_is_applied_after_the_merge(repo: Repository) -> None:
    repo.write("ada", customers=[entry("ada", tags=["vip", "old"])])
    repo.commit()
    repo.converge()
    plan = requested(repo, "first", ada={"tags": {"add": ["vip"]}})
    merged(repo, "squash", "first")
    done = repo.call("apply", "--base", "none", str(plan))
    assert done.code == 0, done.everything
    assert repo.shop.live("ada@example.com")["tags"] == ["vip"]


@pytest.mark.parametrize("by", ["staff", "files"])
def test_an_opt_in_is_for_the_address_that_its_evidence_was_for(repo: Repository, by: str) -> None:
    number = repo.shop.live("ada@example.com")["id"]
    ada = entry("ada", id=number, first_name="Ada")
    repo.write("ada", customers=[ada])
    repo.commit()
    plan = requested(repo, "first", ada={"id": number, "consent": {"email": grant()}})
    merged(repo, "merge", "first")
    if by == "staff":
        repo.shop.box.edit(number, email="other@example.com")
    else:
        moved = entry("other", id=number, consent={"email": grant()})
        repo.write("ada", customers=[moved])
        repo.commit()
    done = repo.call("apply", "--base", "none", str(plan))
    assert done.code == 4, done.everything
    now = next(one for one in repo.shop.box.customers() if one["id"] == number)
    assert now["consent"]["email"]["state"] == "not_subscribed"


def test_an_opt_in_alone_does_not_go_to_the_address_that_it_is_not_for(repo: Repository) -> None:
    repo.write("ada", customers=[])
    moved = entry("new", previously={"email": "ada@example.com"}, consent={"email": grant()})
    repo.write("new", customers=[moved])
    repo.commit()
    repo.plan("none")
    assert repo.apply("--only", "grant").code == 4
    assert repo.shop.live("ada@example.com")["consent"]["email"]["state"] == "not_subscribed"
    assert repo.apply("--resume").code == 0
    assert repo.shop.live("new@example.com")["consent"]["email"]["state"] == "subscribed"


def test_a_plan_that_knew_of_an_older_apply_is_not_what_was_applied_completely(
    repo: Repository,
) -> None:
    plan = requested(repo, "first", ada={"first_name": "Eva"})
    repo.write("bob", customers=[entry("bob", first_name="Ada", tags={"add": ["vip"]})])
    repo.commit()
    repo.converge()
    repo.git("revert", "--no-edit", "HEAD")
    merged(repo, "squash", "first")  # now the files are those of the plan, which lacks the revert
    assert repo.call("apply", "--base", "none", str(plan)).code == 0
    repo.converge()
    assert repo.shop.live("bob@example.com")["tags"] == []


HOME = {"address1": "1 Main St", "city": "Ely", "country_code": "GB", "zip": "CB7"}
AWAY = {**HOME, "address1": "2 High St"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"first_name": "Eva"},
        {"note": None},
        {"tags": []},
        {"tags": ["vip", "new"]},
        {"addresses": [AWAY]},
        {"phone": "+8613315034488"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_the_files_have_taken_back_is_not_told_as_if_it_had_been_done(
    repo: Repository, wanted: dict[str, Any]
) -> None:
    had = {
        "first_name": "Ada",
        "note": "n",
        "tags": ["vip"],
        "addresses": [HOME],
        "phone": "+8613315034487",
    }
    repo.write("ada", customers=[entry("ada", **had)])
    repo.commit()
    repo.converge()
    plan = requested(repo, "first", ada={**had, **wanted})
    merged(repo, "merge", "first")
    repo.write("ada", customers=[entry("ada", **had)])
    repo.commit()
    done = repo.call("apply", "--base", "none", str(plan), "--format", "json")
    assert done.code == 4
    (step,) = json.loads(done.out)["stores"][0]["steps"]
    assert step["state"] == "skipped: no longer asked for"


@pytest.mark.parametrize("lost", ["nothing", "journals"])
def test_what_is_done_already_is_told_so_though_the_files_moved_on(
    repo: Repository, lost: str
) -> None:
    changed = {"first_name": "Eva", "tags": ["vip"], "addresses": [HOME]}
    plan = requested(repo, "first", ada=changed)
    merged(repo, "merge", "first")
    assert repo.call("apply", "--base", "none", str(plan)).code == 0
    if lost == "journals":
        shutil.rmtree(repo.shop.folder / ".reconciler" / "journals", ignore_errors=True)
    repo.write("ada", customers=[entry("ada", **{**changed, "last_name": "King"})])
    repo.commit()
    done = repo.call("apply", "--base", "none", str(plan), "--resume")
    assert done.code == 0, done.everything


def test_an_opt_in_does_not_go_to_whom_another_entry_names_by_the_time_of_the_apply(
    repo: Repository,
) -> None:
    repo.edit("ada@example.com", phone="+8613315034487")
    plan = requested(repo, "first", ada={"consent": {"email": grant()}})
    merged(repo, "merge", "first")
    out = {"phone": "+8613315034487", "consent": {"email": "unsubscribed"}}
    repo.write("legal", customers=[out])
    repo.commit()
    assert repo.call("apply", "--base", "none", str(plan)).code == 4
    assert repo.shop.live("ada@example.com")["consent"]["email"]["state"] == "not_subscribed"
