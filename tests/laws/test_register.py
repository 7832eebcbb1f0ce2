"""Law: an opt-out outlives the record, the file and the folder; the person's own later yes counts.

Nobody who ever said no is subscribed without newer evidence or their own later act, and nobody's
own later yes is taken back: over deletes, renames, reverts, lost folders, rotated keys and copies.
"""

import json
import random
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import app, schemas
from reconciler.errors import BlockedPlanError, JournalError
from reconciler.model.consent import Channel
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import Release, RiskClass
from reconciler.plan.outcome import State
from reconciler.state.key import key
from tests.company import Days, company
from tests.harness import (
    KEY,
    PLATFORMS,
    Shop,
    consent,
    grant,
    opened,
    person,
    states,
    told,
    verdicts,
)
from tests.program import run
from tests.registers import act, register_at, who

Json = dict[str, Any]
ADA = "ada@example.com"
DELETING = ("genstore", "shopline")
OUT = consent("unsubscribed", "2026-07-01T00:00:00+00:00", "person")
NEWER = "2026-08-01T00:00:00+00:00"
SUBSCRIBED: Json = {"email": ADA, "consent": {"email": grant()}}
GONE: Json = {"email": ADA, "state": "absent", "reason": "left"}
ERASED: Json = {"email": ADA, "state": "absent", "reason": "erasure request 418"}
OTHER_KEY = "another key, which is as long as any other"


def _out(email: str = ADA) -> Json:
    return person(email, consent={"email": OUT, "sms": consent()})


def _path(shop: Shop) -> Path:
    return shop.folder / ".reconciler" / "opt-outs" / "shop.jsonl"


def _lines(shop: Shop) -> list[bytes]:
    return _path(shop).read_bytes().splitlines()


def _is_subscribed(shop: Shop, email: str = ADA) -> bool:
    found = [one for one in shop.box.customers() if one["email"] == email]
    return any(one["consent"]["email"]["state"] == "subscribed" for one in found)


@pytest.mark.parametrize("platform", DELETING)
def test_whoever_is_deleted_and_made_again_is_out_as_before(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, [_out()]) as shop:
        shop.want(GONE)
        shop.converge()
        shop.want(SUBSCRIBED)
        body = shop.plan()

        assert ("hold", "register.opted-out") in verdicts(body)
        assert shop.apply(body).complete
        assert not _is_subscribed(shop)
        shop.want({"email": ADA, "consent": {"email": grant(given_at=NEWER)}})
        shop.converge()
        assert _is_subscribed(shop)


@pytest.mark.parametrize("platform", DELETING)
def test_a_record_that_somebody_else_removes_is_remembered_by_the_plan_that_saw_it(
    tmp_path: Path, platform: str
) -> None:
    with opened(tmp_path, platform, [_out()]) as shop:
        shop.want({"email": ADA, "consent": {"email": "unsubscribed"}})
        assert shop.plan()["changes"] == []
        shop.box.remove(shop.live(ADA)["id"])
        shop.want(SUBSCRIBED)

        assert ("hold", "register.opted-out") in verdicts(shop.plan())


WITHOUT_PROOF: Json = {"state": "subscribed", "given_at": NEWER, "source": "checkout"}


@pytest.mark.parametrize("platform", DELETING)
@pytest.mark.parametrize("at", [OUT["at"], None])
def test_a_no_that_a_record_shows_as_never_asked_by_now_is_a_no(
    tmp_path: Path, platform: str, at: str | None
) -> None:
    """Since the same instant, too: what was seen of a no is not what was seen of nobody's act."""
    said = consent("unsubscribed", at, "person")
    with opened(
        tmp_path, platform, [person(ADA, consent={"email": said, "sms": consent()})]
    ) as shop:
        shop.want({"email": ADA, "consent": {"email": "unsubscribed"}})
        shop.plan()
        never = {"email": consent("not_subscribed", at), "sms": consent()}
        shop.box.reset([person(ADA, consent=never)])
        shop.want({"email": ADA, "tags": ["vip"], "consent": {"email": WITHOUT_PROOF}})
        for _ in range(2):
            body = shop.plan()
            assert ("hold", "register.opted-out") in verdicts(body)
            shop.apply(body)
            assert not _is_subscribed(shop)


