"""LINE and other channels that SHOPLINE tells: shown to whoever asks, never lost, never paid for by a plan."""

import io
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Fault
from tests.harness import KEY, Shop, consent, grant, opened, person
from tests.program import run

ADA = "ada@example.com"
TIME = "2026-03-04T12:00:00+08:00"
LINE = {
    "subscribe_account_type": 2,
    "status": 1,
    "subscribe_channel": 4,
    "subscribe_time": TIME,
}
EVERY = [
    LINE,
    {**LINE, "subscribe_account_type": 3, "status": 0, "subscribe_channel": 3},
    {**LINE, "subscribe_account_type": 9, "status": 7, "subscribe_channel": 99},
    {**LINE, "subscribe_account_type": "grace@example.com", "subscribe_time": None},
    {**LINE, "subscribe_account_type": "8613315034487", "subscribe_time": None},
]


def _ask(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{ADA}\n"))
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
    done = run("explain", "--specs", shop.specs, env=env)
    assert done.code == 0, done.everything
    assert "grace" not in done.everything
    assert "13315034487" not in done.everything
    return done.out


def _asked(shop: Shop) -> int:
    return len([one for one in shop.box.requests if "subscribe.json" in one.path])


def test_each_is_shown_and_one_of_an_unknown_kind_as_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [person(extra={"subscriptions": EVERY}), person("b@example.com")]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want({"email": ADA, "tags": {"add": ["vip"]}}, {"email": "b@example.com"})
        out = _ask(shop, monkeypatch)

        assert "  LINE: subscribed (subscribed at 2026-03-04, grade B), not managed here" in out
        assert "  Messenger: unsubscribed (subscribed at 2026-03-04, grade D)" in out
        assert "  unknown channel 9: unknown (subscribed at 2026-03-04, grade E)" in out
        assert "  unknown channel: subscribed (grade B)" in out
        assert _asked(shop) == 1


def test_whose_consent_would_change_is_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = {"email": consent("subscribed", TIME, "person"), "sms": consent()}
    people = [person(consent=signed, extra={"subscriptions": EVERY})]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want({"email": ADA, "consent": {"email": "unsubscribed"}})
        out = _ask(shop, monkeypatch)

        assert "Messenger: unsubscribed" in out
        assert _asked(shop) == 1


def test_a_store_that_does_not_tell_them_is_explained_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, "shopline", [person(extra={"subscriptions": EVERY})]) as shop:
        shop.want({"email": ADA, "tags": {"add": ["vip"]}})
        shop.box.fault(Fault("status", path="subscribe.json", status=404, times=9))

        assert "tags: would change" in _ask(shop, monkeypatch)


def test_a_plan_of_everybody_asks_for_nobodys(tmp_path: Path) -> None:
    people = [person(f"c{n}@example.com", extra={"subscriptions": EVERY}) for n in range(9)]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(*({"email": f"c{n}@example.com", "first_name": "New"} for n in range(9)))
        shop.plan(read="full")

        assert _asked(shop) == 0


@pytest.mark.parametrize("put", ["merge", "replace"])
@pytest.mark.parametrize(
    "wish",
    [
        {"tags": {"add": ["vip"]}},
        {"first_name": "Augusta"},
        {"consent": {"email": "unsubscribed"}},
        {"consent": {"sms": "unsubscribed"}},
        {"addresses": [{"address1": "1 Main St", "city": "Oslo", "country_code": "NO"}]},
    ],
)
def test_no_write_loses_or_sends_one(tmp_path: Path, wish: Any, put: str) -> None:
    live = person(
        phone="008613315034487",
        consent={"email": consent("subscribed", TIME), "sms": consent("subscribed", TIME)},
        extra={"subscriptions": EVERY},
    )
    with opened(tmp_path, "shopline", [live], {"put": put}) as shop:
        shop.want({"email": ADA, **wish})
        shop.apply(shop.plan())

        assert shop.live(ADA)["extra"]["subscriptions"] == EVERY


def test_a_yes_to_line_is_none_to_anything_else(tmp_path: Path) -> None:
    """Nor does a no to it take anybody out."""
    rows = [{**LINE, "status": 1}, {**LINE, "subscribe_account_type": 9}]
    out = {"email": consent("unsubscribed", TIME, "person"), "sms": consent()}
    people = [person(consent=out, extra={"subscriptions": rows})]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want({"email": ADA, "consent": {"email": grant(given_at="2026-01-01T00:00:00Z")}})
        body = shop.plan()

        assert body["changes"] == []
        assert [one["rule"] for one in body["verdicts"]] == ["consent.newer-opt-out"]
