"""Metafields of SHOPLINE's customers: those that an entry names are ours, and no others."""

import json
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import app
from reconciler.app.exporting import Export
from reconciler.model.metafields import Metafield, Metafields, from_spec
from reconciler.model.personal import MASK, Personal
from reconciler.plan.outcome import State
from reconciler.report.reveal import revealed
from reconciler.sandbox import Fault
from tests.harness import KEY, Killed, Shop, consent, opened, person, states, told
from tests.program import run

Json = dict[str, Any]
ADA = "ada@example.com"
SECRET = "zanzibar quartz"
FIELDS = frozenset({"metafields"})
POINTS = {"namespace": "custom", "key": "points", "type": "number_integer", "value": "7"}
NOTE = {"namespace": "custom", "key": "crm_note", "type": "multi_line_text_field", "value": SECRET}
THEIRS = {"namespace": "app-loyalty", "key": "tier", "type": "json", "value": '{"a": 1}'}
READINGS: list[Json] = [
    {},
    {"metafield_pages": "fifty"},
    {"metafield_pages": "small"},
    {"metafield_pages": "silent"},
    {"metafield_pages": "since"},
    {"metafield_put": "any"},
    {"put": "replace"},
]


def _row(base: Json, **others: object) -> Json:
    return {**base, **others}


def _many(count: int) -> list[Json]:
    return [_row(THEIRS, key=f"tier{number}") for number in range(count)]


def _having(*rows: Json, **fields: Any) -> Json:
    return person(extra={"metafields": [dict(one) for one in rows]}, **fields)


def _holds(shop: Shop) -> dict[str, tuple[str, str]]:
    held = shop.box.customers()[0]["extra"].get("metafields", [])
    return {f"{one['namespace']}.{one['key']}": (one["type"], one["value"]) for one in held}


OURS = {
    "custom.points": ("number_integer", "7"),
    "custom.crm_note": ("multi_line_text_field", SECRET),
}
OTHERS = {"app-loyalty.tier": ("json", '{"a": 1}')}


@pytest.mark.parametrize("reading", READINGS, ids=str)
@pytest.mark.parametrize(
    "before",
    [[], [THEIRS], [_row(POINTS, value="6"), THEIRS], [*_many(7), _row(NOTE, value="old"), THEIRS]],
    ids=["none", "others", "another value", "several pages"],
)
def test_those_that_are_named_are_set_and_others_stay(
    tmp_path: Path, before: list[Json], reading: Json
) -> None:
    with opened(tmp_path, "shopline", [_having(*before)], reading) as shop:
        kept = {
            name: value for name, value in _holds(shop).items() if name.startswith("app-loyalty")
        }
        shop.want({"email": ADA, "metafields": [POINTS, NOTE]})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert _holds(shop) == {**kept, **OURS}
        assert shop.plan()["changes"] == []


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_null_takes_away_the_one_that_is_named(tmp_path: Path, reading: Json) -> None:
    with opened(tmp_path, "shopline", [_having(POINTS, NOTE, THEIRS)], reading) as shop:
        shop.want(
            {
                "email": ADA,
                "metafields": [_row(POINTS, value=None), _row(NOTE, value=None, key="gone")],
            }
        )
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert _holds(shop) == {"custom.crm_note": OURS["custom.crm_note"], **OTHERS}
        assert shop.plan()["changes"] == []


def test_a_newcomer_gets_them_after_the_create(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        shop.want({"email": ADA, "metafields": [POINTS, NOTE], "tax_exempt": True})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert _holds(shop) == OURS
        assert shop.plan()["changes"] == []


@pytest.mark.parametrize("dies_after", range(1, 6))
def test_a_newcomer_whose_making_was_cut_off_gets_them_on_resume(
    tmp_path: Path, dies_after: int
) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        shop.want({"email": ADA, "metafields": [POINTS, NOTE]})
        body = shop.plan()
        with suppress(Killed):
            shop.apply(body, dies_after=dies_after)
        result = shop.apply(body, resume=True)
        assert result.complete, told(result)
        assert _holds(shop) == OURS


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        ("number_integer", "7", "07", True),
        ("number_decimal", "7.50", "7.5", True),
        ("number_decimal", "seven", "SEVEN", False),
        ("number_decimal", "NaN", "nan", False),
        ("number_integer", "1" * 40, "1" * 39 + "2", False),
        ("number_decimal", "1e999999999999999999999", "1", False),
        ("boolean", "true", "TRUE", True),
        ("json", '{"a": 1, "b": [2]}', '{"b":[2],"a":1}', True),
        ("json", "[1, 2]", "[2, 1]", False),
        ("json", "{", "{ ", False),
        ("json", "[" * 100_000, "[" * 99_999, False),
        ("list.single_line_text_field", '["a", "b"]', '["a","b"]', True),
        ("single_line_text_field", "7", "07", False),
        ("single_line_text_field", "a", "A", False),
    ],
)
def test_values_are_the_same_by_what_their_type_says(
    kind: str, one: str, other: str, *, same: bool
) -> None:
    first, second = (
        Metafield(namespace="custom", key="points", type=kind, value=Personal(text))
        for text in (one, other)
    )
    assert first.means(second) is same
    assert second.means(first) is same