def test_a_rename_away_and_back_meets_the_opt_out(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [_out()]) as shop:
        shop.want({"email": "new@example.com", "previously": {"email": ADA}})
        shop.converge()
        shop.box.person(shop.live("new@example.com")["id"], "email", "subscribed")
        shop.want(
            {
                "email": ADA,
                "previously": {"email": "new@example.com"},
                "consent": {"email": grant()},
            }
        )
        body = shop.plan()

        assert ("hold", "register.opted-out") in verdicts(body)
        shop.apply(body)
        assert not _is_subscribed(shop)


@pytest.mark.parametrize("platform", DELETING)
def test_our_own_withdrawal_outlives_the_record(tmp_path: Path, platform: str) -> None:
    yes = person(ADA, consent={"email": consent("subscribed"), "sms": consent()})
    with opened(tmp_path, platform, [yes]) as shop:
        shop.want({"email": ADA, "consent": {"email": "unsubscribed"}})
        shop.converge()
        shop.box.remove(shop.live(ADA)["id"])
        shop.want(SUBSCRIBED)

        assert ("hold", "register.opted-out") in verdicts(shop.plan())


def test_what_an_apply_finds_is_skipped_and_ends_with_4(tmp_path: Path) -> None:
    """The plan was made where the register was not known."""
    with opened(tmp_path, "genstore") as shop:
        shop.want(SUBSCRIBED)
        body = shop.plan()
        register = register_at(shop.folder / ".reconciler", *_keys(shop))
        register.note([(who(ADA), act(at=datetime(2026, 7, 1, tzinfo=UTC)))])

        result = shop.apply(body)

        assert states(result) == [State.DONE, State.OUT_BEFORE], told(result)
        assert not result.complete
        assert not _is_subscribed(shop)


