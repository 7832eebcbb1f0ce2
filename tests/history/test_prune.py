"""Who leaves the files goes from the store only where the store says so, and only if it is ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import verdicts
from tests.history.repository import Repository, entry, repository, told

MARK = "managed-by-reconciler"


@pytest.fixture(params=["genstore", "shopline"])
def repo(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Repository]:
    with repository(tmp_path, ("ada", "stranger"), request.param) as made:
        made.shop.settings.update(ownership={"tag": MARK}, on_removed="delete")
        made.shop.want()
        made.write("people", customers=[entry("ada"), entry("new", tags=["vip"])])
        made.commit()
        made.converge()
        yield made


def emails(repo: Repository) -> list[str]:
    return sorted(one["email"].partition("@")[0] for one in repo.shop.box.customers())


def test_who_was_created_by_us_goes_with_its_entry(repo: Repository) -> None:
    assert sorted(repo.shop.live("new@example.com")["tags"]) == [MARK, "vip"]
    repo.write("people", customers=[])
    repo.commit()
    done, body = repo.plan("applied")
    assert told(body) == [("customer", "this change")]
    assert "delete the customer, reason: it left the files after" in done.out
    assert repo.apply().code == 0
    assert emails(repo) == ["ada", "stranger"]
    repo.converge()


def test_whose_mark_was_taken_off_by_hand_stays(repo: Repository) -> None:
    repo.edit("new@example.com", tags=["vip"])
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    _, body = repo.plan("none")
    assert body["changes"] == []
    assert len(body["stores"][0]["departures"]) == 1


def test_a_mark_that_is_taken_off_after_the_plan_stops_the_delete(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    repo.plan("none")
    repo.edit("new@example.com", tags=["vip"])
    done = repo.apply()
    assert done.code == 4
    assert "does not bear our mark any more" in done.out
    assert emails(repo) == ["ada", "new", "stranger"]


def test_orders_keep_a_customer_whom_nobody_asked_to_delete(repo: Repository) -> None:
    repo.edit("new@example.com", orders_count=1)
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    _, body = repo.plan("none")
    assert body["changes"] == []
    assert verdicts(body) == [("hold", "departed.has-orders")]


def test_an_entry_that_is_back_before_the_apply_keeps_its_customer(repo: Repository) -> None:
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    repo.plan("applied")
    repo.git("revert", "--no-edit", "HEAD")
    done = repo.apply()
    assert done.code == 4
    assert "no longer asked for" in done.out
    assert emails(repo) == ["ada", "new", "stranger"]


def test_deletes_of_who_left_have_their_ceiling(repo: Repository) -> None:
    repo.shop.settings["limits"] = {"delete": {"percent": 1, "at_least": 0, "at_most": 0}}
    repo.shop.want()
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    done, body = repo.plan("none")
    assert verdicts(body) == [("block", "ceiling.delete")]
    assert done.code == 3


def test_whom_another_entry_may_mean_is_not_deleted_with_its_former_entry(repo: Repository) -> None:
    repo.edit("new@example.com", phone="+8613315034487")
    renamed = {"email": "newer@example.com", "phone": "+8613315034487"}  # and no `previously`
    repo.write("people", customers=[entry("ada"), renamed])
    repo.commit()
    _, body = repo.plan("none")
    assert body["summary"]["delete"] == 0
    assert ("hold", "identity.disagrees") in verdicts(body)
    assert emails(repo) == ["ada", "new", "stranger"]


def test_whom_another_entry_names_by_the_time_of_the_apply_stays(repo: Repository) -> None:
    repo.edit("new@example.com", phone="+8613315034487")
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    _, body = repo.plan("none")
    assert body["summary"]["delete"] == 1
    repo.write("people", customers=[entry("ada"), {"phone": "+8613315034487"}])
    repo.commit()
    done = repo.apply()
    assert done.code == 4
    assert "another entry names the customer by now" in done.out
    assert emails(repo) == ["ada", "new", "stranger"]


def test_who_left_the_files_loses_a_tag_that_is_exact_too(repo: Repository) -> None:
    exact = [{"name": "vip", "exact": True, "members": [entry("ada")]}]
    repo.write("people", customers=[entry("ada"), entry("stranger")])
    repo.write("vip", tags=exact)
    repo.commit()
    repo.converge()
    repo.edit("stranger@example.com", tags=["vip"])
    repo.write("people", customers=[entry("ada")])
    repo.commit()
    repo.converge()
    assert repo.shop.live("stranger@example.com")["tags"] == []


def test_an_entry_that_left_before_what_else_named_its_customer_is_not_forgotten(
    repo: Repository,
) -> None:
    repo.write("vip", tags=[{"name": "vip", "members": [entry("ada"), entry("new")]}])
    repo.commit()
    repo.converge()
    repo.write("people", customers=[entry("ada")])
    repo.commit()  # merged, and never applied
    repo.git("checkout", "-qb", "branch")
    repo.write("vip", tags=[{"name": "vip", "members": [entry("ada")]}])
    repo.commit()
    for base in ("main", "none"):
        _, body = repo.plan(base)
        assert [one["action"] for one in body["changes"]] == ["delete"]
