"""A plan for some customers only: it says so, costs look-ups for those alone, and prunes nobody."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import grant, verdicts
from tests.history.repository import Repository, entry, repository, told

NAMES = tuple(f"c{number:03}" for number in range(300))


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path, NAMES) as made:
        made.shop.settings.update(ownership={"tag": "ours"}, on_removed="delete")
        made.shop.want()
        made.write("people", customers=[entry(name, first_name="Ada") for name in NAMES])
        made.write("some", tags=[{"name": "vip", "members": [entry("c001"), entry("c002")]}])
        made.commit()
        made.converge()
        yield made


def test_the_everyday_pull_request_costs_look_ups_for_those_it_changes(repo: Repository) -> None:
    repo.edit("c009@example.com", first_name="Nobody's business")
    repo.git("checkout", "-qb", "branch")
    people = [entry(name, first_name="Ada") for name in NAMES]
    people[7] = entry("c007", first_name="Eva")
    repo.write("people", customers=people)
    repo.write("some", tags=[{"name": "vip", "members": [entry("c001")]}])
    repo.commit()
    done, body = repo.plan("main", "--changed", "--read", "lookup")
    assert told(body) == [("first_name", "this change"), ("tags", "this change")]
    assert body["stores"][0]["receipt"]["requests"] < 10
    assert "PARTIAL plan, only for: changed since the base" in done.out
    assert repo.apply().code == 0
    assert repo.shop.live("c007@example.com")["first_name"] == "Eva"
    assert repo.shop.live("c002@example.com")["tags"] == []
    _, body = repo.plan("applied")
    assert body["stores"][0]["applied"] == repo.git("rev-parse", "main")  # no partial plan counts


def test_what_is_changed_for_nobody_plans_nothing(repo: Repository) -> None:
    repo.edit("c009@example.com", first_name="Nobody's business")
    done, body = repo.plan("main", "--changed")
    assert body["changes"] == []
    assert "nobody else was looked at.\nNo changes." in done.out


def test_a_partial_plan_prunes_nobody(repo: Repository) -> None:
    repo.edit("c000@example.com", tags=["ours"])
    repo.git("checkout", "-qb", "branch")
    repo.write("people", customers=[entry(name, first_name="Ada") for name in NAMES[1:]])
    repo.commit()
    for scope in (["--changed"], ["--tag", "vip"]):
        _, body = repo.plan("main", *scope)
        assert body["summary"]["delete"] == 0
    _, body = repo.plan("main")
    assert body["summary"]["delete"] == 1


def test_a_tag_limits_a_plan_to_those_who_name_it(repo: Repository) -> None:
    for name in ("c001", "c009"):
        repo.edit(f"{name}@example.com", first_name="Other")
    _, body = repo.plan("main", "--tag", "vip")
    assert told(body) == [("first_name", "drift")]
    assert body["options"]["scope"] == ["tag vip"]


@pytest.mark.parametrize("by", ["alias", "stdin"])
def test_one_customer_is_planned_alone(
    repo: Repository, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("c001", "c009"):
        repo.edit(f"{name}@example.com", first_name="Other")
    _, body = repo.plan("main")
    wanted = sorted(body["changes"], key=lambda one: one["source"]["line"])[0]
    monkeypatch.setattr(sys, "stdin", io.StringIO("c001@example.com\n"))
    _, body = repo.plan("main", "--customer", "-" if by == "stdin" else wanted["customer"])
    assert [one["customer"] for one in body["changes"]] == [wanted["customer"]]
    assert "c001" not in str(body["options"])


def test_a_contact_on_the_command_line_is_refused(repo: Repository) -> None:
    done, _ = repo.plan("main", "--customer", "c001@example.com")
    assert done.code == 64
    assert "c001" not in done.everything


def test_somebody_whom_no_entry_names_is_told(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("stranger@example.com\n"))
    done, _ = repo.plan("main", "--customer", "-")
    assert done.code == 1
    assert "stranger" not in done.everything


def test_changed_needs_something_to_compare_with(repo: Repository) -> None:
    assert repo.plan("none", "--changed")[0].code == 64


@pytest.mark.parametrize("scope", [["--changed"], ["--tag", "vip"]])
def test_whom_another_entry_means_too_is_held_whoever_was_chosen(
    repo: Repository, scope: list[str]
) -> None:
    repo.edit("c001@example.com", phone="+8613315034487")
    opt_out = {"phone": "+8613315034487", "consent": {"email": "unsubscribed"}}
    repo.write("legal", customers=[opt_out])
    repo.commit()
    repo.git("checkout", "-qb", "branch")
    people = [entry(name, first_name="Ada") for name in NAMES]
    people[1] = entry("c001", consent={"email": grant()})
    repo.write("people", customers=people)
    repo.commit()
    _, body = repo.plan("main", *scope)
    assert body["summary"]["classes"]["grant"] == 0
    assert ("hold", "identity.same-person") in verdicts(body)


def test_where_the_base_is_not_known_everybody_may_have_changed(repo: Repository) -> None:
    (repo.shop.folder / ".reconciler" / "audit" / "shop.jsonl").unlink()
    repo.edit("c009@example.com", first_name="Other")
    _, body = repo.plan("applied", "--changed")
    assert told(body) == [("first_name", "not in sync")]


def test_a_document_that_asks_something_of_bearers_changes_their_entries(repo: Repository) -> None:
    repo.write("gold", customers=[entry("c003", tags={"add": ["gold"]})])
    repo.write("silver", tags=[{"name": "silver", "members": [entry("c004")]}])
    repo.commit()
    repo.converge()
    repo.edit("c003@example.com", tags=["gold", "silver"])
    repo.git("checkout", "-qb", "branch")
    repo.write("groups", tags=[{"one_of": ["gold", "silver"]}])
    repo.commit()
    _, body = repo.plan("main", "--changed")
    assert told(body) == [("tags", "this change")]


def test_an_alias_that_nobody_has_is_told(repo: Repository) -> None:
    done, _ = repo.plan("main", "--customer", "cus_aaaaaaaaaa")
    assert done.code == 1
    assert "nobody whom the specs name has the alias cus_aaaaaaaaaa" in done.err


def test_an_alias_of_somebody_who_is_as_wanted_is_known(repo: Repository) -> None:
    repo.edit("c009@example.com", first_name="Other")
    _, body = repo.plan("main")
    repo.edit("c009@example.com", first_name="Ada")
    done, body = repo.plan("main", "--customer", body["changes"][0]["customer"])
    assert done.code == 0, done.everything
    assert body["changes"] == []
