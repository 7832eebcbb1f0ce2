"""An export needs the stores alone: what else lies in the folder neither costs nor stops it."""

from pathlib import Path

import pytest

from reconciler import app
from reconciler.clock import system_clock
from reconciler.errors import ConfigError, SpecError
from tests.growth import steps

pytestmark = pytest.mark.no_cover  # the work is counted here

STORE = "stores: {acme: {platform: genstore, shop: acme, token: {env: T}}}\n"


def _environment(folder: Path) -> app.Environment:
    return app.Environment(clock=system_clock(), variables={}, folder=folder / ".reconciler")


def test_the_settings_are_those_of_the_whole_specs(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    specs = Path(__file__).parents[2] / "specs"
    whole = app.load_or_raise(specs, environment, lambda one: None)
    alone = app.settings_or_raise(specs, environment)
    assert alone.settings == whole.settings
    assert all(not customers for _, customers in alone.customers)


def test_customers_cost_nothing_and_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "stores.yaml").write_text(STORE)
    environment = _environment(tmp_path)

    def work() -> None:
        assert [one.name for one in app.settings_or_raise(tmp_path, environment).stores] == ["acme"]

    def with_people(size: int) -> int:
        people = "".join(f"- {{email: c{one}@example.com}}\n" for one in range(size))
        (tmp_path / "people.yaml").write_text(f"customers:\n{people}- {{emial: [\n")
        return steps(work)

    with_people(1)
    assert with_people(500) < with_people(1) + 50


def test_a_section_is_found_however_it_is_spelled(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(STORE.replace("stores", '"st\\u006fres"'))
    assert len(app.settings_or_raise(tmp_path, _environment(tmp_path)).stores) == 1


def test_wrong_settings_and_none_at_all_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("customers: []\n")
    with pytest.raises(ConfigError, match="no store is defined"):
        app.settings_or_raise(tmp_path, _environment(tmp_path))
    (tmp_path / "b.yaml").write_text("stores: {acme: {}}\n")
    with pytest.raises(SpecError):
        app.settings_or_raise(tmp_path, _environment(tmp_path))
