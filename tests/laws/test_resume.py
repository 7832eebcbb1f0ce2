"""Failures, kills and resumes in any order end where an undisturbed run ends, or say what differs."""

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import ApplyResult
from reconciler.sandbox import Fault
from tests.harness import PLATFORMS, Killed, Shop
from tests.strategies import scenes, switches

Json = dict[str, Any]

_trouble = st.builds(
    Fault,
    kind=st.sampled_from(
        ("status", "status_after", "html", "drop_before", "drop_after", "truncate")
    ),
    nth=st.integers(1, 20),
    times=st.sampled_from((1, 1, 3)),
    status=st.sampled_from((429, 500, 502, 422, 401)),
    method=st.sampled_from((None, "PUT", "POST", "GET", "DELETE")),
)
# One run of apply: which classes, and after how many journal lines it dies.
_run = st.tuples(
    st.sampled_from(
        (
            (),
            (),
            (RiskClass.WITHDRAW,),
            (RiskClass.TAG, RiskClass.PROFILE),
            (RiskClass.CREATE,),
            (RiskClass.GRANT,),
        )
    ),
    st.one_of(st.none(), st.integers(0, 12)),
)


def _disturb(shops: dict[str, Shop], platform: str, data: st.DataObject) -> None:
    shop = shops[platform]
    shop.settings = {}
    live, wanted = data.draw(scenes(platform))
    chosen = data.draw(switches(platform))
    shop.reset(live, chosen)
    shop.want(*wanted)
    undisturbed = shop.apply(shop.plan())
    expected = _truth(shop)

    shop.reset(live, chosen)
    body = shop.plan()
    for fault in data.draw(st.lists(_trouble, max_size=4)):
        shop.box.fault(fault)
    for only, dies_after in data.draw(st.lists(_run, max_size=3)):
        try:
            shop.apply(body, resume=True, only=only, dies_after=dies_after)
        except (Killed, ReconcilerError):
            continue
    shop.box.clear_faults()
    last = shop.apply(body, resume=True)

    differing = {
        email
        for email in {*expected, *_truth(shop)}
        if expected.get(email) != _truth(shop).get(email)
    }
    told = _left(undisturbed) | _left(last)
    assert {_alias(body, shop, email) for email in differing} <= told


def _truth(shop: Shop) -> Json:
    """Without times and ids, and without which kind of no it is where a write may blur that."""
    found: Json = {}
    for one in shop.box.customers():
        assert one["email"] not in found, "somebody was made twice"
        yes = {
            name: (held or {}).get("state") == "subscribed" for name, held in one["consent"].items()
        }
        kept = {name: one[name] for name in ("first_name", "last_name", "note", "tags")}
        found[one["email"]] = {**kept, "tags": sorted(kept["tags"]), "yes": yes}
    return found


def _left(result: ApplyResult) -> set[str]:
    """Whom a report names as not done."""
    return {
        one.step.change.alias
        for store in result.stores
        for one in store.outcomes
        if not one.state.good or one.collateral
    }


def _alias(body: Json, shop: Shop, email: str) -> str:
    """What the plan calls the customer of the entry with this address."""
    state = shop.state()
    entry = next(one for one in state.of("shop") if one.identities[0].value.reveal() == email)
    alias = shop.pseudonyms.entry_alias(entry)
    return next(
        (str(one["customer"]) for one in body["changes"] if one["entry"] == alias), "not planned"
    )


@pytest.mark.parametrize("platform", PLATFORMS)
@given(data=st.data())
def test_any_failures_and_kills_end_as_an_undisturbed_run_or_say_what_differs(
    shops: dict[str, Shop], platform: str, data: st.DataObject
) -> None:
    _disturb(shops, platform, data)


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=2000, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(data=st.data())
def test_any_failures_and_kills_in_two_thousand_runs(
    shops: dict[str, Shop], platform: str, data: st.DataObject
) -> None:
    _disturb(shops, platform, data)
