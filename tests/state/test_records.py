"""What lasts from run to run: opt-outs for good, journals while something is left of them."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import app
from reconciler.model.consent import Channel
from reconciler.state.finished import KEPT, forget
from reconciler.state.folder import FINISHED, JOURNALS, journals
from reconciler.state.plans import read
from reconciler.state.unfinished import unfinished
from tests.harness import KEY, Killed, Shop, opened, person, quick_clock
from tests.program import run
from tests.registers import register_at

ADA = ("cus_aaaaaaaaaa", Channel.EMAIL)
BO = ("cus_bbbbbbbbbb", Channel.SMS)


def known_in(folder: Path) -> set[tuple[str, Channel]]:
    """Those of the two whom the register knows to have opted out themselves."""
    known = register_at(folder).known
    standings = {one: known.of_record(*one) for one in (ADA, BO)}
    return {one for one, found in standings.items() if found is not None and found.by_person}


def _journal(folder: Path, plan: str, *lines: dict[str, object]) -> Path:
    path = folder / JOURNALS / f"{plan}.shop.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"at": "2026-01-01T00:00:00+00:00", **one} for one in lines]
    path.write_text("".join(f"{json.dumps(one, separators=(',', ':'))}\n" for one in rows))
    return path


def _intended(customer: str, *channels: Channel) -> dict[str, object]:
    return {
        "event": "intended",
        "step": "s",
        "customer": customer,
        "said_no": list(channels),
        "out_by_person": list(channels),
    }


def _ended(state: str = "done") -> dict[str, object]:
    return {
        "event": "ended",
        "step": "s",
        "customer": "c",
        "state": state,
        "created": None,
        "fields": [],
        "collateral": [],
    }


OPENED = {"event": "opened", "steps": 1}
CLOSED = {"event": "closed", "finished": True}


def _unreadable(folder: Path) -> None:
    """Something else in the place of a journal that would be taken over."""
    path = _journal(folder, "p1", OPENED)
    path.unlink()
    path.mkdir()


def _damaged(folder: Path) -> None:
    (folder / "opt-outs").mkdir(parents=True)
    (folder / "opt-outs" / "shop.jsonl").write_text("{}\n")


@pytest.mark.parametrize("command", ["plan", "apply", "explain", "export"])
@pytest.mark.parametrize("harm", [_damaged, _unreadable])
def test_opt_outs_that_cannot_be_read_are_an_error_with_its_reason(
    shop: Shop, command: str, harm: Callable[[Path], None]
) -> None:
    shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
    harm(shop.environment.folder)
    words = {"apply": ["--yes"], "explain": ["ada@example.com"], "export": ["--store", "shop"]}
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}

    done = run(command, *words.get(command, []), "--specs", shop.specs, env=env)

    assert done.code == (0 if command == "export" and harm is _damaged else 1)
    assert "a fault of reconciler" not in done.everything
    assert not shop.box.writes


def test_what_journals_from_before_remember_is_taken_over_once(tmp_path: Path) -> None:
    done = _journal(tmp_path, "p1", OPENED, _intended(ADA[0], ADA[1]), _ended(), CLOSED)
    broken = _journal(tmp_path, "p2", OPENED, _intended(BO[0], BO[1]))

    assert known_in(tmp_path) == {ADA, BO}

    assert not done.exists()  # put away: plans have no more to do with it
    assert [one.plan for one in unfinished(tmp_path)] == ["p2"]
    _journal(tmp_path, "p3", OPENED, _intended("cus_cccccccccc", Channel.EMAIL))
    broken.unlink()
    assert known_in(tmp_path) == {ADA, BO}


def test_a_plan_on_a_disk_that_cannot_be_written_knows_them_all_the_same(tmp_path: Path) -> None:
    _journal(tmp_path, "p1", OPENED, _intended(ADA[0], ADA[1]), _ended(), CLOSED)
    (tmp_path / "opt-outs").write_text("in the way")

    for _ in range(2):
        assert known_in(tmp_path) == {ADA}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, "genstore", [person(), person("bo@example.com", phone=None)]) as shop:
        yield shop


def _change(shop: Shop, tag: str) -> dict[str, Any]:
    shop.want(
        {"email": "ada@example.com", "tags": {"add": [tag]}},
        {"email": "bo@example.com", "tags": {"add": [tag]}},
    )
    return shop.plan()


def test_plans_read_no_journal_of_applies_that_ended(shop: Shop) -> None:
    """Law: what a plan reads of the state folder does not grow with the number of applies."""
    folder = shop.environment.folder
    for number in range(3):
        assert shop.apply(_change(shop, f"t{number}")).complete

        assert journals(folder) == ()
        assert len(list((folder / FINISHED).iterdir())) == number + 1
        assert not (folder / "opt-outs").exists()


def test_a_journal_that_leaves_something_is_read_at_its_end_only(shop: Shop) -> None:
    body = _change(shop, "vip")
    with pytest.raises(Killed):
        shop.apply(body, dies_after=9)
    (one,) = unfinished(shop.environment.folder)
    assert one.rest.cut_off
    assert shop.apply(body, resume=True).complete
    assert list(unfinished(shop.environment.folder)) == []


def test_the_end_of_a_journal_tells_what_is_left_without_the_rest_of_it(tmp_path: Path) -> None:
    rest = {"resumable": True, "cut_off": False, "owing": True}
    path = _journal(tmp_path, "p", {**CLOSED, "finished": False, "rest": rest})
    path.write_text(f"what nobody can read\n{path.read_text()}")

    (one,) = unfinished(tmp_path)

    assert (one.rest.resumable, one.rest.cut_off, one.rest.owing) == (True, False, True)


def test_what_is_of_no_more_use_goes_and_what_is_not_known_stays(tmp_path: Path) -> None:
    now = quick_clock().now()
    old = (now - KEPT - timedelta(days=1)).timestamp()
    left = _journal(tmp_path, "left", OPENED, _ended("failed"), {**CLOSED, "finished": False})
    owing = _journal(tmp_path, "owing", OPENED, _intended(ADA[0]))
    fresh = _journal(tmp_path, "fresh", OPENED, _ended("failed"), {**CLOSED, "finished": False})
    gone = tmp_path / FINISHED / "gone.shop.jsonl"
    gone.parent.mkdir()
    gone.write_text("")
    copies = {name: tmp_path / "plans" / f"{name}.json" for name in ("left", "owing", "gone")}
    (tmp_path / "plans").mkdir()
    for path in copies.values():
        path.write_text("{}")
    for path in (left, owing, gone, *copies.values()):
        os.utime(path, (old, old))

    forget(tmp_path, now)

    assert [one.exists() for one in (left, owing, fresh, gone)] == [False, True, True, False]
    assert {name for name, path in copies.items() if path.exists()} == {"owing"}


def test_a_finished_plan_whose_trail_was_lost_is_gone_on_with_all_the_same(shop: Shop) -> None:
    body = _change(shop, "vip")
    assert shop.apply(body).complete
    (shop.environment.folder / "audit" / "shop.jsonl").unlink()

    assert shop.apply(body, resume=True).complete
    assert shop.plan()["changes"] == []


def test_a_program_that_embeds_the_use_cases_can_resume(shop: Shop) -> None:
    body = _change(shop, "vip")
    with pytest.raises(Killed):
        shop.apply(body, dies_after=9)
    kept = read(app.last_begun(shop.environment))

    assert kept == body
    assert shop.apply(kept, resume=True).complete
