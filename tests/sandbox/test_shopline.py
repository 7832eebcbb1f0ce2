"""SHOPLINE on the wire."""

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = "/admin/openapi/v20260301"
LIST = f"{ROOT}/v2/customers.json"
ANN: dict[str, Any] = {
    "id": "4200000101",
    "email": "ann@example.com",
    "phone": "008613800138000",
    "first_name": "Ann",
    "note": "kind",
    "tags": ["vip", "big"],
    "created_at": "2026-01-02T03:04:05Z",
    "addresses": [{"id": "7", "city": "Oslo"}, {"id": "8", "city": "Rome"}],
    "consent": {
        "email": {
            "state": "subscribed",
            "at": "2026-01-02T03:04:05Z",
            "actor": "person",
            "level": "single",
            "source": "footer",
        }
    },
    "extra": {"nick_name": "A", "gender": 2},
}
ONE = f"{ROOT}/customers/4200000101.json"
READ = f"{ROOT}/customers/v2/4200000101.json"


def put(client: Any, **customer: Any) -> Any:
    return client.put(ONE, json={"customer": customer})


def following(response: Any, relation: str = "next") -> str | None:
    found = re.search(rf'<([^>]+)>; rel="{relation}"', response.headers.get("link", ""))
    return parse_qs(urlsplit(found[1]).query)["page_info"][0] if found else None


def test_a_customer_reads_in_the_stores_own_form(shop: Any) -> None:
    with shop("shopline", ANN) as (_, client):
        response = client.get(READ)
    body = response.json()["customer"]

    assert body["tags"] == "vip,big"
    assert (body["gender"], body["state"]) == ("2", 1)
    assert body["created_at"] == "2026-01-02T11:04:05+08:00"
    assert body["email_marketing_consent"] == {
        "state": 1,
        "opt_in_level": 1,
        "consent_updated_at": "2026-01-02T11:04:05+08:00",
        "consent_collected_from": "footer",
    }
    assert (body["email_subscribe_flag"], body["mobile_subscribe_flag"]) == (1, 2)
    assert body["accepts_marketing"] is True
    assert response.headers["traceid"]


def test_wrong_tokens_versions_and_paths_are_refused(shop: Any) -> None:
    with shop("shopline", ANN) as (_, client):
        statuses = [
            client.get(LIST, headers={"Authorization": "t0ken"}).status_code,
            client.get("/admin/openapi/v20240101/v2/customers.json").status_code,
            client.get(f"{ROOT}/v2/customers").status_code,
            client.get(f"{ROOT}/customers.json").status_code,
            client.get(LIST, params={"limit": 251}).status_code,
            client.put(ONE, content=b"{}", headers={"Content-Type": "text/plain"}).status_code,
            client.put(ONE, json={"first_name": "x"}).status_code,
        ]

    assert statuses == [401, 404, 404, 405, 400, 415, 400]


def test_fields_narrows_an_answer(shop: Any) -> None:
    with shop("shopline", ANN) as (_, client):
        assert client.get(READ, params={"fields": "id,note"}).json()["customer"] == {
            "id": "4200000101",
            "note": "kind",
        }


def test_page_info_goes_forth_and_back(shop: Any) -> None:
    seeds = [{"email": f"u{number}@example.com"} for number in range(5)]
    with shop("shopline", *seeds) as (box, client):
        first = client.get(LIST, params={"limit": 2})
        second = client.get(LIST, params={"page_info": following(first), "limit": 2})
        third = client.get(LIST, params={"page_info": following(second), "limit": 2})
        back = client.get(LIST, params={"page_info": following(second, "previous"), "limit": 2})
        ids = [one["id"] for one in box.customers()]

    pages = [[one["id"] for one in page.json()["customers"]] for page in (first, second, third)]
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    assert back.json() == first.json()
    assert following(third) is None
    assert following(first, "previous") is None
    assert json.loads(base64.urlsafe_b64decode(str(following(first))))["sinceId"] == ids[1]


def test_the_filters_ride_in_the_token(shop: Any) -> None:
    seeds = [{"email": f"u{n}@example.com", "created_at": f"2026-01-0{n}"} for n in range(1, 6)]
    with shop("shopline", *seeds) as (_, client):
        asked = {"limit": 2, "created_at_min": "2026-01-03T00:00:00Z"}
        first = client.get(LIST, params=asked)
        rest = client.get(LIST, params={"page_info": following(first)}).json()["customers"]

    assert len(first.json()["customers"]) == 2
    assert len(rest) == 1


def test_the_64_of_ids_counts_characters_or_entries(shop: Any) -> None:
    ids = ",".join(f"42000001{number:02}" for number in range(1, 8))
    with shop("shopline", ANN) as (box, client):
        refused = client.get(LIST, params={"ids": ids}).status_code
        box.reset([ANN], {"ids_limit": "entries"})
        found = client.get(LIST, params={"ids": ids}).json()["customers"]

    assert (refused, len(found)) == (400, 1)