def test_the_command_says_so_and_ends_with_4(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore") as shop:
        shop.want(SUBSCRIBED)
        env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
        file = tmp_path / "plan.json"
        assert run("plan", "--specs", shop.specs, "--out", file, env=env).code == 0
        (tmp_path / "list.csv").write_text(f"email,date\n{ADA},2026-07-01\n")
        assert _register(shop, "import", tmp_path / "list.csv", "--store", "shop").code == 0

        done = run("apply", file, "--specs", shop.specs, "--yes", env=env)

        assert done.code == 4
        assert "skipped: opted out before" in done.everything


def _keys(shop: Shop) -> list[bytes]:
    from reconciler.state.key import register_keys

    return list(register_keys(shop.environment.folder, shop.environment.variables))


def test_a_person_who_was_out_is_not_asked_again(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore") as shop:
        register_at(shop.folder / ".reconciler", *_keys(shop)).note([(who(ADA), act())])
        shop.want({"email": ADA, "consent": {"email": {"state": "pending"}}})

        body = shop.plan(releases=(Release(rule="consent.pending-message"),))

        assert ("hold", "register.opted-out") in verdicts(body)
        assert [one["field"] for one in body["changes"][0]["fields"]] == ["customer", "email"]


@pytest.mark.parametrize("platform", ["shoplazza", "shopline"])
def test_the_persons_own_later_yes_that_a_reading_shows_clears_it(
    tmp_path: Path, platform: str
) -> None:
    with opened(tmp_path, platform, [_out()]) as shop:
        shop.want({"email": ADA, "tags": {"add": ["vip"]}})
        shop.converge()
        known = register_at(shop.folder / ".reconciler", *_keys(shop)).known
        assert known.of(Channel.EMAIL, ADA) is not None
        shop.box.person(shop.live(ADA)["id"], "email", "subscribed")
        shop.want(SUBSCRIBED)
        shop.plan(read="full")

        assert _is_subscribed(shop)
        found = register_at(shop.folder / ".reconciler", *_keys(shop)).known.of(Channel.EMAIL, ADA)
        assert found is not None
        if platform == "shoplazza":
            assert found.said == "in"


def test_a_later_yes_of_their_own_is_not_taken_back_with_the_record(tmp_path: Path) -> None:
    """Shoplazza tells by its flag that it was the person, and no time."""
    with opened(tmp_path, "shoplazza", [_out()]) as shop:
        shop.want({"email": ADA, "tags": {"add": ["vip"]}})
        shop.converge()
        shop.box.person(shop.live(ADA)["id"], "email", "subscribed")
        shop.plan(read="full")
        shop.box.remove(shop.live(ADA)["id"])
        shop.want(SUBSCRIBED)
        shop.converge()

        assert _is_subscribed(shop)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("controller", [None, "acme"])
def test_a_second_no_without_a_time_is_as_new_as_it_was_first_seen(
    tmp_path: Path, platform: str, controller: str | None
) -> None:
    """Somebody who said no, was opted in by others and said no again, before the record went."""
    no = {"email": consent("unsubscribed", None, "person"), "sms": consent()}
    yes = {"email": consent("subscribed", None, "staff"), "sms": consent()}
    days = Days(datetime(2026, 3, 1, tzinfo=UTC))
    with company(tmp_path, {"us": platform}, {"us": [person(ADA, consent=no)]}, days) as one:
        one.controllers = {"us": controller}
        one.want(us=[{"email": ADA}])
        box, _ = one.stores["us"]
        (record,) = box.customers()
        given = ""
        for told in (no, yes, yes, no, no):
            box.edit(record["id"], consent=told)
            one.plan()
            days.at += timedelta(days=10)
            given = days.at.isoformat() if told is yes else given
        lines = (one.state_folder / "opt-outs" / "us.jsonl").read_bytes()
        one.plan()
        assert (one.state_folder / "opt-outs" / "us.jsonl").read_bytes() == lines
        assert [json.loads(line)["state"] for line in lines.splitlines() if b'"email"' in line] == [
            "out",
            "shown",
            "out",
        ]
        box.remove(record["id"])

        one.want(us=[{"email": ADA, "consent": {"email": grant(given_at=given)}}])
        assert ("hold", "register.opted-out") in verdicts(one.plan())
        later = {"email": grant(given_at=days.at.isoformat())}
        one.want(us=[{"email": ADA, "consent": later}])
        one.apply(one.plan())
        assert one.consent("us", ADA) == "subscribed"


@pytest.mark.parametrize("controller", [None, "acme"])
def test_a_no_beside_the_yes_of_a_twin_is_first_seen_once(
    tmp_path: Path, controller: str | None
) -> None:
    no = {"email": consent("unsubscribed", None, "person"), "sms": consent()}
    yes = {"email": consent("subscribed", None, "staff"), "sms": consent()}
    twins = [person(ADA, consent=no), person(ADA.upper(), consent=yes)]
    with company(tmp_path, {"us": "shopline"}, {"us": twins}) as one:
        one.controllers = {"us": controller}
        one.want(us=[{"email": ADA}])
        for _ in range(4):
            one.plan(read="full")
        lines = (one.state_folder / "opt-outs" / "us.jsonl").read_bytes().splitlines()

        told = [json.loads(line)["state"] for line in lines if b'"email"' in line]
        assert told == ["out", "shown"], [json.loads(line) for line in lines]


def test_a_flag_alone_does_not_clear_what_a_list_said(tmp_path: Path) -> None:
    yes = person(ADA, consent={"email": consent("subscribed", None, "person"), "sms": consent()})
    with opened(tmp_path, "shoplazza", [yes]) as shop:
        (tmp_path / "list.csv").write_text(f"email,date\n{ADA},2026-07-01\n")
        assert _register(shop, "import", tmp_path / "list.csv", "--store", "shop").code == 0
        shop.want(SUBSCRIBED)
        shop.plan(read="full")
        shop.box.remove(shop.live(ADA)["id"])

        assert ("hold", "register.opted-out") in verdicts(shop.plan())


def test_nothing_that_the_register_keeps_or_tells_is_personal(tmp_path: Path) -> None:
    canary, number = "canary.person@example.com", "+8613315034487"
    out = {"email": OUT, "sms": OUT}
    with opened(tmp_path, "shopline", [person(canary, phone=number, consent=out)]) as shop:
        (tmp_path / "list.csv").write_text(f"email,phone\n{canary},{number}\n")
        everything = [_register(shop, "import", tmp_path / "list.csv", "--store", "shop")]
        shop.want({"email": "canary.new@example.com", "previously": {"email": canary}})
        shop.converge()
        shop.want({**ERASED, "email": "canary.new@example.com"})
        shop.converge()
        for word in ("verify", "show", "compact"):
            everything.append(_register(shop, word))
        texts = [one.everything for one in everything]
        texts += [one.read_text() for one in _path(shop).parent.iterdir()]

    for text in texts:
        assert "canary" not in text
        assert number[3:] not in text


@pytest.mark.parametrize("platform", DELETING)
def test_an_erased_person_is_not_made_again_without_a_release_and_a_new_relation(
    tmp_path: Path, platform: str
) -> None:
    later = datetime.now(UTC) + timedelta(seconds=1)  # noqa: TID251 -- after the erasure
    with opened(tmp_path, platform, [person(ADA)]) as shop:
        shop.want(ERASED)
        shop.converge()
        shop.want({"email": ADA})
        body = shop.plan()
        assert verdicts(body) == [("hold", "register.erased")]
        assert body["changes"] == []

        released = shop.plan(releases=(Release(rule="register.erased"),))
        assert released["changes"] == []  # no evidence of a new relation
        shop.want(SUBSCRIBED)
        assert shop.plan(releases=(Release(rule="register.erased"),))["changes"] == []

        shop.want({"email": ADA, "consent": {"email": grant(given_at=later.isoformat())}})
        again = shop.plan(releases=(Release(rule="register.erased"),))
        assert shop.apply(again).complete
        assert _is_subscribed(shop)


def test_a_complete_reading_shows_that_an_erasure_was_done_elsewhere(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person("other@example.com")]) as shop:
        shop.want(ERASED)
        shop.plan(read="full")
        shop.want({"email": ADA})

        assert verdicts(shop.plan()) == [("hold", "register.erased")]


@pytest.mark.parametrize("platform", DELETING)
def test_while_an_erasure_stays_in_the_files_a_look_up_suffices_for_it(
    tmp_path: Path, platform: str
) -> None:
    crowd = [person(f"c{number}@example.com") for number in range(1500)]
    with opened(tmp_path, platform, [person(ADA), *crowd]) as shop:
        shop.want(ERASED)
        shop.plan(read="lookup")  # finds her, and is no proof that nobody else is she
        shop.converge()

        (store,) = shop.plan()["stores"]
        assert store["receipt"]["mode"] == "lookup", store["receipt"]["chosen"]
        assert store["receipt"]["requests"] <= 6
        assert verdicts(shop.plan()) == []
        shop.box.seed([person(ADA)])
        again = shop.plan()
        assert [one["action"] for one in again["changes"]] == ["delete"]


def test_an_erasure_is_lifted_for_one_person_by_alias(tmp_path: Path) -> None:
    later = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()  # noqa: TID251
    with opened(tmp_path, "genstore", [person(ADA), person("bo@example.com")]) as shop:
        shop.want(ERASED, {**ERASED, "email": "bo@example.com"})
        shop.converge()
        both = [
            {"email": one, "consent": {"email": grant(given_at=later)}}
            for one in (ADA, "bo@example.com")
        ]
        shop.want(*both)
        held = [one["customer"] for one in shop.plan()["verdicts"]]
        assert len(set(held)) == 2

        released = shop.plan(releases=(Release(rule="register.erased", alias=held[0]),))

        assert [one["customer"] for one in released["changes"]] == [held[0]]


def test_a_register_that_the_trail_knows_of_and_is_gone_is_a_block(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_out()]) as shop:
        shop.want(GONE)
        shop.converge()
        shop.want(SUBSCRIBED)
        body = shop.plan()
        kept = _path(shop).read_bytes()
        _path(shop).unlink()

        blocked = shop.plan()

        assert ("block", "register.missing") in verdicts(blocked)
        with pytest.raises(BlockedPlanError, match="register of opt-outs is not here"):
            shop.apply(body)
        assert not _path(shop).exists()
        assert not shop.box.customers()
        _path(shop).write_bytes(kept)
        assert shop.apply(body).complete
        assert not _is_subscribed(shop)


