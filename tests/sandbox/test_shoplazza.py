"""Shoplazza on the wire, in both dialects."""

import base64
from typing import Any

import pytest

OLD = "/openapi/2022-01/customers"
NEW = "/openapi/2025-06/customers"
ANN: dict[str, Any] = {
    "id": "u-1",
    "email": "ann@example.com",
    "first_name": "Ann",
    "tags": ["vip", "New Customer"],
    "created_at": "2026-01-02T03:04:05Z",
    "addresses": [{"id": "7", "country": "Norway", "country_code": "NO"}],
    "consent": {"email": {"state": "unsubscribed", "actor": "person"}},
}
TOM: dict[str, Any] = {"id": "u-2", "phone": "+8613800138000", "created_at": "2026-02-02T00:00:00Z"}


def put(client: Any, root: str = NEW, **customer: Any) -> Any:
    return client.put(f"{root}/u-1", json={"customer": customer})


def test_the_old_dialect_is_bare_and_joins_tags(shop: Any) -> None:
    with shop("shoplazza", ANN) as (_, client):
        body = client.get(f"{OLD}/u-1").json()["customer"]

    assert body["tags"] == "vip, New Customer"
    assert body["created_at"] == "2026-01-02T03:04:05Z"
    assert (body["accepts_marketing"], body["subscribed_flag"]) == (False, 2)
    assert (body["accepts_sms_marketing"], body["sms_subscribed_flag"]) == (False, 0)


def test_the_new_dialect_has_an_envelope_and_a_tag_list(shop: Any) -> None:
    with shop("shoplazza", ANN, switches={"envelope_code": "success"}) as (_, client):
        body = client.get(f"{NEW}/u-1").json()

    assert body["code"] == "success"
    assert body["data"]["customer"]["tags"] == ["vip", "New Customer"]


@pytest.mark.parametrize("version", ["2026-01", "2026-07"])
def test_later_versions_speak_the_new_dialect(shop: Any, version: str) -> None:
    with shop("shoplazza", ANN) as (_, client):
        assert client.get(f"/openapi/{version}/customers/count").json()["data"] == {"count": 1}


def test_wrong_tokens_versions_and_methods_are_refused(shop: Any) -> None:
    with shop("shoplazza", ANN) as (_, client):
        answers = [
            client.get(OLD, headers={"access-token": "other"}),
            client.get(NEW, headers={"access-token": "other"}),
            client.get("/openapi/2020-01/customers"),
            client.delete(f"{OLD}/u-1"),
            client.get(f"{OLD}/u-9"),
            client.get(f"{NEW}/u-9"),
        ]

    assert [one.status_code for one in answers] == [401, 401, 404, 405, 404, 404]
    assert answers[4].json() == {"errors": ["record not found"]}
    assert answers[5].json() == {"code": "NotFound", "message": "record not found"}
    assert answers[4].headers["request-id"]


def test_page_and_limit_page_the_old_dialect(shop: Any) -> None:
    seeds = [{"email": f"u{number}@example.com"} for number in range(12)]
    with shop("shoplazza", *seeds) as (_, client):
        sizes = [
            len(client.get(OLD, params=asked).json()["customers"])
            for asked in (
                {},
                {"page": 2},
                {"limit": 5, "page": 3},
                {"limit": 5, "page": 4},
            )
        ]
        over = client.get(OLD, params={"limit": 251})

    assert sizes == [10, 2, 2, 0]
    assert (over.status_code, over.json()) == (400, {"errors": ["Exceeds maximum limit of 250"]})


@pytest.mark.parametrize("ids", ["uuid", "decimal"])
def test_the_cursor_reaches_every_customer_once(shop: Any, ids: str) -> None:
    seeds = [{"email": f"u{number}@example.com"} for number in range(7)]
    seen: list[str] = []
    cursor = None
    with shop("shoplazza", *seeds, switches={"ids": ids}) as (box, client):
        while True:
            asked = {"page_size": 3} | ({"cursor": cursor} if cursor else {})
            data = client.get(NEW, params=asked).json()["data"]
            seen += [one["id"] for one in data["customers"]]
            if data["has_more"] is not True:
                break
            cursor = data["cursor"]

        assert seen == [one["id"] for one in box.customers()]
        assert data["has_more"] is None
        assert base64.b64decode(str(cursor)).decode() == seen[5]


