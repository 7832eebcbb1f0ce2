"""No tag that is not ours is ever added or removed, whatever documents and marks are about.

Under every reading of what the platforms leave open, and with edits up to the reading that a write
is made from.
"""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.sandbox import Fault, Sandbox
from tests.harness import PLATFORMS, Shop
from tests.strategies import EMAILS, FOREIGN_TAGS, TAGS, desired, every_switch, records

Json = dict[str, Any]
OURS, THEIRS, LATE = "managed-by-us", "managed-by-them", "app:late"
OF_DOCUMENTS: Final = ("exact", "retired", "former", "latter", "gold", "silver")
OWNED: Final = frozenset({*TAGS, *OF_DOCUMENTS})
OTHERS: Final = (OURS, THEIRS, *FOREIGN_TAGS)

_people = st.lists(st.sampled_from(EMAILS), unique=True, min_size=1, max_size=3)
_edits = st.tuples(st.sampled_from(EMAILS), st.integers(1, 10))


@st.composite
def documents(draw: st.DrawFn) -> list[Json]:
    members = [[{"email": one} for one in draw(_people)] for _ in range(4)]
    ended = {"until": "2026-01-01T00:00:00Z"} if draw(st.booleans()) else {}
    every: list[Json] = [
        {"name": "exact", "exact": True, "members": [members[0][0] | ended, *members[0][1:]]},
        {"name": "retired", "state": "absent"},
        {"name": "latter", "renamed_from": "former", "members": members[1]},
        {"one_of": ["gold", "silver"]},
        {"name": "gold", "members": members[2]},
    ]
    return [one for one in every if draw(st.booleans())]


def _edit(shop: Shop, email: str, nth: int, edited: set[str]) -> None:
    """Somebody adds a tag right before a record is read."""

    def edit(box: Sandbox) -> None:
        for one in box.customers():
            if one["email"] == email:
                box.edit(one["id"], tags=[*one["tags"], LATE])
                edited.add(email)

    shop.box.fault(Fault("edit_before", method="GET", nth=nth, edit=edit))


@pytest.mark.parametrize("platform", PLATFORMS)
@given(data=st.data())
def test_tags_of_others_stay_as_they_are(
    shops: dict[str, Shop], platform: str, data: st.DataObject
) -> None:
    shop = shops[platform]
    people = data.draw(records(platform))
    for one in people:
        more = st.lists(st.sampled_from((*OF_DOCUMENTS, OURS, THEIRS)), unique=True, max_size=4)
        one["tags"] = [*one["tags"], *data.draw(more)]
    wanted = [{**one, "claim": data.draw(st.booleans())} for one in data.draw(desired(platform))]
    shop.settings = {
        "rate": {"per_second": 0.7, "burst": 1000},  # one writer, as in the law of consents
        "ownership": {"tag": OURS, "foreign": ["managed-by-*"]},
        "tags": {"owned": data.draw(st.sampled_from((sorted(OWNED), None)))},
    }
    if shop.settings["tags"]["owned"] is None:
        del shop.settings["tags"]
    shop.reset(people, data.draw(every_switch(platform)))
    shop.want(*wanted, tags=data.draw(documents()))
    before = {one["email"]: frozenset(one["tags"]) for one in shop.box.customers()}
    body = shop.plan(read=data.draw(st.sampled_from(("auto", "full", "lookup"))))
    edited: set[str] = set()
    for email, nth in data.draw(st.lists(_edits, max_size=2)):
        _edit(shop, email, nth, edited)
    try:
        shop.apply(body)
    except ReconcilerError:
        assert body["changes"] == [] or body["summary"]["blocked"]
    shop.box.clear_faults()

    claimed = {one["email"] for one in wanted if one["claim"]}
    for one in shop.box.customers():
        email, now = one["email"], frozenset(one["tags"])
        had = before.get(email)
        late = {LATE} if email in edited else frozenset[str]()
        if had is None:
            assert now - OWNED <= {OURS} | late
            continue
        may = {OURS} if email in claimed else frozenset[str]()
        assert now - OWNED - may == (had | late) - OWNED - may
        assert OURS in now or OURS not in had
        if THEIRS in had:
            assert now == had | late
