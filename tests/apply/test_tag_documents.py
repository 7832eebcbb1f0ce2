"""Exact, retired, renamed, ending and exclusive tags, there and back on every platform."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State
from tests.harness import VARIANTS, Json, Shop, consent, opened, person, states, verdicts

ADA, BEA, CY, DEE = (f"{name}@example.com" for name in ("ada", "bea", "cy", "dee"))
SUBSCRIBED = {"email": consent("subscribed", "2026-01-01T00:00:00+00:00"), "sms": consent()}


@pytest.fixture(params=VARIANTS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """Ada and Bea are named by specs; Cy is a stranger with the tag, and Dee one without."""
    people = [
        person(ADA, tags=["app:x"]),
        person(BEA, tags=["VIP", "app:x"]),
        person(CY, tags=["app:y", "vip", "old"], consent=SUBSCRIBED),
        person(DEE, tags=["app:y"]),
    ]
    with opened(tmp_path, request.param, people) as one:
        yield one


def exact(*members: str, **more: Any) -> Json:
    return {"name": "vip", "exact": True, "members": [{"email": one} for one in members], **more}


def tags(shop: Shop) -> dict[str, list[str]]:
    return {one["email"]: sorted(one["tags"]) for one in shop.box.customers()}


def edit(shop: Shop, whom: str, /, **fields: Any) -> None:
    (found,) = (one for one in shop.box.customers() if one["email"] == whom)
    shop.box.edit(found["id"], **fields)


def test_nobody_else_of_the_store_bears_an_exact_tag(shop: Shop) -> None:
    shop.want({"email": BEA}, tags=[exact(ADA)])
    before = {one["email"]: one for one in shop.box.customers()}
    body = shop.plan()
    assert body["stores"][0]["receipt"]["mode"] == "full"
    assert body["summary"]["classes"]["tag"] == 3
    shop.converge()

    assert tags(shop) == {
        ADA: ["app:x", "vip"],
        BEA: ["app:x"],
        CY: ["app:y", "old"],
        DEE: ["app:y"],
    }
    for email in (CY, DEE):
        now = shop.live(email)
        same = ("first_name", "last_name", "note", "addresses")
        assert [now[name] for name in same] == [before[email][name] for name in same]
        assert now["consent"]["email"]["state"] == before[email]["consent"]["email"]["state"]


def test_a_retired_tag_is_taken_off_whoever_bears_it(shop: Shop) -> None:
    shop.want(tags=[{"name": "vip", "state": "absent"}, {"name": "old", "state": "absent"}])
    shop.converge()

    assert tags(shop) == {ADA: ["app:x"], BEA: ["app:x"], CY: ["app:y"], DEE: ["app:y"]}


def test_look_ups_take_it_off_nobody_whom_no_entry_names(shop: Shop) -> None:
    shop.want({"email": BEA}, tags=[exact(ADA)])
    body = shop.plan(read="lookup")
    people = {one["remote_id"] for one in body["changes"]}

    assert ("hold", "read.unproven-absence") in verdicts(body)
    assert shop.live(CY)["id"] not in people
    (held,) = (one for one in body["verdicts"] if one["customer"] is None)
    assert held["message"] == "vip: look-ups do not show who else of the store bears this tag"
    assert "--read full" in held["lifted_by"]
    shop.apply(body)
    assert tags(shop)[CY] == ["app:y", "old", "vip"]


def test_many_strangers_meet_the_ceiling_of_tags(shop: Shop) -> None:
    shop.box.seed([person(f"{number}@example.com", tags=["vip"]) for number in range(25)])
    shop.settings["limits"] = None
    shop.want(tags=[exact(ADA)])
    body = shop.plan()

    assert ("block", "ceiling.tag") in verdicts(body)
    assert shop.plan(raises=((RiskClass.TAG, 28),))["summary"]["blocked"] is False


def test_a_tag_that_feeds_an_audience_is_taken_off_as_an_opt_out(shop: Shop) -> None:
    shop.policy = {"consent": {"bearing_tags": {"vip": "email"}}}
    shop.want(tags=[{"name": "vip", "state": "absent"}])
    body = shop.plan()

    assert {tuple(one["classes"]) for one in body["changes"]} == {("withdraw",)}
    shop.converge()
    assert shop.live(CY)["consent"]["email"]["state"] == "subscribed"


def test_whoever_bears_the_mark_of_others_keeps_the_tag(shop: Shop) -> None:
    edit(shop, CY, tags=["vip", "managed-by-crm"])
    shop.settings["ownership"] = {"foreign": ["managed-by-*"]}
    shop.want(tags=[{"name": "vip", "state": "absent"}])
    body = shop.plan()

    assert verdicts(body) == [("hold", "ownership.foreign")]
    assert len(body["changes"]) == 1
    released = shop.plan(releases=_release("ownership.foreign"))
    assert shop.apply(released).complete
    assert tags(shop)[CY] == ["managed-by-crm"]


def _release(rule: str) -> Any:
    from reconciler.model.settings import Release

    return (Release(rule=rule),)


def test_tags_that_came_before_the_write_go_back_untouched(shop: Shop) -> None:
    shop.want(tags=[exact(ADA)])
    body = shop.plan()
    edit(shop, CY, tags=["app:y", "vip", "old", "new-here"], note="edited")
    edit(shop, ADA, tags=["app:x", "new-here"])
    assert shop.apply(body).complete

    assert tags(shop)[CY] == ["app:y", "new-here", "old"]
    assert tags(shop)[ADA] == ["app:x", "new-here", "vip"]
    assert shop.live(CY)["note"] == "edited"


@pytest.mark.parametrize("shop", ["genstore", "shopline"], indirect=True)
def test_a_stranger_who_becomes_a_member_meanwhile_is_left_alone(shop: Shop) -> None:
    shop.want(tags=[exact("new@example.com", DEE)])
    body = shop.plan()
    edit(shop, CY, email="new@example.com")
    result = shop.apply(body)

    assert State.STALE in states(result)
    assert "vip" in tags(shop)["new@example.com"]


def test_an_apply_that_is_cut_off_goes_on(shop: Shop) -> None:
    shop.want({"email": BEA}, tags=[exact(ADA)])
    body = shop.plan()
    assert shop.apply(body, only=[RiskClass.GRANT]).complete
    assert tags(shop)[CY] == ["app:y", "old", "vip"]
    assert shop.apply(body, resume=True).complete
    assert tags(shop)[CY] == ["app:y", "old"]


def test_a_renamed_tag_moves_with_its_members(shop: Shop) -> None:
    shop.want(tags=[{"name": "gold", "renamed_from": "vip", "members": [{"email": BEA}]}])
    shop.converge()

    assert tags(shop)[BEA] == ["app:x", "gold"]
    assert tags(shop)[CY] == ["app:y", "old", "vip"]


def test_a_membership_that_ends_takes_the_tag_off(shop: Shop) -> None:
    now = shop.environment.clock.now()
    ends = (now + timedelta(days=1)).isoformat(timespec="seconds")
    ended = (now - timedelta(days=1)).isoformat(timespec="seconds")
    shop.want(tags=[{"name": "vip", "members": [{"email": ADA, "until": ends}]}])
    shop.converge()
    assert tags(shop)[ADA] == ["app:x", "vip"]

    shop.want(tags=[{"name": "vip", "members": [{"email": ADA, "until": ended}]}])
    shop.converge()
    assert tags(shop)[ADA] == ["app:x"]
    assert [one.rule for one in shop.warnings] == ["tags.member-ended"]


def test_one_of_a_group_drives_out_the_others(shop: Shop) -> None:
    group: Json = {"one_of": ["old", "vip", "new"]}
    shop.want({"email": CY, "tags": {"add": ["new"]}}, tags=[group])
    shop.converge()

    assert tags(shop)[CY] == ["app:y", "new"]
    assert tags(shop)[BEA] == ["VIP", "app:x"]