def test_the_parameters_of_the_other_dialect_are_ignored_in_silence(shop: Any) -> None:
    seeds = [{"email": f"u{number}@example.com"} for number in range(12)]
    with shop("shoplazza", *seeds) as (_, client):
        new = client.get(NEW, params={"limit": 999, "page": 2}).json()["data"]["customers"]
        old = client.get(OLD, params={"page_size": 1, "cursor": "x"}).json()["customers"]
        first = client.get(OLD).json()["customers"]

    assert [one["id"] for one in old] == [one["id"] for one in first] == [one["id"] for one in new]


def test_ids_are_a_comma_list_or_repeated_by_dialect(shop: Any) -> None:
    with shop("shoplazza", ANN, TOM) as (_, client):
        repeated = [("ids", "u-1"), ("ids", "u-2")]
        counts = [
            len(client.get(OLD, params={"ids": "u-1,u-2"}).json()["customers"]),
            len(client.get(NEW, params=repeated).json()["data"]["customers"]),
            len(client.get(NEW, params={"ids": "u-1,u-2"}).json()["data"]["customers"]),
        ]

    assert counts == [2, 2, 0]


@pytest.mark.parametrize(
    ("match", "asked", "count"),
    [
        ("exact", {"email": "ANN@example.com"}, 1),
        ("exact", {"email": "ann"}, 0),
        ("fuzzy", {"email": "ann"}, 1),
        ("exact", {"contact": "+8613800138000"}, 1),
        ("exact", {"contact": "ann@example.com"}, 1),
        ("fuzzy", {"contact": "138001"}, 1),
    ],
)
def test_contact_filters(shop: Any, match: str, asked: dict[str, str], count: int) -> None:
    with shop("shoplazza", ANN, TOM, switches={"match": match}) as (_, client):
        assert len(client.get(OLD, params=asked).json()["customers"]) == count


def test_time_bounds_are_inclusive_and_bad_ones_refused(shop: Any) -> None:
    with shop("shoplazza", ANN, TOM) as (_, client):
        lower = client.get(OLD, params={"created_at_min": "2026-02-02T00:00:00Z"}).json()
        upper = client.get(OLD, params={"created_at_max": "2026-01-02T11:04:05+08:00"}).json()
        bad = client.get(OLD, params={"updated_at_min": "yesterday"}).status_code
        new = client.get(NEW, params={"updated_at_min": "yesterday"}).status_code

    assert [one["id"] for one in lower["customers"]] == ["u-2"]
    assert [one["id"] for one in upper["customers"]] == ["u-1"]
    assert (bad, new) == (406, 400)


def test_a_create_subscribes_unless_told_otherwise(shop: Any) -> None:
    with shop("shoplazza") as (_, client):
        bare = client.post(
            OLD, json={"customer": {"contact_type": "email", "email": "a@b.co"}}
        ).json()["customer"]
        careful = client.post(
            OLD,
            json={
                "customer": {
                    "contact_type": "phone",
                    "phone": "+4790000000",
                    "accepts_marketing": False,
                    "accepts_sms_marketing": False,
                }
            },
        ).json()["customer"]

    names = ("accepts_marketing", "subscribed_flag", "accepts_sms_marketing", "sms_subscribed_flag")
    assert [bare[name] for name in names] == [True, 3, True, 3]
    assert [careful[name] for name in names] == [False, 1, False, 1]


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@b.co"},
        {"customer": {"email": "a@b.co"}},
        {"customer": {"contact_type": "phone", "email": "a@b.co"}},
        {"customer": {"contact_type": "email", "email": "a@b.co", "phone": "+1555"}},
        {"customer": {"contact_type": "email", "email": "bad"}},
        {"customer": {"contact_type": "email", "email": "a@b.co", "tags": "a,b"}},
        {"customer": {"contact_type": "email", "email": "a@b.co", "accepts_marketing": "true"}},
        {"customer": {"contact_type": "email", "email": "a@b.co", "password": "short"}},
        {"customer": {"contact_type": "email", "email": "a@b.co", "addresses": [{"city": "x"}]}},
        {"customer": {"contact_type": "email", "email": "ann@example.com"}},
    ],
)
def test_a_create_that_breaks_a_rule_is_refused(shop: Any, body: dict[str, Any]) -> None:
    with shop("shoplazza", ANN) as (box, client):
        assert client.post(NEW, json=body).status_code == 422
        assert box.writes == 0


def test_business_failures_may_come_as_server_errors(shop: Any) -> None:
    with shop("shoplazza", ANN, switches={"failure_status": "500"}) as (_, client):
        body = {"customer": {"contact_type": "email", "email": "ann@example.com"}}
        new, old = client.post(NEW, json=body), client.post(OLD, json=body)

    assert (new.status_code, new.json()["code"], old.status_code) == (500, "ServerError", 422)


