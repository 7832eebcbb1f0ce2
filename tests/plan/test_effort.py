"""What a plan says an apply will take is what it takes, on every platform."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.model.settings import Rate, RiskClass
from reconciler.model.tags import TagDelta
from reconciler.plan.changes import Action, Change, TagChange
from reconciler.plan.effort import Effort, effort
from reconciler.platforms.registry import TABLES
from reconciler.report import phrases
from tests.builders import MARK
from tests.harness import VARIANTS, consent, grant, opened, person, told

Json = dict[str, Any]
ADDRESS = {
    "address1": "1 Main St",
    "city": "Oslo",
    "zip": "0155",
    "country_code": "NO",
    "first_name": "A",
    "last_name": "B",
}
YES = {"email": consent("subscribed"), "sms": consent()}
COUNT = 10
# No such write, or nothing is told of when nobody was asked.
NOT_ON_SHOPLAZZA = ("rename", "delete", "grant", "tax", "tax alone", "taxed newcomer")
ON_SHOPLINE = ("metafields", "noted newcomer")
METAFIELD = {"namespace": "custom", "key": "points", "type": "json", "value": "7"}
KINDS = ("withdraw", "name", "tags", "address", "create", *NOT_ON_SHOPLAZZA)


def _wanted(kind: str, name: str, variant: str) -> Json:
    country = {} if variant == "genstore" else {"country": "Norway"}
    wanted: dict[str, Json] = {
        "withdraw": {"consent": {"email": "unsubscribed"}},
        "rename": {"email": f"new-{name}", "previously": {"email": name}},
        "name": {"first_name": "Mei"},
        "tags": {"tags": {"add": ["vip"]}},
        "address": {"addresses": [{**ADDRESS, **country}]},
        "grant": {"consent": {"email": grant()}},
        "delete": {"state": "absent", "reason": "a duplicate"},
        "create": {"email": f"made-{name}", "first_name": "Mei"},
        "tax": {"tax_exempt": True, "first_name": "Mei"},
        "tax alone": {
            "tax_exempt": True,
            "tax_exemptions": [{"country": "NO", "subdivisions": "all"}],
        },
        "metafields": {"metafields": [METAFIELD, {**METAFIELD, "key": "label"}]},
        "noted newcomer": {
            "email": f"made-{name}",
            "tax_exempt": True,
            "metafields": [METAFIELD, {**METAFIELD, "key": "label"}],
        },
        "taxed newcomer": {"email": f"made-{name}", "tax_exempt": True},
    }
    return {"email": name, **wanted[kind]}


@pytest.mark.parametrize(
    ("variant", "kind"),
    [
        (variant, kind)
        for variant in VARIANTS
        for kind in (*KINDS, *(ON_SHOPLINE if variant == "shopline" else ()))
        if not (variant.startswith("shoplazza") and kind in NOT_ON_SHOPLAZZA)
    ],
)
def test_the_estimate_is_what_an_apply_takes(tmp_path: Path, variant: str, kind: str) -> None:
    names = [f"p{number}@example.com" for number in range(COUNT)]
    consents = {"consent": YES} if kind == "withdraw" else {}
    with opened(tmp_path, variant, [person(one, phone=None, **consents) for one in names]) as shop:
        shop.want(*(_wanted(kind, one, variant) for one in names))
        body = shop.plan(read="full")
        result = shop.apply(body)

    assert result.complete, told(result)
    estimated = body["stores"][0]["apply"]["requests"]
    made = result.stores[0].requests
    assert abs(estimated - made) <= 2 + COUNT // 5, (estimated, made)


@pytest.mark.parametrize(("count", "burst", "seconds"), [(0, 10, 0), (3, 10, 0), (10, 10, 10)])
def test_the_time_is_what_the_rate_allows_after_the_bucket(
    count: int, burst: int, seconds: float
) -> None:
    change = Change(
        store="shop",
        action=Action.UPDATE,
        alias="cus_a",
        entry="cus_b",
        remote_id="1",
        mark=MARK,
        fields=(TagChange(risk=RiskClass.TAG, delta=TagDelta(added=("vip",), removed=())),),
    )

    found = effort([change] * count, TABLES["genstore"], Rate(per_second=2, burst=burst))

    assert found == Effort(3 * count, seconds)


@pytest.mark.parametrize(
    ("requests", "seconds", "words"),
    [
        (0, 0.0, ""),
        (3, 0.0, "3 requests, some seconds at"),
        (100, 45.2, "100 requests, about 45 seconds at"),
        (1000, 500.0, "1000 requests, about 8 minutes at"),
        (90_000, 45_000.0, "90000 requests, about 12.5 hours at"),
    ],
)
def test_it_is_told_in_words(requests: int, seconds: float, words: str) -> None:
    assert words in phrases.duration([Effort(requests, seconds)])


def test_the_order_of_the_files_does_not_count(tmp_path: Path) -> None:
    """The first of its kind is read back alone, and others may cost more for what goes along."""

    def both(state: str) -> Json:
        return {"email": consent(state, None, "person"), "sms": consent(state, None, "person")}

    there = [
        person("ada@example.com", consent=both("subscribed")),
        person("chen@example.com", consent=both("unsubscribed")),
    ]
    wanted: list[Json] = [
        {"email": "ada@example.com", "first_name": "Mei", "consent": {"email": "unsubscribed"}},
        {"email": "chen@example.com", "first_name": "Mei"},
    ]
    with opened(tmp_path, "shoplazza", there) as shop:
        found = []
        for order in (wanted, wanted[::-1]):
            shop.want(*order)
            found.append(shop.plan()["stores"][0]["apply"])

    assert found[0] == found[1]
