"""Stores of one controller: an opt-out of one counts in all of them, and a yes in none but its own."""

import json
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.settings import Release, RiskClass
from tests.company import Company, company
from tests.harness import KEY, consent, grant, person, told, verdicts
from tests.program import run

Json = dict[str, Any]
KEYED = {"RECONCILER_KEY": KEY.decode()}
ADA = "ada@example.com"
BO = "bo@example.com"
PAIRS = tuple(permutations(("genstore", "shoplazza", "shopline"), 2))
OUT = {"email": consent("unsubscribed", "2026-07-01T00:00:00+00:00", "person"), "sms": consent()}
YES = {"email": consent("subscribed", "2026-06-01T00:00:00+00:00", "person"), "sms": consent()}
STAFF = {"email": consent("subscribed", "2026-08-01T00:00:00+00:00", "staff"), "sms": consent()}
LATER = {"email": consent("subscribed", "2026-08-01T00:00:00+00:00", "person"), "sms": consent()}


def _two(first: str, second: str) -> dict[str, str]:
    return {"us": first, "eu": second}


def _settle(both: Company) -> None:
    """Plan and apply; whatever was planned is done, and planning again is empty."""
    result = both.apply(both.plan())
    assert result.complete, told(result)
    assert both.plan()["changes"] == []


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("named", ["nowhere", "where they are out", "where they are in", "in both"])
def test_an_opt_out_of_one_store_is_withdrawn_in_the_other(
    tmp_path: Path, first: str, second: str, named: str
) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, _two(first, second), there) as both:
        entry = [{"email": ADA, "tags": {"add": ["vip"]}}]
        both.want(
            us=entry if named in ("where they are out", "in both") else [],
            eu=entry if named in ("where they are in", "in both") else [],
        )
        body = both.plan()
        (change,) = [one for one in body["changes"] if "withdraw" in one["classes"]]
        assert change["store"] == "eu"
        assert change["cause"] == "controller"
        (field,) = [one for one in change["fields"] if one["field"] == "consent.email"]
        assert field["elsewhere"]["store"] == "us"
        assert field["cause"] == "controller"

        _settle(both)

        assert both.consent("eu", ADA) == "unsubscribed"
        assert both.consent("us", ADA) == "unsubscribed"


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_one_with_the_same_name_and_no_controller_is_untouched(
    tmp_path: Path, first: str, second: str
) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, _two(first, second), there) as both:
        for controllers in ({"us": None, "eu": None}, {"us": "a", "eu": "b"}, {"us": "a"}):
            both.controllers = {"us": None, "eu": None, **controllers}
            both.want()
            assert both.plan()["changes"] == []


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_files_that_want_them_in_are_told_to_be_out_of_date(
    tmp_path: Path, first: str, second: str
) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, _two(first, second), there) as both:
        wanted = {"email": ADA, "consent": {"email": grant(given_at="2026-06-01T00:00:00+00:00")}}
        both.want(eu=[wanted])
        body = both.plan()

        assert ("warn", "controller.opted-out") in verdicts(body)
        assert both.apply(body).complete
        assert both.consent("eu", ADA) == "unsubscribed"
        again = both.plan()
        assert again["changes"] == []
        assert "hold" in {level for level, _ in verdicts(again)}


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_newer_evidence_of_the_person_in_the_files_is_their_later_yes(
    tmp_path: Path, first: str, second: str
) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, _two(first, second), there) as both:
        newer = grant(given_at="2026-09-01T00:00:00+00:00")
        both.want(eu=[{"email": ADA, "consent": {"email": newer}}])
        if first == "shoplazza":  # it does not tell when, so the opt-out is as old as this reading
            assert len(both.plan()["changes"]) == 1
        else:
            assert both.plan()["changes"] == []


@pytest.mark.parametrize(("yes", "changes"), [(LATER, 0), (STAFF, 1)])
def test_a_later_yes_of_their_own_in_another_store_stays(
    tmp_path: Path, yes: Json, changes: int
) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=yes)]}
    with company(tmp_path, _two("genstore", "shopline"), there) as both:
        assert len(both.plan()["changes"]) == changes