@pytest.mark.parametrize("reading", ["taken", "refused", "kept"])
def test_another_type_is_a_difference_and_what_does_not_take_is_told(
    tmp_path: Path, reading: str
) -> None:
    before = _row(POINTS, type="single_line_text_field")
    with opened(tmp_path, "shopline", [_having(before)], {"metafield_type": reading}) as shop:
        shop.want({"email": ADA, "metafields": [POINTS]})
        body = shop.plan()
        (one,) = body["changes"][0]["fields"]
        assert one["field"] == "metafields[custom.points]"
        assert [(one["rule"], one["message"]) for one in body["verdicts"]] == [
            (
                "metafields.type",
                "the store has custom.points as single_line_text_field, and not as number_integer",
            )
        ]
        result = shop.apply(body)
        assert states(result) == [
            {"taken": State.DONE, "refused": State.FAILED, "kept": State.NOT_APPLIED}[reading]
        ]


def test_values_and_names_are_in_no_plan_and_no_report(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(_row(NOTE, value="old secret"))]) as shop:
        shop.want({"email": ADA, "metafields": [NOTE]})
        body = shop.plan()
        result = shop.apply(body)
        everything = json.dumps(body) + str(told(result)) + shop.journal()
    assert "zanzibar" not in everything
    assert "old secret" not in everything
    assert MASK in repr(from_spec([NOTE]))
    assert "zanzibar" not in repr(from_spec([NOTE]))


def test_what_may_go_on_unseen_is_not_believed(tmp_path: Path) -> None:
    switches = {"metafield_pages": "silent"}
    with opened(tmp_path, "shopline", [_having(*_many(60))], switches) as shop:
        shop.want({"email": ADA, "first_name": "Augusta", "metafields": [POINTS]})
        body = shop.plan()
        assert [(one["rule"], one["message"]) for one in body["verdicts"]] == [
            (
                "read.unreadable",
                "the store does not tell the metafields of this customer: its answer is not as "
                "documented (metafields repeat)",
            )
        ]
        result = shop.apply(body)
        assert result.complete, told(result)
        assert "custom.points" not in _holds(shop)
        assert shop.box.customers()[0]["first_name"] == "Augusta"


@pytest.mark.parametrize(
    ("find", "put"),
    [
        (r'"metafields":\[', '"metafields":"x","y":['),
        (r'"value":"7"', '"value":7'),
        (r'"id":"[0-9]+"', '"id":"../1"'),
        (r'"key":"points"', '"key":null'),
        (r'\{"id"', '{"id":"7","id2"'),
    ],
)
def test_an_odd_list_holds_the_field_and_nothing_else(tmp_path: Path, find: str, put: str) -> None:
    with opened(tmp_path, "shopline", [_having(POINTS, NOTE)]) as shop:
        shop.want({"email": ADA, "first_name": "Augusta", "metafields": [_row(POINTS, value="8")]})
        shop.box.fault(Fault("rewrite", path="metafields", find=find, put=put, times=99))
        body = shop.plan()
        assert [one["rule"] for one in body["verdicts"]] == ["read.unreadable"]
        result = shop.apply(body)
        assert result.complete, told(result)
        assert _holds(shop) == OURS


def test_where_there_are_none_the_field_is_held(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(POINTS)], {"metafields": "404"}) as shop:
        shop.want({"email": ADA, "metafields": [NOTE]})
        body = shop.plan()
        assert body["changes"] == []
        assert [one["message"] for one in body["verdicts"]] == [
            "the store does not tell the metafields of this customer: it answers 404"
        ]


