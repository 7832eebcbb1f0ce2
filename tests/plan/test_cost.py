"""What a plan asks of a store, and of the machine it runs on."""

import json
from pathlib import Path

import pytest

from benchmarks import process
from benchmarks.crowd import Crowd
from benchmarks.data import PAGE
from benchmarks.scene import scene

# MiB: the 291 to 314 that 100,000 customers took when this was measured last, and a fifth more. The
# target is 300, and the table of the README says where it is.
MOST = 375


def test_a_plan_of_2500_asks_for_each_page_once_and_twice_for_the_end(tmp_path: Path) -> None:
    with scene(2_500, tmp_path, tmp_path / "home") as at:
        case = at.plan()
        case.before()
        process.cost(case.command, env=case.env)
        asked = at.served.asked()
        body = json.loads((tmp_path / "home/out/plan.json").read_bytes())

    live = sum(
        1 for number in range(Crowd(size=2_500).numbers) if Crowd(size=2_500).is_live(number)
    )
    pages = -(-live // PAGE)
    end = 2 if live % PAGE == 0 else 1  # an empty page after full ones is asked for again
    assert asked == {"list": pages + end}
    assert body["stores"][0]["receipt"]["requests"] == pages + end
    assert body["summary"]["create"] == 2
    assert body["summary"]["update"] == 25


@pytest.mark.slow
def test_a_plan_of_100000_stays_in_bounded_memory(tmp_path: Path) -> None:
    with scene(100_000, tmp_path, tmp_path / "home") as at:
        case = at.plan()
        case.before()
        found = process.cost(case.command, env=case.env)

    assert found.peak <= MOST
