"""Several stores at once: each by itself, with its own pace and journal; one failure is its own."""

import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Fault, Sandbox
from tests.harness import PLATFORMS, person
from tests.program import Done, run

Json = dict[str, Any]


class Street:
    """One store on each platform, in one folder of specs."""

    def __init__(self, folder: Path, boxes: dict[str, Sandbox], urls: dict[str, str]) -> None:
        self.folder = folder
        self.boxes = boxes
        (folder / "specs").mkdir()
        stores = {
            name: {
                "platform": name,
                "shop": "acme",
                "base_url": urls[name],
                "token": {"env": "TOKEN"},
                "rate": {"per_second": 500, "burst": 100},
            }
            for name in boxes
        }
        document: Json = {
            "stores": stores,
            "store": list(stores),
            "tags": [
                {"name": "vip", "members": [{"email": f"c{n}@example.com"} for n in range(4)]}
            ],
        }
        (folder / "specs" / "all.yaml").write_text(json.dumps(document))

    def run(self, *words: object) -> Done:
        place = ("--specs", self.folder / "specs")
        return run(*words, *place, env={"TOKEN": "t0ken", "RECONCILER_KEY": "k" * 40})

    def tagged(self, name: str) -> int:
        return sum("vip" in one["tags"] for one in self.boxes[name].customers())


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    with ExitStack() as stack:
        boxes = {name: Sandbox(name, rate="off") for name in PLATFORMS}
        for box in boxes.values():
            box.seed(person(f"c{n}@example.com") for n in range(4))
        urls = {name: stack.enter_context(box.serving()) for name, box in boxes.items()}
        yield Street(tmp_path, boxes, urls)


@pytest.mark.parametrize("broken", PLATFORMS)
@pytest.mark.parametrize("status", [401, 402, 403, 423, 433, 436])
def test_a_store_that_stops_leaves_the_others_going(
    street: Street, broken: str, status: int
) -> None:
    plan = street.folder / "plan.json"
    assert street.run("plan", "--out", plan).code == 0
    street.boxes[broken].fault(Fault("status", method="PUT", status=status, times=99))

    done = street.run("apply", plan)

    assert done.code == 4
    assert {name: street.tagged(name) for name in PLATFORMS} == {
        name: 0 if name == broken else 4 for name in PLATFORMS
    }
    assert f"STOPPED: store {broken}" in done.out
    assert "hint:" in done.out
    puts = [one for one in street.boxes[broken].requests if one.method == "PUT"]
    assert len(puts) == 1  # nothing more was sent after it
    street.boxes[broken].clear_faults()
    again = shlex.split(done.out.rpartition("Continue with: reconciler ")[2])
    assert run(*again, env={"TOKEN": "t0ken", "RECONCILER_KEY": "k" * 40}).code == 0
    assert street.tagged(broken) == 4


def test_a_store_that_another_apply_writes_to_leaves_the_others_going(street: Street) -> None:
    from reconciler.state.lock import one_writer

    plan = street.folder / "plan.json"
    street.run("plan", "--out", plan)
    with one_writer(street.folder / ".reconciler", "shopline", "x"):
        done = street.run("apply", plan)

    assert done.code == 4
    assert "another apply is writing to the shop of store shopline" in done.out
    assert [street.tagged(name) for name in PLATFORMS] == [4, 4, 0]
    assert street.run("apply", plan, "--resume").code == 0


def test_each_store_has_its_own_journal(street: Street) -> None:
    street.run("apply", "--yes")

    journals = list((street.folder / ".reconciler" / "journals").rglob("*.jsonl"))
    assert {path.name.split(".")[1] for path in journals} == set(PLATFORMS)


def test_max_failures_ends_the_run(street: Street) -> None:
    for box in street.boxes.values():
        box.fault(Fault("status", method="PUT", status=422, times=99))
    plan = street.folder / "plan.json"
    street.run("plan", "--out", plan)

    done = street.run("apply", plan, "--max-failures", "1", "--format", "json")

    states = [step["state"] for store in json.loads(done.out)["stores"] for step in store["steps"]]
    assert done.code == 4
    assert 1 <= states.count("failed") <= 3  # those in flight when the first had failed
    assert "not reached" in states