def test_withdrawals_pass_where_the_register_is_gone(tmp_path: Path) -> None:
    yes = person("bo@example.com", consent={"email": consent("subscribed"), "sms": consent()})
    with opened(tmp_path, "genstore", [_out(), yes]) as shop:
        shop.want(GONE)
        shop.converge()
        _path(shop).unlink()
        shop.want(SUBSCRIBED, {"email": "bo@example.com", "consent": {"email": "unsubscribed"}})

        result = shop.apply(shop.plan(), only=[RiskClass.WITHDRAW])

        assert result.complete, told(result)
        assert not _is_subscribed(shop, "bo@example.com")


def test_a_new_register_in_the_place_of_a_lost_one_does_not_hide_that(tmp_path: Path) -> None:
    """However many lines it has by now."""
    yes = {"email": consent("subscribed"), "sms": consent("subscribed")}
    many = [person(f"c{number}@example.com", consent=yes) for number in range(4)]
    with opened(tmp_path, "genstore", [_out(), *many]) as shop:
        shop.want(GONE)
        shop.converge()
        lost = _path(shop).read_bytes()
        _path(shop).unlink()
        shop.want(*({"email": one["email"], "consent": "unsubscribed"} for one in many))
        assert shop.apply(shop.plan(), only=[RiskClass.WITHDRAW]).complete
        assert len(_path(shop).read_bytes().splitlines()) > len(lost.splitlines())
        shop.want(SUBSCRIBED)

        assert ("block", "register.missing") in verdicts(shop.plan())
        released = shop.plan(releases=(Release(rule="register.missing"),))
        assert not released["summary"]["blocked"]

        (tmp_path / "copy").mkdir()
        (tmp_path / "copy" / "shop.jsonl").write_bytes(lost)
        assert _register(shop, "merge", tmp_path / "copy").code == 0
        assert _register(shop, "verify").code == 0
        assert ("hold", "register.opted-out") in verdicts(shop.plan())


