"""Laws of two records of one store that share a number: a consent belongs to the number."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.company import Company, Days, company
from tests.harness import consent, grant, person

ADA: Final = "ada@example.com"
BO: Final = "bo@example.com"
NUMBER: Final = "+8613800000001"
PLATFORMS: Final = ("genstore", "shoplazza", "shopline")
START: Final = datetime(2026, 3, 1, tzinfo=UTC)
OLD: Final = "2026-02-01T00:00:00+00:00"
NAMED: Final = {
    "both": [{"email": ADA}, {"email": BO}],
    "who said no": [{"email": ADA}],
    "the other": [{"email": BO}],
    "nobody": [],
}


def _two(both: Company, controller: str | None = "acme", named: str = "nobody") -> None:
    """Both said yes by the number."""
    yes = {"email": consent(), "sms": consent("subscribed", "2026-02-01T00:00:00+00:00", "person")}
    both.controllers["eu"] = controller
    records = [person(one, phone=NUMBER, consent=yes) for one in (ADA, BO)]
    both.stores["eu"][0].reset(records, {"duplicates": "accepted"})
    both.want(eu=NAMED[named])


def _reconcile(both: Company, days: Days) -> None:
    for _ in range(2):
        days.at += timedelta(hours=2)
        both.apply(both.plan())
    days.at += timedelta(hours=2)


@pytest.mark.parametrize("named", NAMED)
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("controller", ["acme", None])
def test_a_no_of_one_record_counts_for_the_other_where_the_store_has_a_controller(
    tmp_path: Path, platform: str, controller: str | None, named: str
) -> None:
    """Without one the other record stays as it is, and gets nothing by evidence of before."""
    days = Days(START)
    with company(tmp_path, {"eu": platform}, {}, days) as both:
        _two(both, controller, named)
        both.plan()
        days.at += timedelta(hours=2)
        both.clicks("eu", ADA, "unsubscribed", "sms")
        _reconcile(both, days)
        expected = "subscribed" if controller is None else "unsubscribed"
        assert both.consent("eu", BO, "sms") == expected
        assert both.plan()["changes"] == []

        both.clicks("eu", BO, "unsubscribed", "sms")
        both.want(eu=[{"email": BO, "phone": NUMBER, "consent": {"sms": grant(given_at=OLD)}}])
        body = both.plan()
        assert [one for one in body["changes"] if "grant" in one["classes"]] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_who_said_no_and_comes_back_in_the_same_record_stays(tmp_path: Path, platform: str) -> None:
    """What we left in the other record is our echo, and stays."""
    days = Days(START)
    with company(tmp_path, {"eu": platform}, {}, days) as both:
        _two(both)
        both.clicks("eu", ADA, "unsubscribed", "sms")
        _reconcile(both, days)
        both.clicks("eu", ADA, "subscribed", "sms")
        for _ in range(2):
            _reconcile(both, days)
            assert both.consent("eu", ADA, "sms") == "subscribed"
            assert both.consent("eu", BO, "sms") == "unsubscribed"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_later_yes_of_the_other_record_stays_where_it_is_surely_theirs(
    tmp_path: Path, platform: str
) -> None:
    days = Days(START)
    with company(tmp_path, {"eu": platform}, {}, days) as both:
        _two(both)
        both.clicks("eu", ADA, "unsubscribed", "sms")
        _reconcile(both, days)
        both.clicks("eu", BO, "subscribed", "sms")
        _reconcile(both, days)
        surely = platform == "shopline"
        assert both.consent("eu", BO, "sms") == ("subscribed" if surely else "unsubscribed")
        assert both.consent("eu", ADA, "sms") == "unsubscribed"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_single_record_that_came_back_is_not_taken_out_by_its_own_old_no(
    tmp_path: Path, platform: str
) -> None:
    days = Days(START)
    with company(tmp_path, {"eu": platform}, {}, days) as both:
        _two(both)
        box = both.stores["eu"][0]
        (other,) = [one for one in box.customers() if one["email"] == BO]
        box.remove(other["id"])
        both.clicks("eu", ADA, "unsubscribed", "sms")
        _reconcile(both, days)
        both.clicks("eu", ADA, "subscribed", "sms")
        _reconcile(both, days)
        assert both.consent("eu", ADA, "sms") == "subscribed"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_whom_the_files_take_out_by_a_number_is_out_in_its_other_record(
    tmp_path: Path, platform: str
) -> None:
    days = Days(START)
    with company(tmp_path, {"eu": platform}, {}, days) as both:
        _two(both)
        both.want(eu=[{"email": ADA, "consent": {"sms": "unsubscribed"}}])
        _reconcile(both, days)
        assert both.consent("eu", ADA, "sms") == "unsubscribed"
        assert both.consent("eu", BO, "sms") == "unsubscribed"
        assert both.plan()["changes"] == []


@pytest.mark.parametrize("named", sorted(NAMED))
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_yes_of_the_other_record_does_not_answer_a_no_that_stands_beside_it(
    tmp_path: Path, platform: str, named: str
) -> None:
    """It had come back by its flag before, and no plan of any number takes the no for answered."""
    days = Days(START)
    with company(tmp_path, {"eu": platform, "us": "shoplazza"}, {}, days) as both:
        _two(both, named=named)
        yes = consent("subscribed", "2026-02-01T00:00:00+00:00", "person")
        box = both.stores["us"][0]
        box.reset([person(ADA, phone=NUMBER, consent={"email": consent(), "sms": yes})])
        both.want(us=[{"email": ADA}])
        both.clicks("eu", BO, "subscribed", "sms")
        _reconcile(both, days)
        both.clicks("eu", ADA, "unsubscribed", "sms")
        both.plan()
        days.at += timedelta(hours=2)
        both.apply(both.plan())
        assert both.consent("us", ADA, "sms") == "unsubscribed"
        assert both.consent("eu", BO, "sms") == "unsubscribed"
