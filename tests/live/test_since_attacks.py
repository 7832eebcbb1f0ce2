"""What would make a plan since a receipt more permissive, or silent, means a whole reading."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from reconciler.app.choices import Kept
from reconciler.app.since import FirstDate
from reconciler.cache.receipt import StoreReceipt
from reconciler.clock import Clock
from reconciler.errors import ConfigError
from reconciler.plan.outcome import State
from reconciler.sandbox import Fault
from tests.harness import Shop, consent, grant, person, quick_clock, states, verdicts
from tests.live.receipts import (
    LISTING,
    OLD,
    Json,
    Receipts,
    as_new,
    entries,
    id_of,
    kept,
    mode_of,
    people,
    receipt_of,
    since,
)

OUT: Final = {"email": consent("unsubscribed", OLD, "person"), "sms": consent()}


def _since(shop: Shop, receipts: Receipts) -> Json:
    return since(shop, receipts)[0]


def _at(shop: Shop, moved: timedelta) -> None:
    real = quick_clock()
    shop.clock = Clock(
        now=lambda: real.now() + moved, monotonic=real.monotonic, sleep=lambda _: None
    )


@pytest.fixture(params=LISTING[:2])
def shop(request: Any, shops: dict[str, Shop]) -> Shop:
    made = shops[request.param]
    as_new(made, people())
    made.want(*entries())
    return made


def test_a_store_whose_clock_is_days_ahead_conceals_no_change(shop: Shop) -> None:
    shop.reset(people(), {"date": "ahead"})
    _, receipts = kept(shop)
    shop.box.edit(id_of(shop, "p3@example.com"), tags=[])
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
    _, receipts = kept(shop)
    one = receipts["shop"]
    _at(shop, -timedelta(days=2))
    assert mode_of(_since(shop, receipts)) == "full", "the receipt is of a time to come"
    day = timedelta(days=1)
    old = replace(one, began=one.began - 8 * day, at=one.at - 3 * day)
    assert mode_of(_since(shop, {"shop": old})) == "full", "by the store it is over a week old"
    _at(shop, timedelta(days=8))
    with pytest.raises(ConfigError, match="days old"):
        _since(shop, receipts)


def test_a_register_that_the_receipt_does_not_know_means_a_whole_reading(shop: Shop) -> None:
    """Else nobody would note here who is out, and a later plan might ask them in again."""
    shop.reset(people(consent=OUT), {"date": "on"})
    shop.want(*entries(consent={"email": "unsubscribed"}))
    _, receipts = kept(shop)
    file = shop.folder / ".reconciler" / "opt-outs" / "shop.jsonl"
    before = file.read_bytes()
    assert mode_of(_since(shop, receipts)) == "since"
    file.unlink()
    body = _since(shop, receipts)
    assert mode_of(body) == "full"
    assert "register of opt-outs" in receipt_of(body)["chosen"]
    assert file.read_bytes().count(b"\n") == before.count(b"\n")


def test_a_register_with_more_lines_still_serves(shop: Shop) -> None:
    shop.reset(people(consent=OUT), {"date": "on"})
    shop.want(*entries(consent={"email": "unsubscribed"})[:4])
    _, receipts = kept(shop)
    shop.want(*entries(consent={"email": "unsubscribed"}))
    shop.plan(read="full")  # notes four more
    assert mode_of(_since(shop, receipts)) == "since"


def test_a_receipt_of_whoever_noted_no_opt_outs_serves_nobody_who_does(shop: Shop) -> None:
    shop.reset(people(consent=OUT), {"date": "on"})
    shop.want(*entries(consent={"email": "unsubscribed"}))
    shop.told = {"CI": "true", "RECONCILER_HOSTS": shop.url}
    _, receipts = kept(shop)
    assert mode_of(_since(shop, receipts)) == "since"
    shop.told = {}
    assert mode_of(_since(shop, receipts)) == "full"
    assert (shop.folder / ".reconciler" / "opt-outs" / "shop.jsonl").exists()


def test_a_receipt_that_an_error_or_part_of_a_store_would_leave_is_none(shop: Shop) -> None:
    for choices in ({"read": "lookup"}, {"read": "auto"}):
        body, receipts = kept(shop, **choices)
        assert mode_of(body) == "full"
        assert receipts
    shop.box.fault(Fault("status", method="GET", status=403, times=50))
    _, receipts = kept(shop)
    assert not receipts


def test_an_older_receipt_shows_as_much(shop: Shop) -> None:
    _, first = kept(shop)
    shop.box.edit(id_of(shop, "p1@example.com"), tags=[])
    _, second = kept(shop, read="since", since=first)
    shop.box.edit(id_of(shop, "p2@example.com"), tags=[])
    assert _since(shop, first)["changes"] == _since(shop, second)["changes"] != []


def test_what_was_granted_and_withdrawn_meanwhile_is_withdrawn(shop: Shop) -> None:
    out, into = {"email": "unsubscribed"}, {"email": grant()}
    shop.want(*entries(consent=out))
    shop.apply(shop.plan(read="full"))
    _, receipts = kept(shop)
    shop.box.person(id_of(shop, "p0@example.com"), "email", "subscribed")
    shop.want({**entries()[0], "consent": into}, *entries()[1:])
    assert _since(shop, receipts)["changes"] == [], "they are in, as the files want"
    shop.want(*entries(consent=out))
    body = _since(shop, receipts)
    assert mode_of(body) == "since"
    (field,) = (field for one in body["changes"] for field in one["fields"])
    assert (field["field"], field["class"]) == ("consent.email", "withdraw")
    assert body["changes"] == shop.plan(read="full")["changes"]
    assert states(shop.apply(body)) == [State.DONE]
    assert shop.live("p0@example.com")["consent"]["email"]["state"] == "unsubscribed"


def test_a_tag_that_stands_for_consent_is_given_to_nobody(shop: Shop) -> None:
    shop.reset(
        people(consent={"email": consent("not_subscribed"), "sms": consent()}), {"date": "on"}
    )
    shop.policy = {"consent": {"bearing_tags": {"news": "email"}}}
    shop.settings = {"tags": {"owned": ["vip", "news"]}}
    shop.want(*entries())
    _, receipts = kept(shop)
    changed = {"email": "p0@example.com", "tags": ["vip", "news"], "consent": {"email": grant()}}
    shop.want(changed, *entries()[1:])
    body = _since(shop, receipts)
    assert mode_of(body) == "since"
    assert "grant" not in {one["class"] for each in body["changes"] for one in each["fields"]}
    assert "hold" in {one["level"] for one in body["verdicts"]}


def test_two_entries_of_one_record_are_seen_though_one_of_them_stands(shop: Shop) -> None:
    shop.reset(
        [*people(), person("two@example.com", phone="+8613812345678", updated_at=OLD)],
        {"date": "on"},
    )
    first = {"email": "two@example.com", "first_name": "Ada"}
    shop.want(*entries(), first)
    _, receipts = kept(shop)
    shop.want(*entries(), first, {"phone": "+8613812345678", "first_name": "Bo"})
    body = _since(shop, receipts)
    assert mode_of(body) == "since"
    rules = [one["rule"] for one in body["verdicts"]]
    assert rules.count("identity.same-person") == 2, rules


def test_entries_by_id_and_by_phone_alone_stand_and_are_read_where_they_changed(
    shop: Shop,
) -> None:
    phones = [f"+861381234567{number}" for number in range(2)]
    shop.reset(
        [
            *people(),
            *[person(None, phone=one, created_at=OLD, updated_at=OLD) for one in phones],
        ],
        {"date": "on"},
    )
    by_phone = [{"phone": one, "first_name": "Ada"} for one in phones]
    by_id = {"id": id_of(shop, "p0@example.com"), "tags": ["vip"]}
    shop.want(*entries()[1:], *by_phone, by_id)
    _, receipts = kept(shop)
    assert mode_of(_since(shop, receipts)) == "since"
    for one in shop.box.customers():
        if one["phone"] == phones[1] or str(one["id"]) == by_id["id"]:
            shop.box.edit(str(one["id"]), first_name="Zoë", tags=[])
    body = _since(shop, receipts)
    assert mode_of(body) == "since"
    assert body["changes"] == shop.plan(read="full")["changes"]
    assert len(body["changes"]) == 2


@pytest.mark.parametrize("changed", [True, False])
def test_a_renamed_person_is_asked_for_each_time(shop: Shop, *, changed: bool) -> None:
    renamed = {"email": "new@example.com", "previously": {"email": "p0@example.com"}}
    shop.want(*entries()[1:], renamed)
    _, receipts = kept(shop)
    if changed:
        shop.box.edit(id_of(shop, "p0@example.com"), first_name="Zoë")
    body = _since(shop, receipts)
    assert mode_of(body) == "since"
    full = shop.plan(read="full")
    assert (body["changes"], verdicts(body)) == (full["changes"], verdicts(full))
    # Shoplazza cannot give anybody another address, which blocks.
    assert body["changes"] or body["summary"]["blocked"]


def test_entries_in_another_file_stand(shop: Shop) -> None:
    _, receipts = kept(shop)
    shop.want(*reversed(entries()))
    body = _since(shop, receipts)
    assert (mode_of(body), body["changes"]) == ("since", [])


def test_newly_owned_tags_and_another_policy_need_another_receipt(shop: Shop) -> None:
    _, receipts = kept(shop)
    shop.settings = {"tags": {"owned": ["vip", "other"]}}
    shop.want(*entries())
    with pytest.raises(ConfigError, match="other settings"):
        _since(shop, receipts)
    shop.settings, shop.policy = {}, {"consent": {"min_level": {"DE": "confirmed"}}}
    shop.want(*entries())
    with pytest.raises(ConfigError, match="other settings"):
        _since(shop, receipts)


def test_what_another_plan_wrote_after_the_reading_is_seen(shop: Shop) -> None:
    """The time of a receipt is from before anything was read."""

    class Meanwhile(dict[str, StoreReceipt]):
        def __setitem__(self, name: str, one: StoreReceipt) -> None:
            shop.box.edit(id_of(shop, "p5@example.com"), tags=[])
            super().__setitem__(name, one)

    left = Kept(Meanwhile())
    shop.plan(keep=left)
    body = _since(shop, left.receipts)
    assert body["changes"] == shop.plan(read="full")["changes"] != []


# Shoplazza tells no time of consents.
@pytest.mark.parametrize("shop", ["shopline"], indirect=True)
def test_a_store_that_shows_consents_changing_unmarked_leaves_no_receipt(shop: Shop) -> None:
    """Where a consent is younger than its record's last change, opt-outs are no changes there."""
    shop.reset(people(), {"date": "on", "updated_at": "no consents"})
    shop.want(*entries(consent={"email": grant()}))
    for one in shop.box.customers():
        shop.box.person(str(one["id"]), "email", "subscribed")
    _, receipts = kept(shop)
    assert not receipts


@pytest.mark.parametrize("shop", ["shopline"], indirect=True)
def test_a_store_that_turns_out_to_leave_consents_unmarked_is_read_whole(shop: Shop) -> None:
    shop.reset(people(), {"date": "on", "updated_at": "no consents"})
    shop.want(*entries())
    _, receipts = kept(shop)
    shop.want(*entries()[1:], {**entries()[0], "first_name": "Bo"})
    shop.box.person(id_of(shop, "p0@example.com"), "email", "unsubscribed")
    assert mode_of(_since(shop, receipts)) == "full"