def test_who_was_changed_since_the_plan_is_left(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(POINTS)]) as shop:
        shop.want({"email": ADA, "metafields": [_row(POINTS, value="8")]})
        body = shop.plan()
        edited = {"metafields": [_row(POINTS, value="9", id="7000000001")]}
        shop.box.edit(shop.box.customers()[0]["id"], extra=edited)
        result = shop.apply(body)
        assert states(result) == [State.STALE]
        assert _holds(shop) == {"custom.points": ("number_integer", "9")}


def test_the_one_that_was_changed_since_the_plan_is_left_and_the_others_are_written(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, "shopline", [_having(POINTS, _row(NOTE, value="old"))]) as shop:
        shop.want({"email": ADA, "metafields": [_row(POINTS, value="8"), NOTE]})
        body = shop.plan()
        edited = [_row(POINTS, value="9"), _row(NOTE, value="old")]
        shop.box.edit(shop.box.customers()[0]["id"], extra={"metafields": edited})
        result = shop.apply(body)
        assert states(result) == [State.STALE]
        (outcome,) = result.stores[0].outcomes
        assert [(str(path), state) for path, state in outcome.fields] == [
            ("metafields[custom.points]", State.STALE),
            ("metafields[custom.crm_note]", State.DONE),
        ]
        assert _holds(shop) == {**OURS, "custom.points": ("number_integer", "9")}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("kind", ["drop_after", "status_after"])
def test_a_lost_answer_is_looked_up_and_written_once(
    tmp_path: Path, kind: Any, method: str
) -> None:
    wanted = {"POST": NOTE, "PUT": _row(POINTS, value="8"), "DELETE": _row(POINTS, value=None)}
    with opened(tmp_path, "shopline", [_having(POINTS)]) as shop:
        shop.want({"email": ADA, "metafields": [wanted[method]]})
        body = shop.plan()
        shop.box.forget_requests()
        shop.box.fault(Fault(kind, method=method, path="metafields"))
        result = shop.apply(body)
        assert result.complete, told(result)
        writes = [one for one in shop.box.requests if one.method == method]
        assert len(writes) == 1
        assert shop.plan()["changes"] == []


def test_the_estimate_and_the_receipt_are_what_is_asked(tmp_path: Path) -> None:
    people = [
        _having(_row(POINTS, value="6"), email=None) | {"email": f"c{number}@example.com"}
        for number in range(4)
    ]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(*({"email": one["email"], "metafields": [POINTS, NOTE]} for one in people))
        shop.box.forget_requests()
        body = shop.plan(read="full")
        assert body["stores"][0]["receipt"]["requests"] == len(shop.box.requests)
        result = shop.apply(body)
        assert result.complete, told(result)
        assert body["stores"][0]["apply"]["requests"] == result.stores[0].requests


def test_nobody_is_asked_where_no_entry_manages_them(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(THEIRS)]) as shop:
        shop.want({"email": ADA, "first_name": "Augusta"})
        assert shop.apply(shop.plan()).complete
        assert not [one for one in shop.box.requests if "metafields" in one.path]


def test_an_export_asks_where_it_is_told_to_and_plans_empty(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(POINTS, NOTE, THEIRS)]) as shop:
        store = shop.state().stores[0]
        connection = app.open_store(store, shop.environment)
        text = "".join(Export(client=connection.client, store=store, also=FIELDS).pieces())
        connection.session.close()
        (shop.specs / "customers.yaml").write_text(text, encoding="utf-8")
        assert shop.plan()["changes"] == []
    assert "app-loyalty" in text
    assert "zanzibar" in text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["metafields"], {"custom.points", "custom.crm_note", "app-loyalty.tier"}),
        (["metafields:custom"], {"custom.points", "custom.crm_note"}),
        (["metafields:custom.points"], {"custom.points"}),
        (["metafields:custom.points", "metafields:app-loyalty"], {"custom.points", *OTHERS}),
        (["metafields:custom", "metafields"], {"custom.points", "custom.crm_note", *OTHERS}),
        (["metafields:nobody"], set()),
    ],
    ids=["all", "namespace", "one", "several", "all and some", "nobody's"],
)
def test_an_export_takes_those_that_are_asked_for(
    tmp_path: Path, words: list[str], found: set[str]
) -> None:
    with opened(tmp_path, "shopline", [_having(POINTS, NOTE, THEIRS)]) as shop:
        also = [word for one in words for word in ("--also", one)]
        env = {"TOKEN": shop.box.token}
        done = run("export", "--specs", str(shop.specs), *also, env=env)
        assert done.code == 0, done.err
        (shop.specs / "customers.yaml").write_text(done.out, encoding="utf-8")
        ((_, (entry,)),) = shop.state().customers
        named = dict(entry.scalars).get("metafields")
        held = {one.title for one in named.every} if isinstance(named, Metafields) else set()
        assert held == found
        assert shop.plan()["changes"] == []
    whole = "note: an entry manages the metafields that it names, and those of apps are among them"
    assert (whole in done.err) is ("metafields" in words)
    nobody = "note: --also metafields:nobody: no customer has such a one"
    assert (nobody in done.err) is ("metafields:nobody" in words)
    assert "no list tells tax_exempt, tax_exemptions; --also" in done.err


