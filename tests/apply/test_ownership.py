"""Marks of ownership there and back: made, taken off by hand, on strangers, and of two tools."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.model.settings import Release, RiskClass
from reconciler.plan.outcome import State
from reconciler.sandbox.faults import Fault
from tests.harness import (
    KEY,
    VARIANTS,
    Json,
    Shop,
    consent,
    grant,
    opened,
    person,
    states,
    verdicts,
)
from tests.practice.test_exports import exported
from tests.program import run

OURS, THEIRS = "managed-by-reconciler", "managed-by-crm"
MARKS: Json = {"tag": OURS, "foreign": ["managed-by-*"]}
# Shoplazza deletes nobody and changes no address.
CHANGING: Final = tuple(one for one in VARIANTS if not one.startswith("shoplazza"))
NEW: Json = {"email": "new@example.com", "first_name": "Zoë"}
SUBSCRIBED = {"email": consent("subscribed", "2026-01-01T00:00:00+00:00"), "sms": consent()}


@pytest.fixture(params=VARIANTS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A store with a mark, and one stranger who has a tag of an app's."""
    with opened(tmp_path, request.param, [person(tags=["app:x"])]) as one:
        one.settings = {"ownership": MARKS}
        yield one


def edit(shop: Shop, email: str, **fields: Any) -> None:
    (found,) = (one for one in shop.box.customers() if one["email"] == email)
    shop.box.edit(found["id"], **fields)


def tags_of(shop: Shop, email: str) -> set[str]:
    return set(shop.live(email)["tags"])


def fields(body: Json) -> list[list[str]]:
    return [[one["field"] for one in change["fields"]] for change in body["changes"]]


@pytest.mark.parametrize("tags", [None, ["vip"], []])
def test_whoever_we_make_bears_our_mark_and_plans_empty(shop: Shop, tags: list[str] | None) -> None:
    shop.settings["tags"] = {"owned": ["*"]}
    shop.want(NEW if tags is None else {**NEW, "tags": tags})
    body = shop.plan()
    assert f"tags[{OURS}]" in fields(body)[0]
    assert body["summary"]["classes"] | {"create": 1, "tag": 0} == body["summary"]["classes"]
    shop.converge()

    assert tags_of(shop, "new@example.com") == {OURS, *(tags or ())}
    assert shop.plan(read="lookup")["changes"] == []
    # What is written of it later leaves the mark where it is, also where all tags are ours.
    shop.want({**NEW, "first_name": "Zoe", "tags": ["late"]})
    shop.converge()
    assert tags_of(shop, "new@example.com") == {OURS, "late"}


def test_a_mark_that_was_taken_off_by_hand_stays_off_unless_claimed(shop: Shop) -> None:
    shop.want(NEW)
    shop.converge()
    edit(shop, "new@example.com", tags=["app:y"])
    assert shop.plan()["changes"] == []

    shop.want({**NEW, "first_name": "Zoe"})
    shop.converge()
    assert tags_of(shop, "new@example.com") == {"app:y"}

    shop.want({**NEW, "first_name": "Zoe", "claim": True})
    body = shop.plan()
    assert fields(body) == [[f"tags[{OURS}]"]]
    assert body["changes"][0]["classes"] == ["tag"]
    shop.converge()
    assert tags_of(shop, "new@example.com") == {"app:y", OURS}


@pytest.mark.parametrize("read", ["full", "lookup"])
def test_a_stranger_gets_no_mark_and_a_claimed_store_marks_every_entry(
    shop: Shop, read: str
) -> None:
    stranger: Json = {"email": "ada@example.com", "last_name": "Byron"}
    shop.want(stranger)
    shop.converge()
    assert tags_of(shop, "ada@example.com") == {"app:x"}

    shop.settings["claim"] = True
    shop.want({**stranger, "claim": False})
    assert shop.plan(read=read)["changes"] == []
    shop.want(tags=[{"name": "app:x", "members": [{"email": "ada@example.com"}]}])
    assert shop.plan(read=read)["changes"] == []
    shop.want({**stranger, "tags": {"add": ["vip"]}})
    shop.converge()
    assert tags_of(shop, "ada@example.com") == {"app:x", "vip", OURS}


