"""Whatever a store that can be read holds, its export validates and plans empty."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import app
from reconciler.app.exporting import Export
from tests.harness import VARIANTS, Shop, consent, opened, person

Json = dict[str, Any]


def exported(shop: Shop) -> Export:
    """Writes the export beside the settings of the store, and nothing else."""
    shop.want()
    store = shop.state().stores[0]
    connection = app.open_store(store, shop.environment)
    made = Export(client=connection.client, store=store)
    text = "".join(made.pieces())
    connection.session.close()
    (shop.specs / "exported.yaml").write_text(text, encoding="utf-8", newline="")
    return made


def plans_empty(shop: Shop) -> Export:
    made = exported(shop)
    try:
        body = shop.plan(read="full")
    finally:
        text = (shop.specs / "exported.yaml").read_text(encoding="utf-8")
        (shop.specs / "exported.yaml").unlink()
    assert body["stores"][0]["error"] is None
    assert body["changes"] == [], text
    assert not any(one["level"] != "warn" for one in body["verdicts"]), body["verdicts"]
    return made


def test_ids_with_an_underscore_are_ids(tmp_path: Path) -> None:
    people = [
        {**person("a@example.com"), "id": "cus_0001"},
        {**person("b@example.com"), "id": "cus_0002"},
    ]
    with opened(tmp_path, "shoplazza", people) as shop:
        assert plans_empty(shop).customers == 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_two_default_addresses_lose_their_flags(tmp_path: Path, variant: str) -> None:
    both = [
        {
            "address1": "A 1",
            "city": "Paris",
            "country_code": "FR",
            "country": "France",
            "first_name": "A",
            "last_name": "B",
            "default": True,
            "id": number,
        }
        for number in (1, 2)
    ]
    both[1]["address1"] = "B 2"
    with opened(tmp_path, variant, [person(addresses=both)]) as shop:
        made = plans_empty(shop)

        assert made.left_out["default addresses where a customer has several"] == 1


def test_a_tag_that_stands_twice_and_one_with_a_comma(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person(tags=["vip", "VIP", "a,b", " x"])]) as shop:
        made = plans_empty(shop)

        assert made.left_out["tags that stand twice"] == 1
        assert made.left_out["tags that a spec may not hold"] == 1


def test_the_time_of_a_write_is_not_exported_as_that_of_a_consent(tmp_path: Path) -> None:
    yes = {"email": consent("subscribed", "2026-03-01T09:00:00+00:00"), "sms": consent()}
    with opened(tmp_path, "shopline", [person(consent=yes)]) as shop:
        exported(shop)

        text = (shop.specs / "exported.yaml").read_text()
        assert "email: subscribed" in text
        assert "given_at" not in text
        shop.state()
        (warning,) = shop.warnings
        assert "unless the store has the person subscribed already" in warning.message


_odd = st.sampled_from(
    (
        "plain",
        "no",
        "0123",
        "12:30:45",
        "",
        " x ",
        "a\u200bb",
        "\u202eabc",
        "a\x07b",
        "line\none",
        "**b**",
        "\u2028",
        "x" * 300,
        "'",
        '"',
        "{a: b}",
        "# c",
        "&a",
        "*a",
        "a: b",
        "\u0645\u06cc\u200c\u062e",
        "\U0001f600",
    )
)
_contacts = st.sampled_from(
    (
        "ada@example.com",
        "Ada@Example.com",
        "d*e@example.com",
        "m***@example.com",
        "a\u200bda@example.com",
        "jose\u0301@example.com",
        "bo@m\u00fcnchen.example",
        "no address",
        "'q@example.com",
        "o'b@example.com",
        None,
    )
)
_phones = st.sampled_from(
    (
        "13800138000",
        "+8613800138001",
        "13800138002.0",
        "138****8000",
        "call 13800138003",
        "2530000",
        "00",
        None,
    )
)
_people = st.lists(
    st.builds(
        lambda email, phone, first, note, tags, state: person(
            email,
            phone=phone,
            first_name=first,
            note=note,
            tags=tags,
            consent={"email": consent(state), "sms": consent("unsubscribed")},
        ),
        _contacts,
        _phones,
        _odd,
        _odd,
        st.lists(_odd, max_size=3),
        st.sampled_from(("subscribed", "unsubscribed", "not_subscribed", "pending")),
    ),
    max_size=5,
)


@pytest.mark.parametrize("variant", VARIANTS)
@given(people=_people)
def test_whatever_a_store_holds_is_exported_validly_or_counted(
    shops: dict[str, Shop], variant: str, people: list[Json]
) -> None:
    shop = shops[variant]
    if people:
        # A store that shows no contact at all is one that hides them.
        people = [*people, person("seen@example.com")]
    shop.reset(people, {"duplicates": "accepted"})

    made = plans_empty(shop)

    assert made.customers == len(people)
