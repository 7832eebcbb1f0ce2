"""Ctrl-C in a large apply: what comes after it is counted, in requests, syncs and lines."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest

from reconciler import app
from reconciler.apply.cancellation import Cancellation
from reconciler.plan.outcome import ApplyResult, State, StepOutcome
from reconciler.planfile.approve import approve
from reconciler.planfile.decode import decode
from reconciler.planfile.saved import SavedPlan
from reconciler.sandbox import Fault
from reconciler.state.chain import lines
from tests.harness import Killed, Shop, opened, person, states

THREADS = 8
FEW = 40


@dataclass(slots=True)
class After:
    """What was done from the interrupt on."""

    syncs: int = 0
    requests: int = 0


def _planned(shop: Shop, size: int) -> SavedPlan:
    emails = [f"c{number}@example.com" for number in range(size)]
    shop.reset([person(email) for email in emails])
    shop.want(*({"email": email, "tags": {"add": ["vip"]}} for email in emails))
    return decode(shop.plan())


def _applied(
    shop: Shop, plan: SavedPlan, control: Cancellation, progress: Callable[[StepOutcome], None]
) -> ApplyResult:
    order = app.ApplyRequest(
        plan=plan,
        commitment=approve(plan),
        state=shop.state(),
        only=(),
        environment=shop.environment,
        pseudonyms=shop.pseudonyms,
        control=control,
        progress=progress,
    )
    return app.apply(order)


def _interrupted(shop: Shop, size: int, monkeypatch: pytest.MonkeyPatch) -> After:
    """Of so many changes, in the first moments."""
    control, after, really = Cancellation(), After(), os.fsync
    plan = _planned(shop, size)

    def fsync(file: int) -> None:
        after.syncs += control.interrupted.is_set()
        really(file)

    def progress(outcome: StepOutcome) -> None:
        del outcome
        if not control.interrupted.is_set():
            after.requests = len(shop.box.requests)
            control.interrupted.set()

    monkeypatch.setattr(os, "fsync", fsync)
    result = _applied(shop, plan, control, progress)
    monkeypatch.undo()

    assert result.interrupted
    trail = [one for one in lines(shop.folder / ".reconciler/audit/shop.jsonl") if one]
    assert [trail[0]["event"], trail[-1]["event"]] == ["began", "ended"]
    told = [one["step"] for one in trail if one["event"] == "step"]
    left = [one["steps"] for one in trail if one["event"] == "left"]
    assert len({*told, *chain.from_iterable(left)}) == len(told) + sum(map(len, left)) == size
    assert len(trail) <= FEW + 2 * THREADS
    assert states(result).count(State.NOT_REACHED) >= size - 2 * THREADS
    after.requests = len(shop.box.requests) - after.requests
    return after


@pytest.mark.parametrize("platform", ["genstore", "shoplazza"])
def test_what_an_interrupt_costs_does_not_grow_with_what_is_left(
    tmp_path: Path, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, platform) as shop:
        for size in (50, 400):
            after = _interrupted(shop, size, monkeypatch)

            assert after.syncs <= FEW
            assert after.requests <= FEW


def test_what_was_interrupted_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, "genstore") as shop:
        _interrupted(shop, 30, monkeypatch)
        kept = json.loads(app.last_begun(shop.environment).read_text(encoding="utf-8"))

        assert shop.apply(kept, resume=True).complete
        assert all(one["tags"] == ["vip"] for one in shop.box.customers())


def test_a_resume_reads_its_journal_once(tmp_path: Path) -> None:
    """Beside that its first line, whether its last one is whole, and what it says at its end."""
    opened_to_read: list[Path] = []
    looking = False

    def hook(event: str, told: tuple[object, ...]) -> None:
        if looking and event == "open" and told[1] == "r" and "/journals/" in str(told[0]):
            opened_to_read.append(Path(str(told[0])))

    sys.addaudithook(hook)
    with opened(tmp_path, "genstore") as shop:
        emails = [f"c{number}@example.com" for number in range(40)]
        shop.reset([person(email) for email in emails])
        shop.want(*({"email": email, "tags": {"add": ["vip"]}} for email in emails))
        body = shop.plan()
        with pytest.raises(Killed):
            shop.apply(body, dies_after=30)
        shop.plan()  # the register takes over what journals from before remember
        looking = True
        try:
            assert shop.apply(body, resume=True).complete
        finally:
            looking = False

    assert len(set(opened_to_read)) == 1
    assert len(opened_to_read) <= 4


def test_ctrl_c_is_heard_whichever_thread_catches_it(tmp_path: Path) -> None:
    control = Cancellation()
    before = signal.signal(signal.SIGINT, lambda *_: control.interrupted.set())
    sent: list[int] = []

    def progress(outcome: StepOutcome) -> None:
        del outcome
        if not sent:
            sent.append(threading.get_ident())
            signal.pthread_kill(sent[0], signal.SIGINT)

    try:
        with opened(tmp_path, "genstore") as shop:
            plan = _planned(shop, 200)
            shop.box.fault(Fault("slow", times=10**6, seconds=0.1))
            result = _applied(shop, plan, control, progress)
    finally:
        signal.signal(signal.SIGINT, before)

    assert result.interrupted
    assert states(result).count(State.NOT_REACHED) > 0