def test_two_tools_with_two_marks_leave_each_other_alone(shop: Shop) -> None:
    """Both marks on one customer hold both tools; an opt-out passes, and a release lets go on."""
    shop.reset([person(tags=[OURS, THEIRS], consent=SUBSCRIBED)])
    for own in (OURS, THEIRS):
        shop.settings["ownership"] = {**MARKS, "tag": own}
        shop.want({"email": "ada@example.com", "first_name": "Grace", "tags": [], "claim": True})
        body = shop.plan()
        assert body["changes"] == []
        assert verdicts(body) == [("hold", "ownership.foreign")]
        assert body["verdicts"][0]["lifted_by"] == "--release ownership.foreign"
        assert (THEIRS if own == OURS else OURS) in body["verdicts"][0]["message"]

    shop.want({"email": "ada@example.com", "first_name": "Grace", "consent": "unsubscribed"})
    body = shop.plan()
    assert [one["classes"] for one in body["changes"]] == [["withdraw"]]
    assert shop.apply(body).complete
    live = shop.live("ada@example.com")
    assert (live["first_name"], live["consent"]["email"]["state"]) == ("Ada", "unsubscribed")
    assert set(live["tags"]) == {OURS, THEIRS}


@pytest.mark.parametrize("shop", CHANGING, indirect=True)
def test_a_delete_of_whom_others_have_marked_is_held_and_an_erasure_stays_owed(shop: Shop) -> None:
    edit(shop, "ada@example.com", tags=[THEIRS])
    shop.want({"email": "ada@example.com", "state": "absent", "reason": "erasure 418"})
    body = shop.plan()

    assert body["changes"] == []
    assert verdicts(body) == [("hold", "erasure.not-planned"), ("hold", "ownership.foreign")]
    assert "held by ownership.foreign" in body["verdicts"][0]["message"]


def test_a_mark_of_others_that_comes_before_the_write_stops_it(shop: Shop) -> None:
    shop.want({"email": "ada@example.com", "last_name": "Byron", "claim": True})
    body = shop.plan()
    edit(shop, "ada@example.com", tags=["app:x", THEIRS])
    result = shop.apply(body)

    assert states(result) == [State.STALE]
    assert shop.live("ada@example.com")["last_name"] == "Lovelace"
    assert tags_of(shop, "ada@example.com") == {"app:x", THEIRS}


@pytest.mark.parametrize("shop", CHANGING, indirect=True)
def test_a_mark_of_others_that_comes_before_a_delete_stops_it(shop: Shop) -> None:
    shop.want({"email": "ada@example.com", "state": "absent"})
    body = shop.plan()
    edit(shop, "ada@example.com", tags=[THEIRS])
    assert states(shop.apply(body)) == [State.STALE]

    assert shop.plan()["changes"] == []
    released = shop.plan(releases=(Release(rule="ownership.foreign"),))
    assert shop.apply(released).complete
    assert shop.box.customers() == []


def test_a_mark_of_others_that_comes_right_after_a_create_stops_the_opt_in(shop: Shop) -> None:
    """It comes when the new customer has been read back, and before the next step."""
    shop.want({**NEW, "consent": {"email": grant()}})
    body = shop.plan()
    result = shop.apply(body, only=[RiskClass.CREATE])
    assert result.complete
    edit(shop, NEW["email"], tags=[OURS, THEIRS])
    result = shop.apply(body, resume=True)

    assert State.STALE in states(result)
    assert shop.live(NEW["email"])["consent"]["email"]["state"] != "subscribed"


