"""People whom a look-up does not show: twins, other spellings, hidden contacts, thin pages."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Fault
from tests.harness import VARIANTS, Shop, consent, grant, opened, person, states, verdicts

Json = dict[str, Any]
MANY = [person(f"c{number}@example.com") for number in range(600)]
OUT = {"email": consent("unsubscribed", "2026-09-01T10:00:00+00:00", "person"), "sms": consent()}
NO_SMS = {"email": consent(), "sms": consent("unsubscribed", "2026-09-01T10:00:00+00:00", "person")}
IN = {"email": consent("subscribed", "2026-01-05T10:00:00+00:00"), "sms": consent()}


def approved_content(body: Json) -> Json:
    """What is planned, held and blocked, reading and audience apart."""
    return {
        "changes": [
            [one["customer"], one["action"], [field["digest"] for field in one["fields"]]]
            for one in body["changes"]
        ],
        "verdicts": sorted(
            (one["level"], one["rule"], one["customer"] or "") for one in body["verdicts"]
        ),
        "error": body["stores"][0]["error"],
    }


def alike(shop: Shop) -> Json:
    """The plan, after seeing that `auto` and `full` agree on it."""
    whole = shop.plan(read="full")
    assert approved_content(shop.plan(read="auto")) == approved_content(whole)
    return whole


@pytest.mark.parametrize("spelling", ["case", "bytes", "blind"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_opt_out_goes_to_both_of_two_records_that_differ_by_case(
    tmp_path: Path, variant: str, spelling: str
) -> None:
    twins = [person("Ada@example.com", consent=IN), person("ada@example.com", consent=IN)]
    switches = {"spelling": spelling, "duplicates": "accepted"}
    with opened(tmp_path, variant, [*twins, *MANY], switches) as shop:
        shop.want(
            {"email": "ada@example.com", "first_name": "L", "consent": {"email": "unsubscribed"}}
        )

        body = alike(shop)
        shop.apply(shop.plan())

        assert ("hold", "identity.ambiguous") in verdicts(body)
        told = [one for one in shop.box.customers() if one["email"].lower() == "ada@example.com"]
        assert [one["consent"]["email"]["state"] for one in told] == ["unsubscribed"] * 2
        assert {one["first_name"] for one in told} == {"Ada"}


@pytest.mark.parametrize("form", ["jose\u0301@example.com", "jos\u00e9@example.com"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_an_address_is_found_in_both_forms_of_unicode(
    tmp_path: Path, variant: str, form: str
) -> None:
    live = person("jose\u0301@example.com", consent=OUT)
    with opened(tmp_path, variant, [live, *MANY], {"spelling": "bytes"}) as shop:
        shop.want({"email": form, "consent": {"email": grant()}})

        body = alike(shop)

        assert body["changes"] == []
        assert any(level == "hold" for level, _ in verdicts(body))


@pytest.mark.parametrize("variant", VARIANTS)
def test_both_spellings_of_an_international_domain_are_one_mailbox(
    tmp_path: Path, variant: str
) -> None:
    live = person("ada@xn--mnchen-3ya.example", consent=OUT)
    with opened(tmp_path, variant, [live, *MANY]) as shop:
        shop.want(
            {
                "email": "ada@m\u00fcnchen.example",
                "first_name": "Ada",
                "consent": {"email": grant()},
            }
        )

        assert alike(shop)["changes"] == []


@pytest.mark.parametrize("spelling", ["case", "bytes", "blind"])
@pytest.mark.parametrize(
    "number",
    ["13800138000", "+86 138 0013 8000", "8613800138000", "008613800138000", "'+8613800138000"],
)
@pytest.mark.parametrize("variant", ["shoplazza", "shopline"])
def test_a_number_is_found_as_the_store_keeps_it(
    tmp_path: Path, variant: str, number: str, spelling: str
) -> None:
    live = person(None, phone=number, consent=NO_SMS)
    with opened(tmp_path, variant, [live, *MANY], {"spelling": spelling}) as shop:
        shop.want({"phone": "+8613800138000", "consent": {"sms": grant()}})

        assert alike(shop)["changes"] == []


@pytest.mark.parametrize(
    "live", [person(None, phone="+86 138-0013-8000"), person("jose\u0301@example.com")]
)
def test_an_erasure_finds_who_is_there(tmp_path: Path, live: Json) -> None:
    with opened(tmp_path, "shopline", [live, *MANY], {"spelling": "bytes"}) as shop:
        name = (
            ({"phone": "+8613800138000"} if live["phone"] else {"email": "jos\u00e9@example.com"})
            if "phone" in live
            else {"email": "jos\u00e9@example.com"}
        )
        shop.want({**name, "state": "absent", "reason": "erasure 1"})

        body = alike(shop)

        assert [one["action"] for one in body["changes"]] == ["delete"]
        looked = shop.plan(read="lookup")
        assert looked["changes"] in ([], body["changes"])


@pytest.mark.parametrize("duplicates", ["accepted", "refused"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_hit_whose_contacts_are_hidden_is_no_absence(
    tmp_path: Path, variant: str, duplicates: str
) -> None:
    hides = {"protected": "masked"} if variant == "genstore" else {"masked": "all"}
    people = [person(consent=OUT), *MANY]
    with opened(tmp_path, variant, people, {**hides, "duplicates": duplicates}) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New", "consent": {"email": grant()}})

        body = alike(shop)
        looked = shop.plan(read="lookup")

        assert body["changes"] == looked["changes"] == []
        assert "hidden" in body["stores"][0]["error"]
        assert ("hold", "read.withheld") in verdicts(looked)


def test_an_opt_out_goes_to_the_one_who_answers_and_hides(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(consent=IN), *MANY], {"masked": "all"}) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New", "consent": "unsubscribed"})

        result = shop.apply(shop.plan(read="lookup"))

        assert result.complete
        ada = shop.live("ada@example.com")
        assert ada["consent"]["email"]["state"] == "unsubscribed"
        assert ada["first_name"] == "Ada"


def test_a_record_without_the_key_of_its_address_is_asked_for_by_number(tmp_path: Path) -> None:
    late = [person(f"late{number}@example.com", consent=OUT) for number in range(10)]
    with opened(tmp_path, "shopline", [*MANY[:260], *late]) as shop:
        shop.box.fault(
            Fault(
                "rewrite", path="v2/customers.json", times=99, find=r'"email":"late\d@example.com",'
            )
        )
        shop.want({"email": "late3@example.com", "first_name": "L3"})

        body = shop.plan(read="full")

        assert [one["action"] for one in body["changes"]] == ["update"]
        assert body["stores"][0]["receipt"]["notes"] == [
            "10 records were asked for again: a page told less of them"
        ]


def test_a_store_that_leaves_out_what_is_empty_still_takes_new_customers(tmp_path: Path) -> None:
    phones = [person(None, phone=f"0086138001380{number:02}") for number in range(30)]
    with opened(tmp_path, "shopline", [*MANY[:5], *phones]) as shop:
        shop.box.fault(Fault("rewrite", times=999, find='"email":null,'))
        shop.want({"email": "new@example.com"})

        shop.converge()


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_one_number_that_staff_starred_does_not_stop_others(tmp_path: Path, variant: str) -> None:
    people = [person(phone="138****8000"), *MANY[:20]]
    with opened(tmp_path, variant, people) as shop:
        shop.want({"email": "new@example.com"}, {"phone": "+8613912345678", "first_name": "N"})

        body = alike(shop)

        assert [one["action"] for one in body["changes"]] == ["create", "create"]


def test_a_number_that_may_be_the_starred_one_is_held(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(phone="138****8000"), *MANY[:20]]) as shop:
        shop.want({"phone": "+8613800008000", "first_name": "N"})

        body = alike(shop)

        assert body["changes"] == []
        assert any(rule in ("read.masked", "read.withheld") for _, rule in verdicts(body))


def test_a_store_whose_search_answers_nonsense_is_read_and_can_be_written(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", MANY, {"empty_search": "word"}) as shop:
        shop.want({"email": "new@example.com", "first_name": "N"})

        result = shop.apply(alike(shop))

        assert result.complete


@pytest.mark.parametrize("variant", VARIANTS)
def test_nobody_is_made_twice_where_lists_and_searches_lag(tmp_path: Path, variant: str) -> None:
    delays = {"list_delay": "60", **({"search_delay": "60"} if variant == "genstore" else {})}
    with opened(tmp_path, variant, MANY[:5], {**delays, "duplicates": "accepted"}) as shop:
        shop.want({"email": "new@example.com", "first_name": "N"})
        shop.apply(shop.plan())

        second = shop.apply(shop.plan())

        assert [str(one) for one in states(second)] == ["skipped: stale"]
        assert len([one for one in shop.box.customers() if one["email"] == "new@example.com"]) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_whoever_came_in_another_spelling_since_the_plan_stops_a_create(
    tmp_path: Path, variant: str
) -> None:
    with opened(
        tmp_path, variant, MANY[:5], {"duplicates": "accepted", "spelling": "bytes"}
    ) as shop:
        shop.want({"email": "jos\u00e9@example.com", "first_name": "N"})
        body = shop.plan()
        shop.box.seed([person("jose\u0301@example.com")])

        result = shop.apply(body)

        assert [str(one) for one in states(result)] == ["skipped: stale"]


def test_an_end_after_a_full_page_is_asked_for_twice(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", MANY[:300]) as shop:
        shop.want(*({"email": f"c{n}@example.com", "first_name": "New"} for n in range(300)))
        empty = Fault(
            "status", method="GET", path="customers$", nth=2, status=200, body='{"customers": []}'
        )
        shop.box.fault(empty)

        body = shop.plan(read="full")

        assert body["stores"][0]["receipt"]["read"] == 300


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_body_that_breaks_off_is_asked_for_again(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant, MANY[:20]) as shop:
        shop.want({"email": "c1@example.com", "first_name": "New"})
        shop.box.fault(Fault("truncate", path="customers"))
        shop.box.fault(Fault("rewrite", path="customers", nth=3, find=r"(?s)^(.{40}).*", put=r"\1"))

        body = shop.plan(read="full")

        assert [one["action"] for one in body["changes"]] == ["update"]
