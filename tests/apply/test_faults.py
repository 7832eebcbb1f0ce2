"""A store that fails in every way: each ends in a clear report and an undamaged store."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.apply.write_step import TRIES
from reconciler.clock import system_clock
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State
from reconciler.sandbox import Fault, Sandbox
from tests.harness import (
    VARIANTS,
    Killed,
    consent,
    grant,
    opened,
    person,
    quick_clock,
    states,
    told,
)

READ_FAULTS = {
    "401": Fault("status", status=401, times=99),
    "403": Fault("status", status=403, times=99),
    "404": Fault("status", status=404, times=99),
    "429 for ever": Fault("status", status=429, times=99),
    "500 for ever": Fault("status", status=500, times=99),
    "HTML page": Fault("html", times=99),
    "HTML with 200": Fault("status", status=200, body="<html>ada@example.com</html>", times=99),
    "truncated": Fault("truncate", times=99),
    "lost connection": Fault("drop_before", times=99),
    "a list": Fault("status", status=200, body="[]", times=99),
    "a word": Fault("status", status=200, body='{"customers": "cusomer"}', times=99),
    "wrong types": Fault(
        "status",
        status=200,
        body='{"customers": [1, null], "count": "x", '
        '"code": "Success", "data": {"customers": [2]}}',
        times=99,
    ),
    "record without id": Fault(
        "status",
        status=200,
        body='{"customers": [{"email": "x@y.zz"}], '
        '"code": "Success", "data": {"customers": [{}], "count": 1}}',
        times=99,
    ),
    "redirect": Fault("redirect", body="http://127.0.0.1:9/steal", times=99),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", READ_FAULTS)
def test_a_store_that_cannot_be_read_is_an_error_and_no_plan(
    tmp_path: Path, variant: str, name: str
) -> None:
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"}, {"email": "new@example.com"})
        before = shop.box.customers()
        shop.box.fault(READ_FAULTS[name])

        body = shop.plan()

        assert body["stores"][0]["error"]
        assert "ada@" not in body["stores"][0]["error"]
        assert body["changes"] == []
        assert shop.box.customers() == before


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ["429 once", "500 once", "lost once", "truncated once"])
def test_a_read_that_fails_once_is_repeated(tmp_path: Path, variant: str, name: str) -> None:
    fault = {
        "429 once": Fault("status", status=429),
        "500 once": Fault("status", status=500),
        "lost once": Fault("drop_before"),
        "truncated once": Fault("truncate"),
    }[name]
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        shop.box.fault(fault)

        assert len(shop.plan()["changes"]) == 1


WRITE_FAULTS = {
    "500 before": (Fault("status", method="PUT", status=500), State.DONE),
    "500 after": (Fault("status_after", method="PUT", status=500), State.DONE),
    "502 page": (Fault("html", method="PUT"), State.DONE),
    "lost before": (Fault("drop_before", method="PUT"), State.DONE),
    "lost after": (Fault("drop_after", method="PUT"), State.DONE),
    "truncated": (Fault("truncate", method="PUT"), State.DONE),
    "422": (Fault("status", method="PUT", status=422), State.FAILED),
    "409": (Fault("status", method="PUT", status=409), State.FAILED),
    "401": (Fault("status", method="PUT", status=401), State.FAILED),
    "423": (Fault("status", method="PUT", status=423), State.FAILED),
    "404": (Fault("status", method="PUT", status=404), State.FAILED),
    "429 for ever": (Fault("status", method="PUT", status=429, times=99), State.FAILED),
    "500 for ever": (Fault("status", method="PUT", status=500, times=99), State.UNKNOWN),
    "redirect": (Fault("redirect", method="PUT", body="http://127.0.0.1:9/x"), State.FAILED),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", WRITE_FAULTS)
def test_a_write_that_fails_ends_in_the_outcome_that_is_true(
    tmp_path: Path, variant: str, name: str
) -> None:
    fault, expected = WRITE_FAULTS[name]
    with opened(tmp_path, variant, [person(tags=["app:x"]), person("b@example.com")]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New", "tags": {"add": ["vip"]}})
        body = shop.plan()
        shop.box.fault(fault)

        result = shop.apply(body)

        assert states(result) == [expected], told(result)
        now = shop.live("ada@example.com")
        assert now["first_name"] == ("New" if expected is State.DONE else "Ada")
        assert "app:x" in now["tags"]
        assert len(shop.box.customers()) == 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_failed_apply_is_resumed_and_ends_well(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant, [person(), person("b@example.com")]) as shop:
        shop.want(
            {"email": "ada@example.com", "first_name": "New"},
            {"email": "b@example.com", "first_name": "New"},
            {"email": "c@example.com", "consent": {"email": grant()}},
        )
        body = shop.plan()
        shop.box.fault(Fault("status", method="PUT", status=422, times=99))
        first = shop.apply(body)
        shop.box.clear_faults()

        second = shop.apply(body, resume=True)

        assert not first.complete
        assert second.complete, told(second)
        assert len(shop.box.customers()) == 3
        assert shop.live("c@example.com")["consent"]["email"]["state"] == "subscribed"
        assert shop.plan()["changes"] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_opt_out_between_plan_and_apply_wins(tmp_path: Path, variant: str) -> None:
    with opened(
        tmp_path, variant, [person(consent={"email": consent("subscribed"), "sms": consent()})]
    ) as shop:
        shop.want(
            {"email": "ada@example.com", "tags": {"add": ["vip"]}},
            {"email": "new@example.com", "consent": {"email": grant()}},
        )
        body = shop.plan()
        shop.box.person(shop.live("ada@example.com")["id"], "email", "unsubscribed")

        shop.apply(body)

        assert shop.live("ada@example.com")["consent"]["email"]["state"] == "unsubscribed"


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_grant_after_a_new_opt_out_is_skipped(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant, []) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})
        body = shop.plan()

        def opt_out(box: object) -> None:
            shop.box.person(shop.box.customers()[0]["id"], "email", "unsubscribed")

        # The person opts out right after the create was read back, before the grant is decided.
        shop.box.fault(
            Fault("edit_after", method="GET", path=r"customers/(v2/)?[0-9a-f]", edit=opt_out)
        )

        result = shop.apply(body)

        assert states(result) == [State.DONE, State.OPTED_OUT]
        assert shop.live("ada@example.com")["consent"]["email"]["state"] == "unsubscribed"


def test_a_replacing_store_is_found_by_the_first_read_back_and_stopped(tmp_path: Path) -> None:
    people = [person(f"c{n}@example.com", note="keep me", tags=["app:x"]) for n in range(6)]
    with opened(tmp_path, "shopline", people, {"put": "replace"}) as shop:
        shop.settings = {"rate": {"per_second": 1, "burst": 1000}}
        shop.want(*({"email": f"c{n}@example.com", "first_name": "New"} for n in range(6)))

        result = shop.apply(shop.plan())

        damaged = [one for one in shop.box.customers() if one["note"] != "keep me"]
        assert "note was emptied" in result.stores[0].stopped
        assert not result.complete
        assert 1 <= len(damaged) <= 2  # as many as were in flight at this pace


@pytest.mark.parametrize("clear", ["never", "null"])
def test_what_cannot_be_cleared_is_reported_as_not_applied(tmp_path: Path, clear: str) -> None:
    with opened(tmp_path, "shopline", [person(note="hello")], {"clear": clear}) as shop:
        shop.want({"email": "ada@example.com", "note": None})

        assert states(shop.apply(shop.plan())) == [State.NOT_APPLIED]


def test_the_token_never_leaves_for_another_host(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "thief", "genstore", []) as thief,
        opened(tmp_path / "shop", "genstore", [person()]) as shop,
    ):
        shop.want({"email": "ada@example.com", "first_name": "New"})
        shop.box.fault(Fault("link", body=thief.url.removeprefix("http://"), times=99))
        shop.plan()
        shop.box.fault(Fault("redirect", body=f"{thief.url}/api/202412/customers", times=99))
        shop.plan()

        assert thief.box.requests == []


def test_a_batch_of_customers_is_read_again_in_one_request(tmp_path: Path) -> None:
    """SHOPLINE takes five ids; what sends nothing along needs no reading of its own."""
    people = [
        person(f"c{n}@example.com", consent={"email": consent("subscribed")}) for n in range(11)
    ]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(*({"email": f"c{n}@example.com", "first_name": "New"} for n in range(11)))
        body = shop.plan()
        shop.box.forget_requests()

        result = shop.apply(body)

        assert result.complete, told(result)
        # The first alone: read, write, read back. Then five at a time, read and read back at once.
        assert len(shop.box.requests) == 3 + 2 * (1 + 5 + 1)
        assert result.stores[0].requests == 17


@pytest.mark.parametrize(
    ("change", "requests"),
    [({"tags": {"add": ["vip"]}}, 3 + 3 * 2 + 1), ({"consent": {"email": grant()}}, 4 * 3)],
)
def test_what_sends_more_or_grants_is_read_by_its_own_request(
    tmp_path: Path, change: dict[str, object], requests: int
) -> None:
    people = [person(f"c{n}@example.com") for n in range(4)]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(*({"email": f"c{n}@example.com", **change} for n in range(4)))
        body = shop.plan()
        shop.box.forget_requests()

        assert shop.apply(body).complete
        assert len(shop.box.requests) == requests


def test_a_batch_that_cannot_be_read_falls_back_to_single_readings(tmp_path: Path) -> None:
    people = [person(f"c{n}@example.com") for n in range(6)]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(*({"email": f"c{n}@example.com", "first_name": "New"} for n in range(6)))
        body = shop.plan()
        shop.box.fault(Fault("status", path=r"v2/customers\.json", status=400, times=99))

        assert shop.apply(body).complete


@pytest.mark.demo
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_lost_create_that_lists_show_late_ends_as_one_customer(
    tmp_path: Path, variant: str
) -> None:
    """Two seconds here, in real time; a create is looked for ten."""
    with opened(tmp_path, variant, [person("by@example.com")]) as shop:
        shop.clock = system_clock()
        shop.want({"email": "ada@example.com"})
        body = shop.plan()
        create = r"customers(\.json)?$"
        shop.box.fault(Fault("late", method="POST", path=create, seconds=2))
        shop.box.fault(Fault("drop_after", method="POST", path=create))

        assert states(shop.apply(body)) == [State.DONE]
        assert len(shop.box.customers()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_store_that_hangs_is_left_after_half_a_minute(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        body = shop.plan()
        shop.box.fault(Fault("hang", method="PUT", seconds=45))
        start = time.monotonic()

        assert states(shop.apply(body)) == [State.DONE]
        assert 29 < time.monotonic() - start < 40


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_clock_set_back_changes_nothing(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant, [person(), person("b@example.com")]) as shop:
        shop.want(
            {"email": "ada@example.com", "first_name": "New"},
            {"email": "b@example.com", "tags": {"add": ["vip"]}},
            {"email": "c@example.com", "consent": {"email": grant()}},
        )
        body = shop.plan()
        with pytest.raises(Killed):
            shop.apply(body, dies_after=9)
        real = quick_clock()
        shop.clock = replace(real, now=lambda: real.now() - timedelta(days=3))

        assert shop.apply(body, resume=True).complete
        assert len(shop.box.customers()) == 3
        assert shop.plan()["changes"] == []


def test_a_list_that_tells_less_unsubscribes_nobody(tmp_path: Path) -> None:
    """What a batch does not tell may have been a yes all the time."""
    yes = {"email": consent("subscribed"), "sms": consent("subscribed")}
    people = [
        person(f"c{n}@example.com", phone=f"00861331503448{n}", consent=yes) for n in range(8)
    ]
    with opened(tmp_path, "shopline", people, {"list_tells": "no consents"}) as shop:
        shop.want(*({"email": f"c{n}@example.com", "first_name": "New"} for n in range(8)))

        assert shop.apply(shop.plan(read="full")).complete
        for one in shop.box.customers():
            assert {held["state"] for held in one["consent"].values()} == {"subscribed"}


def test_who_subscribes_while_we_write_stays_subscribed(tmp_path: Path) -> None:
    people = [
        person(f"c{n}@example.com", consent={"email": consent(), "sms": consent()})
        for n in range(3)
    ]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(*({"email": f"c{n}@example.com", "first_name": "New"} for n in range(3)))
        body = shop.plan()

        def opt_in(_: object) -> None:
            shop.box.person(chosen, "email", "subscribed")

        chosen = shop.live("c1@example.com")["id"]
        shop.box.fault(Fault("edit_before", method="PUT", path=chosen, edit=opt_in))

        result = shop.apply(body)

        assert result.complete, told(result)
        assert shop.live("c1@example.com")["consent"]["email"]["state"] == "subscribed"
        assert any(one.noticed for one in result.stores[0].outcomes)


@pytest.mark.parametrize("wait", [300, 999999])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_store_that_asks_for_a_long_wait_is_left(
    tmp_path: Path, variant: str, wait: float
) -> None:
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        body = shop.plan()
        shop.box.fault(Fault("status", method="PUT", status=429, retry_after=wait))

        result = shop.apply(body)

        assert "asks to wait" in result.stores[0].stopped
        assert shop.apply(body, resume=True).complete


@pytest.mark.parametrize("depth", [300, 900])
def test_answers_nested_deeply_are_an_untold_grade(tmp_path: Path, depth: int) -> None:
    nested = '{"data":' * depth + "{}" + "}" * depth
    with opened(tmp_path, "shopline", [person(consent={"email": consent("subscribed")})]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})
        shop.box.fault(Fault("status", path="subscribe.json", status=200, body=nested))

        assert len(shop.plan(read="full")["changes"]) == 1


_ONE = r"customers/(v2/)?[0-9a-f-]+(\.json)?$"
AFTER_CREATE = {
    "401 on the read-back": Fault("status", method="GET", path=_ONE, status=401),
    "500 on the read-back": Fault("status", method="GET", path=_ONE, status=500, times=5),
    "429 on the read-back": Fault("status", method="GET", path=_ONE, status=429, times=5),
    "422 on the read-back": Fault("status", method="GET", path=_ONE, status=422),
    "401 on the take-out": Fault("status", method="PUT", status=401),
    "lost take-out": Fault("drop_before", method="PUT", times=9),
}


@pytest.mark.parametrize("name", AFTER_CREATE)
def test_whoever_a_create_subscribed_is_taken_out_by_the_resume(tmp_path: Path, name: str) -> None:
    switches = {"create_default": "SUBSCRIBED"}
    with opened(tmp_path, "genstore", [], switches) as shop:
        shop.want({"email": "ada@example.com", "first_name": "Ada"})
        body = shop.plan()
        shop.box.fault(AFTER_CREATE[name])

        first = shop.apply(body)
        shop.box.clear_faults()
        second = shop.apply(body, resume=True)

        assert not first.complete, told(first)
        assert second.complete, told(second)
        posts = [
            one
            for one in shop.box.requests
            if one.method == "POST" and one.path.endswith("customers")
        ]
        assert len(posts) == 1
        states_now = {held["state"] for held in shop.live("ada@example.com")["consent"].values()}
        assert states_now & {"subscribed", "pending"} == set()


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("variant", ["genstore", "shoplazza", "shopline"])
def test_a_rise_that_could_not_be_taken_back_is_told_and_taken_back_by_the_resume(
    tmp_path: Path, variant: str, killed: bool
) -> None:
    """Staff subscribes somebody right after our write, which looks like the store's own doing."""
    no = {"email": consent("unsubscribed", "2026-01-01T00:00:00+00:00", "staff"), "sms": consent()}
    with opened(tmp_path, variant, [person(consent=no)]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        body = shop.plan()

        def rise(box: Sandbox) -> None:
            box.edit(box.customers()[0]["id"], consent={"email": {"state": "subscribed"}})

        shop.box.fault(Fault("edit_after", method="PUT", edit=rise))
        if killed:
            with pytest.raises(Killed):
                # The trail's beginning, what the run, its connection and its judge begin with,
                # opened and intended are noted, and nothing after them.
                shop.apply(body, dies_after=6)
        else:
            shop.box.fault(Fault("status", method="PUT", nth=2, status=401))
            first = shop.apply(body)
            (outcome,) = first.stores[0].outcomes
            assert any("could not be taken back" in one for one in outcome.collateral)
        shop.box.clear_faults()

        second = shop.apply(body, resume=True)

        assert shop.live("ada@example.com")["consent"]["email"]["state"] == "unsubscribed"
        assert second.complete, told(second)
        assert any("taken back" in text for text in second.stores[0].outcomes[0].noticed)


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_an_opt_in_of_the_plan_is_no_rise_of_the_write_before_it(
    tmp_path: Path, variant: str
) -> None:
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New", "consent": {"email": grant()}})
        body = shop.plan()
        shop.box.fault(Fault("drop_before", method="PUT", times=TRIES))
        first = shop.apply(body)
        shop.box.clear_faults()

        second = shop.apply(body, resume=True)

        assert not first.complete, told(first)
        assert second.complete, told(second)
        assert shop.live("ada@example.com")["first_name"] == "New"
        assert shop.live("ada@example.com")["consent"]["email"]["state"] == "subscribed"


@pytest.mark.parametrize("variant", ["genstore", "shoplazza", "shopline"])
def test_a_rise_after_an_opt_out_is_taken_back_though_the_plan_opted_in_before(
    tmp_path: Path, variant: str
) -> None:
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New", "consent": {"email": grant()}})
        body = shop.plan()
        shop.apply(body, only=[RiskClass.GRANT])
        (ada,) = shop.box.customers()
        shop.box.person(ada["id"], "email", "unsubscribed")

        def rise(box: Sandbox) -> None:
            box.edit(ada["id"], consent={"email": {"state": "subscribed"}})

        shop.box.fault(Fault("edit_after", method="PUT", edit=rise))
        shop.box.fault(Fault("status", method="PUT", nth=2, status=401))
        first = shop.apply(body, resume=True)
        shop.box.clear_faults()

        second = shop.apply(body, resume=True)

        assert "could not be taken back" in str(told(first))
        assert any("was taken back" in text for text in second.stores[0].outcomes[0].noticed)
        assert shop.live("ada@example.com")["consent"]["email"]["state"] == "unsubscribed"


@pytest.mark.parametrize("actor", ["person", "staff"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_an_opt_out_right_after_our_grant_is_not_granted_over_by_the_resume(
    tmp_path: Path, variant: str, actor: str
) -> None:
    with opened(tmp_path, variant, []) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})
        body = shop.plan()

        def opt_out(box: Sandbox) -> None:
            one = box.customers()[0]
            if actor == "person":
                box.person(one["id"], "email", "unsubscribed")
            else:
                box.edit(one["id"], consent={"email": {"state": "unsubscribed"}})

        shop.box.fault(Fault("edit_after", method="PUT", edit=opt_out))
        first = shop.apply(body)
        shop.box.clear_faults()
        second = shop.apply(body, resume=True)

        assert not first.complete
        assert not second.complete
        assert shop.live("ada@example.com")["consent"]["email"]["state"] == "unsubscribed"


def test_an_opt_out_that_is_refused_does_not_delay_another(tmp_path: Path) -> None:
    """Subscribed to SMS without a number: the store refuses to change that, and to both at once."""
    yes = {"email": consent("subscribed"), "sms": consent("subscribed")}
    with opened(tmp_path, "shopline", [person(consent=yes)]) as shop:
        shop.want(
            {
                "email": "ada@example.com",
                "consent": {"email": "unsubscribed", "sms": "unsubscribed"},
            }
        )

        (outcome,) = shop.apply(shop.plan()).stores[0].outcomes

        assert outcome.state is State.FAILED
        told = {str(path): state for path, state in outcome.fields}
        assert told == {"consent.email": State.DONE, "consent.sms": State.FAILED}
        assert shop.live("ada@example.com")["consent"]["email"]["state"] == "unsubscribed"


@pytest.mark.parametrize("moment", ["killed", "lost"])
@pytest.mark.parametrize("variant", ["genstore", "shoplazza", "shopline"])
def test_a_create_that_is_seen_late_is_found_before_and_after_its_repeat(
    tmp_path: Path, variant: str, moment: str
) -> None:
    """Lists show it after two seconds, or only once its repeat was refused; in real time."""
    switches = {"create_default": "SUBSCRIBED"} if variant == "genstore" else {}
    with opened(tmp_path, variant, [], switches) as shop:
        shop.want({"email": "ada@example.com", "first_name": "Ada"})
        body = shop.plan(read="full")
        create = r"customers(\.json)?$"
        if moment == "killed":
            shop.box.fault(Fault("late", method="POST", path=create, seconds=2))
            shop.box.fault(Fault("drop_after", method="POST", path=create))
            with pytest.raises(Killed):
                # Dies while it looks for what was lost: nothing is noted after `intended`.
                shop.apply(body, dies_after=3)
            shop.clock = system_clock()
        else:
            # The quick clock looks for ten seconds in no time, repeats, and is refused.
            shop.box.fault(Fault("late", method="POST", path=create, seconds=0.4))
            shop.box.fault(Fault("drop_after", method="POST", path=create))

        first = shop.apply(body, resume=moment == "killed")
        time.sleep(0.5)  # noqa: TID251 -- the lists are late in real time
        second = shop.apply(body, resume=True)

        assert second.complete, told(second)
        assert len(shop.box.customers()) == 1
        held = shop.live("ada@example.com")["consent"]
        assert not [one for one in held.values() if one["state"] in ("subscribed", "pending")]
        assert first.complete or states(first) == [State.UNKNOWN]
