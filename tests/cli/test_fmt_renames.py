"""A `previously` is dropped when the trail shows that its rename was carried out, and not before."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness import KEY, Shop, opened, person
from tests.program import Done, run

RENAMED = {"email": "new@example.com", "previously": {"email": "Old@Example.com"}}
LIVE = [person("old@example.com", phone="+8613315034487"), person("bo@example.com")]


def fmt(shop: Shop, *words: object, key: bytes = KEY) -> Done:
    env = {"RECONCILER_KEY": key.decode()}
    return run("fmt", "--specs", shop.specs, *words, env=env)


def text(shop: Shop) -> str:
    return (shop.specs / "all.yaml").read_text(encoding="utf-8")


def test_a_rename_that_was_applied_is_dropped_and_nothing_changes(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", LIVE) as shop:
        shop.want(RENAMED, {"email": "bo@example.com", "previously": {"email": "b@example.com"}})
        assert fmt(shop).code == 0
        assert text(shop).count("previously") == 2
        before = text(shop).replace("    previously", "    # the same person\n    previously", 1)
        (shop.specs / "all.yaml").write_text(before)
        shop.converge()
        assert fmt(shop, "--check", key=b"x" * 32).code == 0

        done = fmt(shop)

        assert (done.code, done.out) == (0, f"{shop.specs}/all.yaml\n")
        assert text(shop).count("previously") == 1
        assert "  # the same person\n  - email: new@example.com\n" in text(shop)
        assert "b@example.com" in text(shop)
        assert fmt(shop, "--check").code == 0
        assert shop.plan()["changes"] == []
        assert "example.com" not in done.everything


def test_a_phone_number_and_an_address_are_dropped_together(tmp_path: Path) -> None:
    entry: dict[str, Any] = {
        "email": "new@example.com",
        "phone": "+8613315034499",
        "previously": {"email": "old@example.com", "phone": "+8613315034487"},
    }
    with opened(tmp_path, "shopline", LIVE) as shop:
        shop.want({**entry, "phone": "+8613315034487"})
        shop.converge()
        fmt(shop)
        assert "previously" in text(shop)
        shop.want(entry)
        shop.converge()

        fmt(shop)

        assert "previously" not in text(shop)


def test_a_rename_that_was_only_planned_stays(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", LIVE) as shop:
        shop.want(RENAMED)
        shop.plan()

        fmt(shop)

        assert "previously" in text(shop)


def test_a_rename_that_was_taken_back_and_is_wanted_again_stays(tmp_path: Path) -> None:
    back = {"email": "old@example.com", "previously": {"email": "new@example.com"}}
    with opened(tmp_path, "shopline", LIVE) as shop:
        for wanted in (
            {"email": "new@example.com", "previously": {"email": "old@example.com"}},
            back,
        ):
            shop.want(wanted)
            shop.converge()
        shop.want({"email": "new@example.com", "previously": {"email": "old@example.com"}})

        fmt(shop)

        assert "previously" in text(shop)


def test_a_line_that_was_edited_proves_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", LIVE) as shop:
        shop.want(RENAMED)
        shop.converge()
        trail = shop.folder / ".reconciler" / "audit" / "shop.jsonl"
        trail.write_text(trail.read_text().replace('"kind":"identity"', '"kind":"update"'))

        fmt(shop)

        assert "previously" in text(shop)


@pytest.mark.parametrize("stores", ["other", ["shop", "other"]])
def test_a_rename_in_one_store_is_none_in_another(tmp_path: Path, stores: Any) -> None:
    from reconciler import app

    with opened(tmp_path, "shopline", LIVE) as shop:
        shop.want(RENAMED)
        shop.converge()
        entry = "customers:\n  - email: new@example.com\n    previously: {email: old@example.com}\n"
        listed = stores if isinstance(stores, str) else f"[{', '.join(stores)}]"
        (shop.specs / "other.yaml").write_text(f"store: {listed}\n{entry}")

        found = {
            one.path.name: one.changed
            for one in app.formatted([shop.specs], shop.environment)
            if isinstance(one, app.Formatted)
        }

        assert found == {"all.yaml": True, "other.yaml": False}
