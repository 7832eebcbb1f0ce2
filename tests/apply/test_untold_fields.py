"""A field that no record tells, and that the store would not tell at the apply: the report says
which and why, in the words of the plan, and the rest goes on.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.plan.outcome import State
from reconciler.sandbox import Fault
from tests.harness import Shop, opened, person, states, told

Json = dict[str, Any]
ADA = "ada@example.com"
METAFIELD = {"namespace": "custom", "key": "points", "type": "number_integer", "value": "7"}
FIELDS: dict[str, tuple[object, str, str, str]] = {
    "metafields": ([METAFIELD], "metafields", "metafields[custom.points]", "metafields"),
    "tax_exempt": (True, "/graph/", "tax_exempt", "tax exemption"),
}
SPOKEN = {"errors": "ada@example.com may not", "message": "ada@example.com"}
ODD: Json = {"find": '"(metafields|id)":', "put": '"other":', "times": 99}
WHYS: dict[str, tuple[Fault, str]] = {
    "403": (Fault("status", status=403, body=SPOKEN, times=99), "it answers 403"),
    "404": (Fault("status", status=404, body=SPOKEN, times=99), "it answers 404"),
    "422": (Fault("status", status=422, body=SPOKEN, times=99), "it answers 422"),
    "429": (Fault("status", status=429, body=SPOKEN, times=99), "it answers 429"),
    "500": (Fault("status", status=500, body=SPOKEN, times=99), "it answers 500"),
    "no answer": (Fault("drop_before", times=99), "no answer came"),
    "page": (Fault("html", times=99), "it answers 502"),
    "odd": (Fault("rewrite", **ODD), "its answer is not as documented"),
}


def _fault(why: str, path: str, **others: Any) -> Fault:
    one, _ = WHYS[why]
    values = {name: getattr(one, name) for name in one.__slots__}
    return Fault(**{**values, "path": path, **others})


def _planned(shop: Shop, field: str) -> Json:
    shop.want({"email": ADA, "first_name": "Augusta", field: FIELDS[field][0]})
    return shop.plan()


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize("field", FIELDS)
def test_the_report_says_what_could_not_be_read_and_why(
    tmp_path: Path, field: str, why: str
) -> None:
    _, path, name, title = FIELDS[field]
    sentence = f"the store does not tell the {title} of this customer: {WHYS[why][1]}"
    with opened(tmp_path, "shopline", [person()]) as shop:
        body = _planned(shop, field)
        shop.box.fault(_fault(why, path))
        held = shop.plan()
        (message,) = (one["message"] for one in held["verdicts"])
        assert message.startswith(sentence)

        result = shop.apply(body)

        (outcome,) = result.stores[0].outcomes
        assert {str(one): state for one, state in outcome.fields} == {
            "first_name": State.DONE,
            name: State.FAILED,
        }
        assert outcome.message.endswith(f"; {message}")
        everything = json.dumps(held) + str(told(result)) + shop.journal()
        assert ADA not in everything
        shop.box.clear_faults()
        assert shop.apply(body, resume=True).complete
        assert shop.plan()["changes"] == []


@pytest.mark.parametrize("field", FIELDS)
def test_what_cannot_be_read_back_says_so(tmp_path: Path, field: str) -> None:
    _, path, _, title = FIELDS[field]
    with opened(tmp_path, "shopline", [person()]) as shop:
        body = _planned(shop, field)
        # Asked, written, and then the two readings back.
        shop.box.fault(_fault("403", path, nth=3))
        result = shop.apply(body)
        (outcome,) = result.stores[0].outcomes
        assert outcome.state is State.UNVERIFIED
        sentence = f"the store does not tell the {title} of this customer: it answers 403"
        assert outcome.message.endswith(f"; {sentence}")
        shop.box.clear_faults()
        assert shop.apply(body, resume=True).complete


@pytest.mark.parametrize("field", FIELDS)
def test_a_newcomer_of_whom_it_is_not_told_is_made_and_it_is_said(
    tmp_path: Path, field: str
) -> None:
    _, path, _, title = FIELDS[field]
    with opened(tmp_path, "shopline", []) as shop:
        body = _planned(shop, field)
        shop.box.fault(_fault("403", path))
        result = shop.apply(body)
        assert states(result) == [State.UNVERIFIED]
        sentence = f"the store does not tell the {title} of this customer: it answers 403"
        assert sentence in str(told(result))
        shop.box.clear_faults()
        assert shop.apply(body, resume=True).complete
        assert len(shop.box.customers()) == 1


def test_who_is_not_asked_for_any_more_has_the_same_reason(tmp_path: Path) -> None:
    names = [f"c{number}@example.com" for number in range(6)]
    with opened(tmp_path, "shopline", [person(one, phone=None) for one in names]) as shop:
        shop.want(*({"email": one, "metafields": [METAFIELD]} for one in names))
        shop.box.fault(_fault("500", "metafields"))
        body = shop.plan(read="full")
        told_of = {one["message"] for one in body["verdicts"]}
    assert len(body["verdicts"]) == 6
    assert told_of == {"the store does not tell the metafields of this customer: it answers 500"}


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        ("403", "it answers 403"),
        ("denied", "it refuses that"),
        ("no data", "its answer is not as documented"),
    ],
)
def test_what_graphql_says_with_a_good_status_has_a_reason_too(
    tmp_path: Path, reading: str, why: str
) -> None:
    with opened(tmp_path, "shopline", [person()], {"graph": reading}) as shop:
        shop.want({"email": ADA, "tax_exempt": True})
        body = shop.plan()
    assert [one["message"] for one in body["verdicts"]] == [
        f"the store does not tell the tax exemption of this customer: {why}"
    ]