def test_their_later_yes_in_one_store_clears_the_opt_out_for_all(tmp_path: Path) -> None:
    there = {
        "us": [person(ADA, consent=OUT)],
        "eu": [person(ADA, consent=LATER)],
        "ca": [person(ADA, consent=YES)],
    }
    platforms = {"us": "genstore", "eu": "shopline", "ca": "shoplazza"}
    with company(tmp_path, platforms, there) as all_three:
        assert all_three.plan()["changes"] == []


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_what_we_carried_over_is_no_opt_out_of_its_own(
    tmp_path: Path, first: str, second: str
) -> None:
    """They come back by themselves where they went, and that is not taken back for our own echo."""
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, _two(first, second), there) as both:
        both.want(us=[{"email": ADA}], eu=[{"email": ADA}])
        _settle(both)
        both.clicks("us", ADA, "subscribed")
        for _ in range(2):
            body = both.plan()
            assert [one for one in body["changes"] if one["store"] == "us"] == []
            both.apply(body)
        assert both.consent("us", ADA) == "subscribed"
        assert both.consent("eu", ADA) == "unsubscribed"


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_wish_for_in_and_one_for_out_are_held_with_both_places(
    tmp_path: Path, first: str, second: str
) -> None:
    there = {"us": [person(ADA, consent=YES)], "eu": [person(ADA)]}
    with company(tmp_path, _two(first, second), there) as both:
        wanted = {"email": ADA, "consent": {"email": grant()}}
        both.want(us=[{"email": ADA, "consent": {"email": "unsubscribed"}}], eu=[wanted])
        body = both.plan()

        (held,) = [one for one in body["verdicts"] if one["rule"] == "controller.conflict"]
        assert "us.yaml:1:" in held["message"]
        assert held["source"]["file"].endswith("eu.yaml")
        assert [one["store"] for one in body["changes"]] == ["us"]
        assert both.apply(body).complete
        assert both.consent("us", ADA) == "unsubscribed"
        assert both.consent("eu", ADA) != "subscribed"
        assert both.plan()["changes"] == []


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_an_opt_in_is_held_for_somebody_who_is_out_in_another_store(
    tmp_path: Path, first: str, second: str
) -> None:
    """Whom that store's files do not name; and the apply knows it too, without the plan."""
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA)]}
    with company(tmp_path, _two(first, second), there) as both:
        both.want(eu=[{"email": ADA, "consent": {"email": grant()}}])
        body = both.plan()

        assert ("hold", "register.opted-out") in verdicts(body)
        both.apply(body)
        assert both.consent("eu", ADA) != "subscribed"
        assert ("hold", "register.opted-out") in verdicts(both.plan(stores=("eu",)))


def test_a_release_of_an_undated_no_lifts_nothing_that_another_store_says(tmp_path: Path) -> None:
    here = {"email": consent("unsubscribed", None, "staff"), "sms": consent()}
    there = {
        "us": [
            person(
                ADA, consent={**OUT, "email": consent("unsubscribed", OUT["email"]["at"], "staff")}
            )
        ],
        "eu": [person(ADA, consent=here)],
    }
    with company(tmp_path, _two("shopline", "shoplazza"), there) as both:
        both.want(eu=[{"email": ADA, "consent": {"email": grant()}}])
        for releases in ((), (Release(rule="consent.undated-opt-out"),)):
            body = both.plan(releases=releases)
            assert ("hold", "register.opted-out") in verdicts(body)
            assert body["changes"] == []


def test_a_consent_of_one_store_is_given_to_no_other(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=YES)], "eu": [person(ADA)]}
    with company(tmp_path, _two("shoplazza", "shopline"), there) as both:
        both.want(us=[{"email": ADA, "consent": {"email": grant()}}], eu=[{"email": ADA}])
        assert both.plan()["changes"] == []


def test_an_apply_of_one_store_alone_carries_over_what_the_plan_saw(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, _two("genstore", "shopline"), there) as both:
        both.plan()
        alone = both.plan(stores=("eu",))
        assert len(alone["changes"]) == 1
        assert both.apply(alone, only=[RiskClass.WITHDRAW]).complete
        assert both.consent("eu", ADA) == "unsubscribed"


def test_a_mass_of_them_is_a_block_that_a_release_lifts(tmp_path: Path) -> None:
    many = [f"c{number}@example.com" for number in range(30)]
    there = {
        "us": [person(one, consent=OUT) for one in many],
        "eu": [person(one, consent=YES) for one in many],
    }
    with company(tmp_path, _two("genstore", "shopline"), there) as both:
        body = both.plan()
        assert ("block", "withdraw.mass") in verdicts(body)
        assert body["summary"]["causes"] == {"controller": 30}