def test_counts_and_time_bounds_agree(shop: Any) -> None:
    with shop("shopline", ANN, {"email": "b@example.com"}) as (_, client):
        count = f"{ROOT}/customers/v2/count.json"
        asked = {"created_at_max": "2026-01-02T03:04:05Z"}

        assert client.get(count).json() == {"count": 2}
        assert client.get(count, params=asked).json() == {"count": 1}


def test_an_email_is_looked_up_with_the_read_scope(shop: Any) -> None:
    path = f"{ROOT}/customers/query_user_by_email.json"
    with shop("shopline", ANN, switches={"scope": "read"}) as (box, client):
        found = client.post(path, json={"email": "ANN@example.com"}).json()
        none = client.post(path, json={"email": "no@example.com"}).json()
        box.reset([ANN], {"email_lookup_missing": "404"})
        missing = client.post(path, json={"email": "no@example.com"}).status_code

    assert found["customer"]["id"] == "4200000101"
    assert (none, missing) == ({"customer": None}, 404)


@pytest.mark.parametrize("token", ["page", "keyset"])
def test_a_search_is_fuzzy_and_pages(shop: Any, token: str) -> None:
    seeds = [{"email": f"u{number}@example.com"} for number in range(3)]
    path = f"{ROOT}/customers/v2/search.json"
    with shop("shopline", ANN, *seeds, switches={"search_token": token}) as (_, client):
        by_city = client.get(path, params={"query_param": "ann"}).json()["customers"]
        by_tag = client.get(path, params={"query": "tags:VIP"}).json()["customers"]
        first = client.get(path, params={"query_param": "example", "limit": 3})
        rest = client.get(path, params={"page_info": following(first)}).json()["customers"]
        refused = client.get(path, params={"query_param": "x" * 51}).status_code

    assert len(by_city) == len(by_tag) == 1
    assert (len(first.json()["customers"]), len(rest), refused) == (3, 1, 400)


@pytest.mark.parametrize(
    "customer",
    [
        {"first_name": "x"},
        {"email": "x" * 46 + "@b.co"},
        {"phone": "+8613800138000"},
        {"phone": "0086138-0013"},
        {"email": "a@b.co", "first_name": "x" * 129},
        {"email": "a@b.co", "note": "x" * 1001},
        {"email": "a@b.co", "tags": ["a"]},
        {"email": "a@b.co", "tags": ",".join(f"t{number}" for number in range(101))},
        {"email": "a@b.co", "tags": "x" * 129},
        {"email": "a@b.co", "gender": "1"},
        {"email": "a@b.co", "addresses": [{"zip": "1" * 65}]},
        {"email": "a@b.co", "addresses": [{}] * 51},
        {"email": "a@b.co", "email_marketing_consent": {"state": 4}},
        {"email": "a@b.co", "email_marketing_consent": {"state": "1"}},
        {"email": "a@b.co", "email_marketing_consent": {"consent_collected_from": "x" * 51}},
        {"email": "a@b.co", "sms_marketing_consent": {"state": 1}},
        {"email": "ANN@example.com"},
    ],
)
def test_a_create_that_breaks_a_rule_is_refused(shop: Any, customer: dict[str, Any]) -> None:
    with shop("shopline", ANN) as (box, client):
        response = client.post(f"{ROOT}/customers.json", json={"customer": customer})

        assert response.status_code == 422
        assert isinstance(response.json()["errors"], str)
        assert box.writes == 0


def test_a_create_keeps_the_consent_it_is_given(shop: Any) -> None:
    consent = {
        "state": 1,
        "opt_in_level": 2,
        "consent_updated_at": "2025-01-01T00:00:00+08:00",
        "consent_collected_from": "till",
    }
    with shop("shopline") as (_, client):
        body = {"customer": {"email": "a@b.co", "email_marketing_consent": consent}}
        answer = client.post(f"{ROOT}/customers.json", json=body)

    assert answer.json()["customer"]["email_marketing_consent"] == consent


def test_a_merging_put_leaves_consent_and_the_rest(shop: Any) -> None:
    with shop("shopline", ANN) as (box, client):
        put(client, last_name="Lee")
        record = box.customer("4200000101")

    assert (record["last_name"], record["note"], record["extra"]["nick_name"]) == (
        "Lee",
        "kind",
        "A",
    )
    assert record["consent"]["email"] == ANN["consent"]["email"]


def test_a_replacing_put_loses_what_it_omits(shop: Any) -> None:
    with shop("shopline", ANN, switches={"put": "replace"}) as (box, client):
        put(client, email="ann@example.com")
        record = box.customer("4200000101")

    assert (record["note"], record["tags"], record["addresses"]) == (None, [], [])
    assert record["extra"]["nick_name"] is None
    assert record["consent"]["email"]["state"] == "not_subscribed"


