"""Laws of the whole way, on random stores and specs, under every reading of what is unknown."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.plan.outcome import State
from tests.harness import VARIANTS, Shop, consent, opened, person, told
from tests.strategies import FOREIGN_TAGS, SHOPLINE_FIELDS, desired, records, switches

Json = dict[str, Any]

_SCENE = st.sampled_from(VARIANTS).flatmap(
    lambda variant: st.tuples(
        st.just(variant),
        *(make(variant.partition("-")[0]) for make in (records, desired, switches)),
    )
)


def _set(shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], Json]) -> Shop:
    platform, live, wanted, chosen = scene
    shop = shops[platform]
    shop.reset(live, chosen)
    shop.want(*wanted)
    return shop


_GRANT: Json = {
    "state": "subscribed",
    "given_at": "2026-03-01T00:00:00+00:00",
    "source": "checkout",
    "level": "single",
}

# A store whose word for *no* the first create shows, and which dates whatever it is sent.
_DATES_EVERY_NO: tuple[str, list[Json], list[Json], Json] = (
    "genstore",
    [],
    [
        {"email": "ada@example.com"},
        {
            "email": "bo@example.com",
            "consent": {"email": _GRANT},
        },
    ],
    {"put": "merge", "resend": "restamp"},
)


# An opt-out goes first, and the apply notes since when she was never asked before it opts her in.
_NEVER_WITH_A_DATE: tuple[str, list[Json], list[Json], Json] = (
    "genstore",
    [
        person(
            "chen@example.com",
            phone="13315034401",
            consent={
                "email": consent("not_subscribed", "2026-01-01T08:00:00+00:00"),
                "sms": consent("subscribed", "2026-01-01T08:00:00+00:00"),
            },
        )
    ],
    [
        {
            "email": "chen@example.com",
            "consent": {
                "email": _GRANT,
                "sms": "unsubscribed",
            },
        }
    ],
    {},
)


@example(scene=_NEVER_WITH_A_DATE)
@example(scene=_DATES_EVERY_NO)
@given(scene=_SCENE)
def test_applying_a_plan_makes_the_store_as_desired_and_the_next_plan_empty(
    shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], Json]
) -> None:
    shop = _set(shops, scene)
    body = shop.plan()

    result = shop.apply(body)
    again = shop.plan()

    left = {
        one.step.change.alias
        for store in result.stores
        for one in store.outcomes
        if not one.state.good
    }
    assert all(
        state in (State.DONE, State.PENDING, State.ALREADY)
        for store in result.stores
        for one in store.outcomes
        for _, state in one.fields
        if one.step.change.alias not in left
    ), told(result)
    assert left == set(), told(result)
    assert again["changes"] == []


@given(scene=_SCENE)
def test_nobody_and_nothing_unmanaged_is_touched(
    shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], Json]
) -> None:
    shop = _set(shops, scene)
    before = {one["email"]: one for one in shop.box.customers()}
    named = {one["email"]: one for one in scene[2]}

    shop.apply(shop.plan())

    for email, had in before.items():
        has = shop.live(email)
        entry = named.get(email)
        if entry is None:
            assert has == had
            continue
        for field in ("first_name", "last_name", "note", "phone", "tax_exempt", "tax_exemptions"):
            if field not in entry:
                assert (has[field] or None) == (had[field] or None)
        for field, (key, _) in SHOPLINE_FIELDS.items():
            if field not in entry:
                assert (has["extra"].get(key) or None) == (had["extra"].get(key) or None)
        ours = {one["key"] for one in entry.get("metafields", ())}
        assert _metafields(has, ours) == _metafields(had, ours)
        assert [tag for tag in has["tags"] if tag in FOREIGN_TAGS] == [
            tag for tag in had["tags"] if tag in FOREIGN_TAGS
        ]
        if "tags" not in entry:
            assert has["tags"] == had["tags"]
        for channel in ("email", "sms"):
            if channel not in entry.get("consent", {}):
                assert _said(shop, has, channel) == _said(shop, had, channel)


def _metafields(customer: Json, ours: set[str]) -> set[tuple[str, ...]]:
    """Those that no entry names."""
    return {
        (one["namespace"], one["key"], one["type"], one["value"])
        for one in customer["extra"].get("metafields") or ()
        if one["namespace"] != "custom" or one["key"] not in ours
    }


def _said(shop: Shop, customer: Json, channel: str) -> object:
    """The state; on Shoplazza an explicit false may blur which kind of no it was."""
    state = customer["consent"][channel]["state"]
    blurred = shop.box.platform == "shoplazza" and state != "subscribed"
    return "no" if blurred else state


@given(scene=_SCENE)
def test_consent_never_rises_by_itself(
    shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], Json]
) -> None:
    shop = _set(shops, scene)
    before = {one["email"]: one["consent"] for one in shop.box.customers()}
    named = {one["email"]: one.get("consent", {}) for one in scene[2]}

    shop.apply(shop.plan())

    for one in shop.box.customers():
        for channel, now in one["consent"].items():
            if now is None or now["state"] != "subscribed":
                continue
            had = (before.get(one["email"]) or {}).get(channel)
            if had is not None and had["state"] == "subscribed":
                continue
            wanted = named[one["email"]].get(channel)
            assert isinstance(wanted, dict)
            assert wanted["state"] == "subscribed"
            assert (
                had is None
                or had["at"] is None
                or had["state"] == "not_subscribed"
                or (wanted["given_at"] > had["at"])
            )
            if had is not None and had["state"] == "unsubscribed" and had["actor"] == "person":
                assert "evidence" in wanted


@given(scene=_SCENE, seed=st.integers(0, 1000))
def test_the_order_of_entries_and_records_changes_no_byte_of_the_plan(
    shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], Json], seed: int
) -> None:
    shop = _set(shops, scene)
    shop.plan()  # which notes since when the files want somebody out
    first = _without_places(shop.plan())
    wanted = list(scene[2])
    random.Random(seed).shuffle(wanted)
    shop.want(*wanted)

    assert _without_places(shop.plan()) == first


def _without_places(body: Json) -> Json:
    """Lines move with the entries, so they and the times are left out; changes go by alias."""
    for name in ("created_at", "expires_at", "digest", "seal"):
        del body[name]
    for group in ("changes", "verdicts"):
        for one in body[group]:
            one["source"] = None
            for field in one.get("fields", ()):
                field["source"] = None
        body[group].sort(key=lambda one: (one["customer"] or "", str(one)))
    return body


@given(scene=_SCENE)
def test_no_personal_value_is_in_plans_and_journals(
    shops: dict[str, Shop], scene: tuple[str, list[Json], list[Json], Json]
) -> None:
    import json

    shop = _set(shops, scene)
    body = shop.plan()
    shop.apply(body)

    text = json.dumps(body, ensure_ascii=False) + shop.journal()
    for one in (*scene[1], *scene[2]):
        for field in ("email", "first_name", "last_name", "nickname", "birthday", "note"):
            value = one.get(field)
            if value and len(value) > 3:
                assert value not in text


@pytest.mark.parametrize("variant", ["genstore", "shoplazza", "shoplazza-2022", "shopline"])
def test_what_was_exported_plans_empty(tmp_path: Path, variant: str) -> None:
    from reconciler.app.exporting import Export

    people: list[Json] = [
        {
            "email": "ada@example.com",
            "phone": {"shopline": "008613315034487", "genstore": "13315034487"}.get(
                variant, "+8613315034487"
            ),
            "first_name": "no",
            "last_name": "0123",
            "tags": ["vip", "Off"],
            "consent": {
                "email": {"state": "subscribed", "at": "2026-01-01T00:00:00+00:00"},
                "sms": {"state": "unsubscribed", "at": None},
            },
            "addresses": [
                {
                    "address1": "1 Main St",
                    "city": "Oslo",
                    "country_code": "NO",
                    "country": "Norway",
                    "first_name": "A",
                    "last_name": "B",
                    "zip": "0155",
                    "default": True,
                }
            ],
        },
        {"email": "m***@example.com", "first_name": "Masked"},
        {
            "email": "bo@example.com",
            "first_name": "伟",
            "note": "line one\nline two",
            "consent": {"email": {"state": "pending"}, "sms": {"state": "not_subscribed"}},
        },
    ]
    if variant.startswith("shoplazza"):
        for one in people:
            one.pop("note", None)
    with opened(tmp_path, variant, people) as shop:
        state = shop.state()
        from reconciler import app

        connection = app.open_store(state.stores[0], shop.environment)
        text = "".join(Export(client=connection.client, store=state.stores[0]).pieces())
        connection.session.close()
        shop.want()
        (shop.specs / "exported.yaml").write_text(text)

        body = shop.plan()

        assert body["changes"] == []
        assert "ada@example.com" in text
