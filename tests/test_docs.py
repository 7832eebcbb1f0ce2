"""What the README tells of the program's inside is so."""

import importlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from reconciler.desired.files import SpecFile
from reconciler.desired.yaml_reader import parse
from tests.harness import Shop, consent, opened, person

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LIFE = README.partition("### The life of a customer\n")[2].partition("\n### ")[0]


def _rooms() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors = project["tool"]["importlinter"]["contracts"][0]["layers"]
    return {room for floor in floors for room in re.findall(r"\w+", floor)} - {"__main__"}


NAMES = sorted(
    {
        name
        for name in re.findall(r"`([a-z_]+(?:\.\w+)*)`", LIFE)
        if name.partition(".")[0] in _rooms()
    }
)


def _found(name: str) -> object:
    """The module, or what stands in it; raises where there is none."""
    try:
        return importlib.import_module(f"reconciler.{name}")
    except ModuleNotFoundError:
        module, _, last = name.rpartition(".")
        return getattr(importlib.import_module(f"reconciler.{module}"), last)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_life_of_a_customer_names_exists(name: str) -> None:
    assert _found(name) is not None


def test_the_life_of_a_customer_goes_through_every_room() -> None:
    assert {name.partition(".")[0] for name in NAMES} == _rooms()


def test_the_life_of_a_customer_is_a_page() -> None:
    assert len(LIFE.splitlines()) < 50


def _told_entry() -> dict[str, Any]:
    text = re.findall(r"```yaml\n(.*?)```", LIFE, re.DOTALL)[0]
    document, complaints = parse(SpecFile(name="ada.yaml", content=text.encode()))
    assert document is not None, complaints
    assert str(document.mark(("customers", 0, "email"))).endswith("3:12")
    entry: dict[str, Any] = document.data["customers"][0]
    return entry


def _lived(shop: Shop) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The plan of the entry, and the lines of the trail once it is applied."""
    shop.want(_told_entry())
    plan = shop.plan()
    assert shop.apply(plan).complete
    trail = (shop.folder / ".reconciler" / "audit" / "shop.jsonl").read_text(encoding="utf-8")
    return plan, [json.loads(line) for line in trail.splitlines()]


def test_the_life_of_a_customer_is_as_told(tmp_path: Path) -> None:
    ada = person(tags=["old"], consent={"email": consent("subscribed"), "sms": consent()})
    with opened(tmp_path, "genstore", [ada]) as shop:
        plan, trail = _lived(shop)

    (change,) = plan["changes"]
    assert sorted(one["field"] for one in change["fields"]) == ["consent.email", "tags"]
    assert change["customer"].startswith("cus_")
    assert "example.com" not in json.dumps(plan).lower()
    assert [line["kind"] for line in trail if line["event"] == "step"] == ["withdraw", "update"]
