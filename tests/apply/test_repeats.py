"""Applying again, breaking off, and two at once: what is told, and that nothing is done twice."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.app.environment import shop_of
from reconciler.clock import Clock
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State
from reconciler.planfile.decode import decode
from reconciler.report import result as report
from reconciler.sandbox import Fault, Sandbox
from reconciler.state.lock import one_writer
from tests.harness import KEY, VARIANTS, Killed, Shop, consent, opened, person, quick_clock, states
from tests.program import Done, run

Json = dict[str, Any]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, "genstore", [person(), person("grace@example.com", phone=None)]) as shop:
        shop.want(
            {"email": "ada@example.com", "tags": {"add": ["vip"]}},
            {"email": "grace@example.com", "tags": {"add": ["vip"]}},
        )
        yield shop


def _environment(shop: Shop) -> dict[str, str]:
    return {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode(), "CI_COMMIT_SHA": "c0ffee"}


def _run(shop: Shop, *words: object) -> Done:
    places = ("--specs", shop.specs) if words[0] in ("plan", "apply") else ()
    return run(*words, *places, env=_environment(shop))


def _trail(shop: Shop) -> bytes:
    return (shop.folder / ".reconciler" / "audit" / "shop.jsonl").read_bytes()


@pytest.mark.parametrize("what", ["changes", "nothing"])
@pytest.mark.parametrize("which", ["named", "last"])
def test_a_resume_of_a_finished_plan_does_nothing_and_says_so(
    shop: Shop, what: str, which: str
) -> None:
    if what == "nothing":
        shop.want({"email": "ada@example.com"})
    plan = shop.folder / "plan.json"
    assert _run(shop, "plan", "--out", plan).code == 0
    assert _run(shop, "apply", plan, "--resume").code == 0
    before, asked = _trail(shop), len(shop.box.requests)

    done = _run(shop, "apply", *([plan] if which == "named" else []), "--resume")

    assert _trail(shop) == before
    assert len(shop.box.requests) == asked
    if which == "last":
        assert (done.code, "nothing to resume" in done.err) == (1, True)
        return
    assert done.code == 0
    assert "Nothing was left to do: this plan was applied completely at 20" in done.out
    told = json.loads(_run(shop, "apply", plan, "--resume", "--format", "json").out)
    assert (told["complete"], told["resume"]) == (True, None)
    assert told["applied_before"]


def test_a_finished_plan_is_told_as_one_when_it_has_expired(shop: Shop) -> None:
    from reconciler import app

    body = shop.plan()
    assert shop.apply(body).complete
    later = quick_clock()
    shop.clock = Clock(
        now=lambda: later.now() + timedelta(days=30), monotonic=later.monotonic, sleep=later.sleep
    )

    earlier = app.applied_before(decode(body), shop.environment)

    assert earlier is not None
    assert earlier.earlier is not None
    assert earlier.complete


def test_an_apply_of_a_part_is_not_the_whole(shop: Shop) -> None:
    from reconciler import app

    shop.want({"email": "ada@example.com", "first_name": "Mei", "tags": {"add": ["vip"]}})
    body = shop.plan()
    assert shop.apply(body, only=(RiskClass.TAG,)).complete

    assert app.applied_before(decode(body), shop.environment) is None
    assert shop.apply(body, resume=True).complete
    assert app.applied_before(decode(body), shop.environment) is not None


def test_going_on_is_offered_only_where_it_gets_further(shop: Shop) -> None:
    body = shop.plan()
    shop.want(
        {"email": "grace@example.com", "tags": {"add": ["vip"]}},
        {"email": "ada@example.com", "tags": {"add": ["vip"]}},
    )
    record = shop.box.customers()[0]
    shop.box.edit(record["id"], email="other@example.com")
    result = shop.apply(body)

    told = "".join(line.text for line in report.render(result, "RESUME", ()))
    assert State.STALE in states(result)
    assert "RESUME" not in told
    assert "Plan again" in told
    assert report.as_json(result, "RESUME", decode(body))["resume"] is None

    shop.reset([person(), person("grace@example.com", phone=None)])
    shop.box.fault(Fault("status", method="PUT", status=422, times=1))
    result = shop.apply(shop.plan())
    assert "RESUME" in "".join(line.text for line in report.render(result, "RESUME", ()))


def test_a_plan_tells_of_an_apply_that_is_running(shop: Shop) -> None:
    store = shop.state().stores[0]
    folder = shop.folder / ".reconciler"
    now = datetime.now(UTC)  # noqa: TID251 -- told as it is
    with one_writer(folder, "shop", shop_of(store, shop.environment), plan="abc123", since=now):
        done = _run(shop, "plan")
    after = _run(shop, "plan")

    when = now.isoformat(timespec="seconds")
    assert (
        "an apply is writing to the shop of store shop "
        f"(process {os.getpid()}), plan abc123, since {when}" in done.err
    )
    assert "is writing" not in after.err


@pytest.mark.parametrize("lines", [2, 4, 6])
def test_a_plan_and_another_apply_tell_of_one_that_was_cut_off(shop: Shop, lines: int) -> None:
    first, second = shop.folder / "first.json", shop.folder / "second.json"
    assert _run(shop, "plan", "--out", first).code == 0
    body = json.loads(first.read_text())
    kept = shop.folder / ".reconciler" / "plans" / f"{body['seal'][:16]}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(first, kept)
    with pytest.raises(Killed):
        shop.apply(body, dies_after=lines + 6)
    assert shop.journal()

    planned = _run(shop, "plan", "--out", second)
    other = _run(shop, "apply", second)

    for done in (planned, other):
        assert "was cut off" in done.err
        command = done.err.rpartition("end it first: reconciler ")[2].splitlines()[0]
        assert shlex.split(command)[:2] == ["apply", str(kept)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_create_whose_journal_is_lost_is_done_already(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant) as shop:
        shop.want({"email": "new@example.com", "first_name": "Mei", "tags": ["vip"]})
        body = shop.plan()
        assert shop.apply(body).complete
        for part in ("journals", "plans", "locks"):
            shutil.rmtree(shop.folder / ".reconciler" / part, ignore_errors=True)

        again = shop.apply(body)

        assert states(again) == [State.ALREADY]
        assert len(shop.box.customers()) == 1
        shutil.rmtree(shop.folder / ".reconciler" / "journals")
        shop.box.edit(shop.box.customers()[0]["id"], first_name="Somebody")
        assert states(shop.apply(body)) == [State.STALE]


def _process(shop: Shop, *words: object, **streams: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler", *map(str, words), "--specs", str(shop.specs)],
        env={**os.environ, **_environment(shop)},
        text=True,
        **streams,
    )


def test_a_second_interrupt_breaks_off_at_once_and_names_the_way_on(shop: Shop) -> None:
    plan = shop.folder / "plan.json"
    assert _run(shop, "plan", "--out", plan).code == 0
    shop.box.fault(Fault("slow", method="PUT", seconds=20, times=9))
    process = _process(shop, "apply", plan, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _until(lambda: any(one.method == "PUT" for one in shop.box.requests))
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)  # noqa: TID251 -- another process
    process.send_signal(signal.SIGINT)
    _, diagnostics = process.communicate(timeout=15)

    assert process.returncode == 130
    assert time.monotonic() - began < 10
    assert "again to break off" in diagnostics
    command = diagnostics.rpartition("go on with: reconciler ")[2].splitlines()[0]
    shop.box.clear_faults()
    done = run(*shlex.split(command), env=_environment(shop))
    assert done.code == 0, done.everything
    assert shop.plan()["changes"] == []


def _until(happened: Any) -> None:
    for _ in range(300):
        if happened():
            return
        time.sleep(0.05)  # noqa: TID251 -- another process
    raise AssertionError("it did not happen")


@pytest.mark.parametrize(
    "words", [["plan", "-v"], ["plan", "--format", "json"], ["validate", "--format", "json"]]
)
def test_whoever_reads_only_the_beginning_hears_no_complaint(shop: Shop, words: list[str]) -> None:
    shop.want(*({"email": f"p{n}@example.com", "first_name": "x" * 100} for n in range(2000)))
    if words[0] == "validate":
        shop.want(*({"email": f"p{n}@example.com", "unknown": 1} for n in range(2000)))
    reader, writer = os.pipe()
    process = _process(shop, *words, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    os.read(reader, 10)
    os.close(reader)
    _, diagnostics = process.communicate(timeout=60)

    assert "roken pipe" not in diagnostics
    assert "Traceback" not in diagnostics
    assert "Exception" not in diagnostics


def test_what_an_apply_of_one_class_left_of_a_write_is_done_by_the_resume(shop: Shop) -> None:
    shop.want({"email": "ada@example.com", "first_name": "Mei", "tags": {"add": ["vip"]}})
    body = shop.plan()
    assert shop.apply(body, only=(RiskClass.TAG,)).complete
    assert shop.live("ada@example.com")["first_name"] == "Ada"

    assert shop.apply(body, resume=True).complete

    assert shop.live("ada@example.com")["first_name"] == "Mei"
    told = [json.loads(line) for line in _trail(shop).splitlines()]
    steps = [[one["field"] for one in line["fields"]] for line in told if line["event"] == "step"]
    assert steps == [["tags"], ["first_name", "tags"]]


def test_what_only_leaves_is_told_and_can_be_carried_out(shop: Shop) -> None:
    shop.reset([person(consent={"email": consent("subscribed"), "sms": consent()})])
    shop.want(
        {"email": "ada@example.com", "tags": {"add": ["vip"]}, "consent": {"email": "unsubscribed"}}
    )
    plan = shop.folder / "plan.json"
    assert _run(shop, "plan", "--out", plan).code == 0

    done = _run(shop, "apply", plan, "--only", "tag")

    assert "Left by --only, though approved: 1 withdraw." in done.out
    assert "--resume" in done.out
    refused = _run(shop, "apply", plan)
    assert "continue it with --resume" in refused.err
    before = _trail(shop)
    again = _run(shop, "apply", plan, "--resume", "--only", "tag", "--format", "json")
    assert _trail(shop) == before
    assert [one["kind"] for one in json.loads(again.out)["left_by_only"]] == ["withdraw"]
    assert _run(shop, "apply", plan, "--resume").code == 0
    assert shop.plan()["changes"] == []


def test_hints_work_as_they_are_printed_and_a_running_apply_is_not_cut_off(shop: Shop) -> None:
    state, plan = shop.folder / "state", shop.folder / "plan.json"
    places = ("--specs", shop.specs, "--state-dir", state)
    planned = run("plan", *places, "--out", plan, env=_environment(shop))
    command = planned.err.rpartition("carry it out with: reconciler ")[2].splitlines()[0]
    shop.box.fault(Fault("slow", method="PUT", seconds=3, times=1))
    process = _process(shop, "apply", plan, "--state-dir", state, stdout=subprocess.DEVNULL)
    _until(lambda: any(one.method == "PUT" for one in shop.box.requests))
    beside = run("plan", *places, env=_environment(shop))
    process.kill()
    process.wait()
    after = run("plan", *places, env=_environment(shop))

    assert "is writing to the shop" in beside.err
    assert "was cut off" not in beside.err
    assert shlex.split(command) == ["apply", str(plan), *map(str, places)]
    going_on = after.err.rpartition("end it first: reconciler ")[2].splitlines()[0]
    assert run(*shlex.split(going_on), env=_environment(shop)).code == 0


def test_a_report_that_nobody_reads_changes_no_exit_code(shop: Shop) -> None:
    plan = shop.folder / "plan.json"
    assert _run(shop, "plan", "--out", plan).code == 0
    reader, writer = os.pipe()
    os.close(reader)
    process = _process(shop, "apply", plan, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    _, complaints = process.communicate(timeout=60)

    assert (process.returncode, complaints) == (0, "")


def test_a_damaged_trail_is_no_fault_of_ours(shop: Shop) -> None:
    plan = shop.folder / "plan.json"
    assert _run(shop, "plan", "--out", plan).code == 0
    assert _run(shop, "apply", plan).code == 0
    path = shop.folder / ".reconciler" / "audit" / "shop.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for change in ({"at": "yesterday"}, {"at": None}):
        path.write_text("".join(json.dumps({**one, **change}) + "\n" for one in rows))
        assert _run(shop, "apply", plan, "--resume").code != 70


def test_the_first_interrupt_of_a_plan_is_heard_at_once(shop: Shop) -> None:
    shop.box.fault(Fault("slow", path="customers", seconds=4, times=9))
    process = _process(shop, "plan", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _until(lambda: bool(shop.box.requests))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    began = time.monotonic()
    assert process.stderr.readline() == "\n"
    assert "again to break off" in process.stderr.readline()
    assert time.monotonic() - began < 2
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=3) == 130
    process.stderr.close()


def test_what_earlier_runs_did_is_not_left(shop: Shop) -> None:
    shop.reset([person(consent={"email": consent("subscribed"), "sms": consent()})])
    shop.want(
        {
            "email": "ada@example.com",
            "first_name": "Mei",
            "tags": {"add": ["vip"]},
            "consent": {"email": "unsubscribed"},
        }
    )
    plan = shop.folder / "plan.json"
    assert _run(shop, "plan", "--out", plan).code == 0
    _run(shop, "apply", plan, "--only", "withdraw")
    going_on = _run(shop, "apply", "--resume", "--only", "tag")  # finds the plan by itself
    assert "Left by --only, though approved: 1 update." in going_on.out
    last = _run(shop, "apply", plan, "--resume", "--only", "profile", "--format", "json")

    assert json.loads(last.out)["left_by_only"] == []
    assert "Left by" not in _run(shop, "apply", plan, "--resume", "--only", "tag").out
    assert shop.plan()["changes"] == []


class _Newcomer:
    """Somebody who opts out before the first request that comes after they were made."""

    def __init__(self) -> None:
        self.acted = False

    def act(self, box: Sandbox) -> None:
        for one in box.customers() if not self.acted else ():
            box.person(one["id"], "email", "unsubscribed")
            self.acted = True


def _carry_out(shop: Shop, body: Json, how: str) -> None:
    """A create that reached the store, and whose answer did not reach the journal, or did."""
    if how == "answered":
        shop.apply(body)
        return
    if how == "lost":
        shop.box.fault(Fault("drop_after", method="POST", path=r"customers(\.json)?$"))
        shop.apply(body)
        return
    for dies_after in range(4, 12):
        with suppress(Killed):
            shop.apply(body, resume=True, dies_after=dies_after)
        if shop.box.customers():
            return
    raise AssertionError("no customer was made before the apply was killed")


HIDING = [
    *(
        ("genstore", {"protected": protected, "search_scope": searches})
        for protected in ("absent", "null", "masked")
        for searches in ("yes", "403")
    ),
    *((variant, {"masked": "all"}) for variant in VARIANTS if variant != "genstore"),
    *((variant, {}) for variant in VARIANTS),
]


@pytest.mark.parametrize("how", ["lost", "killed"])
@pytest.mark.parametrize(("variant", "hiding"), HIDING)
def test_a_create_whose_answer_was_lost_is_never_made_twice(
    tmp_path: Path, variant: str, hiding: dict[str, str], how: str
) -> None:
    """Whatever the store shows of the one who was made."""
    with opened(tmp_path, variant, [], {**hiding, "duplicates": "accepted"}) as shop:
        shop.want({"email": "ada@example.com", "first_name": "Ada"})
        body = shop.plan()
        _carry_out(shop, body, how)

        told = shop.apply(body, resume=True)

        assert len(shop.box.customers()) == 1
        assert told.complete == (not hiding)


@pytest.mark.parametrize("how", ["answered", "lost", "killed"])
@pytest.mark.parametrize(
    ("variant", "words"),
    [
        *(
            ("genstore", {"unsubscribed_word": word})
            for word in ("UN_SUBSCRIBED", "UNSUBSCRIBED", "NOT_SUBSCRIBED")
        ),
        *((variant, {}) for variant in VARIANTS if variant != "genstore"),
    ],
)
def test_an_opt_out_between_a_create_and_reading_it_is_not_granted_over(
    tmp_path: Path, variant: str, words: dict[str, str], how: str
) -> None:
    proof = {
        "state": "subscribed",
        "level": "confirmed",
        "source": "checkout",
        "given_at": "2026-08-01T00:00:00+00:00",
    }
    newcomer = _Newcomer()
    with opened(tmp_path, variant, [], {**words, "duplicates": "accepted"}) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": proof}})
        body = shop.plan()
        shop.box.fault(Fault("edit_before", edit=newcomer.act, times=1000))
        _carry_out(shop, body, how)

        told = shop.apply(body, resume=True)

        assert newcomer.acted
        assert shop.box.customers()[0]["consent"]["email"]["state"] == "unsubscribed"
        assert not told.complete
