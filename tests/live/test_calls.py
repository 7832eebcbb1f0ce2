"""What reading a store costs: told beforehand, and nothing paid for twice."""

import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from reconciler.sandbox import Fault
from tests.harness import VARIANTS, Shop, opened, person

Json = dict[str, Any]
MOST = 120
WANTED = 50
# A Genstore tells no count, so some of its list is read: it has to be longer than that.
SIZE = {"genstore": 3_700}
NAMES = [f"c{number}@example.com" for number in range(WANTED)]


def numbered(number: int) -> str:
    return f"+86138001{number:05}"


def crowd(variant: str) -> list[Json]:
    return [
        person(f"c{number}@example.com", phone=numbered(number), id=f"{1000000000 + number}")
        for number in range(SIZE.get(variant, WANTED))
    ]


def a_million(shop: Shop) -> None:
    """The store says that it has as many, so that its list is never the cheaper way."""
    shop.box.fault(
        Fault("rewrite", path="count", find=r'"count": ?\d+', put='"count": 1000000', times=99)
    )


def read(shop: Shop) -> Json:
    shop.box.forget_requests()
    receipt: Json = shop.plan()["stores"][0]["receipt"]
    assert receipt["requests"] == len(shop.box.requests)
    return receipt


def estimated(receipt: Json) -> int:
    """All requests that were told before they were made: of the list, too, where it was begun."""
    told = receipt["chosen"]
    takes = re.search(r"look-ups (?:would )?take (\d+) calls", told)
    begun = re.search(r"longer than (\d+) pages", told)
    assert takes is not None, told
    return int(takes[1]) + (int(begun[1]) + 1 if begun else 0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_50_by_address_in_a_million_take_as_many_requests_as_told(
    tmp_path: Path, variant: str
) -> None:
    with opened(tmp_path, variant, crowd(variant)) as shop:
        shop.want(*({"email": name, "first_name": "New"} for name in NAMES))
        a_million(shop)
        receipt = read(shop)

    assert receipt["mode"] == "lookup"
    assert receipt["requests"] == estimated(receipt) <= MOST


@pytest.mark.parametrize(
    ("variant", "by"),
    [
        *((variant, "id") for variant in VARIANTS),
        *((variant, "phone") for variant in VARIANTS if variant != "genstore"),
    ],
)
def test_ids_and_numbers_take_as_many_requests_as_told(
    tmp_path: Path, variant: str, by: str
) -> None:
    fuzzy = {"match": "fuzzy"} if variant.startswith("shoplazza") else {}
    with opened(tmp_path, variant, crowd(variant), {"spelling": "blind", **fuzzy}) as shop:
        people = {one["email"]: one for one in shop.box.customers()}
        names = [
            {"id": people[name]["id"]} if by == "id" else {"phone": numbered(number)}
            for number, name in enumerate(NAMES)
        ]
        shop.want(*({**name, "first_name": "New"} for name in names))
        a_million(shop)
        receipt = read(shop)

    assert receipt["mode"] == "lookup"
    assert receipt["requests"] == estimated(receipt)


def test_long_ids_go_fewer_at_once_and_are_told_so(tmp_path: Path) -> None:
    people = [person(name, id="9" * 20 + f"{at:06}") for at, name in enumerate(NAMES[:12])]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(*({"id": one["id"], "first_name": "New"} for one in people))
        a_million(shop)
        receipt = read(shop)

    assert receipt["requests"] == estimated(receipt) == 1 + 6


@pytest.mark.parametrize("variant", VARIANTS)
def test_where_one_is_not_found_the_list_is_read_once(tmp_path: Path, variant: str) -> None:
    found = WANTED if variant == "genstore" else 2  # so that look-ups are the likely cheaper way
    people = [person(f"c{number}@example.com") for number in range(SIZE["genstore"])]
    with opened(tmp_path, variant, people) as shop:
        shop.want(*({"email": name} for name in (*NAMES[:found], "zz@example.com")))
        receipt = read(shop)
        pages = Counter(
            one.query for one in shop.box.requests if one.method == "GET" and _is_page(one.query)
        )

    assert (receipt["mode"], receipt["complete"]) == ("full", True)
    assert "did not find everybody, after" in receipt["chosen"]
    assert len(pages) >= SIZE["genstore"] // 250
    assert set(pages.values()) == {1}, "a page was read twice"


def _is_page(query: str) -> bool:
    told = parse_qs(query)
    return bool({"limit", "page_size", "page_limit"} & set(told)) and not (
        {"ids", "email", "contact", "query_param"} & set(told)
    )


def test_a_ceiling_that_needs_the_size_goes_on_with_the_list_where_it_was_left(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, "genstore", crowd("genstore")) as shop:
        shop.settings = {"limits": {"profile": {"percent": 50, "at_least": 1, "at_most": 5000}}}
        shop.want(*({"email": name, "first_name": "New"} for name in NAMES))
        receipt = read(shop)
        pages = Counter(one.query for one in shop.box.requests if _is_page(one.query))

    assert receipt["chosen"].startswith("a ceiling needs the store's size, after")
    assert (receipt["read"], receipt["complete"]) == (SIZE["genstore"], True)
    assert set(pages.values()) == {1}


@pytest.mark.parametrize(
    ("variant", "people"), [("shopline", 250), ("shopline", 700), ("shoplazza", 700)]
)
def test_a_whole_list_takes_as_many_requests_as_told(
    tmp_path: Path, variant: str, people: int
) -> None:
    with opened(tmp_path, variant, [person(f"c{n}@example.com") for n in range(people)]) as shop:
        shop.want(*({"email": name, "first_name": "New"} for name in NAMES))
        receipt = read(shop)

    told = re.search(r"the whole list (\d+)$", receipt["chosen"])
    assert told is not None
    assert receipt["requests"] == int(told[1]) == -(-people // 250) + 2
