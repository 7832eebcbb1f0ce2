"""Tax exemptions by region on Genstore: what is read, compared, written, and kept as it is."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler import app
from reconciler.app.exporting import Export
from reconciler.model.fields import BY_NAME
from reconciler.model.tax import TaxExemptions, exemptions, from_spec
from reconciler.plan.outcome import State
from reconciler.platforms.genstore.wire import ConsentVocabulary, customer
from reconciler.platforms.times import StoreTimes
from tests.harness import opened, person, states, told
from tests.platforms.provinces import added
from tests.program import run

Json = dict[str, Any]
ADA = "ada@example.com"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
WANTED: list[Json] = [
    {"country": "US", "subdivisions": "all"},
    {"country": "CA", "subdivisions": ["ON", "BC"]},
]
ASKED = exemptions([("CA", ["BC", "ON"]), ("US", None)])
READINGS: list[Json] = [
    {},
    {"put": "replace"},
    {"scalars": "typed"},
    {"subdivisions": "string"},
    {"put": "replace", "subdivisions": "string"},
]


def _row(country: str, *parts: str, whole: Any = False, **more: Any) -> Json:
    return {
        "country": country,
        "applyToAllSubdivision": whole,
        "subdivisions": list(parts),
        **more,
    }


def _held(*rows: Json, everywhere: Any = False) -> Json:
    return {"applyToAllRegion": everywhere, "taxExemptionRegions": list(rows)}


def _live(told: object) -> Any:
    record = {"id": "1", "taxExemptions": told}
    return customer(record, ConsentVocabulary(()), StoreTimes(None, lambda: NOW))


HELD = _held(_row("CA", "QC"), _row("SG", whole=True, name="Singapore"))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (None, None),
        ({}, None),
        ("", None),
        (_held(), None),
        (_held(everywhere="false"), None),
        ({"taxExemptionRegions": None}, None),
        (_held(everywhere="true"), TaxExemptions(None)),
        (_held(_row("CA", "ON"), everywhere=True), TaxExemptions(None)),
        (_held(_row("US", whole="true"), _row("ca", "on", "BC", "ON")), ASKED),
        (_held(_row("CA", "ON"), _row("US", whole=True), _row("CA", "BC")), ASKED),
        (_held(_row("CA", "ON"), _row("CA", whole=True)), exemptions([("CA", None)])),
        (_held({**_row("CA"), "subdivisions": '["ON", "BC"]'}), exemptions([("CA", ["BC", "ON"])])),
        (_held({**_row("CA"), "subdivisions": "ON,BC"}), exemptions([("CA", ["BC", "ON"])])),
        (
            {"taxExemptionRegions": json.dumps([_row("FR", "75", whole="false")])},
            exemptions([("FR", ["75"])]),
        ),
        (_held({"country": "SG"}), exemptions([("SG", [])])),
    ],
)
def test_exemptions_are_read_as_a_set_whatever_they_are_written_like(
    told: object, found: TaxExemptions | None
) -> None:
    live = _live(told)
    assert live.tax_exemptions == found
    assert "tax_exemptions" not in live.unreadable


@pytest.mark.parametrize(
    "told",
    [
        "all",
        ["CA"],
        _held(everywhere="perhaps"),
        _held(_row("Canada", "ON")),
        _held(_row("CA", "Ada Lovelace")),
        _held(_row("CA", "ON", whole="perhaps")),
        _held({**_row("CA"), "subdivisions": '["ON"'}),
        _held({**_row("CA"), "subdivisions": 7}),
        _held({**_row("CA"), "country": None}),
        {"taxExemptionRegions": "CA"},
        {"taxExemptionRegions": ["CA"]},
    ],
)
def test_what_names_no_regions_is_not_read_and_counts_among_what_a_write_could_cost(
    told: object,
) -> None:
    live = _live(told)
    assert live.tax_exemptions is None
    assert "tax_exemptions" in live.unreadable
    assert [name for name, _ in live.other] == ["taxExemptions"]


def test_what_a_spec_says_is_said_again_in_normal_form() -> None:
    rows = [{"country": "ca", "subdivisions": ["on"]}, *WANTED]
    assert from_spec(rows) == ASKED
    assert ASKED is not None
    assert from_spec(ASKED.plain()) == ASKED
    assert str(ASKED) == "CA: BC, ON; US: all"
    assert from_spec("all") == TaxExemptions(None)
    assert (from_spec([]), from_spec(None)) == (None, None)


@pytest.mark.parametrize("switches", READINGS, ids=str)
@pytest.mark.parametrize("before", [None, _held(), _held(everywhere=True), HELD], ids=str)
@pytest.mark.parametrize("wanted", ["all", WANTED, [], None], ids=str)
def test_they_become_what_is_wanted_and_then_there_is_nothing_to_do(
    tmp_path: Path, before: Json | None, wanted: Any, switches: Json
) -> None:
    people = [person(tax_exemptions=before)]
    with opened(tmp_path, "genstore", people, switches) as shop:
        shop.want({"email": ADA, "tax_exemptions": wanted})
        shop.converge()

        held = shop.live(ADA)["tax_exemptions"]
        assert _live(held).tax_exemptions == from_spec(wanted)


def test_a_new_customer_has_them(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore") as shop:
        shop.want(
            {"email": ADA, "tax_exemptions": WANTED},
            {"email": "bo@example.com", "tax_exemptions": []},
        )
        shop.converge()

        assert shop.live(ADA)["tax_exemptions"] == _held(
            _row("CA", "BC", "ON"), _row("US", whole=True)
        )
        assert shop.live("bo@example.com")["tax_exemptions"] is None


def test_what_else_the_store_keeps_of_a_region_goes_back_with_it(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person(tax_exemptions=HELD)], {"put": "replace"}) as shop:
        row = {"country": "SG", "subdivisions": ["01"]}
        shop.want({"email": ADA, "tax_exemptions": [row]})
        shop.converge()

        assert shop.live(ADA)["tax_exemptions"] == _held(_row("SG", "01", name="Singapore"))


@pytest.mark.parametrize("switches", READINGS, ids=str)
@pytest.mark.parametrize(
    "held",
    [
        HELD,
        _held(everywhere=True),
        _held(_row("CA", "QC"), _row("CA", "ON"), everywhere=False) | {"since": "2026"},
        _held(_row("Atlantis", "Ada Lovelace")),
    ],
    ids=str,
)
def test_where_they_are_not_ours_a_write_takes_them_along_as_they_are(
    tmp_path: Path, held: Json, switches: Json
) -> None:
    with opened(tmp_path, "genstore", [person(tax_exemptions=held)], switches) as shop:
        shop.want({"email": ADA, "first_name": "Augusta", "tax_exempt": True})
        shop.converge()

        assert shop.live(ADA)["tax_exemptions"] == held


@pytest.mark.parametrize("wanted", [[], [{"country": "CA", "subdivisions": ["QC"]}]], ids=str)
def test_a_store_that_keeps_what_is_left_out_is_told_as_not_applied(
    tmp_path: Path, wanted: Any
) -> None:
    people = [person(tax_exemptions=HELD)]
    with opened(tmp_path, "genstore", people, {"tax_put": "merge"}) as shop:
        shop.want({"email": ADA, "tax_exemptions": wanted, "first_name": "Augusta"})
        result = shop.apply(shop.plan())

        assert states(result) == [State.NOT_APPLIED], told(result)
        assert not result.complete
        assert shop.live(ADA)["first_name"] == "Augusta"
        (change,) = shop.plan()["changes"]
        assert [one["field"] for one in change["fields"]] == ["tax_exemptions"]


def test_a_plan_shows_the_regions_and_says_once_what_cannot_be_read(tmp_path: Path) -> None:
    odd = _held(_row("CA", "Ada Lovelace"))
    people = [person(tax_exemptions=HELD), person("odd@example.com", tax_exemptions=odd)]
    with opened(tmp_path, "genstore", people) as shop:
        shop.want(
            {"email": ADA, "tax_exemptions": WANTED},
            {"email": "odd@example.com", "tax_exemptions": WANTED, "first_name": "New"},
        )
        body = shop.plan()
        fields = {one["field"]: one for change in body["changes"] for one in change["fields"]}
        assert fields.keys() == {"tax_exemptions", "first_name"}
        one = fields["tax_exemptions"]
        assert (one["class"], one["before"], one["after"]) == (
            "profile",
            "CA: QC; SG: all",
            "CA: BC, ON; US: all",
        )
        assert [each["message"] for each in body["verdicts"]] == [
            "the store does not tell the tax exemptions by region of this customer"
        ]
        shop.apply(body)
        assert shop.live("odd@example.com")["tax_exemptions"] == odd
        assert "Lovelace" not in str(body) + shop.journal()


def test_order_and_repeated_rows_are_no_change(tmp_path: Path) -> None:
    held = _held(_row("US", "ON", whole=True), _row("CA", "ON"), _row("CA", "BC", "ON"))
    with opened(tmp_path, "genstore", [person(tax_exemptions=held)]) as shop:
        shop.want({"email": ADA, "tax_exemptions": WANTED})
        assert shop.plan()["changes"] == []


def test_what_was_exported_plans_empty(tmp_path: Path) -> None:
    odd = _held(_row("Atlantis"))
    every = [None, HELD, _held(everywhere=True), _held(_row("SG")), odd]
    people = [person(f"c{n}@example.com", tax_exemptions=one) for n, one in enumerate(every)]
    with opened(tmp_path, "genstore", people, {"subdivisions": "string"}) as shop:
        store = shop.state().stores[0]
        connection = app.open_store(store, shop.environment)
        text = "".join(Export(client=connection.client, store=store).pieces())
        connection.session.close()
        shop.want()
        (shop.specs / "exported.yaml").write_text(text, encoding="utf-8")

        assert shop.plan()["changes"] == []
        assert text.count("tax_exemptions: all") == 1
        assert text.count("tax_exemptions:") == 3
        assert "Atlantis" not in text


def test_they_are_adopted(tmp_path: Path) -> None:
    people = [
        person(tax_exemptions=HELD),
        person("bo@example.com"),
        person("cy@example.com", tax_exemptions=_held(everywhere=True)),
    ]
    with opened(tmp_path, "genstore", people) as shop:
        shop.want(*({"email": one["email"], "tax_exemptions": WANTED} for one in people))
        chosen = app.AdoptOptions(fields=("tax_exemptions",))
        made = app.adopt(shop.specs, shop.environment, chosen, lambda _: None)
        assert made.write() == ()

        wanted = [dict(one.scalars)["tax_exemptions"] for one in shop.state().of("shop")]
        assert wanted == [exemptions([("CA", ["QC"]), ("SG", None)]), None, TaxExemptions(None)]
        assert shop.plan()["changes"] == []


def test_an_entry_in_block_style_is_adopted_and_keeps_what_stands_around(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person(tax_exemptions=HELD)]) as shop:
        shop.want()
        text = """store: shop
