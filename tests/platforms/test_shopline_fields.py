"""Birthday, gender, nickname and language on SHOPLINE: what is read, written, and kept as it is."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler import app
from reconciler.app.exporting import Export
from reconciler.model.personal import MASK, Personal
from reconciler.plan.outcome import State
from reconciler.platforms.shopline.wire import customer, with_actors
from reconciler.platforms.times import StoreTimes
from reconciler.sandbox import Fault
from tests.harness import Shop, grant, opened, person, states, told
from tests.program import run

ADA = "ada@example.com"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
WANTED: dict[str, Any] = {
    "nickname": "Countess",
    "birthday": "1815-12-10",
    "gender": "female",
    "language": "en-gb",
}
TAKEN = {"nick_name": "honoured", "language": "honoured"}
HELD = {"nick_name": "Addie", "birthday": "19900228", "gender": 1, "language": "zh-hans-cn"}


def _live(**told: object) -> Any:
    return customer({"id": "1", **told}, StoreTimes(None, lambda: NOW))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("0", None),
        ("unknown", None),
        ("", None),
        (0, None),
        ("1", "male"),
        (2, "female"),
        ("female", "female"),
        ("Male", "male"),
        ("3", "secret"),
        ("4", "4"),
        ("other", "other"),
    ],
)
def test_a_gender_is_the_word_of_the_documents_or_stays_as_it_is(
    told: object, found: str | None
) -> None:
    assert _live(gender=told).gender == (None if found is None else Personal(found))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("19970102", "1997-01-02"),
        (19970102, "1997-01-02"),
        ("1997-01-02", "1997-01-02"),
        ("19970230", "19970230"),
        ("00000000", "00000000"),
        ("0102", "0102"),
        ("", None),
    ],
)
def test_a_birthday_that_is_no_day_stays_as_it_is(told: object, found: str | None) -> None:
    assert _live(birthday=told).birthday == (None if found is None else Personal(found))


@pytest.mark.parametrize("gender", ["numbers", "words"])
@pytest.mark.parametrize("before", [{}, HELD])
def test_all_four_are_set_and_then_there_is_nothing_to_do(
    tmp_path: Path, before: dict[str, Any], gender: str
) -> None:
    switches = {**TAKEN, "gender": gender}
    with opened(tmp_path, "shopline", [person(extra=before)], switches) as shop:
        shop.want({"email": ADA, **WANTED})
        shop.converge()

        extra = shop.live(ADA)["extra"]
        assert [extra[one] for one in HELD] == ["Countess", "18151210", 2, "en-gb"]


def test_a_new_customer_has_all_four(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [], TAKEN) as shop:
        shop.want({"email": ADA, **WANTED})
        shop.converge()

        extra = shop.live(ADA)["extra"]
        assert [extra[one] for one in HELD] == ["Countess", "18151210", 2, "en-gb"]


def test_all_four_are_emptied(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(extra=HELD)], TAKEN) as shop:
        shop.want({"email": ADA, **dict.fromkeys(WANTED)})
        shop.converge()

        extra = shop.live(ADA)["extra"]
        assert [extra[one] for one in HELD] == [None, None, 0, None]


@pytest.mark.parametrize("field", ["nickname", "language"])
@pytest.mark.parametrize("new", [False, True])
def test_what_a_store_does_not_take_is_not_applied_and_stands_in_the_next_plan(
    tmp_path: Path, field: str, new: bool
) -> None:
    with opened(tmp_path, "shopline", [] if new else [person()]) as shop:
        shop.want({"email": ADA, "first_name": "Augusta", field: WANTED[field]})
        result = shop.apply(shop.plan())

        assert states(result) == [State.NOT_APPLIED], told(result)
        assert not result.complete
        assert shop.live(ADA)["first_name"] == "Augusta"
        (change,) = shop.plan()["changes"]
        assert [one["field"] for one in change["fields"]] == [field]


@pytest.mark.parametrize("field", ["nickname", "language"])
def test_a_store_that_refuses_it_is_told_as_failed(tmp_path: Path, field: str) -> None:
    switches = {"nick_name": "refused", "language": "refused"}
    with opened(tmp_path, "shopline", [person(extra=HELD)], switches) as shop:
        shop.want({"email": ADA, field: WANTED[field]})
        result = shop.apply(shop.plan())

        assert states(result) == [State.FAILED], told(result)
        assert shop.live(ADA)["extra"] == HELD


@pytest.mark.parametrize("put", ["merge", "replace"])
@pytest.mark.parametrize("tags", ["replace", "append"])
@pytest.mark.parametrize("language", ["ignored", "honoured", "refused"])
@pytest.mark.parametrize("nick_name", ["ignored", "honoured", "refused"])
@pytest.mark.parametrize("new", [False, True])
def test_what_is_refused_takes_nothing_else_with_it(
    tmp_path: Path, new: bool, nick_name: str, language: str, tags: str, put: str
) -> None:
    switches = {"nick_name": nick_name, "language": language, "tags": tags, "put": put}
    with opened(tmp_path, "shopline", [] if new else [person(tags=["old"])], switches) as shop:
        shop.want({"email": ADA, "first_name": "Augusta", "tags": {"add": ["vip"]}, **WANTED})
        result = shop.apply(shop.plan())
        live = shop.live(ADA)
        left = {one["field"] for change in shop.plan()["changes"] for one in change["fields"]}

    taken = {"nickname": nick_name, "language": language}
    lacking = {name for name, reading in taken.items() if reading != "honoured"}
    assert left == lacking
    assert states(result) == [State.NOT_APPLIED if lacking else State.DONE], told(result)
    assert live["first_name"] == "Augusta"
    assert live["tags"] == (["vip"] if new else ["old", "vip"])
    assert (live["extra"]["birthday"], live["extra"]["gender"]) == ("18151210", 2)


def test_what_is_refused_for_another_reason_is_told_as_the_store_says_it(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person()], TAKEN) as shop:
        shop.want({"email": ADA, "first_name": "Augusta", "nickname": "Addie", "language": "en"})
        plan = shop.plan()
        body = {"errors": {"first_name": ["is invalid"]}}
        shop.box.fault(Fault("status", status=422, body=body, method="PUT", times=99))
        shop.box.forget_requests()
        result = shop.apply(plan)
        sent = [one for one in shop.box.requests if one.method == "PUT"]

        assert states(result) == [State.FAILED], told(result)
        assert "first_name is invalid" in str(told(result))
        assert len(sent) == 4


@pytest.mark.parametrize("refused", [["nick_name"], ["language"], ["nick_name", "language"]])
def test_a_grant_goes_out_once_and_is_not_held_up_by_what_is_refused(
    tmp_path: Path, refused: list[str]
) -> None:
    switches = {**TAKEN, **dict.fromkeys(refused, "refused")}
    with opened(tmp_path, "shopline", [person()], switches) as shop:
        shop.want({"email": ADA, **WANTED, "consent": {"email": grant()}})
        result = shop.apply(shop.plan())

        assert sorted(states(result)) == [State.DONE, State.NOT_APPLIED], told(result)
        assert shop.live(ADA)["consent"]["email"]["state"] == "subscribed"


def test_a_gender_that_is_not_told_again_is_not_applied(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person()], {"gender": "no secret"}) as shop:
        shop.want({"email": ADA, "gender": "secret"})

        assert states(shop.apply(shop.plan())) == [State.NOT_APPLIED]


@pytest.mark.parametrize(
    ("field", "title"),
    [
        ("nick_name", "nickname"),
        ("birthday", "birthday"),
        ("gender", "gender"),
        ("language", "language"),
    ],
)
def test_a_replacing_store_that_loses_one_of_them_is_told_and_stopped(
    tmp_path: Path, field: str, title: str
) -> None:
    people = [person(f"c{n}@example.com", extra={field: HELD[field]}) for n in range(6)]
    with opened(tmp_path, "shopline", people, {"put": "replace"}) as shop:
        shop.settings = {"rate": {"per_second": 1, "burst": 1000}}
        names = {"first_name": "New", "last_name": "Lovelace"}
        shop.want(*({"email": f"c{n}@example.com", **names} for n in range(6)))
        result = shop.apply(shop.plan())

        damaged = [one for one in shop.box.customers() if not one["extra"][field]]
        assert f"{title} was emptied" in result.stores[0].stopped, told(result)
        assert 1 <= len(damaged) <= 2  # as many as were in flight at this pace


def test_what_was_exported_plans_empty_and_what_no_spec_may_hold_is_left_out(
    tmp_path: Path,
) -> None:
    odd = {"birthday": "19970230", "gender": "other", "language": "?", "nick_name": "a\u202eb"}
    people = [person(extra=HELD), person("odd@example.com", extra=odd)]
    with opened(tmp_path, "shopline", people) as shop:
        store = shop.state().stores[0]
        connection = app.open_store(store, shop.environment)
        export = Export(client=connection.client, store=store)
        text = "".join(export.pieces())
        connection.session.close()
        shop.want()
        (shop.specs / "exported.yaml").write_text(text, encoding="utf-8")

        assert shop.plan()["changes"] == []
        for told_there in ("Addie", "1990-02-28", "male", "zh-hans-cn"):
            assert text.count(told_there) == 1
        assert "other" not in text


def test_an_unknown_word_is_no_reason_to_write_where_it_is_not_ours(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(extra={"gender": "other"})]) as shop:
        shop.want({"email": ADA, "first_name": "Augusta"})
        shop.converge()

        assert shop.live(ADA)["extra"]["gender"] == "other"


def test_a_day_of_birth_stands_nowhere_and_a_language_may(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(extra=HELD)], TAKEN) as shop:
        shop.want({"email": ADA, **WANTED})
        body = shop.plan()
        text = str(body)
        fields = {one["field"]: one for one in body["changes"][0]["fields"]}

        assert all(fields[one]["personal"] for one in ("nickname", "birthday", "gender"))
        assert (fields["language"]["before"], fields["language"]["after"]) == (
            "zh-hans-cn",
            "en-gb",
        )
        assert all(one["class"] == "profile" for one in fields.values())
        shop.apply(body)
        for value in ("1815", "1990", "0228", "Countess", "Addie", "female"):
            assert value not in text + shop.journal()


def test_explain_masks_what_is_personal(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(extra=HELD)]) as shop:
        shop.want({"email": ADA, **WANTED})
        done = _explained(shop)

    assert f"birthday: would change\n    wanted  {MASK}\n    live    {MASK}" in done
    assert "wanted  en-gb\n    live    zh-hans-cn" in done


def _explained(shop: Shop) -> str:
    place = ("--specs", shop.specs, "--state-dir", shop.folder / ".reconciler")
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": "k" * 40, "CI_COMMIT_SHA": "c0ffee"}
    return run("explain", ADA, *place, env=env).out


@pytest.mark.parametrize("field", sorted(WANTED))
@pytest.mark.parametrize(
    ("platform", "title"), [("genstore", "Genstore"), ("shoplazza", "Shoplazza")]
)
def test_other_platforms_say_that_they_cannot_set_it(
    tmp_path: Path, platform: str, title: str, field: str
) -> None:
    with opened(tmp_path, platform, [person()]) as shop:
        shop.want({"email": ADA, field: WANTED[field]})
        shop.state()

        told = f"{title} cannot set the {field}: its documents have "
        assert any(one.message.startswith(told) for one in shop.warnings)
        assert shop.plan()["summary"]["blocked"]


@pytest.mark.parametrize("text", ["Ada Lovelace", "she speaks French", "ada@example.com", "*"])
def test_what_is_no_language_may_be_anybodys_and_is_not_shown(tmp_path: Path, text: str) -> None:
    with opened(tmp_path, "shopline", [person(ADA, extra={"language": text})], TAKEN) as shop:
        shop.want({"email": ADA, "language": "en"})
        saved = shop.plan()
        assert saved["changes"][0]["fields"][0]["personal"]
        assert text not in str(saved)
        assert shop.apply(saved).complete
        assert shop.live(ADA)["extra"]["language"] == "en"
        assert shop.plan()["changes"] == []


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (9, "unknown channel 9"),
        (99, "unknown channel 99"),
        (100, "unknown channel"),
        (-1, "unknown channel"),
        (13812345678, "unknown channel"),
        ("13812345678", "unknown channel"),
    ],
)
def test_a_number_of_a_channel_that_may_be_somebodys_is_not_told(number: object, told: str) -> None:
    times = StoreTimes(None, lambda: NOW)
    row = {"customer_id": "1", "subscribe_account_type": number}

    (found,) = with_actors(customer({"id": "1"}, times), [row], times).subscriptions

    assert found.channel == told


@pytest.mark.parametrize("reading", ["same", "with country"])
@pytest.mark.parametrize(("wanted", "sent"), [("KY", "KY"), ("US-KY", "US-KY")])
def test_a_province_is_the_same_with_its_country_before_it_or_without(
    tmp_path: Path, wanted: str, sent: str, reading: str
) -> None:
    address = {"city": "Hagerman", "country_code": "US", "province_code": wanted}
    with opened(tmp_path, "shopline", [person()], {"province_v2": reading}) as shop:
        shop.want({"email": ADA, "addresses": [address]})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert shop.box.customers()[0]["addresses"][0]["province_code"] == sent
        assert shop.plan()["changes"] == []
        other = {"KY": "US-KY", "US-KY": "KY"}[wanted]
        shop.want({"email": ADA, "addresses": [{**address, "province_code": other}]})
        assert shop.plan()["changes"] == []
        shop.want({"email": ADA, "addresses": [{**address, "province_code": "NY"}]})
        result = shop.apply(shop.plan())
        assert result.complete, told(result)
        assert shop.plan()["changes"] == []