@pytest.mark.parametrize("odd", ["tax_exempt:custom", "metafields:", "note:custom"])
def test_an_export_asks_for_no_part_of_what_has_none(tmp_path: Path, odd: str) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        env = {"TOKEN": shop.box.token}
        done = run("export", "--specs", str(shop.specs), "--also", odd, env=env)
    assert done.code == 64
    assert f"--also {odd}: of SHOPLINE it may be: metafields, metafields:NAMESPACE, " in done.err


def test_one_that_no_spec_may_hold_keeps_no_other_out_of_an_export(tmp_path: Path) -> None:
    odd = _row(THEIRS, namespace="a|b\x1b[31m")
    with opened(tmp_path, "shopline", [_having(POINTS, odd)]) as shop:
        env = {"TOKEN": shop.box.token}
        done = run("export", "--specs", str(shop.specs), "--also", "metafields", env=env)
        (shop.specs / "customers.yaml").write_text(done.out, encoding="utf-8")
        assert shop.plan()["changes"] == []
    assert "points" in done.out
    assert "left out: 1 metafields that a spec may not hold" in done.err
    assert "a|b" not in done.everything


def test_explain_masks_what_they_say(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(_row(NOTE, value="old"), THEIRS)]) as shop:
        shop.want({"email": ADA, "metafields": [NOTE]})
        done = run("explain", ADA, "--specs", str(shop.specs), env={"TOKEN": shop.box.token}).out
    assert f"custom.crm_note: {MASK}" in done
    assert "zanzibar" not in done
    assert "app-loyalty" not in done


def test_what_staff_changed_is_adopted_and_no_app_s(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(_row(POINTS, value="9"), THEIRS)]) as shop:
        shop.want({"email": ADA, "metafields": [POINTS]})
        env = {"TOKEN": shop.box.token}
        place = ("--specs", str(shop.specs))
        done = run("adopt", *place, "--write", "--field", "metafields", env=env)
        assert done.code == 0, done.err
        assert shop.plan()["changes"] == []
        text = next(shop.specs.glob("*.yaml")).read_text(encoding="utf-8")
    assert "app-loyalty" not in text
    assert "'9'" in text or '"9"' in text


