"""Every write call, under every switch: a write about something else leaves both consents alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.plan.outcome import State
from reconciler.sandbox import SWITCHES
from tests.harness import PLATFORMS, Shop, consent, person, states, told

ADDRESS = {
    "address1": "1 Main St",
    "city": "Oslo",
    "country_code": "NO",
    "country": "Norway",
    "first_name": "A",
    "last_name": "B",
    "zip": "0155",
    "default": True,
}
# What is written, and on which platforms it can be.
WRITES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "tags": ({"tags": {"add": ["vip"], "remove": ["old"]}}, PLATFORMS),
    "name": ({"first_name": "New"}, PLATFORMS),
    "note": ({"note": "new"}, ("genstore", "shopline")),
    "address": ({"addresses": [ADDRESS]}, PLATFORMS),
    "tax": ({"tax_exempt": True}, ("genstore", "shopline")),
    "exemptions": (
        {"tax_exemptions": [{"country": "CA", "subdivisions": ["ON"]}]},
        ("genstore", "shopline"),
    ),
    "metafields": (
        {"metafields": [{"namespace": "custom", "key": "points", "type": "json", "value": "7"}]},
        ("shopline",),
    ),
    "birthday": ({"birthday": "1815-12-10", "gender": "female"}, ("shopline",)),
    "language": ({"nickname": "Countess", "language": "nb"}, ("shopline",)),
    "rename": (
        {"email": "new@example.com", "previously": {"email": "ada@example.com"}},
        ("genstore", "shopline"),
    ),
    "create": ({"email": "nobody-yet@example.com"}, PLATFORMS),
    "other channel": ({"consent": {"sms": "unsubscribed"}}, PLATFORMS),
}
# A rename of somebody subscribed is a consent question of its own; not asked here.
STATES = ("subscribed", "unsubscribed", "not_subscribed")
# These hide or refuse what the test looks at, or only change how long things take.
_BESIDE = {
    "scope",
    "protected",
    "masked",
    "clear",
    "precision",
    "list_delay",
    "search_delay",
    "failure_status",
    "tag_limit",
    "empty_search",
    "offset",
    "delete_status",
}


def _variations(platform: str) -> Iterator[dict[str, str]]:
    yield {}
    for name, switch in SWITCHES[platform].items():
        if name in _BESIDE or switch.allowed in (("seconds",), ("text",)):
            continue
        yield from ({name: value} for value in switch.allowed if value != switch.default)


# Every switch with every twelfth write, in turn, and how a PUT is read with all; `make test-slow` has
# every switch with every write.
_EACH = 12


def _cases() -> Iterator[Any]:
    for row, (write, (_, platforms)) in enumerate(WRITES.items()):
        for platform in platforms:
            for place, variation in enumerate(_variations(platform)):
                said = "-".join(f"{name}={value}" for name, value in variation.items())
                often = not variation or "put" in variation or (row + place) % _EACH == 0
                yield pytest.param(
                    platform,
                    write,
                    variation,
                    id=f"{platform}-{write}-{said or 'default'}",
                    marks=() if often else pytest.mark.slow,
                )


@pytest.mark.parametrize(("platform", "write", "variation"), list(_cases()))
def test_a_write_about_something_else_leaves_the_consents(
    shops: dict[str, Shop], platform: str, write: str, variation: dict[str, str]
) -> None:
    shop = shops[platform]
    entry = {"email": "ada@example.com", **WRITES[write][0]}
    if write == "address" and platform == "genstore":  # it knows countries by their codes only
        entry["addresses"] = [{name: text for name, text in ADDRESS.items() if name != "country"}]
    for state in STATES:
        if write == "rename" and state == "subscribed":
            continue
        at = None if platform == "shoplazza" else "2026-01-01T00:00:00+00:00"
        sms = "subscribed" if write == "other channel" else state
        live = person(
            consent={"email": consent(state, at, "person"), "sms": consent(sms, at, "person")},
            tags=["old", "app:x"],
        )
        shop.box.reset([live], variation)
        shop.want(entry)
        remote_id = shop.box.customers()[0]["id"]

        result = shop.apply(shop.plan())

        replacing_shopline = platform == "shopline" and variation.get("put") == "replace"
        if replacing_shopline and write not in ("address", "create"):
            # The documents leave it open; the first record may be lost, must be told, and stops.
            refused = State.FAILED in states(result)
            assert result.stores[0].stopped or result.complete or refused, told(result)
            continue
        now = shop.box.customer(remote_id)
        assert now is not None
        assert (now["consent"]["email"]["state"] == "subscribed") is (state == "subscribed")
        if write != "other channel":
            assert (now["consent"]["sms"]["state"] == "subscribed") is (sms == "subscribed")
        for other in shop.box.customers():
            if other["id"] != remote_id:
                assert all(
                    one is None or one["state"] != "subscribed" for one in other["consent"].values()
                )
