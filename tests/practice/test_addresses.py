"""Addresses are paired as a whole: order says nothing, and no part lands on another address."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.customer import ADDRESS_TEXTS, Address
from reconciler.model.personal import Personal
from reconciler.plan.addresses import merged
from reconciler.plan.assignment import cheapest
from tests.harness import VARIANTS, opened, person
from tests.program import run

Json = dict[str, Any]


def address(number: int | None = None, default: bool | None = None, /, **parts: str) -> Address:
    texts = tuple((name, Personal(parts[name])) for name in ADDRESS_TEXTS if name in parts)
    remote_id = None if number is None else str(number)
    return Address(texts=texts, default=default, remote_id=remote_id)


_parts = st.fixed_dictionaries(
    {
        "address1": st.sampled_from(("1 Main St", "2 Side St")),
        "city": st.sampled_from(("Oslo", "Bergen")),
    },
    optional={"zip": st.sampled_from(("0155", "5003")), "company": st.just("Acme")},
)


@given(rows=st.integers(1, 5), more=st.integers(0, 2), data=st.data())
def test_the_pairing_is_the_cheapest_there_is(rows: int, more: int, data: st.DataObject) -> None:
    columns = rows + more
    costs = data.draw(
        st.lists(
            st.lists(st.integers(0, 9), min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        )
    )

    chosen = cheapest(costs)

    assert len(set(chosen)) == rows
    total = sum(costs[row][column] for row, column in enumerate(chosen))
    assert total == min(
        sum(costs[row][column] for row, column in enumerate(picked))
        for picked in itertools.permutations(range(columns), rows)
    )


@given(live=st.lists(_parts, max_size=4), data=st.data())
def test_where_a_perfect_pairing_exists_nothing_changes(
    live: list[dict[str, str]], data: st.DataObject
) -> None:
    had = tuple(address(number, False, **parts) for number, parts in enumerate(live))
    wanted = [
        address(
            **{
                name: text
                for name, text in parts.items()
                if name == "address1" or data.draw(st.booleans())
            }
        )
        for parts in live
    ]
    shuffled = tuple(data.draw(st.permutations(wanted)))

    _, paths = merged(shuffled, had, None)

    assert paths == ()


@given(live=st.lists(_parts, max_size=4), wanted=st.lists(_parts, max_size=4), data=st.data())
def test_the_order_of_either_side_changes_nothing(
    live: list[dict[str, str]], wanted: list[dict[str, str]], data: st.DataObject
) -> None:
    had = [address(number, False, **parts) for number, parts in enumerate(live)]
    want = [address(**parts) for parts in wanted]

    first = merged(tuple(want), tuple(had), None)
    other = merged(
        tuple(data.draw(st.permutations(want))), tuple(data.draw(st.permutations(had))), None
    )

    assert first == other


def test_a_part_never_lands_on_another_address() -> None:
    had = (
        address(1, True, address1="1 Main St", city="Paris", zip="75001"),
        address(2, False, address1="1 Main St", city="Paris", company="Acme"),
    )
    wanted = (
        address(address1="1 Main St", city="Paris"),
        address(address1="1 Main St", city="Paris", zip="75001"),
    )

    assert merged(wanted, had, None)[1] == ()


def test_what_changes_least_is_changed() -> None:
    had = (
        address(1, False, address1="1 Main St", city="Oslo"),
        address(2, False, address1="2 Side St", city="Oslo"),
    )

    kept, paths = merged((address(address1="2 Side St", city="Bergen"),), had, None)

    assert [one.remote_id for one in kept] == ["2"]
    assert paths == ("addresses[1].city", "1 removed")


def test_addresses_with_nothing_in_common_are_two() -> None:
    had = (address(1, True, address1="1 Main St", city="Oslo"),)

    kept, paths = merged((address(address1="2 Side St", city="Bergen"),), had, None)

    assert [one.remote_id for one in kept] == [None]
    assert paths == ("addresses[1] added", "1 removed")


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_two_addresses_at_one_street_are_left_as_they_are(tmp_path: Path, variant: str) -> None:
    live = [
        {
            "address1": "1 Main St",
            "city": "Paris",
            "country_code": "FR",
            "zip": "75001",
            "default": True,
        },
        {"address1": "1 Main St", "city": "Paris", "country_code": "FR", "company": "Acme"},
    ]
    with opened(tmp_path, variant, [person(addresses=live)]) as shop:
        plain = {"address1": "1 Main St", "city": "Paris", "country_code": "FR"}
        shop.want({"email": "ada@example.com", "addresses": [plain, {**plain, "zip": "75001"}]})

        assert shop.plan()["changes"] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_older_address_becomes_the_only_default(tmp_path: Path, variant: str) -> None:
    where = {"country_code": "FR", "first_name": "A", "last_name": "B"}
    live = [
        {"address1": "1 Main St", "city": "Paris", "zip": "75001", "default": True, **where},
        {"address1": "9 Side St", "city": "Lyon", "zip": "69001", **where},
    ]
    with opened(tmp_path, variant, [person(addresses=live)]) as shop:
        shop.want(
            {
                "email": "ada@example.com",
                "addresses": [
                    {"address1": "9 Side St", "default": True},
                    {"address1": "1 Main St"},
                ],
            }
        )
        shop.converge()

        flags = {
            one["address1"]: one["default"] for one in shop.live("ada@example.com")["addresses"]
        }

    assert flags == {"1 Main St": False, "9 Side St": True}


@pytest.mark.parametrize(
    ("variant", "part", "instead"),
    [
        ("genstore", {"country": "France"}, "country_code"),
        ("genstore", {"province": "Illinois"}, "province_code"),
        ("shoplazza", {"province_code": "IL"}, "province"),
        ("shoplazza-2022", {"province_code": "IL"}, "province"),
    ],
)
def test_a_part_that_a_platform_does_not_keep_is_refused(
    tmp_path: Path, variant: str, part: Json, instead: str
) -> None:
    with opened(tmp_path, variant) as shop:
        shop.want({"email": "a@example.com", "addresses": [{"address1": "1 Main St", **part}]})

        done = run("validate", shop.specs)

        assert done.code == 1
        assert f"write `{instead}`" in done.out


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_part_that_is_accepted_converges(tmp_path: Path, variant: str) -> None:
    parts = {
        "first_name": "A",
        "last_name": "B",
        "company": "Acme",
        "address1": "1 Main St",
        "address2": "Floor 2",
        "city": "Chicago",
        "country_code": "US",
        "zip": "60601",
        "phone": "+12125550123",
    }
    if variant != "genstore":
        parts |= {"country": "United States", "province": "Illinois"}
    if variant in ("genstore", "shopline"):
        parts |= {"province_code": "IL"}
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "addresses": [parts]})

        shop.converge()
