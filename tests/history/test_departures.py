"""What leaves the files: who is managed no more, which tags go, and what never rises."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import consent, verdicts
from tests.history.repository import Repository, entry, repository, told

NAMES = ("ada", "bob", "cyd", "dan")


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path, NAMES) as made:
        yield made


def tags_of(repo: Repository, name: str) -> list[str]:
    return sorted(repo.shop.live(f"{name}@example.com")["tags"])


def test_a_tag_that_leaves_an_entry_is_taken_off(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada", tags={"add": ["vip", "new"]}), entry("bob")])
    repo.commit()
    repo.converge()
    repo.git("checkout", "-qb", "branch")
    repo.write("people", customers=[entry("ada", tags={"add": ["new"]}), entry("bob")])
    repo.commit()
    _, body = repo.plan("main")
    assert told(body) == [("tags", "this change")]
    assert body["changes"][0]["fields"][0]["removed"] == ["vip"]
    assert repo.apply().code == 0
    assert tags_of(repo, "ada") == ["new"]


def test_members_and_documents_that_leave_take_their_tags_along(repo: Repository) -> None:
    people = [entry(name) for name in NAMES[:2]]
    repo.write("people", customers=people)
    repo.write("vip", tags=[{"name": "vip", "members": [entry("ada"), entry("bob"), entry("cyd")]}])
    repo.write("old", tags=[{"name": "old", "members": [entry("dan")]}])
    repo.commit()
    repo.converge()
    assert tags_of(repo, "cyd") == ["vip"]
    repo.write("vip", tags=[{"name": "vip", "members": [entry("ada")]}])
    repo.drop("old")
    repo.commit()
    repo.converge()  # against what was applied last
    assert [tags_of(repo, name) for name in NAMES] == [["vip"], [], [], []]


def test_a_removal_that_was_never_applied_is_not_forgotten(repo: Repository) -> None:
    repo.write("vip", tags=[{"name": "vip", "members": [entry("ada"), entry("bob")]}])
    repo.commit()
    repo.converge()
    repo.write("vip", tags=[{"name": "vip", "members": [entry("bob")]}])
    repo.commit()
    repo.write("people", customers=[entry("cyd")])
    repo.commit()
    _, body = repo.plan("main")
    assert told(body) == [("tags", "left over")]
    repo.converge()
    assert tags_of(repo, "ada") == []


def test_a_revert_reverts(repo: Repository) -> None:
    before = [entry("ada", first_name="Ada", tags={"add": ["old"]})]
    repo.write("people", customers=before)
    repo.commit()
    repo.converge()
    repo.write("people", customers=[entry("ada", first_name="Eva", tags={"add": ["vip"]})])
    repo.commit()
    repo.converge()
    assert tags_of(repo, "ada") == ["vip"]
    repo.git("revert", "--no-edit", "HEAD")
    repo.converge()
    assert tags_of(repo, "ada") == ["old"]
    assert repo.shop.live("ada@example.com")["first_name"] == "Ada"


def test_a_withdrawal_outlives_its_revert(repo: Repository) -> None:
    repo.edit("ada@example.com", consent={"email": consent("subscribed")})
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    repo.converge()
    repo.write("people", customers=[entry("ada", consent={"email": "unsubscribed"})])
    repo.commit()
    repo.converge()
    repo.git("revert", "--no-edit", "HEAD")
    _, body = repo.plan("none")
    assert body["changes"] == []
    live = repo.shop.live("ada@example.com")["consent"]["email"]
    assert live["state"] == "unsubscribed"


def test_a_customer_who_leaves_keeps_all_and_is_told_of(repo: Repository) -> None:
    repo.write("people", customers=[entry(name, tags=["vip"]) for name in NAMES])
    repo.commit()
    repo.converge()
    repo.git("checkout", "-qb", "branch")
    repo.write("people", customers=[entry(name, tags=["vip"]) for name in NAMES[:3]])
    repo.commit()
    done, body = repo.plan("main")
    assert body["changes"] == []
    assert [one["source"]["line"] > 1 for one in body["stores"][0]["departures"]] == [True]
    assert "1 customer is no longer managed" in done.out
    assert tags_of(repo, "dan") == ["vip"]


def test_what_only_moved_is_no_change(repo: Repository) -> None:
    people = [entry(name, tags=["vip"], first_name="Ada") for name in NAMES]
    repo.write("people", customers=people)
    repo.commit()
    repo.converge()
    repo.git("checkout", "-qb", "branch")
    repo.drop("people")
    repo.write("some", customers=people[2:])
    repo.write("others", customers=people[1::-1])
    repo.commit()
    done, body = repo.plan("main")
    assert body["changes"] == []
    assert body["stores"][0]["departures"] == []
    assert done.code == 0


def test_specs_that_shrank_block(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(60)]
    with repository(tmp_path, names) as repo:
        repo.write("people", customers=[entry(name) for name in names])
        repo.commit()
        repo.git("checkout", "-qb", "branch")
        repo.write("people", customers=[entry(name) for name in names[:39]])
        repo.commit()
        done, body = repo.plan("main")
        assert verdicts(body) == [("block", "spec.shrank")]
        assert "21 of 60 customers (35 %)" in done.out
        assert done.code == 3
        assert repo.plan("main", "--release", "spec.shrank")[0].code == 0


@pytest.mark.parametrize(
    ("after", "blocked"),
    [
        (None, True),
        ({"state": "absent"}, True),
        ({"protect": False}, False),
        ({}, False),
        ({"protect": False, "first_name": "Eva"}, True),
        ({"protect": True, "first_name": "Eva"}, False),
        ({"protect": False, "tags": ["vip"]}, True),
    ],
)
def test_a_protected_entry_does_not_just_leave(
    repo: Repository, after: dict[str, object] | None, *, blocked: bool
) -> None:
    repo.write("people", customers=[entry("ada", protect=True), entry("bob")])
    repo.commit()
    repo.git("checkout", "-qb", "branch")
    left = [] if after is None else [entry("ada", **after)]
    repo.write("people", customers=[*left, entry("bob")])
    repo.commit()
    done, body = repo.plan("main")
    assert (("block", "protect.removed") in verdicts(body)) is blocked
    assert done.code == (3 if blocked else 0)


def test_an_older_branch_does_not_get_round_a_protection(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada"), entry("bob")])
    repo.commit()
    repo.git("branch", "older")
    repo.write("people", customers=[entry("ada", protect=True), entry("bob")])
    repo.commit()
    repo.git("checkout", "-q", "older")
    repo.write("people", customers=[entry("bob")])
    repo.commit()
    _, body = repo.plan("main")
    assert verdicts(body) == [("block", "protect.removed")]


def test_what_left_while_there_was_one_store_is_known_once_there_are_two(repo: Repository) -> None:
    file = repo.shop.specs / "all.yaml"
    document = json.loads(file.read_text())
    del document["store"]
    file.write_text(json.dumps(document))
    people = [entry("ada", tags={"add": ["vip"]}), entry("bob")]
    (repo.shop.specs / "people.yaml").write_text(json.dumps({"customers": people}))
    repo.commit()
    repo.converge()
    document["stores"]["second"] = document["stores"]["shop"]
    file.write_text(json.dumps(document))
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    _, body = repo.plan("none", "--store", "shop")
    assert [one["removed"] for one in body["changes"][0]["fields"]] == [["vip"]]
    assert [len(one["departures"]) for one in body["stores"]] == [1]


def test_a_clone_that_lacks_what_was_applied_forgets_no_removal(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada", tags={"add": ["vip"]})])
    repo.commit()
    repo.converge()
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    whole = repo.shop.folder
    clone = whole.parent / "clone"
    repo.git("clone", "-q", "--depth=1", f"file://{whole}", str(clone))
    shutil.copytree(whole / ".reconciler", clone / ".reconciler")
    repo.shop.folder, repo.shop.specs = clone, clone / "specs"
    repo.converge()  # of what left the files nothing can be known here
    repo.git("fetch", "-q", "--unshallow")
    repo.converge()
    assert tags_of(repo, "ada") == []


def test_defaults_that_gave_no_tag_take_none_along(repo: Repository) -> None:
    defaults = {"tags": {"add": ["wholesale"]}}
    repo.write("people", customers=[entry("ada"), entry("bob")], defaults=defaults)
    repo.write("own", customers=[entry("ada", tags={"add": ["vip"]})])
    repo.commit()
    repo.converge()
    assert tags_of(repo, "ada") == ["vip"]
    repo.edit("ada@example.com", tags=["vip", "wholesale"])  # by somebody else
    repo.write("people", customers=[entry("ada"), entry("bob")])
    repo.commit()
    repo.converge()
    assert [tags_of(repo, name) for name in NAMES[:2]] == [["vip", "wholesale"], []]


def test_specs_whose_entries_are_cut_off_shrank_whatever_else_names_them(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(60)]
    with repository(tmp_path, names) as repo:
        repo.write("people", customers=[entry(name) for name in names])
        repo.write("vip", tags=[{"name": "vip", "members": [entry(name) for name in names]}])
        repo.commit()
        repo.git("checkout", "-qb", "branch")
        repo.write("people", customers=[entry(name) for name in names[:10]])
        repo.commit()
        done, body = repo.plan("main")
        assert ("block", "spec.shrank") in verdicts(body)
        assert "50 of 60 customers (83 %)" in done.out


def test_who_is_protected_is_not_taken_for_what_another_was_called(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada", protect=True), entry("bob")])
    repo.commit()
    repo.git("checkout", "-qb", "branch")
    taken = entry("bob", previously={"email": "ada@example.com"}, protect=True)
    repo.write("people", customers=[taken])
    repo.commit()
    _, body = repo.plan("main")
    assert ("block", "protect.removed") in verdicts(body)
    renamed = entry("new", previously={"email": "ada@example.com"}, protect=True)
    repo.write("people", customers=[renamed, entry("bob")])
    repo.commit()
    assert not repo.plan("main")[1]["summary"]["blocked"]


def test_a_base_with_a_broken_file_protects_all_the_same(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada", protect=True), entry("cyd", tags=["vip"])])
    repo.write("broken", customers=[entry("bob", first_nam="Bob")])
    repo.commit()
    repo.git("checkout", "-qb", "branch")
    repo.write("people", customers=[entry("cyd", first_name="Cyd")])
    repo.drop("broken")
    repo.commit()
    _, body = repo.plan("main")
    assert verdicts(body) == [("block", "protect.removed")]
    assert told(body) == [("first_name", "not in sync")]


def test_what_was_let_go_and_then_removed_does_not_block_the_main_branch(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada", protect=True), entry("bob")])
    repo.commit()
    repo.converge()
    for people in ([entry("ada", protect=False), entry("bob")], [entry("bob")]):
        repo.write("people", customers=people)
        repo.commit()  # each merged with its own plan, and neither applied
    repo.converge()