@pytest.mark.parametrize(("way", "tags"), [("replace", ["new"]), ("append", ["vip", "big", "new"])])
def test_tags_replace_or_append(shop: Any, way: str, tags: list[str]) -> None:
    with shop("shopline", ANN, switches={"tags": way}) as (box, client):
        put(client, tags="new")

        assert box.customer("4200000101")["tags"] == tags


def test_double_opt_in_leaves_the_flag_at_two(shop: Any) -> None:
    seed = {**ANN, "consent": {}}
    with shop("shopline", seed, switches={"double_opt_in": "on"}) as (_, client):
        body = put(client, email_marketing_consent={"state": 1}).json()["customer"]

    assert (body["email_marketing_consent"]["state"], body["email_subscribe_flag"]) == (3, 2)


def test_going_back_to_never_may_be_refused(shop: Any) -> None:
    never = {"state": 2}
    with shop("shopline", ANN) as (box, client):
        allowed = put(client, email_marketing_consent=never).status_code
        box.reset([ANN], {"leave_never": "refused"})
        refused = put(client, email_marketing_consent=never).status_code

    assert (allowed, refused) == (200, 422)


def test_subscriptions_tell_who_acted(shop: Any) -> None:
    path = f"{ROOT}/customers/subscribe.json"
    with shop("shopline", ANN) as (box, client):
        put(client, sms_marketing_consent={"state": 1})
        box.person("4200000101", "email", "unsubscribed")
        rows = client.get(path, params={"customer_ids": "4200000101"}).json()[
            "user_subscribe_info_list"
        ]

    assert [
        (one["subscribe_account_type"], one["status"], one["subscribe_channel"]) for one in rows
    ] == [(0, 0, 1), (1, 1, 3)]


@pytest.mark.parametrize(("choice", "masked"), [("all", 9), ("some", 3)])
def test_masks_hide_all_or_some(shop: Any, choice: str, masked: int) -> None:
    seeds = [{"id": str(4200000000 + n), "email": f"u{n}@example.com"} for n in range(1, 10)]
    with shop("shopline", *seeds, switches={"masked": choice}) as (_, client):
        emails = [one["email"] for one in client.get(LIST).json()["customers"]]

    assert sum("*" in email for email in emails) == masked


def test_a_delete_answers_200_even_for_nobody_but_not_with_orders(shop: Any) -> None:
    with shop("shopline", {**ANN, "orders_count": 1}) as (box, client):
        with_orders = client.delete(ONE).status_code
        orders = client.get(ONE.replace(".json", "/orders.json")).json()["orders"]
        box.edit("4200000101", orders_count=0)
        gone = client.delete(ONE)
        nobody = client.delete(ONE).status_code

    assert (with_orders, len(orders), gone.status_code, nobody) == (422, 1, 200, 200)
    assert gone.json()["customer"]["first_name"] == "Ann"
    assert box.writes == 1


def test_addresses_have_their_own_endpoints(shop: Any) -> None:
    many = f"{ROOT}/customers/4200000101/addresses"
    with shop("shopline", {**ANN, "addresses": []}) as (box, client):
        first = client.post(f"{many}.json", json={"customer_address": {"city": "Oslo"}}).json()
        second = client.post(
            f"{many}.json", json={"customer_address": {"city": "Rome", "def": False}}
        ).json()["customer_address"]
        one = f"{many}/{second['id']}"
        ignored = client.put(f"{one}.json", json={"customer_address": {"city": None}}).json()
        client.put(f"{one}/default.json")
        chosen = client.get(f"{one}.json").json()["customer_address"]["def"]
        strict = client.put(f"{one}.json", json={"customer_address": {"zip": "1" * 11}}).status_code
        asked = {"address_ids": second["id"], "operation": "destroy"}
        client.put(f"{many}/set.json", params=asked)
        left = box.customer("4200000101")["addresses"]

    assert first["customer_address"]["def"] is True
    assert ignored["customer_address"]["city"] == "Rome"
    assert (chosen, strict) == (True, 422)
    assert [(one["city"], one["default"]) for one in left] == [("Oslo", True)]


@pytest.mark.parametrize(("way", "cities"), [("replace", ["Bern"]), ("merge", ["Oslo", "Bern"])])
def test_nested_addresses_replace_or_merge(shop: Any, way: str, cities: list[str]) -> None:
    with shop("shopline", ANN, switches={"address_put": way}) as (box, client):
        put(client, addresses=[{"id": "8", "city": "Bern"}])

        assert [one["city"] for one in box.customer("4200000101")["addresses"]] == cities


def test_blocking_sets_the_state(shop: Any) -> None:
    with shop("shopline", ANN) as (_, client):
        client.post(f"{ROOT}/customers/add_blacklist.json", json={"customer_id": "4200000101"})
        assert client.get(READ).json()["customer"]["state"] == 0
        client.post(f"{ROOT}/customers/remove_blacklist.json", json={"customer_id": "4200000101"})

        assert client.get(READ).json()["customer"]["state"] == 1
