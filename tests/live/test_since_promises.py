"""Who is planned for since a receipt, and which readings leave one, in plans of whole stores."""

import errno
import os
from typing import Any

import pytest

from reconciler.model.scope import Scope
from tests.harness import Shop, consent, person
from tests.live.receipts import (
    LISTING,
    OLD,
    as_new,
    entries,
    kept,
    mode_of,
    people,
    receipt_of,
    since,
)


@pytest.fixture(params=LISTING[:2])
def shop(request: Any, shops: dict[str, Shop]) -> Shop:
    made = shops[request.param]
    as_new(made, people())
    made.want(*entries())
    return made


@pytest.mark.parametrize("twin", [True, False])
def test_nobody_is_changed_whose_twin_a_search_by_letter_would_not_show(
    shop: Shop, *, twin: bool
) -> None:
    """Of somebody whom the receipt does not know nothing excludes a twin."""
    told = {"created_at": OLD, "updated_at": OLD}
    twins = [person("New@example.com", **told)] if twin else []
    records = [*people(), person("new@example.com", **told), *twins]
    as_new(shop, records, spelling="bytes", duplicates="accepted")
    shop.want(*entries())
    _, receipts = kept(shop)
    shop.want(*entries(), {"email": "new@example.com", "tags": ["vip"]})
    body, _ = since(shop, receipts)

    assert (mode_of(body), body["changes"]) == ("since", [])
    assert [(one["level"], one["rule"]) for one in body["verdicts"]] == [
        ("hold", "read.unproven-absence")
    ]


def test_whom_the_receipt_knows_has_no_twin_and_is_changed(shop: Shop) -> None:
    as_new(shop, people(), spelling="bytes")
    shop.want(*entries())
    _, receipts = kept(shop)
    shop.want(*entries()[1:], {**entries()[0], "first_name": "Bo"})
    body, _ = since(shop, receipts)

    assert (mode_of(body), body["verdicts"]) == ("since", [])
    assert body["changes"] == shop.plan(read="full")["changes"] != []


def test_what_a_document_says_of_everybody_is_read_of_everybody(shop: Shop) -> None:
    """Else whoever bears a tag that nobody else is to bear would stay unseen."""
    shop.reset([*people(), *people(1, email="other@example.com", tags=["vip"])], {"date": "on"})
    shop.settings = {"tags": {"owned": ["vip", "b2b"]}}
    shop.want(*entries())
    _, receipts = kept(shop)
    members = [{"email": one["email"]} for one in entries()]
    shop.want(tags=[{"name": "vip", "exact": True, "members": members}])
    body, _ = since(shop, receipts)

    assert mode_of(body) == "full"
    assert "tag document" in receipt_of(body)["chosen"]
    assert body["changes"] == shop.plan(read="full")["changes"] != []


def test_a_reading_whose_opt_outs_could_not_be_noted_leaves_no_receipt(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stood as they did would never be noted afterwards."""
    out = {"email": consent("unsubscribed", OLD, "person"), "sms": consent()}
    as_new(shop, people(consent=out))
    shop.want(*entries(consent={"email": "unsubscribed"}))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        body, receipts = kept(shop)
    assert (mode_of(body), receipts) == ("full", {})
    assert "shop" in kept(shop)[1]


def test_a_plan_for_some_leaves_no_receipt(shop: Shop) -> None:
    for scope in (Scope(tags=("vip",)), Scope(customers=("p1@example.com",))):
        body, receipts = kept(shop, read="full", scope=scope)
        assert (mode_of(body), receipts) == ("full", {})
