"""Several values of one customer take a call each: an apply that dies between two goes on there."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Fault, Sandbox
from tests.harness import KEY, Shop, opened, person, told
from tests.matrices.launcher import KILLED, Ended, Launcher, launcher

Json = dict[str, Any]
ADA = "ada@example.com"
NUMBER = "number_integer"
TEXT = "single_line_text_field"
THEIRS = {"namespace": "app-loyalty", "key": "tier", "type": "json", "value": '{"a": 1}'}
LABEL = {"namespace": "custom", "key": "label", "type": TEXT, "value": "old"}
POINTS = {"namespace": "custom", "key": "points", "type": NUMBER, "value": "6"}
NEW = {"namespace": "custom", "key": "stage", "type": TEXT, "value": "first"}
# One is taken away, one changed and one new.
METAFIELDS: Json = {"metafields": [{**LABEL, "value": None}, {**POINTS, "value": "7"}, NEW]}
EXEMPTED: Json = {
    "tax_exempt": True,
    "tax_exemptions": [{"country": "CA", "subdivisions": ["ON"]}],
}
SCENES: dict[str, tuple[list[Json], Json]] = {
    "metafields": ([person(extra={"metafields": [LABEL, POINTS, THEIRS]})], METAFIELDS),
    "newcomer": ([], {"first_name": "Ada", **METAFIELDS}),
    "exemptions": ([person()], EXEMPTED),
    "everything": (
        [person(extra={"metafields": [LABEL, POINTS, THEIRS]})],
        {"first_name": "Augusta", **METAFIELDS, **EXEMPTED},
    ),
}
MOMENTS = ("edit_before", "edit_after")
KINDS = ("drop_before", "drop_after", "truncate", "status_after")
# All at once is tried with the slow ones.
EVERY = [
    pytest.param(name, marks=pytest.mark.slow) if name == "everything" else name for name in SCENES
]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launcher(tmp_path_factory.mktemp("launcher")) as found:
        yield found


def _set_up(shop: Shop, scene: str) -> Json:
    people, wanted = SCENES[scene]
    shop.reset(json.loads(json.dumps(people)))
    shop.want({"email": ADA, **wanted})
    body = shop.plan()
    shop.box.forget_requests()
    return body


def _apply(shop: Shop, starter: Launcher, *words: str) -> Ended:
    variables = {
        "TOKEN": shop.box.token,
        "RECONCILER_KEY": KEY.decode(),
        "PATH": os.environ["PATH"],
        "CI_COMMIT_SHA": "c0ffee",
    }
    plan, state = shop.folder / "plan.json", shop.folder / ".reconciler"
    command = ("apply", plan, "--specs", shop.specs, "--state-dir", state, *words)
    return starter.run(*command, env=variables)


def _values(shop: Shop) -> dict[str, str]:
    held = shop.live(ADA)["extra"].get("metafields", [])
    return {f"{one['namespace']}.{one['key']}": one["value"] for one in held}


def _check(shop: Shop, scene: str) -> None:
    wanted = SCENES[scene][1]
    if "metafields" in wanted:
        theirs = {} if scene == "newcomer" else {"app-loyalty.tier": '{"a": 1}'}
        assert _values(shop) == {"custom.points": "7", "custom.stage": "first", **theirs}
    if "tax_exempt" in wanted:
        now = shop.live(ADA)
        assert now["tax_exempt"] is True
        (row,) = now["tax_exemptions"]["taxExemptionRegions"]
        assert (row["country"], row["subdivisions"]) == ("CA", ["ON"])


def _writes(shop: Shop) -> list[tuple[str, str]]:
    return [
        (one.method, one.path)
        for one in shop.box.requests
        if "metafields" in one.path and one.method != "GET"
    ]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("scene", EVERY)
def test_who_dies_after_any_request_goes_on_with_the_next(
    tmp_path: Path, starter: Launcher, scene: str, moment: Any
) -> None:
    with opened(tmp_path, "shopline") as shop:
        plan = shop.folder / "plan.json"
        plan.write_text(json.dumps(_set_up(shop, scene)), encoding="utf-8")
        assert _apply(shop, starter).code == 0
        count, writes = len(shop.box.requests), len(_writes(shop))
        # To die after one request leaves what to die before the next does: each is tried once.
        for number in range(1 + MOMENTS.index(moment), count + 1, len(MOMENTS)):
            plan.write_text(json.dumps(_set_up(shop, scene)), encoding="utf-8")

            def kill(_: Sandbox) -> None:
                os.kill(starter.pid, 9)

            shop.box.fault(Fault(moment, nth=number, edit=kill))
            assert _apply(shop, starter).code == KILLED, number
            shop.box.clear_faults()
            resumed = _apply(shop, starter, "--resume")
            assert resumed.code == 0, (number, resumed)
            _check(shop, scene)
            assert len(_writes(shop)) == writes, (number, _writes(shop))
            assert shop.plan()["changes"] == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scene", EVERY)
def test_who_loses_any_answer_goes_on_with_the_next(tmp_path: Path, scene: str, kind: Any) -> None:
    with opened(tmp_path, "shopline") as shop:
        body = _set_up(shop, scene)
        assert shop.apply(body).complete
        count = len(shop.box.requests)
        for number in range(1 + KINDS.index(kind) % 2, count + 1, 2):
            body = _set_up(shop, scene)
            shop.box.fault(Fault(kind, nth=number))
            result = shop.apply(body)
            shop.box.clear_faults()
            if not result.complete:
                result = shop.apply(body, resume=True)
            assert result.complete, (number, told(result))
            _check(shop, scene)
            assert shop.plan()["changes"] == []