def test_a_mark_that_came_by_itself_is_there_already(shop: Shop) -> None:
    shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}, "claim": True})
    body = shop.plan()
    edit(shop, "ada@example.com", tags=["app:x", OURS.upper()])
    result = shop.apply(body)

    assert result.complete
    told = {str(path): state for path, state in result.stores[0].outcomes[0].fields}
    assert told == {"tags": State.DONE, f"tags[{OURS}]": State.ALREADY}
    assert tags_of(shop, "ada@example.com") == {"app:x", "vip", OURS.upper()}


def test_a_stranger_who_came_meanwhile_is_not_taken_for_ours(shop: Shop) -> None:
    """The one who is there has all that was approved, but not our mark."""
    shop.want({"email": "new@example.com"})
    body = shop.plan()
    shop.box.seed([{**person("new@example.com"), "first_name": None, "last_name": None}])

    assert states(shop.apply(body)) == [State.STALE]
    assert tags_of(shop, "new@example.com") == set()


def test_a_mark_that_did_not_stay_on_a_new_customer_is_told(shop: Shop) -> None:
    shop.want(NEW)
    body = shop.plan()
    shop.box.fault(
        Fault("edit_after", method="POST", times=9, edit=lambda box: _strip(box, NEW["email"]))
    )
    result = shop.apply(body)

    assert State.NOT_APPLIED in states(result)
    assert f"tags[{OURS}]: not applied" in result.stores[0].outcomes[0].message
    # The next plan puts none on: nobody knows that it is ours.
    assert shop.plan()["changes"] == []


def _strip(box: Any, email: str) -> None:
    for one in box.customers():
        if one["email"] == email:
            box.edit(one["id"], tags=[])


@pytest.mark.parametrize("claim", [False, True])
def test_an_export_names_no_mark_and_plans_empty(shop: Shop, claim: bool) -> None:
    shop.box.seed([person("b@example.com", tags=[OURS, "vip"]), person("c@example.com")])
    shop.box.seed([person("d@example.com", tags=[THEIRS])])
    shop.settings |= {"claim": claim}
    exported(shop)
    text = (shop.specs / "exported.yaml").read_text(encoding="utf-8")
    body = shop.plan(read="full")

    assert "managed-by" not in text
    assert text.count("claim: false") == (3 if claim else 0)
    assert (body["changes"], body["verdicts"]) == ([], [])
    assert shop.warnings == []


def test_explain_tells_whose_a_customer_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(shop, "ada@example.com", tags=["vip", OURS])
    shop.want({"email": "ada@example.com", "tags": ["vip"]})
    told = _explained(shop, monkeypatch)
    assert "mark of ownership: ours\n" in told
    assert "live    vip\n" in told

    edit(shop, "ada@example.com", tags=["vip", THEIRS])
    shop.want({"email": "ada@example.com", "tags": ["vip"], "claim": True})
    told = _explained(shop, monkeypatch)
    assert f"mark of ownership: not ours; of others: {THEIRS}\n" in told
    assert "HOLD  ownership.foreign" in told

    edit(shop, "ada@example.com", tags=["vip"])
    told = _explained(shop, monkeypatch)
    assert "mark of ownership: not ours, and would change\n" in told
    assert "tags: as wanted\n" in told


def _explained(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO("ada@example.com\n"))
    known = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
    done = run("explain", "--specs", shop.specs, env=known)
    assert done.code == 0, done.everything
    return done.out


def test_a_claim_without_a_mark_is_told_and_does_nothing(shop: Shop) -> None:
    shop.settings = {"claim": True}
    shop.want({"email": "ada@example.com", "claim": True})

    assert shop.plan()["changes"] == []
    assert [one.rule for one in shop.warnings] == ["ownership.no-mark", "ownership.no-mark"]


@pytest.mark.parametrize("shop", CHANGING, indirect=True)
def test_whoever_is_renamed_keeps_the_mark(shop: Shop) -> None:
    edit(shop, "ada@example.com", tags=[OURS])
    shop.want({"email": "new@example.com", "previously": {"email": "ada@example.com"}, "tags": []})
    shop.converge()

    assert tags_of(shop, "new@example.com") == {OURS}
