"""What the files of one store want out is out of the controller's others, since they first said so.

A wish without a time is as old as it was first seen: the person's own later yes in another store
answers it, however often a plan reads the file again.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.company import Company, Days, company
from tests.harness import consent, person, verdicts
from tests.program import run

Json = dict[str, Any]
ADA = "ada@example.com"
STORES = ("genstore", "shoplazza", "shopline")
START = datetime(2026, 9, 1, 12, tzinfo=UTC)
YES = {"email": consent("subscribed", "2026-06-01T00:00:00+00:00", "person"), "sms": consent()}
STAFF = {"email": consent("subscribed", "2026-05-01T00:00:00+00:00", "staff"), "sms": consent()}
NO = {"email": consent("unsubscribed", "2026-07-01T00:00:00+00:00", "person"), "sms": consent()}
NEVER = {"email": consent("not_subscribed"), "sms": consent()}


class Wished:
    """A store `us` whose files say no, and a store `eu` that tells who acted, and when."""

    def __init__(self, both: Company, days: Days) -> None:
        self.both, self.days = both, days

    def wish(self, **told: str) -> None:
        no = {"customer": {"email": ADA}, "channel": "email", "state": "unsubscribed", **told}
        (self.both.specs / "us.yaml").write_text(json.dumps({"store": "us", "consents": [no]}))
        self.both.wanted.pop("us", None)

    def settle(self) -> None:
        self.both.apply(self.both.plan())

    def later(self, hours: int) -> datetime:
        self.days.at += timedelta(hours=hours)
        return self.days.at

    def comes_back(self, store: str = "eu") -> None:
        self.later(1)
        self.both.clicks(store, ADA, "subscribed")
        self.later(1)

    def planned(self, store: str) -> list[Json]:
        return [one for one in self.both.plan()["changes"] if one["store"] == store]


@contextmanager
def wished(folder: Path, us: str, there: Json | None, **others: Json) -> Iterator[Wished]:
    records = {"us": [person(ADA, consent=there)] if there else []}
    records |= {name: [person(ADA, consent=had)] for name, had in others.items()}
    platforms = {"us": us} | dict.fromkeys(others, "shopline")
    days = Days(START)
    with company(folder, platforms, records, days) as both:
        yield Wished(both, days)


@pytest.mark.parametrize("us", STORES)
@pytest.mark.parametrize("there", [None, STAFF, NEVER], ids=["nobody", "in", "never asked"])
def test_an_own_yes_after_a_wish_without_a_time_was_first_seen_stays(
    tmp_path: Path, us: str, there: Json | None
) -> None:
    with wished(tmp_path, us, there, eu=YES) as found:
        found.wish()
        found.settle()
        assert found.both.consent("eu", ADA) == "unsubscribed"
        found.comes_back()
        for _ in range(2):
            found.settle()

        assert found.both.consent("eu", ADA) == "subscribed"


@pytest.mark.parametrize("us", STORES)
def test_evidence_from_before_a_wish_was_carried_out_grants_nothing(
    tmp_path: Path, us: str
) -> None:
    """Wished by a slip, taken back, and wished for good later; then the record is lost."""
    with wished(tmp_path, us, STAFF) as found:
        both = found.both
        found.wish()
        both.plan()
        both.want(us=[])
        both.plan()
        form = found.later(24)
        found.later(24)
        found.wish()
        found.settle()
        box = both.stores["us"][0]
        box.remove(box.customers()[0]["id"])
        given = {"given_at": form.isoformat(), "source": "checkout", "evidence": "forms/1"}
        both.want(us=[{"email": ADA, "consent": {"email": {"state": "subscribed", **given}}}])
        found.settle()

        assert both.consent("us", ADA) != "subscribed"


@pytest.mark.parametrize("there", [None, STAFF], ids=["nobody", "in"])
def test_a_wish_without_a_time_grows_old(tmp_path: Path, there: Json | None) -> None:
    with wished(tmp_path, "genstore", there, eu=YES) as found:
        found.wish()
        first = {one["name"]: one.get("waiting") for one in found.both.plan()["stores"]}
        found.later(72)
        body = found.both.plan()
        then = {one["name"]: one.get("waiting") for one in body["stores"]}

        assert first["eu"]["oldest"] is not None
        assert then == {"eu": first["eu"], "us": there and first["eu"]}
        assert ("warn", "consent.overdue") in verdicts(body)


@pytest.mark.parametrize("us", STORES)
def test_a_later_wish_for_somebody_whom_we_took_out_reaches_the_others(
    tmp_path: Path, us: str
) -> None:
    """Taken out of `us` for the no of a third store, they come back, and then write a letter."""
    with wished(tmp_path, us, STAFF, eu=YES, ca=NO) as found:
        found.settle()
        found.comes_back()
        assert found.planned("eu") == []
        letter = found.later(24)
        found.wish(withdrawn_at=letter.isoformat(), source="letter")
        found.later(1)

        assert [one["cause"] for one in found.planned("eu")] == ["controller"]
        found.settle()
        assert found.both.consent("eu", ADA) == "unsubscribed"


@pytest.mark.parametrize("us", STORES)
def test_a_wish_is_heard_where_its_store_shows_no_more_than_a_default(
    tmp_path: Path, us: str
) -> None:
    """Shoplazza has one word for out and for never asked, so the record is as the file wants it."""
    never = {"email": consent("unsubscribed" if us == "shoplazza" else "not_subscribed")}
    with wished(tmp_path, us, never, eu=YES) as found:
        found.wish()

        assert [one["cause"] for one in found.planned("eu")] == ["controller"]


@pytest.mark.parametrize("controller", ["acme", None])
@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("there", [None, NEVER], ids=["nobody", "never asked"])
def test_a_no_of_the_files_outlives_them(
    tmp_path: Path, there: Json | None, dated: bool, controller: str | None
) -> None:
    """Nothing of it is ever written to a store that has no word for it, and the files are reverted."""
    with wished(tmp_path, "genstore", there) as found:
        both = found.both
        both.controllers["us"] = controller
        form = START - timedelta(days=20)
        both.want()
        found.wish(**({"withdrawn_at": (START - timedelta(days=10)).isoformat()} if dated else {}))
        found.settle()
        given = {"given_at": form.isoformat(), "source": "checkout", "evidence": "forms/1"}
        both.want(us=[{"email": ADA, "consent": {"email": {"state": "subscribed", **given}}}])
        found.settle()

        assert both.consent("us", ADA) != "subscribed"


@pytest.mark.parametrize("us", STORES)
def test_a_wish_that_was_planned_makes_no_echo_of_a_no_in_its_store(
    tmp_path: Path, us: str
) -> None:
    with wished(tmp_path, us, STAFF, eu=YES) as found:
        found.wish()
        found.both.plan()
        found.both.want(us=[])
        found.later(1)
        (record,) = found.both.stores["us"][0].customers()
        gone = {"email": consent("unsubscribed", None, "staff")}
        found.both.stores["us"][0].edit(record["id"], consent=gone)

        assert [one["cause"] for one in found.planned("eu")] == ["controller"]


def test_of_a_store_by_itself_it_is_known_since_when_a_wish_waits(tmp_path: Path) -> None:
    with wished(tmp_path, "genstore", STAFF) as found:
        found.both.controllers["us"] = None
        found.both.want(us=[{"email": ADA, "consent": {"email": "unsubscribed"}}])
        first = found.both.plan()["stores"][0]["waiting"]
        found.later(72)
        body = found.both.plan()

        since = datetime.fromisoformat(body["stores"][0]["waiting"]["oldest"])

        assert first["oldest"] is None  # nobody knows for how long it stood there before
        assert timedelta(hours=71) < found.days.at - since < timedelta(hours=73)
        assert ("warn", "consent.overdue") in verdicts(body)


@pytest.mark.parametrize("us", ["genstore", "shopline"])
@pytest.mark.parametrize("sms", ["subscribed", "not_subscribed", "unsubscribed"])
def test_a_wish_counts_for_the_number_that_its_record_alone_tells(
    tmp_path: Path, us: str, sms: str
) -> None:
    number = "+8613800138000"
    had = {"email": consent(), "sms": consent(sms, "2026-05-01T00:00:00+00:00", "staff")}
    yes = {"email": consent(), "sms": consent("subscribed", "2026-06-01T00:00:00+00:00", "person")}
    there = {
        "us": [person(ADA, phone=number, consent=had)],
        "eu": [person(None, phone="0086 13800138000", consent=yes)],
    }
    with company(tmp_path, {"us": us, "eu": "shopline"}, there, Days(START)) as both:
        no = {"state": "unsubscribed", "withdrawn_at": "2026-08-01T00:00:00+00:00"}
        both.want(us=[{"email": ADA, "consent": {"sms": no}}])
        body = both.plan()

        assert [one["cause"] for one in body["changes"] if one["store"] == "eu"] == ["controller"]


@pytest.mark.parametrize("us", STORES)
def test_what_is_adopted_of_our_own_write_takes_nobody_out_again(tmp_path: Path, us: str) -> None:
    """The store dates what we wrote there, and by then the person had come back elsewhere."""
    with wished(tmp_path, us, STAFF, eu=YES, ca=NO) as found:
        both = found.both
        entry = {"email": ADA, "consent": {"email": {"state": "subscribed"} | _proof()}}
        both.want(us=[entry])
        body = both.plan()
        found.comes_back()
        both.apply(body)
        assert both.consent("us", ADA) == "unsubscribed"
        found.later(1)
        both.plan()
        words = ("--specs", both.specs, "--state-dir", both.state_folder, "--write")
        assert run("adopt", *words, env=both.environment.variables).code == 0
        told = json.loads((both.specs / "us.yaml").read_text())["customers"][0]["consent"]["email"]

        assert told["state"] == "unsubscribed"
        assert told["withdrawn_at"].startswith("2026-07-01T00:00:00")
        for _ in range(2):
            found.settle()
        assert both.consent("eu", ADA) == "subscribed"


def _proof() -> Json:
    return {"given_at": "2026-01-01T00:00:00+00:00", "source": "checkout"}