def test_a_register_that_was_compacted_is_the_one_that_the_trail_knows(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_out(), _out("bo@example.com")]) as shop:
        shop.want(GONE)
        shop.converge()
        for _ in range(2):
            assert _register(shop, "compact").code == 0
            assert _register(shop, "verify").code == 0
        shop.want(SUBSCRIBED)

        assert verdicts(shop.plan()) == [("hold", "register.opted-out")]


def test_an_older_copy_that_was_put_back_is_seen(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_out(), _out("bo@example.com")]) as shop:
        shop.want(GONE)
        shop.converge()
        older = _path(shop).read_bytes()
        shop.want({**GONE, "email": "bo@example.com"})
        shop.converge()
        _path(shop).write_bytes(older)
        shop.want({"email": "bo@example.com", "consent": {"email": grant()}})

        assert ("block", "register.missing") in verdicts(shop.plan())


def test_a_register_that_policy_requires_is_begun_by_an_import(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore") as shop:
        shop.policy = {"register": "required"}
        shop.want(SUBSCRIBED)
        body = shop.plan()
        assert ("warn", "register.not-asked") in verdicts(body)
        with pytest.raises(BlockedPlanError, match="not here"):
            shop.apply(body)
        shop.told = {"RECONCILER_REGISTER_KEY": OTHER_KEY}
        assert ("block", "register.missing") in verdicts(shop.plan())
        (tmp_path / "none.csv").write_text("email,date\n")

        done = _register(shop, "import", tmp_path / "none.csv", "--store", "shop")

        assert (done.code, done.out) == (0, "shop: 0 opt-outs, 0 of them noted, the others known\n")
        shop.converge()
        assert _is_subscribed(shop)


def test_what_a_withdrawal_begins_is_not_the_register_that_policy_requires(tmp_path: Path) -> None:
    """Where all was lost, opt-outs pass, and their lines hide nothing of what they stand in for."""
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, "genstore", [_out(), person("bo@example.com", consent=yes)]) as shop:
        shop.policy = {"register": "required"}
        (tmp_path / "none.csv").write_text("email,date\n")
        none = ("import", tmp_path / "none.csv", "--store", "shop")
        assert _register(shop, *none).code == 0
        shop.want(GONE)
        shop.converge()
        kept = _path(shop).read_bytes()
        shutil.rmtree(shop.folder / ".reconciler")
        shop.want(SUBSCRIBED, {"email": "bo@example.com", "consent": {"email": "unsubscribed"}})
        assert shop.apply(shop.plan(), only=[RiskClass.WITHDRAW]).complete
        assert not _is_subscribed(shop, "bo@example.com")

        for _ in range(2):
            assert ("block", "register.missing") in verdicts(shop.plan())
            assert _register(shop, "verify").code == 0
            assert _register(shop, "compact").code == 0

        (tmp_path / "copy").mkdir()
        (tmp_path / "copy" / "shop.jsonl").write_bytes(kept)
        assert _register(shop, "merge", tmp_path / "copy").code == 0
        assert verdicts(shop.plan()) == [("hold", "register.opted-out")]