def test_one_that_stands_twice_is_complained_of_with_its_place(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        (shop.specs / "all.yaml").unlink()
        (shop.specs / "a.yaml").write_text(
            "stores:\n  shop: {platform: shopline, shop: acme, token: {env: TOKEN}}\n"
            "customers:\n  - email: ada@example.com\n    metafields:\n"
            "      - {namespace: custom, key: points, type: json, value: '1'}\n"
            "      - {namespace: custom, key: points, type: json, value: '2'}\n"
        )
        done = run("validate", "--specs", str(shop.specs))
    assert "a.yaml:7:" in done.everything
    assert "metafields.repeated" in done.everything


@pytest.mark.parametrize(
    "odd",
    [
        {"namespace": "c"},
        {"namespace": "c" * 51},
        {"key": "ab"},
        {"key": "a b c"},
        {"key": "k" * 31},
        {"type": ""},
        {"value": ""},
        {"value": 7},
        {"value": "x" * 500_001},
        {"name": "x"},
    ],
)
def test_what_the_documents_do_not_allow_is_an_error(tmp_path: Path, odd: Json) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        shop.want({"email": ADA, "metafields": [_row(POINTS, **odd)]})
        done = run("validate", "--specs", str(shop.specs), env={"TOKEN": "t"})
    assert done.code == 1


@pytest.mark.parametrize("platform", ["genstore", "shoplazza"])
def test_other_platforms_say_that_they_have_none(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, [person()]) as shop:
        shop.want({"email": ADA, "metafields": [POINTS, NOTE]})
        body = shop.plan()
        assert [one["rule"] for one in body["verdicts"]] == ["capability.unsupported"], "said once"
        assert body["summary"]["blocked"]


def test_a_type_that_nobody_knows_is_not_shown(tmp_path: Path) -> None:
    odd = _row(POINTS, type="\x1b[31mada.lovelace")
    with opened(tmp_path, "shopline", [_having(odd)]) as shop:
        shop.want({"email": ADA, "metafields": [POINTS]})
        body = shop.plan()
    assert [one["message"] for one in body["verdicts"]] == [
        "the store has custom.points as another type, and not as number_integer"
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_two_in_one_entry_of_which_one_is_refused_are_told_apart(
    tmp_path: Path, count: int
) -> None:
    switches = {"metafield_type": "refused"}
    odd = _row(POINTS, type="single_line_text_field")
    with opened(tmp_path, "shopline", [_having(odd)], switches) as shop:
        shop.want({"email": ADA, "metafields": [POINTS, NOTE][:count]})
        result = shop.apply(shop.plan())
        assert states(result) == [State.FAILED if count == 1 else State.NOT_APPLIED]
        assert ("custom.crm_note" in _holds(shop)) is (count == 2)


def test_an_opt_out_goes_out_whatever_metafields_say(tmp_path: Path) -> None:
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, "shopline", [person(consent=yes)], {"metafields": "404"}) as shop:
        shop.want({"email": ADA, "metafields": [POINTS], "consent": {"email": "unsubscribed"}})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert shop.box.customers()[0]["consent"]["email"]["state"] == "unsubscribed"


def test_a_newcomer_to_whom_an_app_gives_some_gets_ours_too(tmp_path: Path) -> None:
    def gives(shop: Any) -> None:
        (one,) = shop.customers()
        shop.edit(one["id"], extra={"metafields": [dict(THEIRS)]})

    with opened(tmp_path, "shopline", []) as shop:
        shop.want({"email": ADA, "metafields": [POINTS, NOTE]})
        body = shop.plan()
        shop.box.fault(Fault("edit_after", method="POST", path=r"customers\.json", edit=gives))
        result = shop.apply(body)
        assert result.complete, told(result)
        assert _holds(shop) == {**OURS, **OTHERS}


def test_what_a_metafield_is_for_stays(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(_row(POINTS, description="of the club"))]) as shop:
        shop.want({"email": ADA, "metafields": [_row(POINTS, value="8")]})
        assert shop.apply(shop.plan()).complete
        (held,) = shop.box.customers()[0]["extra"]["metafields"]
    assert (held["value"], held["description"]) == ("8", "of the club")


@pytest.mark.parametrize(("fault", "most"), [({"status": 404}, 9), ({"status": 403}, 1)])
def test_a_store_that_would_not_tell_is_not_asked_for_everybody(
    tmp_path: Path, fault: Json, most: int
) -> None:
    names = [f"c{number}@example.com" for number in range(9)]
    with opened(tmp_path, "shopline", [person(one, phone=None) for one in names]) as shop:
        shop.want(*({"email": one, "metafields": [POINTS]} for one in names))
        shop.box.fault(Fault("status", path="metafields", times=99, **fault))
        body = shop.plan(read="full")
        asked = [one for one in shop.box.requests if "metafields" in one.path]
    assert len(asked) == most
    assert body["changes"] == []
    assert {one["rule"] for one in body["verdicts"]} == {"read.unreadable"}


@pytest.mark.parametrize("new", [False, True])
def test_where_none_is_named_none_is_ours(tmp_path: Path, *, new: bool) -> None:
    with opened(tmp_path, "shopline", [] if new else [_having(THEIRS)]) as shop:
        shop.want({"email": ADA, "metafields": []})
        shop.converge()
        assert new or _holds(shop) == OTHERS
        assert not [one for one in shop.box.requests if "metafields" in one.path]


