"""Which fields may stand in `defaults`: what everybody of a file may have in common."""

from pathlib import Path

import pytest

from reconciler.desired.files import SpecFile
from reconciler.desired.schema_errors import read
from reconciler.model.fields import FIELDS
from reconciler.schemas import load
from tests.harness import opened, person

DEFAULTS = load("spec")["$defs"]["defaults"]
VALUES = {"birthday": "1815-12-10", "gender": "female", "addresses": "[{city: Oslo}]"}
HELD = [one.name for one in FIELDS if not one.name.startswith("consent.")]


def test_every_field_may_stand_in_defaults_or_is_refused_with_a_reason() -> None:
    assert {*DEFAULTS["properties"], *DEFAULTS["x-refused"]} == {*HELD, "consent", "id", "state"}
    assert not DEFAULTS["properties"].keys() & DEFAULTS["x-refused"].keys()


@pytest.mark.parametrize("name", sorted(DEFAULTS["x-refused"]))
def test_what_is_one_persons_is_refused_and_says_so(name: str) -> None:
    text = f"store: shop\ndefaults:\n  {name}: {VALUES.get(name, 'x')}\n"
    _, (told,) = read(SpecFile(name="all.yaml", content=text.encode()))

    assert (told.rule, told.message) == ("schema.unknown-key", f"`defaults` has no `{name}`")
    assert told.hint == DEFAULTS["x-refused"][name]
    assert "at the customer" in told.hint
    assert str(told.mark) == "all.yaml:3:3"


def test_a_language_of_the_defaults_is_set_where_an_entry_says_none(tmp_path: Path) -> None:
    people = [person(f"{one}@example.com") for one in ("ada", "eve", "ivy")]
    with opened(tmp_path, "shopline", people, {"language": "honoured"}) as shop:
        shop.want()
        (shop.specs / "more.yaml").write_text(
            "store: shop\ndefaults: {language: nb}\ncustomers:\n"
            "  - email: ada@example.com\n"
            "  - {email: eve@example.com, language: sv}\n"
            "  - {email: ivy@example.com, language: null}\n",
            encoding="utf-8",
        )
        shop.converge()
        held = [shop.live(f"{one}@example.com")["extra"] for one in ("ada", "eve", "ivy")]

    assert [one.get("language") for one in held] == ["nb", "sv", None]
