"""Tax exemptions on SHOPLINE, which GraphQL alone tells and takes: read, compared, written, held."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import app
from reconciler.app.exporting import Export
from reconciler.model.customer import LiveCustomer
from reconciler.model.tax import TaxExemptions, exemptions
from reconciler.plan.outcome import State
from reconciler.platforms.answer import Answer, Fate
from reconciler.platforms.shopline import tax
from reconciler.platforms.shopline.wire import customer
from reconciler.platforms.times import StoreTimes
from reconciler.sandbox import Fault, Sandbox
from tests.harness import Killed, Shop, consent, opened, person, states, told
from tests.live import receipts
from tests.platforms.provinces import added
from tests.program import run

Json = dict[str, Any]
ADA = "ada@example.com"
GRAPH = r"/admin/graph/"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
WANTED: Json = {
    "tax_exempt": True,
    "tax_exemptions": [
        {"country": "US", "subdivisions": "all"},
        {"country": "CA", "subdivisions": ["ON", "BC"]},
    ],
}
READINGS: list[Json] = [
    {},
    {"graph_unset": "null"},
    {"graph_whole": "null"},
    {"graph_missing": "error"},
    {"put": "replace"},
]


def _row(country: str, *parts: str, whole: bool = False) -> Json:
    return {
        "country": country,
        "applyToAllSubdivision": whole,
        "subdivisions": list(parts),
    }


def _held(*rows: Json) -> Json:
    return {"applyToAllRegion": False, "taxExemptionRegions": list(rows)}


HELD = {"tax_exempt": True, "tax_exemptions": _held(_row("CA", "QC"), _row("SG", whole=True))}


def _graphs(shop: Shop) -> list[str]:
    return [one.path for one in shop.box.requests if "/graph/" in one.path]


def _holds(shop: Shop) -> tuple[bool, set[str]]:
    held = shop.box.customers()[0]
    rows = (held["tax_exemptions"] or {}).get("taxExemptionRegions", [])
    return held["tax_exempt"], {
        f"{one['country']}:{','.join(sorted(one['subdivisions']))}" for one in rows
    }


def _live() -> LiveCustomer:
    return customer({"id": "1"}, StoreTimes(None, lambda: NOW))


def _completed(told_of_it: Json | None, errors: object = None) -> LiveCustomer:
    body = {"data": {"c0": told_of_it}, **({} if errors is None else {"errors": errors})}
    (found,) = tax.completed([_live()], body)
    return found


AREAS = [{"countryCode": "CA", "provinceGCodeList": ["ON"]}]
GID = "gid://shopline/Customer/1"


@pytest.mark.parametrize(
    ("areas", "found"),
    [
        (None, None),
        ([], None),
        (AREAS, exemptions([("CA", ["ON"])])),
        (
            [*AREAS, {"countryCode": "ca", "provinceGCodeList": ["bc"]}],
            exemptions([("CA", ["ON", "BC"])]),
        ),
        ([{"countryCode": "US", "provinceGCodeList": None}], exemptions([("US", None)])),
        ([{"countryCode": "US", "provinceGCodeList": []}], exemptions([("US", None)])),
    ],
)
def test_exemptions_are_read_as_a_set(areas: object, found: TaxExemptions | None) -> None:
    live = _completed({"id": GID, "taxExempt": False, "taxExemptions": areas})
    assert (live.tax_exempt, live.tax_exemptions) == (False, found)
    assert live.tells("tax_exempt")
    assert live.tells("tax_exemptions")


@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        (None, None),
        ({}, None),
        ({"id": "gid://shopline/Customer/2", "taxExempt": True, "taxExemptions": []}, None),
        ({"id": GID}, None),
        ({"id": GID, "taxExempt": "yes", "taxExemptions": "CA"}, None),
        ({"id": GID, "taxExempt": 1, "taxExemptions": [{"countryCode": "CA"}]}, None),
        ({"id": GID, "taxExempt": [], "taxExemptions": [{"countryCode": 7}]}, None),
        (
            {"id": GID, "taxExempt": {}, "taxExemptions": [{"countryCode": "Ada Lovelace"}]},
            None,
        ),
        ({"id": GID, "taxExempt": True, "taxExemptions": []}, [{"path": ["c0", "taxExempt"]}]),
        ({"id": GID, "taxExempt": True, "taxExemptions": []}, [{"message": "partly"}]),
        ({"id": GID, "taxExempt": True, "taxExemptions": []}, "partly"),
    ],
)
def test_what_is_not_surely_told_is_unknown(answer: Json | None, errors: object) -> None:
    live = _completed(answer, errors)
    assert (live.tax_exempt, live.tax_exemptions) == (None, None)
    assert live.unreadable >= tax.FIELDS


@pytest.mark.parametrize("body", [None, [], "x", {}, {"data": None}, {"data": []}, {"data": {}}])
def test_no_answer_of_any_form_is_believed(body: object) -> None:
    (live,) = tax.completed([_live()], body)
    assert live.unreadable >= tax.FIELDS


@pytest.mark.parametrize("reading", READINGS, ids=str)
@pytest.mark.parametrize("before", [{}, HELD], ids=["none", "others"])
def test_both_are_set_and_then_there_is_nothing_to_do(
    tmp_path: Path, before: Json, reading: Json
) -> None:
    with opened(tmp_path, "shopline", [person(**before)], reading) as shop:
        shop.want({"email": ADA, **WANTED})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert _holds(shop) == (True, {"US:", "CA:BC,ON"})
        assert shop.plan()["changes"] == []


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_they_are_taken_away_by_null_and_false(tmp_path: Path, reading: Json) -> None:
    with opened(tmp_path, "shopline", [person(**HELD)], reading) as shop:
        shop.want({"email": ADA, "tax_exempt": False, "tax_exemptions": None})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert _holds(shop) == (False, set())
        assert shop.plan()["changes"] == []


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_a_newcomer_gets_them_after_the_create(tmp_path: Path, reading: Json) -> None:
    with opened(tmp_path, "shopline", [], reading) as shop:
        shop.want({"email": ADA, "first_name": "Ada", **WANTED})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert _holds(shop) == (True, {"US:", "CA:BC,ON"})
        assert shop.plan()["changes"] == []
        assert len(shop.box.customers()) == 1


def test_nobody_is_asked_where_no_entry_manages_it(tmp_path: Path) -> None:
    people = [person(ADA, **HELD), person("chen@example.com")]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want({"email": ADA, "first_name": "Augusta"}, {"email": "new@example.com"})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert _graphs(shop) == []
        assert shop.box.customers()[0]["tax_exempt"] is True


@pytest.mark.parametrize("read", ["full", "lookup"])
def test_many_are_asked_in_few_requests_and_the_receipt_tells_them(
    tmp_path: Path, read: str
) -> None:
    names = [f"c{number}@example.com" for number in range(45)]
    with opened(tmp_path, "shopline", [person(one, phone=None) for one in names]) as shop:
        shop.want(*({"email": one, "tax_exempt": False} for one in names))
        shop.box.forget_requests()
        body = shop.plan(read=read)
        receipt = body["stores"][0]["receipt"]
        assert body["changes"] == []
        assert len(_graphs(shop)) == 3
        assert receipt["requests"] == len(shop.box.requests)
        assert "3 requests more asked for what no list tells, of 45 customers" in receipt["notes"]


@pytest.mark.parametrize("reading", ["403", "denied", "no data"])
def test_what_is_not_told_is_held_and_the_rest_goes_on(tmp_path: Path, reading: str) -> None:
    with opened(tmp_path, "shopline", [person(**HELD)], {"graph": reading}) as shop:
        shop.want({"email": ADA, "first_name": "Augusta", "tax_exempt": False})
        body = shop.plan()
        held = [one for one in body["verdicts"] if one["rule"] == "read.unreadable"]
        (message,) = (one["message"] for one in held)
        assert message.startswith("the store does not tell the tax exemption of this customer: ")
        result = shop.apply(body)
        assert result.complete, told(result)
        now = shop.box.customers()[0]
        assert (now["first_name"], now["tax_exempt"]) == ("Augusta", True)


@pytest.mark.parametrize("reading", ["403", "denied", "no data"])
def test_a_newcomer_whose_exemption_is_not_told_is_made_and_it_is_said(
    tmp_path: Path, reading: str
) -> None:
    with opened(tmp_path, "shopline", [], {"graph": reading}) as shop:
        shop.want({"email": ADA, "tax_exempt": True})
        result = shop.apply(shop.plan())
        assert states(result) == [State.UNVERIFIED]
        assert "tax_exempt: unverified" in str(told(result))
        assert len(shop.box.customers()) == 1


@pytest.mark.parametrize("write", ["ignored", "refused"])
def test_where_rest_wrote_and_graphql_did_not_that_field_is_not_applied(
    tmp_path: Path, write: str
) -> None:
    with opened(tmp_path, "shopline", [person()], {"tax_exempt": write}) as shop:
        shop.want({"email": ADA, "first_name": "Augusta", **WANTED})
        result = shop.apply(shop.plan())
        assert states(result) == [State.NOT_APPLIED]
        assert "tax_exempt: not applied" in str(told(result))
        assert "first_name" not in str(told(result))
        assert shop.box.customers()[0]["first_name"] == "Augusta"


def test_a_refusal_of_graphql_is_told_without_what_was_sent(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person()], {"tax_exempt": "refused"}) as shop:
        shop.want({"email": ADA, "tax_exempt": True})
        result = shop.apply(shop.plan())
        assert states(result) == [State.FAILED]
        assert "taxExempt is invalid" in str(told(result))


@pytest.mark.parametrize("kind", ["drop_after", "status_after", "truncate"])
@pytest.mark.parametrize("field", ["tax_exempt", "tax_exemptions"])
def test_a_lost_answer_is_looked_up_and_written_once(tmp_path: Path, field: str, kind: Any) -> None:
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": ADA, field: WANTED[field]})
        body = shop.plan()
        shop.box.forget_requests()
        shop.box.fault(Fault(kind, path=GRAPH, nth=2))
        result = shop.apply(body)
        assert result.complete, told(result)
        writes = [one for one in shop.box.requests if "/graph/" in one.path]
        assert len(writes) == 3, "asked, written, and looked up; nothing is sent twice"
        assert shop.plan()["changes"] == []


SLOW_DOWN = [
    {"status": 429, "body": {"errors": "Too many request"}, "retry_after": 1},
    {"status": 429, "body": {"errors": "Too many request"}},
    {
        "status": 200,
        "body": {"errors": [{"extensions": {"code": "REQUEST_LIMIT_EXCEEDED"}}], "data": None},
    },
]


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("said", SLOW_DOWN, ids=["after", "status", "body"])
@pytest.mark.parametrize("new", [False, True])
def test_who_is_asked_to_slow_down_goes_on_later(
    tmp_path: Path, said: Json, nth: int, *, new: bool
) -> None:
    with opened(tmp_path, "shopline", [] if new else [person()]) as shop:
        shop.want({"email": ADA, "tax_exempt": True})
        body = shop.plan()
        shop.box.forget_requests()
        shop.box.fault(Fault("status", path=GRAPH, nth=nth, **said))
        result = shop.apply(body)
        assert result.complete, told(result)
        assert _holds(shop)[0] is True
        assert len(_graphs(shop)) == 4 + (nth == 2 and not new)


@pytest.mark.parametrize("throttle", ["status", "body"])
def test_a_bucket_of_points_that_stays_full_holds_the_field(tmp_path: Path, throttle: str) -> None:
    switches = {"graph_throttle": throttle, "graph_cost": "8"}
    box = Sandbox("shopline", switches=switches, rate=(0.001, 9))
    box.seed([person()])
    with box.serving() as url:
        shop = Shop(tmp_path, box, url, "shopline")
        shop.want({"email": ADA, "tax_exempt": True})
        body = shop.plan(read="full")
    assert body["changes"] == []
    assert [one["rule"] for one in body["verdicts"]] == ["read.unreadable"]


def test_a_store_that_empties_the_rest_is_stopped_after_one(tmp_path: Path) -> None:
    names = ["ada@example.com", "chen@example.com"]
    with opened(
        tmp_path, "shopline", [person(one, phone=None) for one in names], {"graph_put": "replace"}
    ) as shop:
        shop.want(*({"email": one, "tax_exempt": True} for one in names))
        result = shop.apply(shop.plan())
        assert result.stores[0].stopped
        kept = [one["first_name"] for one in shop.box.customers()]
        assert sorted(map(bool, kept)) == [False, True]


@pytest.mark.parametrize(
    "wanted",
    ["all", [{"country": "US", "subdivisions": []}]],
)
def test_what_no_list_of_countries_says_is_blocked(tmp_path: Path, wanted: object) -> None:
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": ADA, "tax_exemptions": wanted})
        body = shop.plan()
        assert [one["rule"] for one in body["verdicts"]] == ["capability.unsupported"]


def test_who_was_exempted_since_the_plan_is_left(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": ADA, "tax_exemptions": WANTED["tax_exemptions"]})
        body = shop.plan()
        shop.box.edit(shop.box.customers()[0]["id"], tax_exemptions=_held(_row("FR", "75")))
        result = shop.apply(body)
        assert states(result) == [State.STALE]
        assert _holds(shop)[1] == {"FR:75"}


def test_an_opt_out_goes_out_whatever_graphql_says(tmp_path: Path) -> None:
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, "shopline", [person(consent=yes)], {"graph": "403"}) as shop:
        shop.want({"email": ADA, "tax_exempt": True, "consent": {"email": "unsubscribed"}})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert shop.box.customers()[0]["consent"]["email"]["state"] == "unsubscribed"


def test_no_text_of_a_store_gets_into_what_is_asked(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": ADA, **WANTED})
        body = shop.plan()
        assert "gid://" not in json.dumps(body)
        connection = app.open_store(shop.state().stores[0], shop.environment)
        live = connection.client.read(shop.box.customers()[0]["id"])
        connection.session.close()
    assert live is not None
    assert live.unasked == tax.FIELDS | {"metafields"}


def test_an_export_asks_where_it_is_told_to_and_plans_empty(tmp_path: Path) -> None:
    people = [person(**HELD), person("chen@example.com", phone=None)]
    with opened(tmp_path, "shopline", people) as shop:
        for also in (frozenset[str](), tax.FIELDS):
            shop.want()
            connection = app.open_store(shop.state().stores[0], shop.environment)
            store = shop.state().stores[0]
            text = "".join(Export(client=connection.client, store=store, also=also).pieces())
            connection.session.close()
            assert ("tax_exempt" in text, "country: SG" in text) == (bool(also), bool(also))
            (shop.specs / "customers.yaml").write_text(text, encoding="utf-8")
            assert shop.plan()["changes"] == []
            (shop.specs / "customers.yaml").unlink()


def test_the_command_says_what_it_did_not_ask_for(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(**HELD)]) as shop:
        env = {"TOKEN": shop.box.token}
        place = ("--specs", str(shop.specs))
        plain = run("export", *place, env=env)
        both = run("export", *place, "--also", "tax_exempt", "--also", "tax_exemptions", env=env)
        odd = run("export", *place, "--also", "note", env=env)
    assert "no list tells metafields, tax_exempt, tax_exemptions; --also FIELD asks" in plain.err
    assert "tax_exempt: true" in both.out
    assert "--also note: of SHOPLINE it may be: metafields, metafields:NAMESPACE, " in odd.err


def test_explain_tells_what_the_store_has(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(**HELD)]) as shop:
        shop.want({"email": ADA, "tax_exemptions": WANTED["tax_exemptions"]})
        done = run("explain", ADA, "--specs", str(shop.specs), env={"TOKEN": shop.box.token}).out
    assert "wanted  CA: BC, ON; US: all\n    live    CA: QC; SG: all" in done


def test_since_a_receipt_they_are_asked_for_all_the_same(shops: dict[str, Shop]) -> None:
    """Whether an exemption counts as a change of its customer is not documented."""
    shop = shops["shopline"]
    receipts.as_new(shop, receipts.people(8, tax_exempt=True))
    shop.want(*({**one, "tax_exempt": True} for one in receipts.entries(8)))
    _, left = receipts.kept(shop)
    one = receipts.id_of(shop, "p3@example.com")
    shop.box.edit(one, tax_exempt=False, updated_at=receipts.OLD)

    body, _ = receipts.since(shop, left)
    assert receipts.mode_of(body) == "since"

    assert [one["field"] for one in body["changes"][0]["fields"]] == ["tax_exempt"]
    assert len(body["changes"]) == 1


@pytest.mark.parametrize("dies_after", range(1, 6))
def test_a_newcomer_whose_making_was_cut_off_gets_them_on_resume(
    tmp_path: Path, dies_after: int
) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        shop.want({"email": ADA, "first_name": "Ada", **WANTED})
        body = shop.plan()
        with suppress(Killed):
            shop.apply(body, dies_after=dies_after)
        result = shop.apply(body, resume=True)
        assert result.complete, told(result)
        assert _holds(shop) == (True, {"US:", "CA:BC,ON"})
        assert len(shop.box.customers()) == 1


def test_a_newcomer_whose_exemption_lost_its_answer_has_it_once(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        shop.want({"email": ADA, "tax_exempt": True})
        shop.box.fault(Fault("drop_after", path=GRAPH, nth=2))
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert _holds(shop)[0] is True


def test_what_staff_exempted_is_adopted_into_the_files(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(**HELD)]) as shop:
        shop.want({"email": ADA, "tax_exempt": False, "tax_exemptions": []})
        env = {"TOKEN": shop.box.token}
        fields = ("--field", "tax_exempt", "--field", "tax_exemptions")
        done = run("adopt", "--specs", str(shop.specs), "--write", *fields, env=env)
        assert done.code == 0, done.err
        assert shop.plan()["changes"] == []
    text = next(shop.specs.glob("*.yaml")).read_text(encoding="utf-8")
    assert "SG" in text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(("c0", "CA", GID, "x")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "data",
                    "errors",
                    "path",
                    "extensions",
                    "code",
                    "c0",
                    "id",
                    "taxExempt",
                    "taxExemptions",
                    "countryCode",
                    "provinceGCodeList",
                    "userErrors",
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(body=_JSON)
def test_whatever_is_answered_is_told_or_unknown(body: Any) -> None:
    tax.judged(Answer(body=body, link=None))
    tax.is_taken(body)
    (live,) = tax.completed([_live()], body)
    assert not live.unasked & tax.FIELDS
    for name in tax.FIELDS & live.unreadable:
        assert live.scalar(name) is None


def test_what_a_mutation_empties_beside_its_own_field_is_told_and_stops(tmp_path: Path) -> None:
    names = ["a@example.com", "b@example.com"]
    people = [person(one, phone=None, tax_exemptions=HELD["tax_exemptions"]) for one in names]
    with opened(tmp_path, "shopline", people, {"graph_put": "areas"}) as shop:
        shop.want(*({"email": one, "tax_exempt": True} for one in names))
        result = shop.apply(shop.plan())
        kept = [bool(one["tax_exemptions"]) for one in shop.box.customers()]
    assert not result.complete
    assert "emptied" in str(result.stores[0].stopped)
    assert sorted(kept) == [False, True], "the first is lost, and nobody after"


@pytest.mark.parametrize(
    ("most", "asked"), [("any", 3), ("7", 2 + 9), ("1", 4 + 45), ("0", 5)], ids=str
)
def test_a_query_that_costs_too_much_is_asked_in_halves(
    tmp_path: Path, most: str, asked: int
) -> None:
    names = [f"c{number}@example.com" for number in range(45)]
    people = [person(one, phone=None, tax_exempt=True) for one in names]
    with opened(tmp_path, "shopline", people, {"graph_most": most}) as shop:
        shop.want(*({"email": one, "tax_exempt": True} for one in names))
        shop.box.forget_requests()
        body = shop.plan(read="full")
        assert body["changes"] == []
        assert len(_graphs(shop)) == asked
        assert body["stores"][0]["receipt"]["requests"] == len(shop.box.requests)
    held = [] if most != "0" else ["that costs more than it allows"] * 45
    assert [one["message"].rpartition(": ")[2] for one in body["verdicts"]] == held


def test_what_costs_too_much_at_once_is_written_one_by_one(tmp_path: Path) -> None:
    names = [f"c{number}@example.com" for number in range(5)]
    people = [person(one, phone=None) for one in names]
    with opened(tmp_path, "shopline", people, {"graph_most": "1"}) as shop:
        shop.want(*({"email": one, **WANTED} for one in names))
        result = shop.apply(shop.plan(read="full"))
        assert result.complete, told(result)
        assert shop.plan()["changes"] == []


@pytest.mark.parametrize(
    "code", [{"code": "MAX_COST_EXCEEDED"}, {"classification": "ExecutionAborted"}]
)
def test_a_cost_that_is_told_in_any_known_way_is_one(code: Json) -> None:
    body = {"data": None, "errors": [{"message": "exceeded", "extensions": code}]}
    judgement = tax.judged(Answer(body=body, link=None))
    assert judgement is not None
    assert judgement.fate is Fate.COSTLY


@pytest.mark.parametrize("wanted", [["ON", "BC"], ["CA-ON", "CA-BC"], ["CA-ON", "BC"]], ids=str)
@pytest.mark.parametrize("held", [["ON"], ["CA-ON"]], ids=str)
@pytest.mark.parametrize("codes", ["as written", "with country", "without"])
def test_a_province_is_the_same_with_its_country_before_it_or_without(
    tmp_path: Path, codes: str, held: list[str], wanted: list[str]
) -> None:
    people = [person(tax_exemptions=_held(_row("CA", *held)))]
    with opened(tmp_path, "shopline", people, {"graph_codes": codes}) as shop:
        shown = {"as written": held[0], "with country": "CA-ON", "without": "ON"}[codes]
        now = added(shop, ADA, wanted)
        assert now == {shown, wanted[1]}, "one that is there stays as it is told"


def test_a_province_of_another_country_is_another() -> None:
    assert exemptions([("CA", ["US-ON"])]) != exemptions([("CA", ["ON"])])
    assert exemptions([("CA", ["ca-on", "ON"])]) == exemptions([("CA", ["ON"])])
