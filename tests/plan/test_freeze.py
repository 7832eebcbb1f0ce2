"""Times in which nothing but opt-outs goes to a store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clock import Clock
from reconciler.errors import BlockedPlanError, StalePlanError
from reconciler.model.settings import Freeze, Release, RiskClass
from reconciler.plan.freeze import freeze_at
from reconciler.planfile.decode import decode
from reconciler.report import text
from tests.builders import settings
from tests.harness import Shop, consent, opened, person, quick_clock, verdicts
from tests.program import run

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BLACK_FRIDAY = {
    "from": "2026-11-27T00:00:00+00:00",
    "until": "2026-12-01T00:00:00+00:00",
    "reason": "Black Friday",
}
OPT_OUT = {"email": "bo@example.com", "consent": {"email": "unsubscribed"}}
TAG = {"email": "ada@example.com", "tags": {"add": ["vip"]}}
PEOPLE = [person(), person("bo@example.com", consent={"email": consent("subscribed")})]


def at(moment: datetime) -> Clock:
    return replace(quick_clock(), now=lambda: moment)


def before(shop: Shop) -> Any:
    shop.clock = at(NOW - timedelta(days=3))
    return shop.plan()


def windows(*spans: tuple[int, int]) -> tuple[Freeze, ...]:
    return tuple(
        Freeze(begins=NOW + timedelta(hours=a), ends=NOW + timedelta(hours=b), reason=f"{a} to {b}")
        for a, b in spans
    )


@given(
    st.lists(
        st.tuples(st.integers(-5, 5), st.integers(1, 5)).map(lambda one: (one[0], sum(one))),
        max_size=4,
    )
)
def test_a_store_is_frozen_from_the_first_instant_to_right_before_the_last(
    spans: list[tuple[int, int]],
) -> None:
    found = freeze_at(NOW, [settings(frozen=windows(*spans))])

    lasting = [span for span in spans if span[0] <= 0 < span[1]]
    assert (found is None) == (not lasting)
    if found is not None:
        assert found.ends == NOW + timedelta(hours=max(end for _, end in lasting))


def test_a_plan_inside_a_window_is_blocked_and_says_until_when_and_why(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.settings = {"frozen": [BLACK_FRIDAY]}
        shop.clock = at(NOW)
        shop.want(TAG, OPT_OUT)

        body = shop.plan()

        assert verdicts(body) == [("block", "store.frozen")]
        (verdict,) = body["verdicts"]
        assert (
            verdict["message"] == "the store is frozen until 2026-12-01T00:00+00:00: Black Friday"
        )
        assert verdict["lifted_by"] == "--release store.frozen"
        assert verdict["approval"] == "release: store.frozen"
        shown = "\n".join(one.text for one in text.render(decode(body), every=False, reveal={}))
        assert "BLOCK    store.frozen: the store is frozen until" in shown
        with pytest.raises(BlockedPlanError):
            shop.apply(body)

        done = shop.apply(body, only=[RiskClass.WITHDRAW])

        assert done.complete
        assert shop.live("bo@example.com")["consent"]["email"]["state"] == "unsubscribed"
        assert "vip" not in shop.live("ada@example.com")["tags"]


@pytest.mark.parametrize("wanted", [(), (OPT_OUT,)])
def test_nothing_to_do_and_opt_outs_alone_are_no_matter_for_a_window(
    tmp_path: Path, wanted: tuple[Any, ...]
) -> None:
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.settings = {"frozen": [BLACK_FRIDAY]}
        shop.clock = at(NOW)
        shop.want(*wanted)

        shop.converge()


def test_a_release_lifts_it_and_is_shown(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.settings = {"frozen": [BLACK_FRIDAY]}
        shop.clock = at(NOW)
        shop.want(TAG)

        body = shop.plan(releases=(Release(rule="store.frozen"),))

        assert not body["summary"]["blocked"]
        (lift,) = [one for one in body["lifts"] if one["kind"] == "release"]
        assert (lift["what"], lift["state"]) == ("store.frozen", "used")
        assert shop.apply(body).complete
        assert "vip" in shop.live("ada@example.com")["tags"]


def test_an_approval_in_the_specs_lifts_it_for_its_store(tmp_path: Path) -> None:
    approval = {
        "release": "store.frozen",
        "reason": "the sale needs its tags",
        "until": (NOW + timedelta(days=2)).isoformat(),
    }
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.settings = {"frozen": [BLACK_FRIDAY]}
        shop.clock = at(NOW)
        shop.want(TAG, approvals=[approval])

        shop.converge()


def test_a_plan_made_before_is_refused_inside_but_for_its_opt_outs(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.settings = {"frozen": [BLACK_FRIDAY]}
        shop.want(TAG, OPT_OUT)
        body = before(shop)
        assert verdicts(body) == []
        shop.clock = at(NOW)

        with pytest.raises(BlockedPlanError) as refused:
            shop.apply(body)

        assert "frozen until 2026-12-01T00:00+00:00: Black Friday" in str(refused.value)
        assert "--only withdraw" in str(refused.value)
        assert shop.live("bo@example.com")["consent"]["email"]["state"] == "subscribed"
        assert shop.apply(body, only=[RiskClass.WITHDRAW]).complete
        assert shop.live("bo@example.com")["consent"]["email"]["state"] == "unsubscribed"
        assert "vip" not in shop.live("ada@example.com")["tags"]
        shop.clock = at(datetime(2026, 12, 1, tzinfo=UTC))
        assert shop.apply(body, resume=True).complete
        assert "vip" in shop.live("ada@example.com")["tags"]


def test_a_plan_that_was_released_before_a_window_is_applied_inside(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.settings = {"frozen": [BLACK_FRIDAY]}
        shop.want(TAG)
        shop.clock = at(NOW - timedelta(days=3))
        body = shop.plan(releases=(Release(rule="store.frozen", store="shop"),))
        shop.clock = at(NOW)

        assert shop.apply(body).complete


def test_a_window_that_is_added_makes_earlier_plans_stale(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.want(TAG)
        body = before(shop)
        shop.settings = {"frozen": [BLACK_FRIDAY]}
        shop.want(TAG)

        with pytest.raises(StalePlanError):
            shop.apply(body)


def test_a_window_that_begins_before_a_store_is_begun_stops_it_there(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.settings = {"frozen": [BLACK_FRIDAY]}
        shop.want(TAG)
        body = before(shop)
        start = datetime(2026, 11, 26, 23, 59, 59, tzinfo=UTC)
        looks = iter(range(10**6))
        shop.clock = replace(quick_clock(), now=lambda: start + timedelta(seconds=next(looks) / 4))

        with pytest.raises(BlockedPlanError):
            shop.apply(body)

        assert "vip" not in shop.live("ada@example.com")["tags"]


def test_a_changed_window_is_a_changed_setting(tmp_path: Path) -> None:
    from reconciler.model.settings import Policy, Settings
    from reconciler.plan.settings_change import rule_changes, settings_digest
    from tests.builders import rules

    def of(*frozen: Freeze) -> Settings:
        return Settings(stores=(settings(frozen=frozen),), policy=Policy(), approvals=())

    keyed = rules().pseudonyms
    (one,) = windows((0, 1))
    (change,) = rule_changes(of(), of(one), keyed)

    span = "2026-11-28T12:00+00:00 to 2026-11-28T13:00+00:00"
    assert change.path == ("stores", "shop", "frozen", span)
    assert (change.before, change.after) == (None, "0 to 1")
    assert settings_digest(of(), keyed) != settings_digest(of(one), keyed)


@pytest.mark.parametrize(
    ("window", "rule"),
    [
        ({**BLACK_FRIDAY, "until": BLACK_FRIDAY["from"]}, "settings.frozen"),
        ({**BLACK_FRIDAY, "from": "2026-11-27"}, "schema.format"),
        ({**BLACK_FRIDAY, "from": "2026-11-27T00:00:00"}, "schema.format"),
        ({"from": BLACK_FRIDAY["from"], "until": BLACK_FRIDAY["until"]}, "schema.missing"),
        ({**BLACK_FRIDAY, "reason": ""}, "schema.value"),
        ({**BLACK_FRIDAY, "why": "x"}, "schema.unknown-key"),
    ],
)
def test_a_window_that_makes_no_sense_is_a_complaint(
    tmp_path: Path, window: dict[str, str], rule: str
) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        shop.settings = {"frozen": [window]}
        shop.want()

        assert f"error[{rule}]" in run("validate", shop.specs).out


def test_a_reason_that_names_somebody_is_masked(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", PEOPLE) as shop:
        shop.settings = {
            "frozen": [{**BLACK_FRIDAY, "reason": "ask grace@example.com, says Adalie"}]
        }
        shop.clock = at(NOW)
        shop.want({**TAG, "first_name": "Adalie"})

        (verdict,) = shop.plan()["verdicts"]

        assert "grace@" not in verdict["message"]
        assert "Adalie" not in verdict["message"]
