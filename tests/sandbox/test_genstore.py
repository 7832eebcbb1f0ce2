"""Genstore on the wire."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

CUSTOMERS = "/api/202412/customers"
ANN: dict[str, Any] = {
    "id": "101",
    "email": "ann@example.com",
    "phone": "13315034487",
    "first_name": "Ann",
    "note": "kind",
    "tags": ["vip"],
    "addresses": [{"id": "7", "city": "Oslo", "default": True}, {"id": "8", "city": "Rome"}],
    "consent": {"email": {"state": "subscribed", "at": "2026-01-02T03:04:05Z", "actor": "person"}},
}


def put(client: Any, **customer: Any) -> Any:
    return client.put(f"{CUSTOMERS}/101", json={"customer": customer})


def next_token(response: Any) -> str | None:
    found = re.search(r"<\s*([^>]+?)\s*>;\s*rel=\"?next", response.headers.get("link", ""))
    return parse_qs(urlsplit(found[1]).query)["pageToken"][0] if found else None


def test_a_customer_reads_as_the_examples_show_it(shop: Any) -> None:
    with shop("genstore", ANN) as (_, client):
        body = client.get(f"{CUSTOMERS}/101").json()["customer"]

    assert body["id"] == "101"
    assert body["notes"] == "kind"
    assert body["taxExempt"] == "false"
    assert body["ordersCount"] == "0"
    assert body["tags"] == ["vip"]
    assert body["emailMarketingConsent"] == {
        "state": "SUBSCRIBED",
        "consentUpdateTime": "2026-01-02T03:04:05.000",
    }
    assert body["smsMarketingConsent"]["state"] == "NOT_SUBSCRIBED"
    assert body["addresses"][0]["isDefaultAddress"] == "true"
    assert body["defaultAddress"]["id"] == "7"
    assert not body["createTime"].endswith("Z")


def test_the_typed_reading_gives_numbers_and_booleans(shop: Any) -> None:
    with shop("genstore", ANN, switches={"scalars": "typed"}) as (_, client):
        body = client.get(f"{CUSTOMERS}/101").json()["customer"]

    assert (body["id"], body["taxExempt"], body["ordersCount"]) == (101, False, 0)


def test_a_wrong_token_version_path_or_body_type_is_refused(shop: Any) -> None:
    with shop("genstore", ANN) as (_, client):
        wrong = {"X-Genstore-Access-Token": "other"}
        statuses = [
            client.get(CUSTOMERS, headers=wrong).status_code,
            client.get("/api/202410/customers").status_code,
            client.get(f"{CUSTOMERS}.json").status_code,
            client.patch(f"{CUSTOMERS}/101").status_code,
            client.put(f"{CUSTOMERS}/101", content=b'{"customer":{}}').status_code,
            client.put(f"{CUSTOMERS}/101", json={"firstName": "x"}).status_code,
        ]

    assert statuses == [401, 404, 404, 405, 415, 400]


def test_an_error_is_a_text_under_error(shop: Any) -> None:
    with shop("genstore") as (_, client):
        assert client.get(f"{CUSTOMERS}/1").json() == {"error": "Not Found"}


def test_a_limit_over_250_is_refused(shop: Any) -> None:
    with shop("genstore") as (_, client):
        assert client.get(CUSTOMERS, params={"limit": 251}).status_code == 400


@pytest.mark.parametrize("form", ["quirky", "standard"])
def test_token_pages_reach_every_customer_once(shop: Any, form: str) -> None:
    seeds = [{"email": f"u{number}@example.com"} for number in range(7)]
    seen: list[str] = []
    with shop("genstore", *seeds, switches={"link_form": form}) as (box, client):
        response = client.get(CUSTOMERS, params={"limit": 3})
        while True:
            seen += [one["id"] for one in response.json()["customers"]]
            token = next_token(response)
            if token is None:
                break
            response = client.get(CUSTOMERS, params={"pageToken": token})

        assert seen == [one["id"] for one in box.customers()]


def test_the_quirky_link_has_blanks_bare_relations_and_quotes_around_it(shop: Any) -> None:
    seeds = [{"email": f"u{number}@example.com"} for number in range(3)]
    with shop("genstore", *seeds) as (_, client):
        token = next_token(client.get(CUSTOMERS, params={"limit": 1}))
        link = client.get(CUSTOMERS, params={"pageToken": token, "limit": 1}).headers["link"]

    assert re.fullmatch(r'"< http\S+ >; rel=previous,< http\S+ >; rel=next"', link)


def test_only_limit_goes_with_a_page_token(shop: Any) -> None:
    with shop("genstore", ANN, {"email": "b@example.com"}) as (_, client):
        token = next_token(client.get(CUSTOMERS, params={"limit": 1}))

        asked = {"pageToken": token, "sinceId": "1"}
        assert client.get(CUSTOMERS, params=asked).status_code == 400


def test_since_id_starts_after_an_id_and_may_be_ignored(shop: Any) -> None:
    seeds = [{"id": str(number), "email": f"u{number}@example.com"} for number in (1, 2, 3)]
    with shop("genstore", *seeds) as (box, client):
        honoured = client.get(CUSTOMERS, params={"sinceId": "1"}).json()["customers"]
        box.reset(seeds, {"since_id": "ignored"})
        ignored = client.get(CUSTOMERS, params={"sinceId": "1"}).json()["customers"]
        box.reset(seeds, {"list_order": "descending"})
        backwards = client.get(CUSTOMERS, params={"sinceId": "1"}).json()["customers"]

    assert [one["id"] for one in honoured] == ["2", "3"]
    assert [one["id"] for one in ignored] == ["1", "2", "3"]
    assert [one["id"] for one in backwards] == ["3", "2"]


def test_a_merging_put_leaves_what_it_omits(shop: Any) -> None:
    with shop("genstore", ANN) as (box, client):
        assert put(client, lastName="Lee").status_code == 200
        record = box.customer("101")

    assert record["last_name"] == "Lee"
    assert record["note"] == "kind"
    assert record["consent"]["email"]["actor"] == "person"


def test_a_replacing_put_empties_what_it_omits(shop: Any) -> None:
    with shop("genstore", ANN, switches={"put": "replace"}) as (box, client):
        assert put(client, email="ann@example.com").status_code == 200
        record = box.customer("101")

    assert (record["note"], record["phone"], record["tags"], record["addresses"]) == (
        None,
        None,
        [],
        [],
    )
    assert record["consent"]["email"]["state"] == "not_subscribed"


@pytest.mark.parametrize(
    ("clear", "value", "left"),
    [
        ("empty", "", None),
        ("empty", None, "kind"),
        ("null", None, None),
        ("null", "", "kind"),
        ("both", "", None),
        ("never", None, "kind"),
    ],
)
def test_what_clears_a_field_is_a_switch(
    shop: Any, clear: str, value: str | None, left: str | None
) -> None:
    with shop("genstore", ANN, switches={"clear": clear}) as (box, client):
        put(client, notes=value)

        assert box.customer("101")["note"] == left


def test_a_duplicate_contact_is_refused(shop: Any) -> None:
    with shop("genstore", ANN) as (box, client):
        created = client.post(CUSTOMERS, json={"customer": {"email": "ANN@example.com"}})
        box.reset([ANN], {"duplicate_status": "422"})
        again = client.post(CUSTOMERS, json={"customer": {"phone": "13315034487"}})

        assert (created.status_code, again.status_code, box.writes) == (409, 422, 0)


@pytest.mark.parametrize(
    "customer",
    [
        {"notes": "x"},
        {"email": "a@b.co", "firstName": "x" * 201},
        {"email": "a@b.co", "notes": "x" * 1001},
        {"email": "no-address"},
        {"email": "a@b.co", "tags": "a,b"},
        {"email": "a@b.co", "tags": ["x" * 101]},
        {"email": "a@b.co", "tags": [f"t{number}" for number in range(121)]},
        {"email": "a@b.co", "emailMarketingConsent": {"state": "MAYBE"}},
    ],
)
def test_what_breaks_a_limit_is_refused(shop: Any, customer: dict[str, Any]) -> None:
    with shop("genstore") as (_, client):
        assert client.post(CUSTOMERS, json={"customer": customer}).status_code == 422


def test_consent_words_and_their_readings(shop: Any) -> None:
    with shop("genstore", ANN, switches={"unknown_word": "ignore"}) as (box, client):
        put(client, emailMarketingConsent={"state": "UNSUBSCRIBED"})
        ignored = box.customer("101")["consent"]["email"]["state"]
        put(client, emailMarketingConsent={"state": "UN_SUBSCRIBED"})
        written = box.customer("101")["consent"]["email"]
        box.reset([ANN], {"unknown_word": "store"})
        put(client, emailMarketingConsent={"state": "MAYBE"})
        stored = client.get(f"{CUSTOMERS}/101").json()["customer"]["emailMarketingConsent"]

    assert ignored == "subscribed"
    assert (written["state"], written["actor"]) == ("unsubscribed", "staff")
    assert stored["state"] == "MAYBE"


def test_one_word_for_both_kinds_of_no(shop: Any) -> None:
    with shop("genstore", ANN, switches={"unsubscribed_word": "NOT_SUBSCRIBED"}) as (box, client):
        no = {"state": "NOT_SUBSCRIBED"}
        put(client, emailMarketingConsent=no, smsMarketingConsent=no)
        consent = box.customer("101")["consent"]

    assert (consent["email"]["state"], consent["sms"]["state"]) == (
        "unsubscribed",
        "not_subscribed",
    )


def test_double_opt_in_makes_a_new_subscription_pending(shop: Any) -> None:
    with shop("genstore", {**ANN, "consent": {}}, switches={"double_opt_in": "on"}) as (_, client):
        body = put(client, emailMarketingConsent={"state": "SUBSCRIBED"}).json()["customer"]

    assert body["emailMarketingConsent"]["state"] == "PENDING_CONFIRMATION"


def test_sending_the_held_state_again_keeps_who_gave_it_and_when(shop: Any) -> None:
    again = {"state": "SUBSCRIBED", "consentUpdateTime": "2026-05-05T00:00:00"}
    with shop("genstore", ANN) as (box, client):
        put(client, emailMarketingConsent=again)
        kept = box.customer("101")["consent"]["email"]
        box.reset([ANN], {"resend": "restamp"})
        put(client, emailMarketingConsent=again)
        stamped = box.customer("101")["consent"]["email"]

    assert kept == ANN["consent"]["email"]
    assert (stamped["actor"], stamped["at"]) == ("staff", "2026-05-05T00:00:00")


@pytest.mark.parametrize(
    ("match", "value", "count"),
    [
        ("exact", "ann@example.com", 1),
        ("exact", "ann", 0),
        ("prefix", "ann", 2),
        ("contains", "nn", 2),
    ],
)
def test_how_a_search_compares_is_a_switch(shop: Any, match: str, value: str, count: int) -> None:
    other = {"email": "anna@example.com"}
    with shop("genstore", ANN, other, switches={"search_match": match}) as (_, client):
        response = client.post(f"{CUSTOMERS}/search", json={"query": f"email:{value}"})

    assert len(response.json()["customers"]) == count


def test_a_search_pages_by_token(shop: Any) -> None:
    seeds = [{"email": f"u{number}@example.com"} for number in range(3)]
    with shop("genstore", *seeds) as (_, client):
        first = client.post(f"{CUSTOMERS}/search", json={"query": "", "limit": 2})
        rest = client.post(f"{CUSTOMERS}/search", json={"pageToken": next_token(first)})

    assert (len(first.json()["customers"]), len(rest.json()["customers"])) == (2, 1)


def test_an_empty_search_may_answer_with_a_word(shop: Any) -> None:
    with shop("genstore", switches={"empty_search": "word"}) as (_, client):
        response = client.post(f"{CUSTOMERS}/search", json={"query": "email:x@y.co"})

    assert response.json() == {"customers": "cusomer"}


def test_a_search_needs_the_write_scope(shop: Any) -> None:
    with shop("genstore", ANN, switches={"scope": "read"}) as (_, client):
        search = client.post(f"{CUSTOMERS}/search", json={"query": ""})
        scopes = client.get("/api/202412/oauth2/access_scopes").json()

        assert (search.status_code, client.get(CUSTOMERS).status_code) == (403, 200)
        assert scopes == {"accessScopes": '["read_customers"]'}


def test_a_delete_is_refused_while_there_are_orders(shop: Any) -> None:
    with shop("genstore", {**ANN, "orders_count": 2}) as (box, client):
        refused = client.delete(f"{CUSTOMERS}/101").status_code
        box.edit("101", orders_count=0)
        gone = client.delete(f"{CUSTOMERS}/101")
        again = client.delete(f"{CUSTOMERS}/101").status_code

    assert (refused, gone.status_code, again) == (422, 200, 404)
    assert set(gone.json()["customer"]) == {
        "id",
        "email",
        "phone",
        "firstName",
        "lastName",
        "createTime",
        "updateTime",
    }


@pytest.mark.parametrize(("way", "cities"), [("replace", ["Bern"]), ("merge", ["Oslo", "Bern"])])
def test_addresses_left_out_of_a_put_go_or_stay(shop: Any, way: str, cities: list[str]) -> None:
    with shop("genstore", ANN, switches={"address_put": way}) as (box, client):
        put(client, addresses=[{"id": "8", "city": "Bern"}])

        assert [one["city"] for one in box.customer("101")["addresses"]] == cities


def test_the_default_address_moves_by_its_flag(shop: Any) -> None:
    with shop("genstore", ANN) as (box, client):
        put(client, addresses=[{"id": "7"}, {"id": "8", "isDefaultAddress": True}])

        assert [one["default"] for one in box.customer("101")["addresses"]] == [False, True]


@pytest.mark.parametrize(
    "given",
    [
        {"verifiedEmail": "true"},
        {"taxExempt": "false"},
        {"addresses": [{"id": "8", "isDefaultAddress": "true"}]},
        {"taxExemptions": {"applyToAllRegion": "true"}},
        {"taxExemptions": {"taxExemptionRegions": [{"applyToAllSubdivision": "true"}]}},
    ],
)
@pytest.mark.parametrize("way", ["typed", "any"])
def test_a_flag_that_is_text_is_taken_or_refused(shop: Any, way: str, given: Any) -> None:
    with shop("genstore", ANN, switches={"written_flags": way}) as (_, client):
        answer = put(client, **given)

        refused = answer.status_code == 422 and "must be a boolean" in answer.text
        assert refused is (way == "typed")


@pytest.mark.parametrize(
    ("way", "email"), [("absent", "-"), ("null", None), ("masked", "a***@example.com")]
)
def test_protected_fields_are_withheld_in_one_of_three_ways(
    shop: Any, way: str, email: str | None
) -> None:
    with shop("genstore", ANN, switches={"protected": way}) as (_, client):
        body = client.get(CUSTOMERS).json()["customers"][0]

    assert body.get("email", "-") == email
    assert body["tags"] == ["vip"]


def test_the_odd_values_of_the_examples_can_be_seeded(shop: Any) -> None:
    odd = {
        "id": "5",
        "email": "[email protected]",
        "created_at": "2024-18-12T08:18:49",
        "tags": '["a","b"]',
        "consent": {"email": {"state": "SOMETHING"}, "sms": None},
    }
    with shop("genstore", odd) as (_, client):
        body = client.get(f"{CUSTOMERS}/5").json()["customer"]

    assert body["createTime"] == "2024-18-12T08:18:49"
    assert body["tags"] == '["a","b"]'
    assert body["emailMarketingConsent"]["state"] == "SOMETHING"
    assert body["smsMarketingConsent"] is None
