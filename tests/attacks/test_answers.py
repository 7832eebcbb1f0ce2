"""Whatever a store answers: it is given up with a message, the others are planned, nothing breaks."""

import importlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.platforms import exchange, guard
from reconciler.platforms.link_header import next_token
from reconciler.sandbox import Fault
from tests.attacks import hostile
from tests.attacks.hostile import FORMS, serving
from tests.harness import PLATFORMS, Shop, opened, person
from tests.program import Done, run

TOKEN = "t0ken-of-the-shop"
QUICK: dict[str, Any] = {"rate": {"per_second": 1000, "burst": 1000}}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("good"), "genstore", [person("a@example.com")]) as shop:
        yield shop


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "DEADLINE", 1.0)
    monkeypatch.setattr(exchange, "LARGEST", 2_000_000)
    monkeypatch.setattr(guard, "UNTOLD_SIZE", 2_000)


def planned(folder: Path, good: Shop, platform: str, url: str) -> Done:
    stores = {
        "good": {
            "platform": "genstore",
            "shop": good.box.shop,
            "base_url": good.url,
            "token": {"env": "GOOD"},
            **QUICK,
        },
        "bad": {
            "platform": platform,
            "shop": "acme",
            "base_url": url,
            "token": {"env": "TOKEN"},
            **QUICK,
        },
    }
    specs = folder / "specs"
    specs.mkdir()
    (specs / "stores.yaml").write_text(json.dumps({"stores": stores}))
    for name in stores:
        want = [
            {"email": "a@example.com", "first_name": "New"},
            {"email": "b@example.com", "tags": ["vip"]},
        ]
        (specs / f"{name}.yaml").write_text(json.dumps({"store": name, "customers": want}))
    secrets = {"TOKEN": TOKEN, "GOOD": good.box.token, "RECONCILER_KEY": "k" * 40}
    return run("plan", "--specs", specs, env=secrets)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("form", FORMS)
def test_an_answer_harms_nobody_else(tmp_path: Path, good: Shop, platform: str, form: str) -> None:
    began = time.monotonic()
    with serving(FORMS[form]) as (url, asked):
        done = planned(tmp_path, good, platform, url)

    assert done.code in (0, 1, 3), done.everything
    assert "good (genstore 202412): read" in done.out
    assert "first name" in done.out
    if done.code == 1:
        assert "store bad: " in done.err
    assert asked
    assert time.monotonic() - began < 30
    for told in (done.out, done.err):
        assert TOKEN not in told
        assert not any(line.lstrip().startswith(("::", "##[")) for line in told.split("\n"))
        assert all(one.isprintable() or one == "\n" for one in told)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_list_goes_on_for_ever(tmp_path: Path, good: Shop, platform: str) -> None:
    with serving(FORMS["pages without end"]) as (url, asked):
        done = planned(tmp_path, good, platform, url)

    assert "the list goes on after" in done.err or "INCOMPLETE" in done.out
    assert len(asked) < 60


@given(st.text(st.sampled_from('<>;= rel"next?pageToken&\t,:/'), max_size=300))
def test_a_link_header_is_read_or_not(header: str) -> None:
    assert next_token(header, "pageToken") is None or "pageToken" in header


def test_a_link_header_costs_no_more_than_its_length() -> None:
    began = time.monotonic()
    for header in (
        "<" + " " * 8000,
        "<x>;" + " " * 8000,
        "<x>; rel=" + "a" * 8000,
        "<>" * 4000,
        "<a>; rel" * 900,
    ):
        next_token(header, "pageToken")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_store_whose_writes_drip_is_left(tmp_path: Path, platform: str) -> None:
    """Each write would cost a deadline, and its look-up another."""
    people = [person(f"c{number}@example.com") for number in range(12)]
    with opened(tmp_path, platform, people) as shop:
        shop.want(*({"email": f"c{number}@example.com", "tags": ["vip"]} for number in range(12)))
        body = shop.plan(read="full")
        shop.box.fault(Fault("slow", method="PUT", seconds=3, times=99))
        began = time.monotonic()
        result = shop.apply(body)

    assert time.monotonic() - began < 30
    assert not result.complete
    assert "were not there in time" in result.stores[0].stopped


def test_a_page_of_more_records_than_anybody_asked_for(tmp_path: Path, good: Shop) -> None:
    flood = hostile.customers(*({"id": "1"} for _ in range(11_000)))
    with serving(flood) as (url, _):
        done = planned(tmp_path, good, "shopline", url)

    assert done.code == 1
    assert "holds more than 10000 records" in done.err


def test_a_token_that_a_store_sends_back_is_not_told(tmp_path: Path, good: Shop) -> None:
    with serving(hostile.always(hostile.ok(b"{}", f"traceid: {TOKEN}", status="400 x"))) as (
        url,
        _,
    ):
        done = planned(tmp_path, good, "genstore", url)

    assert done.code == 1
    assert TOKEN not in done.everything


def test_a_fault_of_ours_in_one_store_leaves_the_others_planned(
    tmp_path: Path, good: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("reconciler.app.planning")
    whole = module.plan_store

    def stumbling(request: Any, store: Any) -> Any:
        if store.name == "bad":
            raise TypeError("a@example.com")
        return whole(request, store)

    monkeypatch.setattr(module, "plan_store", stumbling)
    done = planned(tmp_path, good, "genstore", good.url)

    assert done.code == 70
    assert "first name" in done.out
    assert "a fault of reconciler itself (TypeError)" in done.err
    assert "a@example.com" not in done.everything
