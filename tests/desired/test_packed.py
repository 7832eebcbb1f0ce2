"""Customers in few bytes are what they were, whatever their entries say of them."""

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired import customers, join, packed
from reconciler.desired.packed import Packed
from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Channel, ConsentState, Evidence, WantedConsent
from reconciler.model.customer import Address, DesiredCustomer
from reconciler.model.identity import Identity, IdentityKind, usual_phone
from reconciler.model.marks import NO_MARKS
from reconciler.model.metafields import Metafields
from reconciler.model.personal import Personal
from reconciler.model.tags import TagIntent, TagSet
from tests.desired.test_resolve import resolved
from tests.harness import PLATFORMS
from tests.strategies import desired

AT = datetime.fromisoformat("2026-03-04T05:06:07.5+08:00")
EVIDENCE = Evidence(
    at=AT, source="s", method="m", level="single", basis="b", wording="w", evidence="e"
)
ODD = Identity(
    kind=IdentityKind.PHONE,
    value=Personal("+1"),
    key="+2",
    written=Personal("3"),
    read_back="+4",
    assigned=False,
)
SETS = (*TagSet.of(["theirs"]), *TagSet.of(["a", "b"]))
PLAIN = usual_phone("+8613315034487")  # every part is the same text
RICH = DesiredCustomer(
    store="shop",
    identities=(PLAIN, ODD),
    mark=SourceMark("two.yaml", 7, 3),
    previously=(replace(PLAIN, key="+8613315034488"),),
    creates=True,
    claims=True,
    ended_tags=("old",),
    absent=True,
    reason="erasure",
    scalars=(
        ("first_name", Personal("Ada")),
        ("language", "en"),
        ("note", None),
        ("tax_exempt", True),
    ),
    tags=TagIntent(present=("vip",), absent=("x",), exact=True, sets=SETS[1:]),
    addresses=(
        Address(texts=(("city", Personal("Rome")), ("zip", Personal("1"))), default=True),
        Address(texts=()),
    ),
    consents=(
        (Channel.EMAIL, WantedConsent(state=ConsentState.SUBSCRIBED, evidence=EVIDENCE)),
        (Channel.SMS, WantedConsent(state=ConsentState.UNSUBSCRIBED, evidence=Evidence())),
    ),
    protected=True,
)
# What no entry says, or what is found anew.
APART = {"store", "marks", "unnamed", "departed", "left_tags"}


def again(customer: DesiredCustomer) -> DesiredCustomer | None:
    made = Packed("shop", ("one.yaml", "two.yaml"), 3, SETS)
    made.put(2, customer, 1)
    assert made.of(1, NO_MARKS) is None
    return made.of(2, NO_MARKS)


def told(value: Any) -> Any:
    """With what counts for no comparison."""
    if isinstance(value, Personal):
        return value.reveal()
    if isinstance(value, (tuple, list)):
        return [told(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return [told(getattr(value, one.name)) for one in fields(value)]
    return value


def differing(one: Any) -> Iterator[str]:
    """The fields that are not as they are where nothing is said."""
    for about in fields(one):
        if about.default is MISSING or getattr(one, about.name) != about.default:
            yield about.name


def test_everything_that_a_customer_may_say_comes_back() -> None:
    """Of each type every field is told here: a new one has to be packed."""
    assert {one.name for one in fields(DesiredCustomer)} - APART <= set(differing(RICH))
    assert len(fields(Evidence)) == len(list(differing(EVIDENCE)))
    assert len(fields(Identity)) == len(list(differing(ODD)))
    assert {one.name for one in fields(Address)} == {"texts", "default", "remote_id"}
    assert {one.name for one in fields(TagIntent)} == set(differing(RICH.tags))
    assert {one.name for one in fields(WantedConsent)} == {"state", "evidence"}

    assert told(again(RICH)) == told(RICH)


@pytest.mark.parametrize(
    "rare",
    [
        replace(RICH, unnamed=True),
        replace(RICH, departed=True),
        replace(RICH, left_tags=("x",)),
        replace(RICH, scalars=(("metafields", Metafields(every=())),)),
        replace(RICH, scalars=tuple(reversed(RICH.scalars))),
        replace(RICH, addresses=(Address(texts=(), remote_id="1"),)),
    ],
)
def test_what_is_rare_is_made_of_its_lines(rare: DesiredCustomer) -> None:
    assert again(rare) is None


def test_what_is_put_last_counts_and_what_is_forgotten_is_gone() -> None:
    made = Packed("shop", ("one.yaml", "two.yaml"), 1, SETS)
    made.put(0, RICH, 1)
    made.put(0, replace(RICH, unnamed=True), 1)
    assert made.of(0, NO_MARKS) is None
    made.put(0, RICH, 1)
    made.forget(0)
    assert made.of(0, NO_MARKS) is None


def test_many_are_squeezed_and_come_back() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "_MOST_PLAIN", 3)
        made = Packed("shop", ("one.yaml", "two.yaml"), 20, SETS)
        for number in range(20):
            made.put(number, replace(RICH, reason=f"{number}"), 1)
        found = [made.of(number, NO_MARKS) for number in range(20)]

    assert told(found) == told([replace(RICH, reason=f"{number}") for number in range(20)])


@pytest.mark.parametrize("platform", PLATFORMS)
@given(data=st.data())
def test_entries_make_the_same_customers_kept_or_packed(platform: str, data: st.DataObject) -> None:
    entries = data.draw(desired(platform))
    texts = (
        json.dumps({"store": "shop", "customers": entries}),
        json.dumps(
            {
                "store": "shop",
                "consents": [
                    {
                        "customer": {"email": "ada@example.com"},
                        "channel": "sms",
                        "state": "unsubscribed",
                    }
                ],
            }
        ),
    )
    state, found = resolved(*texts, platform=platform)
    with pytest.MonkeyPatch.context() as patch:
        for module in (customers, join):
            patch.setattr(module, "MOST_KEPT", 0)
        patch.setattr(packed, "_MOST_PLAIN", data.draw(st.integers(0, 3)))
        others, told_of_them = resolved(*texts, platform=platform)
        for _ in range(2):
            assert told(list(others.of("shop"))) == told(list(state.of("shop")))
            for place in range(len(entries) + 1):  # then they are made of their lines
                others.of("shop").release(place)
    assert told_of_them == found