customers:
  - email: ada@example.com  # the one
    tax_exemptions:
      - country: US
        subdivisions: all
    first_name: Ada  # stays
"""
        (shop.specs / "more.yaml").write_text(text, encoding="utf-8")
        chosen = app.AdoptOptions(fields=("tax_exemptions",))
        app.adopt(shop.specs, shop.environment, chosen, lambda _: None).write()

        written = (shop.specs / "more.yaml").read_text(encoding="utf-8")
        assert "# the one" in written
        assert "first_name: Ada  # stays" in written
        assert shop.plan()["changes"] == []


def test_a_plan_says_that_they_go(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person(tax_exemptions=HELD)]) as shop:
        shop.want({"email": ADA, "tax_exemptions": []})
        place = ("--specs", shop.specs, "--state-dir", shop.folder / ".reconciler")
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": "k" * 40, "CI_COMMIT_SHA": "c0ffee"}
        done = run("plan", *place, env=env).out

    assert "tax exemptions by region CA: QC; SG: all → nothing" in " ".join(done.split())


def test_explain_tells_them(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person(tax_exemptions=HELD)]) as shop:
        shop.want({"email": ADA, "tax_exemptions": "all"})
        place = ("--specs", shop.specs, "--state-dir", shop.folder / ".reconciler")
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": "k" * 40, "CI_COMMIT_SHA": "c0ffee"}
        done = run("explain", ADA, *place, env=env).out

    assert "would change\n    wanted  all regions\n    live    CA: QC; SG: all" in done


def test_another_platform_says_that_it_cannot_set_them(tmp_path: Path) -> None:
    title = "Shoplazza"
    with opened(tmp_path, "shoplazza", [person()]) as shop:
        shop.want({"email": ADA, "tax_exemptions": WANTED})
        shop.state()

        title_of = BY_NAME["tax_exemptions"].title
        said = f"{title} cannot set the {title_of}: "
        assert [one for one in shop.warnings if one.message.startswith(said)]
        assert shop.plan()["summary"]["blocked"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("everywhere", "write `all`, or a list of regions"),
        (True, "write `all`, or a list of regions"),
        ([{"country": "CA"}], "lacks `subdivisions`"),
        ([{"country": "Canada", "subdivisions": "all"}], "two letters"),
        ([{"country": "CA", "subdivisions": ["Ontario"]}], "code of ISO 3166-2"),
        ([{"country": "CA", "subdivisions": "ON"}], "write `all`, or a list of codes"),
    ],
)
def test_what_is_no_list_of_regions_is_refused_with_the_way_to_write_it(
    tmp_path: Path, said: Any, why: str
) -> None:
    with opened(tmp_path, "genstore") as shop:
        shop.want({"email": ADA, "tax_exemptions": said})
        _, found = app.load((shop.specs,), shop.environment)
        assert why in " ".join(f"{one.message} {one.hint}" for one in found)


def test_two_files_that_say_the_same_in_another_order_agree(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": ADA, "tax_exemptions": WANTED})
        rows = [{"country": "ca", "subdivisions": ["BC", "ON", "on"]}, WANTED[0]]
        more = {"store": "shop", "customers": [{"email": ADA, "tax_exemptions": rows}]}
        (shop.specs / "more.yaml").write_text(json.dumps(more), encoding="utf-8")
        shop.converge()


@pytest.mark.parametrize("wanted", [["QC", "BC"], ["CA-QC", "CA-BC"]], ids=str)
@pytest.mark.parametrize("held", ["QC", "CA-QC"])
def test_a_province_is_the_same_with_its_country_before_it_or_without(
    tmp_path: Path, held: str, wanted: list[str]
) -> None:
    people = [person(tax_exemptions=_held(_row("CA", held)))]
    with opened(tmp_path, "genstore", people) as shop:
        assert added(shop, ADA, wanted) == {held, wanted[1]}
