"""A store of 5,000 customers, with 200 desired and with all of them, and by look-ups."""

from pathlib import Path

import pytest

from tests.harness import PLATFORMS, opened, person

pytestmark = pytest.mark.no_cover  # what is counted takes twice as long


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("desired", [200, 5000])
def test_a_store_of_5000_is_planned(tmp_path: Path, platform: str, desired: int) -> None:
    people = [person(f"c{number}@example.com", tags=["a"]) for number in range(5000)]
    step = 5000 // desired
    with opened(tmp_path, platform, people) as shop:
        shop.want(
            *(
                {
                    "email": f"c{number * step}@example.com",
                    "first_name": "New" if number % 50 == 0 else "Ada",
                    "tags": {"add": ["a"]},
                }
                for number in range(desired)
            )
        )

        body = shop.plan()

        assert body["summary"]["update"] == desired // 50
        assert body["stores"][0]["receipt"]["read"] == 5000
        assert body["stores"][0]["receipt"]["complete"]
        assert body["stores"][0]["receipt"]["requests"] <= 24


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_few_desired_customers_of_many_are_looked_up(tmp_path: Path, platform: str) -> None:
    people = [person(f"c{number}@example.com") for number in range(2000)]
    with opened(tmp_path, platform, people) as shop:
        shop.want(
            {"email": "c1999@example.com", "first_name": "New"},
            {"email": "c7@example.com", "first_name": "New"},
        )

        body = shop.plan()

        receipt = body["stores"][0]["receipt"]
        assert receipt["mode"] == "lookup"
        assert receipt["requests"] <= 10
        assert [one["action"] for one in body["changes"]] == ["update", "update"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_somebody_whom_a_look_up_does_not_find_costs_a_whole_reading(
    tmp_path: Path, platform: str
) -> None:
    people = [person(f"c{number}@example.com") for number in range(2000)]
    with opened(tmp_path, platform, people) as shop:
        shop.want(
            {"email": "c1999@example.com", "first_name": "New"}, {"email": "nobody-yet@example.com"}
        )

        body = shop.plan()

        receipt = body["stores"][0]["receipt"]
        assert (receipt["mode"], receipt["read"]) == ("full", 2000)
        assert "did not find everybody, after" in receipt["chosen"]
        assert sorted(one["action"] for one in body["changes"]) == ["create", "update"]


def test_a_token_that_may_not_search_reads_the_whole_store(tmp_path: Path) -> None:
    people = [person(f"c{number}@example.com") for number in range(2000)]
    with opened(tmp_path, "genstore", people, {"search_scope": "403"}) as shop:
        shop.want({"email": "c1999@example.com", "first_name": "New"})

        receipt = shop.plan()["stores"][0]["receipt"]

        assert (receipt["mode"], receipt["read"]) == ("full", 2000)


def test_a_phone_on_genstore_needs_the_whole_store(tmp_path: Path) -> None:
    people = [person(f"c{number}@example.com") for number in range(600)]
    with opened(tmp_path, "genstore", [*people, person(None, phone="13315034487")]) as shop:
        shop.want({"phone": "+8613315034487", "first_name": "New"})

        body = shop.plan()

        assert body["stores"][0]["receipt"]["mode"] == "full"
        assert [one["action"] for one in body["changes"]] == ["update"]
