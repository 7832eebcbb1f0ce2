"""Plans that a queue hands over again and again: carried out once, or refused once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.planfile.decode import decode as saved
from reconciler.sandbox.faults import Fault
from tests.history.repository import Repository, entry
from tests.history.requests import applied, merged, requested
from tests.program import Done


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with applied(tmp_path) as made:
        yield made


def handed(repo: Repository, plan: Path, **env: str) -> Done:
    return repo.call("apply", "--base", "none", str(plan), "--once", **env)


def trail(repo: Repository) -> str:
    assert repo.call("audit", "verify").code == 0
    return repo.call("audit", "log").out


def named(plan: Path) -> str:
    return saved(json.loads(plan.read_text())).id


def settings(repo: Repository, **limits: object) -> None:
    repo.shop.settings["limits"] = limits
    repo.shop.want()


def test_a_plan_that_the_trail_has_is_not_begun_again(repo: Repository) -> None:
    plan = requested(repo, "first", ada={"first_name": "Eva"})
    merged(repo, "squash", "first")
    assert handed(repo, plan).code == 0
    lines = trail(repo)
    again = handed(repo, plan)
    assert (again.code, again.out) == (0, f"Plan {named(plan)} is applied.\n")
    assert trail(repo) == lines


def test_a_plan_without_changes_is_noted_once(repo: Repository) -> None:
    plan = requested(repo, "first", ada={"first_name": "Ada", "tags": []})
    merged(repo, "merge", "first")
    assert handed(repo, plan).code == 0
    lines = trail(repo)
    assert handed(repo, plan).out.endswith(" is applied.\n")
    assert trail(repo) == lines


def test_a_refused_plan_is_noted_with_its_reason_and_not_tried_again(repo: Repository) -> None:
    plan = requested(repo, "first", ada={"first_name": "Eva"})
    merged(repo, "merge", "first")
    settings(repo, create={"percent": 1, "at_least": 1, "at_most": 7})
    done = handed(repo, plan, RECONCILER_APPROVERS="grace")
    assert done.code == 5, done.everything
    lines = trail(repo)
    refused = re.findall(r"plan (\w+) refused: (.*)", lines)
    assert [one for one, _ in refused] == [named(plan)]
    assert "stores or policy have changed" in refused[0][1]
    assert "approved by grace" in refused[0][1]
    again = handed(repo, plan)
    assert again.code == 0
    assert "was refused at" in again.out
    assert "stores or policy have changed" in again.out
    assert trail(repo) == lines
    assert repo.shop.live("ada@example.com")["first_name"] == "Ada"


def test_a_blocked_plan_is_refused_for_good(repo: Repository) -> None:
    settings(repo, profile={"percent": 0, "at_least": 0, "at_most": 0})
    repo.commit()
    repo.converge()
    repo.git("checkout", "-qb", "first")
    repo.write("ada", customers=[entry("ada", first_name="Eva")])
    repo.commit()
    assert repo.plan("main")[0].code == 3
    repo.git("checkout", "-q", "main")
    merged(repo, "merge", "first")
    assert handed(repo, repo.plan_file).code == 3
    assert "refused: the plan is blocked for shop" in trail(repo)
    assert handed(repo, repo.plan_file).code == 0
    assert repo.shop.live("ada@example.com")["first_name"] == "Ada"


def test_a_store_that_is_away_refuses_nothing(repo: Repository) -> None:
    plan = requested(repo, "first", ada={"first_name": "Eva"})
    merged(repo, "merge", "first")
    repo.shop.box.fault(Fault("status", status=403, times=50))
    assert handed(repo, plan).code in (1, 4)
    repo.shop.box.faults.clear()
    assert "refused" not in trail(repo)
    assert handed(repo, plan).code == 0
    assert repo.shop.live("ada@example.com")["first_name"] == "Eva"


def test_what_was_cut_off_is_gone_on_with(repo: Repository) -> None:
    plan = requested(repo, "first", ada={"first_name": "Eva"}, bob={"first_name": "Rob"})
    merged(repo, "merge", "first")
    assert repo.call("apply", "--base", "none", str(plan), "--only", "tag").code == 0
    assert handed(repo, plan).code == 0
    assert repo.shop.live("bob@example.com")["first_name"] == "Rob"


def test_what_could_not_be_done_is_not_tried_for_ever(repo: Repository) -> None:
    plan = requested(repo, "first", ada={"first_name": "Eva"})
    merged(repo, "merge", "first")
    repo.edit("ada@example.com", first_name="Zoe")
    assert handed(repo, plan).code == 4
    lines = trail(repo)
    again = handed(repo, plan)
    assert again.code == 0
    assert "as far as it could be" in again.out
    assert trail(repo) == lines


@pytest.mark.parametrize("words", [("--once",), ("plan.json", "--once", "--only", "tag")])
def test_only_all_of_a_plan_is_handed_over(repo: Repository, words: tuple[str, ...]) -> None:
    assert repo.call("apply", "--base", "none", *words).code == 64


def test_a_line_that_nobody_sealed_refuses_no_plan(repo: Repository) -> None:
    """Whoever can write the kept trail could have what was reviewed dropped, and nothing fails."""
    plan = requested(repo, "first", ada={"first_name": "Eva"})
    merged(repo, "merge", "first")
    path = repo.shop.folder / ".reconciler/audit/shop.jsonl"
    line = json.loads(path.read_text().splitlines()[-1])
    line |= {"number": line["number"] + 1, "event": "refused", "plan": named(plan), "why": "no"}
    with path.open("a") as file:
        file.write(f"{json.dumps(line, separators=(',', ':'))}\n")
    done = handed(repo, plan)
    assert done.code == 1
    assert "sealed with another key" in done.everything