def test_an_update_subscribes_whoever_it_does_not_mention(shop: Any) -> None:
    with shop("shoplazza", ANN) as (box, client):
        put(client, first_name="Anna")
        defaulted = client.get(f"{OLD}/u-1").json()["customer"]
        box.reset([ANN], {"update_defaults": "keep"})
        put(client, first_name="Anna")
        kept = client.get(f"{OLD}/u-1").json()["customer"]

    assert (defaulted["accepts_marketing"], defaulted["subscribed_flag"]) == (True, 3)
    assert (kept["accepts_marketing"], kept["subscribed_flag"]) == (False, 2)


def test_a_subscription_that_is_not_mentioned_keeps_who_gave_it(shop: Any) -> None:
    person = {"email": {"state": "subscribed", "actor": "person"}}
    with shop("shoplazza", {**ANN, "consent": person}) as (box, client):
        put(client, first_name="Anna")

        assert box.customer("u-1")["consent"]["email"]["actor"] == "person"


@pytest.mark.parametrize(("choice", "flag"), [("1", 1), ("6", 6), ("keep2", 2)])
def test_what_an_explicit_false_does_to_the_flag(shop: Any, choice: str, flag: int) -> None:
    with shop("shoplazza", ANN, switches={"explicit_false_flag": choice}) as (_, client):
        put(client, accepts_marketing=False)

        assert client.get(f"{OLD}/u-1").json()["customer"]["subscribed_flag"] == flag


def test_an_update_takes_five_fields_and_replaces_the_tags(shop: Any) -> None:
    with shop("shoplazza", ANN) as (box, client):
        put(client, email="new@example.com", note="n", last_name="Lee", tags=["a", "A", "b"])
        record = box.customer("u-1")

    assert (record["email"], record["note"], record["last_name"]) == (
        "ann@example.com",
        None,
        "Lee",
    )
    assert record["tags"] == ["a", "b"]


def test_names_left_out_of_an_update_stay_or_go(shop: Any) -> None:
    with shop("shoplazza", ANN) as (box, client):
        put(client, last_name="Lee")
        kept = box.customer("u-1")["first_name"]
        box.reset([ANN], {"omitted_names": "clear"})
        put(client, last_name="Lee")

        assert (kept, box.customer("u-1")["first_name"]) == ("Ann", None)


def test_codes_not_documented_can_be_seeded(shop: Any) -> None:
    consent = {"email": {"state": 5}, "sms": {"state": "6"}}
    with shop("shoplazza", {**ANN, "consent": consent}) as (_, client):
        body = client.get(f"{OLD}/u-1").json()["customer"]

    assert (body["accepts_marketing"], body["subscribed_flag"]) == (True, 5)
    assert (body["accepts_sms_marketing"], body["sms_subscribed_flag"]) == (False, 6)


def test_old_addresses_are_flat_and_new_ones_wrapped(shop: Any) -> None:
    address = {"country": "Italy", "country_code": "IT", "first_name": "A", "last_name": "B"}
    with shop("shoplazza", TOM) as (box, client):
        old, new = f"{OLD}/u-2/addresses", f"{NEW}/u-2/addresses"
        first = client.post(old, json=address).json()["address"]
        second = client.post(new, json={"address": {**address, "default": True}}).json()
        crossed = [
            client.post(new, json=address).status_code,
            client.post(old, json={"address": address}).status_code,
        ]
        listed = client.get(old).json()["addresses"]

        assert first["default"] is True
        assert second["data"]["address"]["default"] is True
        assert crossed == [422, 422]
        assert [one["default"] for one in listed] == [False, True]
        assert len(box.customer("u-2")["addresses"]) == 2


def test_an_address_is_changed_chosen_and_deleted(shop: Any) -> None:
    second = {"id": "8", "country": "Italy", "country_code": "IT"}
    with shop("shoplazza", {**ANN, "addresses": [*ANN["addresses"], second]}) as (_, client):
        one = f"{OLD}/u-1/addresses/8"
        changed = client.put(one, json={"city": "Rome"}).json()["address"]
        chosen = client.put(f"{one}/default")
        deleted = client.delete(f"{OLD}/u-1/addresses/7")

        assert (changed["city"], changed["country"]) == ("Rome", "Italy")
        assert (chosen.json(), deleted.json()) == ({}, {})
        assert client.get(one).json()["address"]["default"] is True
        assert client.get(f"{OLD}/u-1/addresses/7").status_code == 404