@pytest.mark.parametrize("held", ["sNaN", "NaN", "-Infinity", "1e999999999"])
def test_a_number_that_is_none_is_a_text(tmp_path: Path, held: str) -> None:
    odd = _row(POINTS, type="number_decimal", value=held)
    with opened(tmp_path, "shopline", [_having(odd)]) as shop:
        shop.want({"email": ADA, "metafields": [_row(odd, value="7")]})
        assert shop.apply(shop.plan()).complete
        shop.want({"email": ADA, "metafields": [odd]})
        assert shop.apply(shop.plan()).complete
        assert shop.plan()["changes"] == []


def test_whom_the_store_cannot_tell_of_holds_nobody_else(tmp_path: Path) -> None:
    names = [f"c{number}@example.com" for number in range(5)]
    with opened(tmp_path, "shopline", [person(one, phone=None) for one in names]) as shop:
        shop.want(*({"email": one, "metafields": [POINTS]} for one in names))
        first = shop.box.customers()[0]["id"]
        shop.box.fault(Fault("status", path=f"{first}/metafields", times=99, status=500))
        body = shop.plan(read="full")
    assert len(body["changes"]) == 4
    assert len(body["verdicts"]) == 1


def test_the_rest_is_written_where_graphql_refuses(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(THEIRS)], {"tax_exempt": "refused"}) as shop:
        shop.want({"email": ADA, "tax_exempt": True, "metafields": [POINTS]})
        result = shop.apply(shop.plan())
        assert states(result) == [State.NOT_APPLIED]
        assert _holds(shop) == {**OTHERS, "custom.points": ("number_integer", "7")}


def test_a_write_that_drops_what_it_does_not_name_is_told_and_stops(tmp_path: Path) -> None:
    names = ["a@example.com", "b@example.com"]
    people = [_having(_row(POINTS, value="1"), THEIRS, email=one, phone=None) for one in names]
    with opened(tmp_path, "shopline", people, {"metafield_put": "alone"}) as shop:
        shop.want(*({"email": one, "metafields": [POINTS]} for one in names))
        result = shop.apply(shop.plan())
        held = sorted(len(one["extra"]["metafields"]) for one in shop.box.customers())
    assert "metafields of others were emptied" in str(result.stores[0].stopped)
    assert held == [1, 2], "the first is lost, and nobody after"


_TYPES = ("number_integer", "number_decimal", "boolean", "json", "list.number_integer", "url")
_ODD = ("sNaN", "NaN", "Infinity", "1e999999999", "[" * 9000, "1" * 9000, "{", "\ud800", " 7 ", "7")


@pytest.mark.parametrize("kind", _TYPES)
@given(free=st.text())
def test_whatever_a_value_is_it_can_be_compared(kind: str, free: str) -> None:
    every = [
        Metafield(namespace="custom", key="points", type=kind, value=Personal(text))
        for text in (*_ODD, free)
    ]
    for one, other in product(every, repeat=2):
        assert one.means(other) == other.means(one)
        assert one != other or one.means(other)


def test_a_plan_names_each_and_what_becomes_of_it_in_every_form(tmp_path: Path) -> None:
    hostile = _row(THEIRS, namespace="a|b\x1b[31m", key="<script>@all")
    held = [_row(POINTS, value="6"), _row(NOTE, key="former"), hostile]
    with opened(tmp_path, "shopline", [_having(*held)]) as shop:
        shop.want(
            {"email": ADA, "metafields": [POINTS, NOTE, _row(NOTE, key="former", value=None)]}
        )
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        forms = {
            name: run("plan", "--specs", str(shop.specs), "--format", name, env=env).out
            for name in ("text", "markdown", "html", "json")
        }
    told_of = (
        "metafield custom.crm_note set, metafield custom.former cleared, "
        f"metafield custom.points {MASK} → {MASK}"
    )
    assert told_of in forms["text"]
    assert told_of.replace("_", "\\_") in forms["markdown"]
    for text in forms.values():
        assert all(one in text.replace("\\", "") for one in ("custom.crm_note", "custom.former"))
        assert not any(one in text for one in ("zanzibar", "@all", "\x1b[31m", "a|b"))


def test_a_terminal_shows_values_to_whoever_asks(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_having(_row(POINTS, value="6"))]) as shop:
        shop.want({"email": ADA, "metafields": [POINTS, NOTE]})
        made = app.plan(shop.state(), app.PlanOptions(), shop.environment, shop.pseudonyms)
    assert sorted(revealed(made).values()) == [f"(empty) → {SECRET}", "6 → 7"]
