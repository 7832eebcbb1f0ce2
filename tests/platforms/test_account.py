"""Genstore's account state: told before an opt-in, shown by `explain`, and never written."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness import Shop, consent, grant, opened, person, verdicts
from tests.program import run

ADA = "ada@example.com"
DECLINED, DISABLED = "consent.account-declined", "consent.account-disabled"


def _somebody(state: object, **fields: Any) -> dict[str, Any]:
    return person(extra={"state": state, "verified_email": True}, **fields)


def _wants_in(shop: Shop) -> None:
    shop.want({"email": ADA, "first_name": "Augusta", "consent": {"email": grant()}})


def test_whoever_declined_an_account_is_not_opted_in_without_a_release(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_somebody("DECLINED")]) as shop:
        _wants_in(shop)
        body = shop.plan()
        (verdict,) = [one for one in body["verdicts"] if one["rule"] == DECLINED]

        assert (verdict["level"], verdict["lifted_by"]) == ("hold", f"--release {DECLINED}")
        assert [one["field"] for one in body["changes"][0]["fields"]] == ["first_name"]
        shop.apply(body)
        held = shop.live(ADA)
        assert held["consent"]["email"]["state"] == "not_subscribed"
        assert held["extra"]["state"] == "DECLINED"


def test_a_release_opts_in_whoever_declined_an_account(tmp_path: Path) -> None:
    from reconciler.model.settings import Release

    with opened(tmp_path, "genstore", [_somebody("DECLINED")]) as shop:
        _wants_in(shop)
        shop.apply(shop.plan(releases=(Release(rule=DECLINED),)))

        assert shop.live(ADA)["consent"]["email"]["state"] == "subscribed"
        assert shop.live(ADA)["extra"]["state"] == "DECLINED"


def test_two_doubts_are_not_lifted_by_a_release_of_one(tmp_path: Path) -> None:
    from reconciler.model.settings import Release

    out = {"email": consent("unsubscribed"), "sms": consent()}
    releases = tuple(Release(rule=one) for one in (DECLINED, "consent.undated-opt-out"))
    with opened(tmp_path, "genstore", [_somebody("DECLINED", consent=out)]) as shop:
        _wants_in(shop)
        body = shop.plan(releases=releases)

        assert ("hold", DECLINED) in verdicts(body)
        shop.apply(body)
        assert shop.live(ADA)["consent"]["email"]["state"] == "unsubscribed"


def test_an_opt_in_of_a_disabled_account_is_told_and_done(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_somebody("DISABLED")]) as shop:
        _wants_in(shop)
        body = shop.plan()

        assert ("warn", DISABLED) in verdicts(body)
        shop.apply(body)
        assert shop.live(ADA)["consent"]["email"]["state"] == "subscribed"


@pytest.mark.parametrize("state", ["ENABLED", "INVITED", "FROZEN", None])
def test_another_state_says_nothing_of_an_opt_in(tmp_path: Path, state: object) -> None:
    with opened(tmp_path, "genstore", [_somebody(state)]) as shop:
        _wants_in(shop)

        assert {rule for _, rule in verdicts(shop.plan())}.isdisjoint({DECLINED, DISABLED})


def test_an_opt_out_of_whoever_declined_an_account_goes_out(tmp_path: Path) -> None:
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, "genstore", [_somebody("DECLINED", consent=yes)]) as shop:
        shop.want({"email": ADA, "consent": {"email": "unsubscribed"}})
        shop.converge()

        assert shop.live(ADA)["consent"]["email"]["state"] != "subscribed"


def test_an_account_declined_since_the_plan_is_not_opted_in(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_somebody("ENABLED")]) as shop:
        _wants_in(shop)
        body = shop.plan()
        shop.box.edit(shop.live(ADA)["id"], extra={"state": "DECLINED"})
        shop.apply(body)

        assert shop.live(ADA)["consent"]["email"]["state"] == "not_subscribed"


@pytest.mark.parametrize(
    ("kind", "told"),
    [("email", "known by e-mail address"), ("phone", "known by phone number"), ("fax", "")],
)
@pytest.mark.parametrize("variant", ["shoplazza", "shoplazza-2022"])
def test_explain_shows_by_which_contact_a_store_knows_somebody(
    tmp_path: Path, variant: str, kind: str, told: str
) -> None:
    with opened(tmp_path, variant, [person(extra={"contact_type": kind})]) as shop:
        shop.want({"email": ADA, "first_name": "Augusta"})
        place = ("--specs", shop.specs, "--state-dir", shop.folder / ".reconciler")
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": "k" * 40, "CI_COMMIT_SHA": "c0ffee"}
        out = run("explain", ADA, *place, env=env).out

    assert (f"  account: {told}\n" in out) if told else "account:" not in out


def test_explain_shows_the_account_and_the_verified_address(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_somebody("DECLINED")]) as shop:
        _wants_in(shop)
        place = ("--specs", shop.specs, "--state-dir", shop.folder / ".reconciler")
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": "k" * 40, "CI_COMMIT_SHA": "c0ffee"}
        told = run("explain", ADA, *place, env=env).out

    assert "  account: declined; e-mail address verified\n" in told
    assert f"HOLD  {DECLINED}" in told
