"""What would make a plan since a receipt more permissive, or silent, means a whole reading."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from reconciler.app.since import FirstDate
from reconciler.cache.receipt import StoreReceipt
from reconciler.clock import Clock
from reconciler.errors import ConfigError
from reconciler.sandbox import Fault
from tests.harness import Shop, consent, grant, person, quick_clock

Json = dict[str, Any]
Receipts = Mapping[str, StoreReceipt]

LISTING: Final = ("shoplazza", "shopline")
OLD: Final = "2026-01-01T00:00:00+00:00"
OUT: Final = {"email": consent("unsubscribed", OLD, "person"), "sms": consent()}


def _people(**fields: Any) -> list[Json]:
    return [
        person(f"p{number}@example.com", created_at=OLD, updated_at=OLD, tags=["vip"], **fields)
        for number in range(8)
    ]


def _entries(**more: Any) -> list[Json]:
    return [{"email": f"p{number}@example.com", "tags": ["vip"], **more} for number in range(8)]


def _kept(shop: Shop, **choices: Any) -> tuple[Json, Receipts]:
    found: dict[str, StoreReceipt] = {}
    return shop.plan(keep=found.__setitem__, **choices), found


def _since(shop: Shop, receipts: Receipts) -> Json:
    return shop.plan(read="since", since=receipts)


def _mode(body: Json) -> str:
    assert not any(one["error"] for one in body["stores"]), body["stores"]
    mode: str = body["stores"][0]["receipt"]["mode"]
    return mode


def _why(body: Json) -> str:
    why: str = body["stores"][0]["receipt"]["chosen"]
    return why


def _id(shop: Shop, email: str) -> str:
    return str(shop.live(email)["id"])


def _at(shop: Shop, moved: timedelta) -> None:
    real = quick_clock()
    shop.clock = Clock(
        now=lambda: real.now() + moved, monotonic=real.monotonic, sleep=lambda _: None
    )


@pytest.fixture(params=LISTING)
def shop(request: Any, shops: dict[str, Shop]) -> Any:
    made = shops[request.param]
    made.settings, made.policy, made.clock, made.told = {}, {}, None, {}
    made.reset(_people(), {"date": "on"})
    made.want(*_entries())
    yield made
    made.settings, made.policy, made.clock, made.told = {}, {}, None, {}


def test_a_store_whose_clock_is_days_ahead_conceals_no_change(shop: Shop) -> None:
    shop.reset(_people(), {"date": "ahead"})
    _, receipts = _kept(shop)
    shop.box.edit(_id(shop, "p3@example.com"), tags=[])
    body = _since(shop, receipts)
    assert body["changes"] == shop.plan(read="full")["changes"] != []


@pytest.mark.parametrize(
    "text", ["", " ", "0", "Fri", "Fri, 99 Nov 2026 99:99:99 GMT", "\x00", "1 Jan 99999 0:0:0", ","]
)
def test_a_date_that_is_none_tells_no_time(text: str) -> None:
    dated = FirstDate(lambda: datetime(2026, 11, 27, tzinfo=UTC))
    dated.hear({"date": text})
    assert dated.told is None


def test_only_the_first_answer_tells_the_time() -> None:
    dated = FirstDate(lambda: datetime(2026, 11, 27, tzinfo=UTC))
    dated.hear({"date": "Thu, 26 Nov 2026 10:00:00 GMT"})
    dated.hear({"date": "Fri, 27 Nov 2026 10:00:00 GMT"})
    assert dated.told == datetime(2026, 11, 26, 10, tzinfo=UTC)


def test_a_clock_that_went_back_keeps_no_receipt_young(shop: Shop) -> None:
    _, receipts = _kept(shop)
    one = receipts["shop"]
    _at(shop, -timedelta(days=2))
    assert _mode(_since(shop, receipts)) == "full", "the receipt is of a time to come"
    day = timedelta(days=1)
    old = replace(one, began=one.began - 8 * day, at=one.at - 3 * day)
    assert _mode(_since(shop, {"shop": old})) == "full", "by the store it is over a week old"
    _at(shop, timedelta(days=8))
    with pytest.raises(ConfigError, match="days old"):
        _since(shop, receipts)


def test_a_register_that_the_receipt_does_not_know_means_a_whole_reading(shop: Shop) -> None:
    """Else nobody would note here who is out, and a later plan might ask them in again."""
    shop.reset(_people(consent=OUT), {"date": "on"})
    shop.want(*_entries(consent={"email": "unsubscribed"}))
    _, receipts = _kept(shop)
    file = shop.folder / ".reconciler" / "opt-outs" / "shop.jsonl"
    before = file.read_bytes()
    assert _mode(_since(shop, receipts)) == "since"
    file.unlink()
    body = _since(shop, receipts)
    assert _mode(body) == "full"
    assert "register of opt-outs" in _why(body)
    assert file.read_bytes().count(b"\n") == before.count(b"\n")


def test_a_register_with_more_lines_still_serves(shop: Shop) -> None:
    shop.reset(_people(consent=OUT), {"date": "on"})
    shop.want(*_entries(consent={"email": "unsubscribed"})[:4])
    _, receipts = _kept(shop)
    shop.want(*_entries(consent={"email": "unsubscribed"}))
    shop.plan(read="full")  # notes four more
    assert _mode(_since(shop, receipts)) == "since"


def test_a_receipt_of_whoever_noted_no_opt_outs_serves_nobody_who_does(shop: Shop) -> None:
    shop.reset(_people(consent=OUT), {"date": "on"})
    shop.want(*_entries(consent={"email": "unsubscribed"}))
    shop.told = {"CI": "true", "RECONCILER_HOSTS": shop.url}
    _, receipts = _kept(shop)
    assert _mode(_since(shop, receipts)) == "since"
    shop.told = {}
    assert _mode(_since(shop, receipts)) == "full"
    assert (shop.folder / ".reconciler" / "opt-outs" / "shop.jsonl").exists()


def test_a_plan_since_a_receipt_says_what_it_cannot_see(shop: Shop) -> None:
    _, receipts = _kept(shop)
    notes = " ".join(_since(shop, receipts)["stores"][0]["receipt"]["notes"])
    assert "deleted" in notes
    assert "opted out" in notes


def test_a_receipt_that_an_error_or_part_of_a_store_would_leave_is_none(shop: Shop) -> None:
    for choices in ({"read": "lookup"}, {"read": "auto"}):
        body, receipts = _kept(shop, **choices)
        assert _mode(body) == "full"
        assert receipts
    shop.box.fault(Fault("status", method="GET", status=403, times=50))
    _, receipts = _kept(shop)
    assert not receipts


def test_an_older_receipt_shows_as_much(shop: Shop) -> None:
    _, first = _kept(shop)
    shop.box.edit(_id(shop, "p1@example.com"), tags=[])
    second: dict[str, StoreReceipt] = {}
    shop.plan(read="since", since=first, keep=second.__setitem__)
    shop.box.edit(_id(shop, "p2@example.com"), tags=[])
    assert _since(shop, first)["changes"] == _since(shop, second)["changes"] != []


def test_what_was_granted_and_withdrawn_meanwhile_is_withdrawn(shop: Shop) -> None:
    out, into = {"email": "unsubscribed"}, {"email": grant()}
    shop.want(*_entries(consent=out))
    shop.apply(shop.plan(read="full"))
    _, receipts = _kept(shop)
    shop.want(*_entries()[1:], {**_entries()[0], "consent": into})
    for one in shop.box.customers():
        if one["email"] == "p0@example.com":
            shop.box.person(str(one["id"]), "email", "subscribed")
    shop.want(*_entries(consent=out))
    body = _since(shop, receipts)
    assert body["changes"] == shop.plan(read="full")["changes"] != []


def test_a_tag_that_stands_for_consent_is_given_to_nobody(shop: Shop) -> None:
    shop.reset(
        _people(consent={"email": consent("not_subscribed"), "sms": consent()}), {"date": "on"}
    )
    shop.policy = {"consent": {"bearing_tags": {"news": "email"}}}
    shop.settings = {"tags": {"owned": ["vip", "news"]}}
    shop.want(*_entries())
    _, receipts = _kept(shop)
    changed = {"email": "p0@example.com", "tags": ["vip", "news"], "consent": {"email": grant()}}
    shop.want(changed, *_entries()[1:])
    body = _since(shop, receipts)
    assert _mode(body) == "since"
    assert "grant" not in {one["class"] for each in body["changes"] for one in each["fields"]}
    assert "hold" in {one["level"] for one in body["verdicts"]}


def test_two_entries_of_one_record_are_seen_though_one_of_them_stands(shop: Shop) -> None:
    shop.reset(
        [*_people(), person("two@example.com", phone="+8613812345678", updated_at=OLD)],
        {"date": "on"},
    )
    first = {"email": "two@example.com", "first_name": "Ada"}
    shop.want(*_entries(), first)
    _, receipts = _kept(shop)
    shop.want(*_entries(), first, {"phone": "+8613812345678", "first_name": "Bo"})
    body = _since(shop, receipts)
    assert _mode(body) == "since"
    rules = [one["rule"] for one in body["verdicts"]]
    assert rules.count("identity.same-person") == 2, rules


def test_entries_by_id_and_by_phone_alone_stand_and_are_read_where_they_changed(
    shop: Shop,
) -> None:
    phones = [f"+861381234567{number}" for number in range(2)]
    shop.reset(
        [
            *_people(),
            *[person(None, phone=one, created_at=OLD, updated_at=OLD) for one in phones],
        ],
        {"date": "on"},
    )
    by_phone = [{"phone": one, "first_name": "Ada"} for one in phones]
    by_id = {"id": _id(shop, "p0@example.com"), "tags": ["vip"]}
    shop.want(*_entries()[1:], *by_phone, by_id)
    _, receipts = _kept(shop)
    assert _mode(_since(shop, receipts)) == "since"
    for one in shop.box.customers():
        if one["phone"] == phones[1] or str(one["id"]) == by_id["id"]:
            shop.box.edit(str(one["id"]), first_name="Zoë", tags=[])
    body = _since(shop, receipts)
    assert _mode(body) == "since"
    assert body["changes"] == shop.plan(read="full")["changes"]
    assert len(body["changes"]) == 2


def test_a_renamed_person_is_asked_for_each_time(shop: Shop) -> None:
    renamed = {"email": "new@example.com", "previously": {"email": "p0@example.com"}}
    shop.want(*_entries()[1:], renamed)
    _, receipts = _kept(shop)
    body = _since(shop, receipts)
    assert _mode(body) == "since"
    assert body["changes"] in ([], shop.plan(read="full")["changes"])


def test_entries_in_another_file_stand(shop: Shop) -> None:
    _, receipts = _kept(shop)
    shop.want(*reversed(_entries()))
    body = _since(shop, receipts)
    assert (_mode(body), body["changes"]) == ("since", [])


def test_newly_owned_tags_and_another_policy_need_another_receipt(shop: Shop) -> None:
    _, receipts = _kept(shop)
    shop.settings = {"tags": {"owned": ["vip", "other"]}}
    shop.want(*_entries())
    with pytest.raises(ConfigError, match="other settings"):
        _since(shop, receipts)
    shop.settings, shop.policy = {}, {"consent": {"min_level": {"DE": "confirmed"}}}
    shop.want(*_entries())
    with pytest.raises(ConfigError, match="other settings"):
        _since(shop, receipts)


def test_what_another_plan_wrote_after_the_reading_is_seen(shop: Shop) -> None:
    """The time of a receipt is from before anything was read."""
    found: dict[str, StoreReceipt] = {}

    def keep(name: str, one: StoreReceipt) -> None:
        shop.box.edit(_id(shop, "p5@example.com"), tags=[])
        found[name] = one

    shop.plan(keep=keep)
    body = _since(shop, found)
    assert body["changes"] == shop.plan(read="full")["changes"] != []


# Shoplazza tells no time of consents.
@pytest.mark.parametrize("shop", ["shopline"], indirect=True)
def test_a_store_that_shows_consents_changing_unmarked_leaves_no_receipt(shop: Shop) -> None:
    """Where a consent is younger than its record's last change, opt-outs are no changes there."""
    shop.reset(_people(), {"date": "on", "updated_at": "no consents"})
    shop.want(*_entries(consent={"email": grant()}))
    for one in shop.box.customers():
        shop.box.person(str(one["id"]), "email", "subscribed")
    _, receipts = _kept(shop)
    assert not receipts


@pytest.mark.parametrize("shop", ["shopline"], indirect=True)
def test_a_store_that_turns_out_to_leave_consents_unmarked_is_read_whole(shop: Shop) -> None:
    shop.reset(_people(), {"date": "on", "updated_at": "no consents"})
    shop.want(*_entries())
    _, receipts = _kept(shop)
    shop.want(*_entries()[1:], {**_entries()[0], "first_name": "Bo"})
    shop.box.person(_id(shop, "p0@example.com"), "email", "unsubscribed")
    assert _mode(_since(shop, receipts)) == "full"
