"""Plans that keep receipts and go on from them, and a store that is made for these."""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.app.choices import Kept
from reconciler.cache.receipt import StoreReceipt
from tests.harness import Shop, person

Json = dict[str, Any]
Receipts = Mapping[str, StoreReceipt]

LISTING: Final = ("shoplazza", "shopline", "shoplazza-2022")
OLD: Final = "2026-01-01T00:00:00+00:00"


def people(count: int = 8, **fields: Any) -> list[Json]:
    """Who changed long before any receipt."""
    told = {"created_at": OLD, "updated_at": OLD, "tags": ["vip"], **fields}
    return [person(f"p{number}@example.com", **told) for number in range(count)]


def entries(count: int = 8, **more: Any) -> list[Json]:
    """What these people are."""
    return [{"email": f"p{number}@example.com", "tags": ["vip"], **more} for number in range(count)]


def kept(shop: Shop, **choices: Any) -> tuple[Json, Receipts]:
    """A plan and what it leaves."""
    left = Kept()
    return shop.plan(keep=left, **choices), left.receipts


def since(shop: Shop, receipts: Receipts) -> tuple[Json, Receipts]:
    """A plan since these, and what it leaves."""
    return kept(shop, read="since", since=receipts)


def receipt_of(body: Json) -> Json:
    """How the store was read, which must not have failed."""
    (store,) = body["stores"]
    assert not store["error"], store
    receipt: Json = store["receipt"]
    return receipt


def mode_of(body: Json) -> str:
    mode: str = receipt_of(body)["mode"]
    return mode


def id_of(shop: Shop, email: str) -> str:
    return str(shop.live(email)["id"])


def as_new(shop: Shop, records: list[Json], **switches: object) -> None:
    """Another store that tells the time, under no settings but the usual."""
    shop.settings, shop.policy, shop.clock, shop.told = {}, {}, None, {}
    shop.reset(records, {"date": "on", **switches})