def test_a_plan_says_what_the_apply_will_do_where_all_was_lost_and_both_what_helps(
    tmp_path: Path,
) -> None:
    """`RECONCILER_KEY` alone tells the plan of no register, so it blocks nothing itself."""
    with opened(tmp_path, "genstore", [_out()]) as shop:
        shop.policy = {"register": "required"}
        (tmp_path / "none.csv").write_text("email,date\n")
        assert _register(shop, "import", tmp_path / "none.csv", "--store", "shop").code == 0
        shop.want(GONE)
        shop.converge()
        shutil.copytree(_path(shop).parent, tmp_path / "copy")
        shutil.rmtree(shop.folder / ".reconciler")
        shop.want(SUBSCRIBED)
        body = shop.plan()

        (told,) = body["verdicts"]
        assert (told["level"], told["rule"]) == ("warn", "register.not-asked")
        assert (
            "where it or a key is missing there too, the apply opts in, makes and renames nobody"
            in (told["message"])
        )
        with pytest.raises(
            BlockedPlanError, match="take in a copy with `reconciler register merge"
        ):
            shop.apply(body)
        assert _register(shop, "merge", tmp_path / "copy").code == 0
        assert State.OUT_BEFORE in states(shop.apply(body))


def test_nobody_gets_the_address_of_one_who_was_erased_where_the_register_is_gone(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, "shopline", [person(ADA), person("bo@example.com")]) as shop:
        shop.want(ERASED)
        shop.converge()
        shop.want()
        shop.converge()
        _path(shop).unlink()
        shop.want({"email": ADA, "previously": {"email": "bo@example.com"}})
        body = shop.plan()

        assert ("block", "register.missing") in verdicts(body)
        with pytest.raises(BlockedPlanError):
            shop.apply(body)
        assert [one["email"] for one in shop.box.customers()] == ["bo@example.com"]


@pytest.mark.parametrize("by", ["import", "release"])
def test_somebody_may_begin_the_register_that_policy_requires_anew(tmp_path: Path, by: str) -> None:
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, "genstore", [person("bo@example.com", consent=yes)]) as shop:
        shop.policy = {"register": "required"}
        shop.want(SUBSCRIBED, {"email": "bo@example.com", "consent": {"email": "unsubscribed"}})
        assert shop.apply(shop.plan(), only=[RiskClass.WITHDRAW]).complete
        assert ("block", "register.missing") in verdicts(shop.plan())

        if by == "import":
            (tmp_path / "none.csv").write_text("email,date\n")
            none = ("import", tmp_path / "none.csv", "--store", "shop")
            assert _register(shop, *none).code == 0
        else:
            body = shop.plan(releases=(Release(rule="register.missing"),))
            assert shop.apply(body).complete

        assert not shop.plan()["summary"]["blocked"]
        shop.converge()
        assert _is_subscribed(shop)
        assert _register(shop, "verify").code == 0
        assert all(schemas.accepts("register", json.loads(one)) for one in _lines(shop))


