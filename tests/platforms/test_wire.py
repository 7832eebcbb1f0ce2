"""What the platforms' own examples contain: quirks that a parser must survive, as they stand there."""

import json
from datetime import UTC, datetime

import pytest

from reconciler.model.consent import Actor, Channel, ConsentState
from reconciler.model.identity import IdentityKind, identity
from reconciler.model.patch import Patch
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.platforms.genstore import wire as genstore
from reconciler.platforms.link_header import next_token
from reconciler.platforms.shoplazza import wire as shoplazza
from reconciler.platforms.shopline import wire as shopline
from reconciler.platforms.times import StoreTimes


def times(zone: str | None) -> StoreTimes:
    return StoreTimes(zone, lambda: datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (
            "< https://x.example/c?pageToken=AA&limit=1 >; rel=previous,"
            "< https://x.example/c?pageToken=BB&limit=1 >; rel=next",
            "BB",
        ),
        ('"< https://x.example/c?pageToken=BB&limit=1 >; rel=next"', "BB"),
        ('<https://x.example/c?limit=1&pageToken=B%3D>; rel="next"', "B="),
        ('<https://x.example/c?pageToken=AA>; rel="previous"', None),
        ("", None),
        (None, None),
        ("nonsense", None),
    ],
)
def test_both_forms_of_the_link_header_are_read(header: str | None, token: str | None) -> None:
    assert next_token(header, "pageToken") == token


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2024-11-12T08:18:49.125", "UTC", datetime(2024, 11, 12, 8, 18, 49, 125000, UTC)),
        ("2024-11-12T08:18:49", None, None),
        ("2024-18-12T08:18:49", "UTC", None),
        ("2024-11-12T08:18:49-04:00", None, datetime(2024, 11, 12, 12, 18, 49, tzinfo=UTC)),
        # The hour that comes twice: the later instant counts.
        ("2026-10-25T02:30:00", "Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (13, "UTC", None),
    ],
)
def test_times_are_instants_or_not_told(
    text: object, zone: str | None, expected: datetime | None
) -> None:
    assert times(zone).instant(text) == expected


def test_genstore_texts_for_numbers_booleans_and_lists() -> None:
    record = {
        "id": 1020000013062,
        "email": "a@b.cc",
        "taxExempt": "true",
        "tags": '["a","b"]',
        "createTime": "2024-18-12T08:18:49",
        "addresses": [{"id": "879", "city": "Oslo", "isDefaultAddress": "false"}],
        "defaultAddress": {"id": "878", "city": "Bergen"},
        "emailMarketingConsent": {"state": "UN_SUBSCRIBED", "consentUpdateTime": None},
        "smsMarketingConsent": None,
    }

    live = genstore.customer(record, genstore.ConsentVocabulary(()), times("UTC"))

    assert live.remote_id == "1020000013062"
    assert live.tax_exempt is True
    assert live.tags == ("a", "b")
    assert [(one.remote_id, one.default) for one in live.addresses] == [
        ("879", False),
        ("878", True),
    ]
    assert live.consent(Channel.EMAIL).state is ConsentState.UNSUBSCRIBED
    assert live.consent(Channel.SMS).absent


@pytest.mark.parametrize(
    ("boolean", "flag", "state", "actor"),
    [
        (False, 1, ConsentState.UNSUBSCRIBED, Actor.STAFF),
        (False, 2, ConsentState.UNSUBSCRIBED, Actor.PERSON),
        (True, 3, ConsentState.SUBSCRIBED, Actor.STAFF),
        (True, 4, ConsentState.SUBSCRIBED, Actor.PERSON),
        (True, 5, ConsentState.SUBSCRIBED, Actor.NOT_TOLD),
        (False, 6, ConsentState.UNSUBSCRIBED, Actor.NOT_TOLD),
        (False, 0, ConsentState.UNSUBSCRIBED, Actor.NOT_TOLD),
        (True, 2, ConsentState.UNKNOWN, Actor.PERSON),
        (False, 4, ConsentState.UNSUBSCRIBED, Actor.NOT_TOLD),
        (True, 9, ConsentState.UNKNOWN, Actor.NOT_TOLD),
        (None, None, ConsentState.UNKNOWN, Actor.NOT_TOLD),
        (None, 2, ConsentState.UNSUBSCRIBED, Actor.PERSON),
    ],
)
def test_shoplazza_flags_and_booleans(
    boolean: bool | None, flag: int | None, state: ConsentState, actor: Actor
) -> None:
    record = {"id": "1", "accepts_marketing": boolean, "subscribed_flag": flag}

    live = shoplazza.customer(record).consent(Channel.EMAIL)

    assert (live.state, live.actor) == (state, actor)


