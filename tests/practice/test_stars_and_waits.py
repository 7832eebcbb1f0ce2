"""Stars that people typed, numbers as they are sent, and waits by the store's own clock."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.platforms.retry_after import retry_after
from reconciler.sandbox import Fault
from tests.harness import VARIANTS, consent, opened, person, quick_clock, verdicts

Json = dict[str, Any]
YES = {"email": consent("subscribed", "2026-01-05T10:00:00+00:00"), "sms": consent()}


@pytest.mark.parametrize("mode", ["full", "auto"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_opt_outs_leave_whatever_stands_in_other_fields(
    tmp_path: Path, variant: str, mode: str
) -> None:
    gate = {
        "address1": "Gate **4**",
        "city": "Paris",
        "country_code": "FR",
        "country": "France",
        "first_name": "C",
        "last_name": "D",
        "default": True,
    }
    people = [
        person("ada@example.com", note="**call first** then ship", consent=YES),
        person("bob@example.com", first_name="B**", consent=YES),
        person("cyd@example.com", addresses=[gate], consent=YES),
        person("d*e@example.com", consent=YES),
    ]
    with opened(tmp_path, variant, people) as shop:
        shop.want(
            *({"email": one["email"], "consent": {"email": "unsubscribed"}} for one in people)
        )

        result = shop.apply(shop.plan(read=mode))

        assert result.complete
        assert {one["consent"]["email"]["state"] for one in shop.box.customers()} == {
            "unsubscribed"
        }
        assert shop.live("ada@example.com")["note"] == "**call first** then ship"
        assert shop.live("bob@example.com")["first_name"] == "B**"


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_a_note_with_stars_is_changed_as_asked(tmp_path: Path, variant: str) -> None:
    people = [person(note="**call first**"), person("bob@example.com", note="plain")]
    with opened(tmp_path, variant, people) as shop:
        shop.want(
            {"email": "ada@example.com", "note": "new", "tags": {"add": ["vip"]}},
            {"email": "bob@example.com", "note": "*new*"},
        )

        shop.converge()


@pytest.mark.parametrize(
    ("variant", "sent"),
    [
        ("genstore", "+8613800138000"),
        ("shopline", "008613800138000"),
        ("shoplazza", "+8613800138000"),
    ],
)
@pytest.mark.parametrize("written", ["138 0013 8000", "+86 138-0013-8000", "0086 (138) 00138000"])
def test_a_number_is_sent_in_the_platforms_form(
    tmp_path: Path, variant: str, sent: str, written: str
) -> None:
    with opened(tmp_path, variant, [person("b@example.com")]) as shop:
        shop.want({"phone": written, "first_name": "N"})

        shop.converge()

        assert [one["phone"] for one in shop.box.customers()] == [None, sent]


@pytest.mark.parametrize("skew", [-600, 0, 600])
@pytest.mark.parametrize("wait", [0, 2, 30])
def test_a_wait_is_measured_by_the_answers_own_date(skew: int, wait: int) -> None:
    theirs = datetime.now(UTC) + timedelta(seconds=skew)  # noqa: TID251
    headers = httpx.Headers(
        {
            "Date": format_datetime(theirs, usegmt=True),
            "Retry-After": format_datetime(theirs + timedelta(seconds=wait), usegmt=True),
        }
    )

    assert retry_after(headers, quick_clock()) == wait


def test_a_store_ten_minutes_ahead_is_waited_for_two_seconds(tmp_path: Path) -> None:
    theirs = datetime.now(UTC) + timedelta(minutes=10)  # noqa: TID251
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        shop.box.fault(
            Fault(
                "status",
                status=429,
                path="customers",
                headers={
                    "Date": format_datetime(theirs, usegmt=True),
                    "Retry-After": format_datetime(theirs + timedelta(seconds=2), usegmt=True),
                },
            )
        )

        body = shop.plan(read="full")

        assert body["stores"][0]["error"] is None


def test_a_ceiling_that_falls_for_want_of_the_stores_size_costs_a_whole_reading(
    tmp_path: Path,
) -> None:
    people = [person(f"c{number}@example.com") for number in range(2500)]
    with opened(tmp_path, "genstore", people) as shop:
        shop.settings = {"limits": None}
        shop.want(
            *({"email": f"c{number}@example.com", "first_name": "New"} for number in range(21))
        )

        body = shop.plan()

        receipt = body["stores"][0]["receipt"]
        assert not body["summary"]["blocked"]
        assert (receipt["mode"], receipt["read"]) == ("full", 2500)
        assert receipt["chosen"].startswith("a ceiling needs the store's size, after")
        assert ("block", "ceiling.profile") in verdicts(shop.plan(read="lookup"))


def test_many_opt_outs_are_weighed_against_all_subscribers(tmp_path: Path) -> None:
    people = [person(f"c{number}@example.com", consent=YES) for number in range(2500)]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(
            *(
                {"email": f"c{number}@example.com", "consent": {"email": "unsubscribed"}}
                for number in range(4)
            )
        )
        few = shop.plan()
        shop.want(
            *(
                {"email": f"c{number}@example.com", "consent": {"email": "unsubscribed"}}
                for number in range(21)
            )
        )
        many = shop.plan()

        assert few["stores"][0]["receipt"]["mode"] == "lookup"
        assert many["stores"][0]["receipt"]["mode"] == "full"
        assert not many["summary"]["blocked"]
