"""Where SHOPLINE has a consent from, and at what level: read into exports, and never evidence."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.consent import Channel
from reconciler.platforms.shopline.wire import customer
from reconciler.platforms.times import StoreTimes
from tests.harness import KEY, Shop, consent, grant, opened, person
from tests.practice.test_exports import exported
from tests.program import run

ADA = "ada@example.com"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
SINCE = "2026-01-02T12:00:00+08:00"


def _yes(**told: Any) -> Any:
    return {**consent("subscribed", SINCE), **told}


def _text(shop: Shop) -> str:
    return (shop.specs / "exported.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("state", "given", "found"),
    [
        (1, 2, "confirmed"),
        (1, "1", "single"),
        (1, 0, None),
        (1, 7, None),
        (1, "confirmed", None),
        (1, None, None),
        (0, 2, None),
        (2, 2, None),
        (3, 2, None),
    ],
)
def test_a_level_is_read_of_somebody_subscribed(state: int, given: object, found: object) -> None:
    told = {"state": state, "opt_in_level": given, "consent_collected_from": "footer"}
    live = customer(
        {"id": "1", "email_marketing_consent": told}, StoreTimes(None, lambda: NOW)
    ).consent(Channel.EMAIL)

    assert live.level == found
    assert (live.source is not None) == (state == 1)
    assert "footer" not in repr(live)


def test_both_are_exported_and_plan_empty(tmp_path: Path) -> None:
    people = [
        person(consent={"email": _yes(level="confirmed", source="footer"), "sms": consent()}),
        person("b@example.com", consent={"email": _yes(level="single"), "sms": consent()}),
        person("c@example.com", consent={"email": _yes(source="a: b # c"), "sms": consent()}),
        person("d@example.com", consent={"email": _yes(level="unknown"), "sms": consent()}),
        person(
            "e@example.com",
            consent={
                "email": {**consent("unsubscribed", SINCE), "level": "confirmed", "source": "till"},
                "sms": consent(),
            },
        ),
    ]
    with opened(tmp_path, "shopline", people) as shop:
        made = exported(shop)
        text = _text(shop)

        assert text.count("source: footer") == text.count("level: confirmed") == 1
        assert "level: single" in text
        assert "level: unknown" not in text
        assert "till" not in text
        assert "given_at" not in text
        assert not made.left_out
        body = shop.plan(read="full")
        assert body["changes"] == []
        assert {rule for _, rule in ((o["level"], o["rule"]) for o in body["verdicts"])} == {
            "consent.weak-evidence"
        }
        assert run("validate", shop.specs).code == 0


@pytest.mark.parametrize("odd", ["a\u202eb", "x" * 51, "line\none", "f***r", "a***@example.com"])
def test_a_place_that_no_spec_may_hold_is_left_out_and_counted(tmp_path: Path, odd: str) -> None:
    live = person(consent={"email": _yes(source=odd), "sms": consent()})
    with opened(tmp_path, "shopline", [live]) as shop:
        made = exported(shop)

        assert made.left_out == {"sources of a consent that a spec may not hold": 1}
        assert "email: subscribed" in _text(shop)
        assert shop.plan(read="full")["changes"] == []


@pytest.mark.parametrize("now", ["not_subscribed", "unsubscribed", "pending", "nobody"])
@pytest.mark.parametrize("level", ["single", "confirmed"])
@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"require": {"email": ["given_at"]}},
        {"require": {"email": ["given_at", "level"]}, "min_level": {"default": "single"}},
    ],
)
def test_what_a_store_told_opts_nobody_in(
    tmp_path: Path, policy: Any, level: str, now: str
) -> None:
    """Neither back in after the store has changed, nor into another store."""
    live = person(consent={"email": _yes(level=level, source="footer"), "sms": consent()})
    with opened(tmp_path, "shopline", [live]) as shop:
        shop.policy.update(consent=policy)
        exported(shop)
        number = shop.live(ADA)["id"]
        if now == "nobody":
            text = _text(shop)
            plain = text.replace(f"- id: '{number}'\n    email", "- email")
            assert plain != text
            (shop.specs / "exported.yaml").write_text(plain, encoding="utf-8")
            shop.reset([])
        else:
            anew = person(consent={"email": consent(now, SINCE), "sms": consent()})
            shop.reset([{"id": number, **anew}])
        body = shop.plan(read="full")

        fields = [one["field"] for change in body["changes"] for one in change["fields"]]
        assert "consent.email" not in fields


def test_whoever_adds_when_it_was_given_stands_for_it(tmp_path: Path) -> None:
    told = grant(source="footer", level="confirmed")
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.policy.update(consent={"require": {"email": ["given_at", "level"]}})
        shop.want({"email": ADA, "consent": {"email": told}})
        shop.converge()

        held = shop.live(ADA)["consent"]["email"]
        assert (held["level"], held["source"]) == ("confirmed", "footer")


def test_a_place_with_somebodys_address_stands_in_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "till of grace@example.com"
    live = person(consent={"email": _yes(level="single", source=secret), "sms": consent()})
    with opened(tmp_path, "shopline", [live]) as shop:
        exported(shop)
        assert secret in _text(shop)
        body = str(shop.plan(read="full"))
        checked = run("validate", shop.specs)
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{ADA}\n"))
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        told = run("explain", "--specs", shop.specs, env=env)

        assert "personal.in-source" in checked.everything
        assert "level single, source •••" in told.out
        for out in (body, checked.everything, told.everything):
            assert "grace" not in out