def test_the_random_key_of_a_state_folder_counts_as_a_key(tmp_path: Path) -> None:
    """Made by this run in a pipeline it is none: nobody has noted anything under it."""
    with opened(tmp_path, "genstore") as shop:
        shop.policy = {"register": "required"}
        shop.want(SUBSCRIBED)
        environment = shop.environment
        told = {name: one for name, one in environment.variables.items() if "KEY" not in name}
        pseudonyms = Pseudonyms(key(environment.folder, told))
        found = []
        for more in ({}, {"CI": "true", "RECONCILER_HOSTS": shop.url}):
            without = replace(environment, variables={**told, **more})
            made = app.plan(shop.state(), app.PlanOptions(), without, pseudonyms)
            found.append([(one.level, one.rule) for one in made.stores[0].verdicts])

        assert found == [[("block", "register.missing")], [("warn", "register.not-asked")]]


@pytest.mark.parametrize("folder", ["none", "a trail", "a register", "its key"])
def test_a_pipeline_that_has_not_brought_the_register_says_so(tmp_path: Path, folder: str) -> None:
    """Of a store whose trail came along and knows of no register, none was forgotten."""
    with opened(tmp_path, "genstore", [_out("bo@example.com")]) as shop:
        shop.told = {"RECONCILER_REGISTER_KEY": OTHER_KEY} if folder == "its key" else {}
        if folder == "a trail":
            shop.apply(shop.plan())
        if folder == "a register":
            shop.want({"email": "bo@example.com"})
            shop.plan()
        shop.want(SUBSCRIBED)
        shop.told |= {"CI": "true", "RECONCILER_HOSTS": shop.url}
        body = shop.plan()

        assert (("warn", "register.not-asked") in verdicts(body)) is (folder == "none")
        assert not body["summary"]["blocked"]


def _register(shop: Shop, *words: object) -> Any:
    env = {"RECONCILER_KEY": KEY.decode(), **shop.told}
    return run("register", *words, "--specs", shop.specs, env=env)


def test_a_plan_without_the_key_is_made_and_says_so_and_the_apply_asks(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_out()]) as shop:
        shop.told = {"RECONCILER_REGISTER_KEY": OTHER_KEY}
        shop.want(GONE)
        shop.converge()
        shop.told = {}
        shop.want(SUBSCRIBED)

        body = shop.plan()

        assert ("warn", "register.not-asked") in verdicts(body)
        assert not body["summary"]["blocked"]
        shutil.rmtree(shop.folder / ".reconciler" / "audit")  # it has the same key
        with pytest.raises(BlockedPlanError, match="under a key that is not here"):
            shop.apply(body)
        shop.told = {"RECONCILER_REGISTER_KEY": OTHER_KEY}
        assert State.OUT_BEFORE in states(shop.apply(body))
        assert not _is_subscribed(shop)


def test_a_rotated_key_keeps_everybody_known_and_a_missing_one_blocks(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_out(), _out("bo@example.com")]) as shop:
        shop.want(GONE)
        shop.converge()
        shop.told = {
            "RECONCILER_REGISTER_KEY": OTHER_KEY,
            "RECONCILER_REGISTER_KEYS_BEFORE": KEY.decode(),
        }
        shop.want({**GONE, "email": "bo@example.com"})
        shop.converge()
        shop.want(SUBSCRIBED, {"email": "bo@example.com", "consent": {"email": grant()}})
        assert verdicts(shop.plan()).count(("hold", "register.opted-out")) == 2

        environment = shop.environment
        without = {**environment.variables, "RECONCILER_REGISTER_KEYS_BEFORE": ""}
        del without["RECONCILER_KEY"]
        made = app.plan(
            shop.state(),
            app.PlanOptions(),
            app.Environment(clock=environment.clock, variables=without, folder=environment.folder),
            shop.pseudonyms,
        )
        assert "register.key-missing" in {one.rule for one in made.stores[0].verdicts}


