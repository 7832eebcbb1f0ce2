"""What a long command says while it runs: nothing for a second, then how far it is."""

import time
from pathlib import Path

import pytest

from reconciler.app.watch import Stage, Watch
from reconciler.cli import progress
from reconciler.sandbox import Fault
from tests.harness import KEY, opened, person
from tests.terminal import at_terminal


def test_a_stage_tells_what_is_known() -> None:
    assert str(Stage("checking specs")) == "checking specs"
    assert str(Stage("reading acme", "customers", 1200)) == "reading acme: 1,200 customers"
    assert str(Stage("a", "customers", 3, 4500)) == "a: 3 of 4,500 customers"


def test_stages_come_and_go() -> None:
    watch = Watch()
    watch.at("a", "files", 1, 2)
    watch.at("b")
    watch.at("a", "files", 2, 2)
    watch.ended("b")
    watch.ended("c")

    assert watch.stages() == (Stage("a", "files", 2, 2),)


def test_without_a_terminal_a_line_comes_at_intervals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0.05)
    watch = Watch()
    watch.at("reading acme", "customers", 250, 1000)
    with progress.shown(watch, quiet=False):
        time.sleep(0.3)  # noqa: TID251 -- the thread beside runs in real time

    told = capsys.readouterr().err.splitlines()
    assert 2 <= len(told) <= 6
    assert set(told) == {"reading acme: 250 of 1,000 customers (0 s)"}
    with progress.shown(watch, quiet=True):
        time.sleep(0.1)  # noqa: TID251 -- the same
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("columns", [60, 80, 140])
@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_a_terminal_has_a_bar_that_fits_and_goes_away(
    tmp_path: Path, columns: int, term: str
) -> None:
    with opened(tmp_path, "shopline", [person(f"p{n}@example.com") for n in range(3)]) as shop:
        shop.want({"email": "p1@example.com", "tags": {"add": ["vip"]}})
        shop.box.fault(Fault("slow", path="customers", seconds=2.5))
        told, code = at_terminal(
            "plan",
            "--specs",
            shop.specs,
            "--read",
            "full",
            columns=columns,
            elsewhere="stdout",
            env={"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode(), "TERM": term},
        )
        assert code == 0

    if term == "dumb":
        assert "\x1b" not in told
        return
    assert "reading shop" in told
    after = told[told.rindex("\x1b[2K") :].replace("\x1b[2K", "").replace("\x1b[?25h", "")
    assert after.strip() == ""  # wiped, and nothing stands there since
    assert told.rindex("\x1b[?25h") > told.rindex("\x1b[?25l")  # and the cursor is back
