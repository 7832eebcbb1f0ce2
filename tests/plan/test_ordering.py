"""Chains and circles of addresses of any length: ordered, or held with their reason, in linear time."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.customer import DesiredCustomer, LiveCustomer, ReadReceipt
from reconciler.model.field_path import FieldPath
from reconciler.model.identity import IdentityKind, identity
from reconciler.model.personal import Personal
from reconciler.model.settings import RiskClass
from reconciler.plan.changes import Action, Change, ScalarChange
from reconciler.plan.match import Index
from reconciler.plan.ordering import ranked
from reconciler.plan.plan import StorePlan
from reconciler.plan.planner import compute
from reconciler.plan.reading import LiveCounts, StoreReading
from tests.builders import MARK, desired, live, rules

LONG = 20_000


def moves(alias: str, before: str, after: str) -> Change:
    to = identity(IdentityKind.EMAIL, after, None)
    change = ScalarChange(
        path=FieldPath("email"),
        risk=RiskClass.PROFILE,
        before=Personal(before),
        after=Personal(after),
        written=to,
    )
    return Change(
        store="shop",
        action=Action.UPDATE,
        alias=alias,
        entry=alias,
        remote_id=alias,
        mark=MARK,
        fields=(change,),
    )


@pytest.mark.no_cover
def test_a_chain_is_ordered_however_long_it_is() -> None:
    chain = [moves(str(n), f"{n}@x.org", f"{n + 1}@x.org") for n in range(LONG)]

    ranks = {one.alias: one.rank for one in ranked(chain)}

    assert ranks == {str(n): LONG - 1 - n for n in range(LONG)}


@pytest.mark.no_cover
def test_a_circle_ends_too() -> None:
    circle = [moves(str(n), f"{n}@x.org", f"{(n + 1) % LONG}@x.org") for n in range(LONG)]

    assert {one.rank for one in ranked(circle)} == {0}


def planned(wants: Sequence[tuple[int, int]], people: int) -> StorePlan:
    """Whom of `people` (each with an address of his number) wants whose address."""
    entries: list[DesiredCustomer] = [
        desired(f"{to}@example.com", id=str(who)) for who, to in wants
    ]
    store: list[LiveCustomer] = [live(str(n), f"{n}@example.com") for n in range(people)]
    index = Index(entries, "CN")
    census = LiveCounts()
    for one in store:
        census.see(one)
        index.offer(one)
    receipt = ReadReceipt(mode="full", complete=True, read=len(store))
    return compute(
        StoreReading(index=index, census=census, receipt=receipt, customers=len(store)), rules(), ()
    )


def told(plan: StorePlan) -> dict[str, str]:
    return {
        one.remote_ids[0]: one.rule for one in plan.verdicts if one.rule.startswith("identity.")
    }


@pytest.mark.parametrize("size", [3, 2_000])
def test_all_of_a_circle_are_held(size: int) -> None:
    plan = planned([(n, (n + 1) % size) for n in range(size)], size)

    assert told(plan) == {str(n): "identity.swap" for n in range(size)}
    assert not plan.changes


def test_whoever_waits_for_a_circle_is_held() -> None:
    plan = planned([(0, 1), (1, 0), (2, 0), (3, 2)], 4)

    assert told(plan) == {
        "0": "identity.swap",
        "1": "identity.swap",
        "2": "identity.taken",
        "3": "identity.taken",
    }
    assert not plan.changes


def test_whoever_waits_for_somebody_held_is_held() -> None:
    """The bearer's own new address is taken, so he keeps the old one."""
    plan = planned([(0, 1), (1, 2)], 3)

    assert told(plan) == {"0": "identity.taken", "1": "identity.taken"}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8, unique=True), st.permutations(range(8)))
def test_what_is_planned_can_be_carried_out_in_its_order(to: list[int], order: list[int]) -> None:
    wants = [(who, address) for who, address in enumerate(to) if who != address]
    plan = planned([wants[n] for n in order if n < len(wants)], 8)

    bears = {str(n): f"{n}@example.com" for n in range(8)}
    for change in sorted(plan.changes, key=lambda one: one.rank):
        (field,) = change.fields
        assert isinstance(field, ScalarChange)
        assert field.written is not None
        assert field.written.key not in bears.values()
        bears[change.remote_id or ""] = field.written.key
    free = {f"{n}@example.com" for n in range(10)} - set(bears.values())
    for who, address in wants:
        if told(plan).get(str(who)) == "identity.taken":
            assert f"{address}@example.com" not in free