def test_an_edited_line_stops_the_apply(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [_out()]) as shop:
        shop.want(GONE)
        shop.converge()
        shop.want(SUBSCRIBED)
        body = shop.plan()
        _path(shop).write_text(_path(shop).read_text().replace('"state":"out"', '"state":"in"'))

        with pytest.raises(JournalError, match="was edited"):
            shop.apply(body)
        assert not shop.box.customers()


class _History:
    """Random things that happen to a person, and what they themselves said last."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.random = random.Random(seed)
        self.out_at: datetime | None = datetime(2026, 7, 1, tzinfo=UTC)
        self.copies: list[bytes] = []

    def step(self) -> None:
        deeds = (
            self._clicks,
            self._wants,
            self._wants,
            self._removed,
            self._rotates,
            self._loses_journals,
            self._compacts,
            self._copies,
        )
        self.random.choice(deeds)()
        self._reconcile()

    def _clicks(self) -> None:
        for one in self.shop.box.customers():
            if one["email"] == ADA:
                self.shop.box.person(one["id"], "email", "unsubscribed")
                self.out_at = datetime.now(UTC)  # noqa: TID251 -- the simulator's own clock
        self.shop.plan(read="full")

    def _wants(self) -> None:
        self.shop.want(
            self.random.choice(
                (
                    SUBSCRIBED,
                    GONE,
                    {"email": ADA},
                    {"email": ADA, "consent": {"email": "unsubscribed"}},
                    {"email": "new@example.com", "previously": {"email": ADA}},
                    {**SUBSCRIBED, "previously": {"email": "new@example.com"}},
                    {"email": ADA, "tags": {"add": ["vip"]}},
                )
            )
        )

    def _removed(self) -> None:
        self.shop.plan(read="full")
        for one in self.shop.box.customers():
            self.shop.box.remove(one["id"])

    def _rotates(self) -> None:
        before = [self.shop.told.get("RECONCILER_REGISTER_KEY", KEY.decode())]
        before += self.shop.told.get("RECONCILER_REGISTER_KEYS_BEFORE", "").split("\n")
        self.shop.told = {
            "RECONCILER_REGISTER_KEY": f"{self.random.getrandbits(256):064x}",
            "RECONCILER_REGISTER_KEYS_BEFORE": "\n".join(one for one in before if one),
        }

    def _loses_journals(self) -> None:
        shutil.rmtree(self.shop.folder / ".reconciler" / "journals", ignore_errors=True)

    def _compacts(self) -> None:
        if _path(self.shop).exists():
            assert _register(self.shop, "compact").code == 0

    def _copies(self) -> None:
        """Another job goes on with a copy, and what it noted is merged."""
        if not _path(self.shop).exists():
            return
        here = _path(self.shop).read_bytes()
        self.shop.plan(read="full")
        there = self.shop.folder / "copy"
        there.mkdir(exist_ok=True)
        (there / "shop.jsonl").write_bytes(here)
        assert _register(self.shop, "merge", there).code == 0

    def _reconcile(self) -> None:
        body = self.shop.plan()
        if not body["summary"]["blocked"]:
            self.shop.apply(body)
        if _path(self.shop).exists():
            assert _register(self.shop, "verify").code == 0
        assert not _is_subscribed(self.shop)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("platform", DELETING)
def test_nobody_who_said_no_is_subscribed_whatever_happened_since(
    tmp_path: Path, platform: str, seed: int
) -> None:
    with opened(tmp_path, platform, [_out()]) as shop:
        shop.want({"email": ADA})
        shop.plan(read="full")
        history = _History(shop, seed)
        for _ in range(8):
            history.step()
