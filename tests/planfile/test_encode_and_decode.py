"""A plan to JSON and back: what was approved is what an apply gets, and nothing of it is personal."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler import schemas
from reconciler.errors import PlanFileError
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import DesiredCustomer, Learned, LiveCustomer, ReadReceipt
from reconciler.plan.approved import field_digest
from reconciler.plan.match import Index
from reconciler.plan.plan import Basis, Plan
from reconciler.plan.planner import LiveCounts, StoreReading, compute
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import Json, encode
from reconciler.planfile.verify import verify
from tests.builders import NOW, desired, live, rules, tags

RULES = rules()
PSEUDONYMS = RULES.pseudonyms


def planned(*entries: DesiredCustomer, store: tuple[LiveCustomer, ...]) -> Plan:
    index = Index(entries, "CN")
    census = LiveCounts()
    for one in store:
        census.see(one)
        index.offer(one)
    learned = Learned(words=((Channel.EMAIL, ConsentState.UNSUBSCRIBED, "NO"),), day_first=True)
    receipt = ReadReceipt(mode="full", complete=True, read=len(store), learned=learned)
    part = compute(
        StoreReading(index=index, census=census, receipt=receipt, customers=len(store)), RULES, ()
    )
    basis = Basis(
        tool="0", created_at=NOW, expires_at=NOW + timedelta(days=7), spec_digest="d" * 64, spec_files=1,
        read="full", raises=(), releases=(), selected=("shop",),
        settings_digest="e" * 64,
    )  # fmt: skip
    return Plan(basis=basis, stores=(part,))


EVERYTHING = (
    desired("a@example.com", first_name="New", tags=tags("vip"), consent={"email": "unsubscribed"}),
    desired("b@example.com", absent=True, reason="erasure"),
    desired("c@example.com", first_name="C"),
    desired("d@example.com", consent={"email": "subscribed"}),
)
STORE = (
    live("1", "a@example.com", first_name="Old", consent={"email": "subscribed"}),
    live("2", "b@example.com"),
    live("4", "d@example.com"),
    live("5", "e@example.com"),
)


def test_what_is_decoded_is_what_was_encoded() -> None:
    plan = planned(*EVERYTHING, store=STORE)

    body = json.loads(json.dumps(encode(plan, PSEUDONYMS)))
    verify(body, PSEUDONYMS)
    (store,) = decode(body).stores

    assert [(one.alias, one.action, one.remote_id, one.entry, one.rank, one.seen) for one in store.changes] == [
        (one.alias, one.action, one.remote_id, one.entry, one.rank, one.seen)
        for one in plan.stores[0].changes
    ]  # fmt: skip
    assert [[field.digest for field in one.fields] for one in store.changes] == [
        [field_digest(PSEUDONYMS, "shop", one.alias, field) for field in one.fields]
        for one in plan.stores[0].changes
    ]
    assert store.learned == plan.stores[0].receipt.learned  # type: ignore[union-attr]
    assert not list(schemas.validator("plan").iter_errors(body))
    assert not any(text in json.dumps(body) for text in ("example.com", "New", "Old"))


def test_equal_plans_have_equal_bytes_whatever_the_order() -> None:
    first = encode(planned(*EVERYTHING, store=STORE), PSEUDONYMS)
    other = encode(planned(*EVERYTHING[::-1], store=STORE[::-1]), PSEUDONYMS)

    def by_alias(body: Json) -> list[str]:
        return sorted(json.dumps(one, sort_keys=True) for one in body["changes"])

    assert by_alias(first) == by_alias(other)


@pytest.mark.parametrize("name", ["expires_at", "changes", "stores", "verdicts", "options"])
def test_a_plan_that_was_changed_is_refused(name: str) -> None:
    body = encode(planned(*EVERYTHING, store=STORE), PSEUDONYMS)
    body[name] = "2099-01-01T00:00:00+00:00" if name == "expires_at" else [{}]

    with pytest.raises(PlanFileError):
        verify(body, PSEUDONYMS)


def test_any_two_values_have_two_digests() -> None:
    """The unit of approval is the value, before and after."""
    seen = set()
    for name in ("New", "new", "N", ""):
        for had in ("Old", None):
            entry = replace(desired("a@example.com"), scalars=desired(first_name=name).scalars)
            body = encode(
                planned(entry, store=(live("1", "a@example.com", first_name=had),)), PSEUDONYMS
            )
            seen |= {field["digest"] for one in body["changes"] for field in one["fields"]}
    assert len(seen) == 7  # an empty name for nobody's name is no change
