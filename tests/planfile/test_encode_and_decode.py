"""A plan to JSON and back: what was approved is what an apply gets, and nothing of it is personal."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from reconciler import schemas
from reconciler.errors import PlanFileError
from reconciler.model.consent import ConsentState, LiveConsent
from reconciler.plan.approved import field_digest
from reconciler.plan.plan import Plan
from reconciler.planfile.approve import approve
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import encode
from reconciler.planfile.save import save
from reconciler.planfile.verify import verified, verify
from tests.builders import desired, live, tags
from tests.planfile.plans import LIKE_A_PHONE, PSEUDONYMS, planned, plans

Json = dict[str, Any]

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


def written(plan: Plan) -> Json:
    """The content of the plan's file, as it is read again."""
    found: Json = json.loads(json.dumps(encode(save(plan, PSEUDONYMS))))
    return found


@given(plans())
def test_a_saved_plan_is_decoded_as_it_was_and_its_bytes_stay(plan: Plan) -> None:
    saved = save(plan, PSEUDONYMS)
    body = written(plan)

    assert not list(schemas.validator("plan").iter_errors(body))
    assert verified(body, PSEUDONYMS) == saved
    assert json.dumps(encode(decode(body))) == json.dumps(body)
    assert approve(decode(body)) == approve(saved)


@given(plans())
def test_nobodys_values_are_in_a_saved_plan(plan: Plan) -> None:
    # A digest may hold any five digits.
    saved = re.sub(r"[0-9a-f]{64}", "", repr(save(plan, PSEUDONYMS)))

    for value in ("example.com", "New", "Old", "王小明", "86133"):
        assert value not in saved


@pytest.mark.parametrize("word", [LIKE_A_PHONE, f"state {LIKE_A_PHONE}", "ada@example.com"])
def test_a_word_of_the_store_that_looks_like_somebody_is_not_told(word: str) -> None:
    state = LiveConsent(state=ConsentState.UNKNOWN, code=word)
    store = live("1", "a@example.com", consent={"email": state})
    plan = planned(desired("a@example.com", consent={"email": "unsubscribed"}), store=(store,))

    body = written(plan)

    assert body["changes"]
    assert word not in json.dumps(body)


def test_what_is_approved_is_what_was_planned() -> None:
    plan = planned(*EVERYTHING, store=STORE)
    (part,) = plan.stores

    (store,) = approve(verified(written(plan), PSEUDONYMS)).stores

    assert [
        (one.alias, one.action, one.remote_id, one.entry, one.rank, one.seen)
        for one in store.changes
    ] == [
        (one.alias, one.action, one.remote_id, one.entry, one.rank, one.seen)
        for one in part.changes
    ]
    assert [[field.digest for field in one.fields] for one in store.changes] == [
        [field_digest(PSEUDONYMS, "shop", one.alias, field) for field in one.fields]
        for one in part.changes
    ]
    assert part.receipt is not None
    assert store.learned == part.receipt.learned


def test_equal_plans_have_equal_bytes_whatever_the_order() -> None:
    first = written(planned(*EVERYTHING, store=STORE))
    other = written(planned(*EVERYTHING[::-1], store=STORE[::-1]))

    def by_alias(body: Json) -> list[str]:
        return sorted(json.dumps(one, sort_keys=True) for one in body["changes"])

    assert by_alias(first) == by_alias(other)


@pytest.mark.parametrize("name", ["expires_at", "changes", "stores", "verdicts", "options"])
def test_a_plan_that_was_changed_is_refused(name: str) -> None:
    body = written(planned(*EVERYTHING, store=STORE))
    body[name] = "2099-01-01T00:00:00+00:00" if name == "expires_at" else [{}]

    with pytest.raises(PlanFileError):
        verify(body, PSEUDONYMS)


def test_any_two_values_have_two_digests() -> None:
    """The unit of approval is the value, before and after."""
    seen = set()
    for name in ("New", "new", "N", ""):
        for had in ("Old", None):
            entry = replace(desired("a@example.com"), scalars=desired(first_name=name).scalars)
            plan = planned(entry, store=(live("1", "a@example.com", first_name=had),))
            seen |= {field.digest for one in save(plan, PSEUDONYMS).changes for field in one.fields}
    assert len(seen) == 7  # an empty name for nobody's name is no change
