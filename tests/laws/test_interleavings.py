"""Consent under fire: the person and staff act, requests fail and the process dies, anywhere.

No opt-out is undone, and nobody is created twice, whatever happens between plan and report.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.sandbox import Fault, Sandbox
from tests.shop import PLATFORMS, Killed, Shop
from tests.strategies import EMAILS, desired, records, switches

Json = dict[str, Any]

_FAULTS = ("status", "status_after", "html", "drop_before", "drop_after", "truncate")
_trouble = st.builds(
    Fault,
    kind=st.sampled_from(_FAULTS),
    nth=st.integers(1, 12),
    status=st.sampled_from((429, 500, 502, 422)),
    method=st.sampled_from((None, "PUT", "POST", "GET")),
)
# Who acts: an e-mail address, and whether the person leaves or comes, right before the n-th GET.
_act = st.tuples(st.sampled_from(EMAILS), st.sampled_from(("unsubscribed", "subscribed")),
                 st.integers(1, 12))  # fmt: skip


class Acts:
    """The acts of people, and who has been out by an own act ever since."""

    def __init__(self) -> None:
        self.out: set[str] = set()
        self.came: set[str] = set()

    def fault(self, email: str, state: str, nth: int) -> Fault:
        def act(box: Sandbox) -> None:
            for one in box.customers():
                if one["email"] == email:
                    box.person(one["id"], "email", state)
                    left, came = (self.out, self.came)[:: 1 if state == "unsubscribed" else -1]
                    left.add(email)
                    came.discard(email)

        return Fault("edit_before", method="GET", nth=nth, edit=act)


@pytest.mark.parametrize("platform", PLATFORMS)
@given(data=st.data())
def test_no_opt_out_is_undone_and_nobody_is_made_twice(
    shops: dict[str, Shop], platform: str, data: st.DataObject
) -> None:
    shop = shops[platform]
    # One thread: an act falls before a reading, never between a reading and its write (the window
    # that the README states).
    shop.settings = {"rate": {"per_second": 0.4, "burst": 1000}}
    live = data.draw(records(platform))
    wanted = data.draw(desired(platform))
    shop.box.reset(live, data.draw(switches(platform)))
    shop.want(*wanted)
    before = {one["email"]: one["consent"]["email"] for one in shop.box.customers()}
    body = shop.plan()
    acts = Acts()
    for email, state, nth in data.draw(st.lists(_act, max_size=2)):
        shop.box.fault(acts.fault(email, state, nth))
    for fault in data.draw(st.lists(_trouble, max_size=3)):
        shop.box.fault(fault)
    results = []
    for dies_after in (*data.draw(st.lists(st.integers(0, 9), max_size=2)), None):
        try:
            results.append(shop.apply(body, resume=True, dies_after=dies_after))
        except (Killed, ReconcilerError):
            continue
    shop.box.clear_faults()
    try:
        results.append(shop.apply(body, resume=True))
    except ReconcilerError:
        assert results

    people = shop.box.customers()
    assert len({one["email"] for one in people}) == len(people)
    assert {one["email"] for one in people} <= set(before) | {one["email"] for one in wanted}
    asked = {one["email"]: one.get("consent", {}).get("email") for one in wanted}
    for one in people:
        now = one["consent"]["email"]
        if now is None or now["state"] != "subscribed":
            continue
        assert one["email"] not in acts.out, "an opt-out of the person was undone"
        had = before.get(one["email"])
        if had is not None and had["state"] == "subscribed":
            continue
        # It rose: by the person's own act, or as the specs asked with evidence.
        by_person = one["email"] in acts.came
        proven = isinstance(asked.get(one["email"]), dict)
        assert by_person or proven
    owed = {email for email, state in asked.items() if state == "unsubscribed"}
    for one in people:
        if one["email"] in owed and one["consent"]["email"] is not None:
            done = one["consent"]["email"]["state"] != "subscribed"
            acted = one["consent"]["email"]["actor"] == "person"
            assert done or acted or not results[-1].complete