@pytest.mark.parametrize(
    ("told", "flag", "state"),
    [
        ({"state": 0}, 0, ConsentState.UNSUBSCRIBED),
        ({"state": 1}, 1, ConsentState.SUBSCRIBED),
        ({"state": 2}, 2, ConsentState.NOT_SUBSCRIBED),
        ({"state": 3}, 2, ConsentState.PENDING),
        ({"state": "1"}, None, ConsentState.SUBSCRIBED),
        ({"state": 1}, 0, ConsentState.UNKNOWN),
        ({"state": 0}, 1, ConsentState.UNKNOWN),
        ({"state": 2}, 0, ConsentState.UNSUBSCRIBED),
        ({"state": 7}, None, ConsentState.UNKNOWN),
        ({"state": "*"}, None, ConsentState.MASKED),
        (None, 1, ConsentState.SUBSCRIBED),
        (None, None, ConsentState.UNKNOWN),
    ],
)
def test_shopline_states_and_flags(told: object, flag: int | None, state: ConsentState) -> None:
    record = {"id": "1", "email_marketing_consent": told, "email_subscribe_flag": flag}

    assert shopline.customer(record, times(None)).consent(Channel.EMAIL).state is state


def test_a_shoplazza_create_always_sends_both_consents_as_no() -> None:
    contact = identity(IdentityKind.EMAIL, "a@b.cc", None)
    assert contact is not None

    body = shoplazza.new_customer(Patch(contacts=(contact,)), list)["customer"]

    assert (body["accepts_marketing"], body["accepts_sms_marketing"]) == (False, False)


def test_a_shopline_phone_is_written_with_two_zeros() -> None:
    contact = identity(IdentityKind.PHONE, "0912345678", "TW")
    assert contact is not None

    assert (
        shopline.new_customer(Patch(contacts=(contact,)))["customer"]["phone"] == "00886912345678"
    )


@pytest.mark.parametrize("text", ["true", "false"])
def test_a_flag_that_genstore_tells_as_text_goes_back_as_the_boolean_that_it_is(text: str) -> None:
    home = {"id": "7", "city": "Bern", "isDefaultAddress": text}
    region = {"country": "CA", "applyToAllSubdivision": text, "subdivisions": ["QC"]}
    record = {
        "id": "1",
        "email": "a@b.cc",
        "verifiedEmail": text,
        "taxExempt": text,
        "taxExemptions": {"applyToAllRegion": text, "taxExemptionRegions": [region]},
        "addresses": [home],
        "defaultAddress": home,
    }
    live = genstore.customer(record, genstore.ConsentVocabulary(()), times(None))

    body = genstore.whole_customer(live, Patch(), {}, None)["customer"]

    wanted = json.loads(json.dumps(record).replace(f'"{text}"', text))
    assert {**wanted, **body} == wanted


def test_broken_unicode_of_a_store_goes_back_as_it_came_and_can_be_shown() -> None:
    record = {"id": "1", "lastName": "L\ud800", "tags": ["x\ud800"], "email": "a@b.cc"}
    live = genstore.customer(record, genstore.ConsentVocabulary(()), times(None))

    body = genstore.whole_customer(live, Patch(), {}, None)
    pseudonyms = Pseudonyms(b"k" * 32)

    assert json.loads(json.dumps(body).encode())["customer"]["lastName"] == "L\ud800"
    assert pseudonyms.text(live.tags[0]).encode() == b"x\\ud800"
    assert pseudonyms.digest("field", [live.tags[0]])