def test_a_person_is_the_same_however_the_address_is_written(tmp_path: Path) -> None:
    there = {
        "us": [person("ADA@Example.com", consent=OUT)],
        "eu": [person(ADA, consent=YES), person(BO, consent=YES)],
    }
    with company(tmp_path, _two("genstore", "shopline"), there) as both:
        _settle(both)
        assert both.consent("eu", ADA) == "unsubscribed"
        assert both.consent("eu", BO) == "subscribed"


def test_the_clock_runs_from_the_act_to_the_last_store(tmp_path: Path) -> None:
    """In the plan, by its own exit, and in the trail: one number for each opt-out."""
    platforms = {"us": "genstore", "eu": "shopline", "ca": "shoplazza"}
    there = {
        "us": [person(ADA, consent=OUT)],
        "eu": [person(ADA, consent=YES)],
        "ca": [person(ADA, consent=YES)],
    }
    with company(tmp_path, platforms, there) as all_three:
        body = all_three.plan()
        waits = {one["name"]: one.get("waiting") for one in body["stores"]}
        assert waits["us"] is None
        assert waits["eu"]["opt_outs"] == waits["ca"]["opt_outs"] == 1
        assert waits["eu"]["oldest"].startswith("2026-07-01")
        assert ("warn", "consent.overdue") in verdicts(body)
        assert all_three.apply(body).complete
        assert all("waiting" not in one for one in all_three.plan()["stores"])

        found = run("audit", "silence", "--specs", all_three.specs, "--format", "json", env=KEYED)
        (one,) = json.loads(found.out)["opt_outs"]
        assert one["stores"] == ["ca", "eu"]
        days = (datetime.now(UTC) - datetime(2026, 7, 1, tzinfo=UTC)).days  # noqa: TID251
        assert one["seconds"] // 86_400 in (days, days - 1)
        text = run("audit", "silence", "--specs", all_three.specs, env=KEYED)
        assert "1 opt-out: half within" in text.out
        assert "ca, eu had it" in text.out


def test_an_opt_out_that_the_policy_gives_more_time_is_not_overdue(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, _two("genstore", "shopline"), there) as both:
        both.policy = {"consent": {"opt_out_max_age": "9999h"}}
        both.want()
        body = both.plan()
        assert len(body["changes"]) == 1
        assert ("warn", "consent.overdue") not in verdicts(body)


@pytest.mark.parametrize(
    ("number", "told"),
    [("(415) 555-2671", True), ("0014155552671", False), (None, False)],
    ids=["national", "with its country", "none"],
)
def test_an_opt_out_of_a_number_that_is_none_for_sure_is_told_with_its_age(
    tmp_path: Path, number: str | None, told: bool
) -> None:
    """Without a phone region nobody knows whose number it is in the other stores."""
    out = {"email": consent(), "sms": OUT["email"]}
    there = {"us": [person(ADA, phone=number, consent=out)], "eu": [person(BO, consent=YES)]}
    with company(tmp_path, _two("shopline", "genstore"), there) as both:
        _without_region(both)
        (notes,) = [_notes(one) for one in both.plan()["stores"] if one["name"] == "us"]
        both.controllers = {"us": None, "eu": None}
        _without_region(both)
        alone = [_notes(one) for one in both.plan()["stores"]]

        assert any("the oldest of 2026-07-01T00:00+00:00" in one for one in notes) is told
        assert alone == [[], []]


@pytest.mark.parametrize("platform", ["shoplazza", "shopline"])
def test_an_opt_out_whose_contact_a_store_hides_is_told(tmp_path: Path, platform: str) -> None:
    people = [person(one, consent=OUT) for one in (ADA, BO, "cy@example.com")]
    there = {"us": people, "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, _two(platform, "shopline"), there) as both:
        both.stores["us"][0].reset(people, {"masked": "some"})
        (notes,) = [_notes(one) for one in both.plan()["stores"] if one["name"] == "us"]

        assert any(
            "1 opt-out here is of an address or number that is hidden" in one for one in notes
        )


def _without_region(both: Company) -> None:
    both.want()
    path = both.specs / "stores.yaml"
    told = json.loads(path.read_text())
    for one in told["stores"].values():
        del one["phone_region"]
    path.write_text(json.dumps(told))


def _notes(store: Json) -> list[str]:
    found: list[str] = store["receipt"]["notes"]
    return found
