"""Ways in which an opt-out of one store was lost, or a yes taken back, that an attack found."""

import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.clock import Clock
from reconciler.model.act import Act, By, Doer, Said, Sure
from reconciler.model.consent import Channel
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.register import Register, Told
from tests.company import Company, Days, company
from tests.harness import KEY, consent, grant, person, quick_clock, told, verdicts
from tests.program import run

Json = dict[str, Any]
ADA = "ada@example.com"
BO = "bo@example.com"
NEW = "new@example.com"
KEYED = {"RECONCILER_KEY": KEY.decode()}
K1, K2 = "k1-" + "x" * 40, "k2-" + "y" * 40
OUT = {"email": consent("unsubscribed", "2026-07-01T00:00:00+00:00", "person"), "sms": consent()}
YES = {"email": consent("subscribed", "2026-06-01T00:00:00+00:00", "person"), "sms": consent()}
LATER = {"email": consent("subscribed", "2026-08-01T00:00:00+00:00", "person"), "sms": consent()}
UNDATED = {"email": consent("unsubscribed", None, "person"), "sms": consent()}
TWO = {"us": "genstore", "eu": "shopline"}
ASKED = {"email": ADA, "consent": {"email": grant()}}


def _later(hours: int) -> Clock:
    real = quick_clock()
    ahead = timedelta(hours=hours)
    return Clock(now=lambda: real.now() + ahead, monotonic=real.monotonic, sleep=real.sleep)


def _tick() -> None:
    time.sleep(1.1)  # noqa: TID251 -- stores tell seconds


def _of(body: Json, store: str) -> list[Json]:
    return [one for one in body["changes"] if one["store"] == store]


def _waits(body: Json, store: str) -> Json | None:
    found: Json = next(one for one in body["stores"] if one["name"] == store)
    return found.get("waiting")


def _drop(both: Company, store: str) -> Any:
    (both.specs / f"{store}.yaml").unlink()
    both.wanted.pop(store)
    return both.stores.pop(store)


# 1. critical


@pytest.mark.parametrize("how", ["the store is closed", "renamed", "leaves the controller"])
def test_an_opt_out_outlives_the_store_that_gave_it(tmp_path: Path, how: str) -> None:
    with company(tmp_path, TWO, {"eu": [person(ADA, consent=OUT)]}) as both:
        both.want(eu=[{"email": ADA}], us=[{"email": ADA}])
        both.apply(both.plan())
        assert "us" in both.stores
        both.want(us=[ASKED])
        assert ("hold", "register.opted-out") in verdicts(both.plan())  # as long as it is there

        where = "us"
        if how == "the store is closed":
            _drop(both, "eu")
        elif how == "renamed":
            where = "europe"
            box, url = _drop(both, "eu")
            box.remove(box.customers()[0]["id"])
            both.stores[where], both.controllers[where] = (box, url), "acme"
            both.wanted |= {"us": [], where: [ASKED]}
        else:
            both.controllers["eu"] = None
        both.want()
        both.apply(both.plan())

        assert both.stores[where][0].customers() == [] or both.consent(where, ADA) != "subscribed"


def test_a_shared_folder_of_registers_is_read_whole(tmp_path: Path) -> None:
    """`RECONCILER_REGISTER`: another repository has the controller's other store."""
    shared = {"RECONCILER_REGISTER": str(tmp_path / "shared")}
    with (
        company(tmp_path / "a", {"eu": "shopline"}, {"eu": [person(ADA, consent=OUT)]}) as first,
        company(tmp_path / "b", {"us": "genstore"}, {"us": [person(ADA)]}) as second,
    ):
        first.told = second.told = shared
        first.want(eu=[{"email": ADA}])
        first.plan()
        second.want(us=[ASKED])
        second.apply(second.plan())

        assert second.consent("us", ADA) != "subscribed"


# 2. critical


def test_a_plan_without_the_key_hears_the_stores_all_the_same(tmp_path: Path) -> None:
    """A pull request's plan, applied where the key is: the other store shows the no all the time."""
    there = {"us": [person(BO, consent=OUT)], "eu": [person(BO, consent=YES)]}
    with company(tmp_path, TWO, there) as both:
        both.told = {"RECONCILER_REGISTER_KEY": K1}
        both.want(us=[{"email": BO}])
        both.apply(both.plan())
        both.stores["us"][0].seed([person(ADA, consent=OUT)])
        both.stores["eu"][0].seed([person(ADA)])
        both.want(eu=[ASKED])
        both.told = {}
        body = both.plan()
        assert ("hold", "register.opted-out") in verdicts(body)
        both.told = {"RECONCILER_REGISTER_KEY": K1}
        both.apply(body)

        assert both.consent("eu", ADA) != "subscribed"


# 3. critical


@pytest.mark.parametrize("how", ["another folder", "a pipeline without a register yet"])
def test_an_approved_withdrawal_is_carried_out_where_the_register_did_not_come_along(
    tmp_path: Path, how: str
) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, TWO, there) as both:
        if how != "another folder":
            hosts = ",".join(url for _, url in both.stores.values())
            both.told = {"CI": "true", "RECONCILER_HOSTS": hosts}
        body = both.plan()
        assert len(body["changes"]) == 1
        if how == "another folder":
            shutil.rmtree(both.folder / ".reconciler")
        result = both.apply(body)

        assert both.consent("eu", ADA) == "unsubscribed", told(result)


# 4. critical / high


@pytest.mark.parametrize("second", ["shopline"])
def test_a_yes_after_an_undated_opt_out_was_first_seen_stays(tmp_path: Path, second: str) -> None:
    there = {"us": [person(ADA, consent=UNDATED)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, {"us": "shoplazza", "eu": second}, there) as both:
        both.apply(both.plan())
        _tick()
        both.clicks("eu", ADA, "subscribed")
        _tick()

        assert both.plan()["changes"] == []


def test_newer_evidence_overturns_an_undated_opt_out_of_another_store(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=UNDATED)], "eu": [person(ADA)]}
    with company(tmp_path, {"us": "shoplazza", "eu": "shopline"}, there) as both:
        both.want(us=[{"email": ADA}], eu=[{"email": ADA}])
        both.plan()
        _tick()
        newer = grant(given_at=datetime.now(UTC).isoformat())  # noqa: TID251
        _tick()
        both.want(eu=[{"email": ADA, "consent": {"email": newer}}])
        alone = both.plan(stores=("eu",))
        assert len(alone["changes"]) == 1
        both.apply(alone)

        assert both.plan()["changes"] == []  # and with both stores it is not taken back


def test_the_clock_of_an_undated_opt_out_runs(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=UNDATED)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, {"us": "shoplazza", "eu": "shopline"}, there) as both:
        first = _waits(both.plan(), "eu")
        both.clock = _later(100)
        body = both.plan()

        assert _waits(body, "eu") == first
        assert ("warn", "consent.overdue") in verdicts(body)


# 5. high


def test_an_address_that_a_rename_closes_is_no_opt_out_in_the_other_stores(tmp_path: Path) -> None:
    """Nobody ever said no; the files rename one store after the other, with consent for the new."""
    there = {"us": [person(ADA, consent=YES)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, {"us": "shopline", "eu": "genstore"}, there) as both:
        renamed = {"email": NEW, "previously": {"email": ADA}, "consent": {"email": grant()}}
        both.want(us=[renamed], eu=[ASKED])
        both.apply(both.plan())
        assert both.plan()["changes"] == []
        both.want(eu=[renamed])
        for _ in range(2):
            both.apply(both.plan())

        assert both.consent("eu", NEW) == "subscribed"
        assert both.consent("us", NEW) == "subscribed"


# 6. high


@pytest.mark.parametrize("named", [False, True])
def test_their_own_later_yes_where_they_were_out_clears_it_for_all(
    tmp_path: Path, named: bool
) -> None:
    platforms = {"us": "shopline", "eu": "shopline", "ca": "shoplazza"}
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, platforms, there) as three:
        if named:
            three.want(us=[{"email": ADA}], eu=[{"email": ADA}])
        three.apply(three.plan())
        _tick()
        three.clicks("us", ADA, "subscribed")
        _tick()
        three.plan()
        three.stores["ca"][0].seed([person(ADA, consent=YES)])

        assert _of(three.plan(), "ca") == []


def test_a_later_yes_of_a_twin_in_the_store_of_the_no_clears_it(tmp_path: Path) -> None:
    there = {
        "us": [person(ADA, consent=OUT), person("ADA@example.com", consent=LATER)],
        "eu": [person(ADA, consent=YES)],
    }
    with company(tmp_path, {"us": "shopline", "eu": "shopline"}, there) as both:
        assert _of(both.plan(), "eu") == []


# 7. high


def test_an_opt_out_in_another_store_after_the_plan_wins(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=YES)], "eu": [person(ADA)]}
    with company(tmp_path, TWO, there) as both:
        both.want(eu=[ASKED])
        body = both.plan()
        _tick()
        both.clicks("us", ADA, "unsubscribed")
        both.apply(body)

        assert both.consent("eu", ADA) != "subscribed"


# 8. high


@pytest.mark.parametrize("asked", [False, True])
def test_a_wish_for_out_in_one_store_counts_in_the_others(tmp_path: Path, asked: bool) -> None:
    """The first store has nobody of that name; the second has them subscribed since before."""
    with company(tmp_path, TWO, {"eu": [person(ADA, consent=YES)]}) as both:
        both.want(eu=[ASKED] if asked else [])
        (both.specs / "us.yaml").write_text(
            '{"store": "us", "consents": [{"customer": {"email": "ada@example.com"}, '
            '"channel": "email", "state": "unsubscribed", '
            '"withdrawn_at": "2026-09-01T00:00:00+00:00", "source": "letter"}]}'
        )
        body = both.plan()

        assert _of(body, "eu") or _waits(body, "eu") is not None, verdicts(body)


def test_a_wish_for_out_of_sms_counts_where_the_first_store_has_no_word_for_it(
    tmp_path: Path,
) -> None:
    number = "+8613800000001"
    yes = {"email": consent(), "sms": consent("subscribed", "2026-06-01T00:00:00+00:00", "person")}
    there = {
        "us": [person(ADA, phone=number)],
        "eu": [person(ADA, phone=number, consent=yes)],
    }
    with company(tmp_path, TWO, there) as both:
        out = {"state": "unsubscribed", "withdrawn_at": "2026-09-01T00:00:00+00:00"}
        both.want(us=[{"email": ADA, "phone": number, "consent": {"sms": out}}])
        body = both.plan()

        assert _of(body, "eu") or _waits(body, "eu") is not None, verdicts(body)


# 9. high


def test_a_no_of_their_own_soon_after_our_write_is_not_taken_for_our_echo(tmp_path: Path) -> None:
    """Back in both stores, then out again in the second, all within minutes; it tells no actor."""
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    days = Days(datetime(2026, 9, 1, tzinfo=UTC))
    with company(tmp_path, {"us": "shopline", "eu": "genstore"}, there, days) as both:
        both.apply(both.plan())
        for store, state in (("us", "subscribed"), ("eu", "subscribed"), ("eu", "unsubscribed")):
            days.at += timedelta(minutes=2)
            both.clicks(store, ADA, state)
        days.at += timedelta(hours=3)
        body = both.plan()

        assert _of(body, "us") or _waits(body, "us") is not None


ERASED = {"email": ADA, "state": "absent", "reason": "erasure request 418"}


def test_a_tombstone_is_written_once_and_keeps_its_instant(tmp_path: Path) -> None:
    with company(tmp_path, {"us": "genstore"}, {"us": [person(ADA, consent=YES)]}) as one:
        one.want(us=[ERASED])
        one.apply(one.plan())
        for _ in range(3):
            one.plan(read="full")
        register = one.folder / ".reconciler" / "opt-outs" / "us.jsonl"

        assert len(register.read_text().splitlines()) == 1


def test_a_yes_of_a_new_relation_is_not_taken_back_while_the_erased_entry_stays(
    tmp_path: Path,
) -> None:
    with company(tmp_path, TWO, {"us": [person(ADA, consent=YES)]}) as both:
        both.want(us=[ERASED])
        both.apply(both.plan())
        both.stores["eu"][0].seed([person(ADA)])
        _tick()
        both.clicks("eu", ADA, "subscribed")
        _tick()

        assert _of(both.plan(), "eu") == []


# 10. medium


def test_a_missing_former_key_makes_no_opt_out_of_our_own_echo(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, TWO, there) as both:
        both.told = {"RECONCILER_REGISTER_KEY": K1}
        both.apply(both.plan())
        both.told = {"RECONCILER_REGISTER_KEY": K2, "RECONCILER_REGISTER_KEYS_BEFORE": K1}
        both.stores["us"][0].seed([person(BO, consent=OUT)])
        both.stores["eu"][0].seed([person(BO, consent=YES)])
        both.apply(both.plan())
        _tick()
        both.clicks("us", ADA, "subscribed")
        _tick()
        assert both.plan()["changes"] == []
        both.told = {"RECONCILER_REGISTER_KEY": K2}

        assert both.plan()["changes"] == []


def test_our_own_echo_is_known_where_the_clock_of_a_store_runs_ahead(tmp_path: Path) -> None:
    """Times up to a day ahead are believed, so an echo may be as much ahead."""
    there = {"us": [person(ADA, consent=OUT)], "eu": []}
    with company(tmp_path, {"us": "shopline", "eu": "genstore"}, there) as both:
        box = both.stores["eu"][0]
        box.reset([person(ADA, consent=YES)], {"consent_time": "ignored"})
        box._now = lambda: datetime.now(UTC) + timedelta(hours=2)  # noqa: SLF001, TID251
        both.apply(both.plan())
        _tick()
        both.clicks("us", ADA, "subscribed")
        _tick()

        assert _of(both.plan(), "us") == []


def test_an_opt_out_of_somebody_whose_contact_a_store_hides_is_told_with_its_age(
    tmp_path: Path,
) -> None:
    """Six are out; the entries name all by id and address, the store masks two of them."""
    people = [f"c{number}@example.com" for number in range(6)]
    there = {"us": [person(one, consent=OUT) for one in people]}
    with company(tmp_path, {"us": "shopline", "eu": "shoplazza"}, there) as both:
        yes = [person(one, consent=YES) for one in people]
        ids = both.stores["eu"][0].reset(yes, {"masked": "some"})
        both.want(eu=[{"id": one, "email": at} for one, at in zip(ids, people, strict=True)])
        waits = _waits(both.plan(), "eu")

        assert waits is not None
        assert waits["opt_outs"] == 6


# 11. low


def test_one_person_whom_two_entries_name_waits_once(tmp_path: Path) -> None:
    number = "+8613800000001"
    there = {
        "us": [person(ADA, consent=OUT)],
        "eu": [person(ADA, phone=number, consent=YES)],
    }
    with company(tmp_path, TWO, there) as both:
        both.want(eu=[{"email": ADA}, {"phone": number}])
        waits = _waits(both.plan(), "eu")

        assert waits is not None
        assert waits["opt_outs"] == 1


def test_a_person_is_found_in_the_file_that_has_their_line(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, TWO, there) as both:
        both.plan()
        program = Path(sys.executable).parent / "reconciler"
        done = subprocess.run(
            [program, "register", "show", "--person", "--specs", both.specs],
            input=f"{ADA}\n",
            text=True,
            capture_output=True,
            env={**os.environ, **KEYED},
            check=False,
        )

        assert "email out" in done.stdout


def test_a_list_is_not_noted_for_a_store_that_nobody_has(tmp_path: Path) -> None:
    with company(tmp_path, TWO, {}) as both:
        table = tmp_path / "list.csv"
        table.write_text(f"email,date\n{ADA},2026-07-01\n")
        done = run("register", "import", table, "--store", "uss", "--specs", both.specs, env=KEYED)

        assert done.code != 0, done.everything


def test_a_line_that_somebody_has_garbled_is_passed_over(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, TWO, there) as both:
        both.apply(both.plan())
        trail = both.folder / ".reconciler" / "audit" / "eu.jsonl"
        trail.write_text(trail.read_text().replace('"fields":[', '"fields":5,"x":['))
        done = run("audit", "silence", "--specs", both.specs, env=KEYED)

        assert done.code != 70, done.everything
        assert "until eu had it" not in done.out


def test_an_opt_out_has_one_number_in_the_trail(tmp_path: Path) -> None:
    platforms = {"us": "shoplazza", "eu": "shopline", "ca": "genstore"}
    there = {
        "us": [person(ADA, consent=UNDATED)],
        "eu": [person(ADA, consent=YES)],
        "ca": [person(ADA, consent=YES)],
    }
    with company(tmp_path, platforms, there) as three:
        three.apply(three.plan(stores=("us", "eu")))
        _tick()
        three.apply(three.plan())
        done = run("audit", "silence", "--specs", three.specs, env=KEYED)

        assert "1 opt-out: " in done.out, done.out


def test_what_others_note_does_not_fail_who_asks() -> None:
    """The first line under another key or name of the controller, while another store asks."""
    key = Pseudonyms(KEY)
    act = Act(
        said=Said.OUT,
        at=None,
        sure=Sure.NOT_TOLD,
        seen=datetime(2026, 7, 1, tzinfo=UTC),
        doer=Doer.PERSON,
        by=By.READING,
        store="us",
    )

    def note(known: Register, controller: str) -> None:
        identity = "0" * 64
        known.add(
            Told(
                key=key.name,
                controller=controller,
                identity=identity,
                customer=None,
                channel=Channel.EMAIL,
                act=act,
            )
        )

    faults: list[Exception] = []

    def ask(known: Register) -> None:
        try:
            for _ in range(2000):
                known.of(Channel.EMAIL, ADA)
        except RuntimeError as error:
            faults.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(8):
            known = Register("acme", {key.name: key}, ("us", "eu"))
            note(known, "us")
            threads = [threading.Thread(target=ask, args=(known,)) for _ in range(3)]
            for one in threads:
                one.start()
            for number in range(20):
                note(known, f"c{number}")
            for one in threads:
                one.join()
    finally:
        sys.setswitchinterval(before)
    assert faults == []


def test_registers_are_read_as_often_as_there_are_stores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.state.register import Place

    whole = Place.goes_on
    asked: list[str] = []

    def counted(self: Place, named: Any) -> bool:
        asked.append(self.store)
        return whole(self, named)

    names = [f"s{number}" for number in range(6)]
    there = {name: [person(ADA, consent=OUT if name == "s0" else YES)] for name in names}
    with company(tmp_path, dict.fromkeys(names, "shopline"), there) as many:
        many.want(**{name: [{"email": ADA}] for name in names})
        many.apply(many.plan())
        monkeypatch.setattr(Place, "goes_on", counted)
        many.plan()

        assert len(asked) <= 2 * len(names), "each store reads the whole file of each"


def test_a_store_that_is_not_read_is_told_of_as_one_where_opt_outs_may_wait(tmp_path: Path) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, TWO, there) as both:
        box, _ = both.stores["eu"]
        both.stores["eu"] = (box, "http://127.0.0.1:9")
        both.want()
        body = both.plan()

        assert ("warn", "controller.unread") in verdicts(body)
        assert [one["name"] for one in body["stores"] if one["error"]] == ["eu"]


def test_of_a_store_that_is_not_read_it_is_told_since_when_an_opt_out_may_wait(
    tmp_path: Path,
) -> None:
    """Of those who are known to be out, and were not seen to be so there."""
    there = {"us": [person(ADA, consent=OUT)], "eu": [person(ADA, consent=OUT)]}
    with company(tmp_path, TWO, there) as both:
        eu, _ = both.stores["eu"]
        both.want(us=[{"email": ADA}], eu=[{"email": ADA}])
        both.plan()
        both.stores["eu"] = (eu, "http://127.0.0.1:9")
        both.want()
        assert "so opt-outs of the other stores" in _unread(both.plan())
    there["eu"] = [person(ADA, consent=YES)]
    with company(tmp_path / "b", TWO, there) as both:
        eu, _ = both.stores["eu"]
        both.stores["eu"] = (eu, "http://127.0.0.1:9")
        both.want()
        assert "so 1 opt-out of 2026-07-01T23:59+00:00 may wait here" in _unread(both.plan())


def _unread(body: Json) -> str:
    (told,) = (one["message"] for one in body["verdicts"] if one["rule"] == "controller.unread")
    return str(told)


def test_a_no_that_the_staff_of_a_shop_noted_reaches_the_others(tmp_path: Path) -> None:
    """Shoplazza says so, and no time."""
    staff = {"email": consent("unsubscribed", None, "staff"), "sms": consent()}
    there = {"us": [person(ADA, consent=staff)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, {"us": "shoplazza", "eu": "shopline"}, there) as both:
        assert both.apply(both.plan()).complete
        assert both.consent("eu", ADA) == "unsubscribed"


@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize("first", ["genstore", "shoplazza", "shopline"])
def test_what_our_own_writes_leave_of_somebody_never_asked_is_no_opt_out(
    tmp_path: Path, first: str, made: bool
) -> None:
    """On Shoplazza each update says *no* for whoever is not in, as the staff would."""
    there = {"us": [] if made else [person(ADA)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, {"us": first, "eu": "shopline"}, there) as both:
        both.want(us=[{"email": ADA, "tags": {"add": ["vip"]}}])
        assert both.apply(both.plan()).complete
        for _ in range(2):
            assert both.plan()["changes"] == []


FLAGS = ("1", "6", "keep2")
"""What Shoplazza may leave after we have said *no*: its documents do not tell."""


@pytest.mark.parametrize("flag", FLAGS)
def test_an_update_of_somebody_never_asked_is_no_opt_out_whatever_flag_it_leaves(
    tmp_path: Path, flag: str
) -> None:
    there = {"us": [], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, {"us": "shoplazza", "eu": "shopline"}, there) as both:
        both.stores["us"][0].reset([person(ADA)], {"explicit_false_flag": flag})
        both.want(us=[{"email": ADA, "tags": {"add": ["vip"]}}])
        assert both.apply(both.plan()).complete
        assert both.plan()["changes"] == []


@pytest.mark.parametrize("flag", FLAGS)
def test_what_we_carried_is_our_echo_whatever_flag_it_leaves(tmp_path: Path, flag: str) -> None:
    there = {"us": [person(ADA, consent=OUT)], "eu": []}
    with company(tmp_path, {"us": "shopline", "eu": "shoplazza"}, there) as both:
        both.stores["eu"][0].reset([person(ADA, consent=YES)], {"explicit_false_flag": flag})
        assert both.apply(both.plan()).complete
        assert both.consent("eu", ADA) == "unsubscribed"
        _tick()
        both.clicks("us", ADA, "subscribed")

        for _ in range(2):
            assert both.plan()["changes"] == []


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("controller", ["acme", None])
def test_a_yes_of_old_on_a_second_record_of_a_number_is_no_answer_to_a_new_no(
    tmp_path: Path, named: bool, controller: str | None
) -> None:
    """Two people share it; Shoplazza tells by its flags that both acts are somebody's own, and no
    time.
    """
    number = "+8613800000001"
    yes = {"email": consent(), "sms": consent("subscribed", None, "person")}
    two = [person(one, phone=number, consent=yes) for one in (ADA, BO)]
    with company(tmp_path, {"us": "shopline", "eu": "shoplazza"}, {"eu": two}) as both:
        both.controllers = dict.fromkeys(both.stores, controller)
        both.stores["us"][0].reset([person(ADA, phone=number, consent=yes)])
        both.want(eu=[{"email": ADA}, {"email": BO}] if named else [{"email": ADA}])
        box = both.stores["eu"][0]
        both.clicks("eu", ADA, "unsubscribed", "sms")
        for _ in range(2):
            both.apply(both.plan())
        if controller is not None:
            assert both.consent("us", ADA, "sms") == "unsubscribed"
        for one in box.customers():
            box.remove(one["id"])

        both.want(eu=[{"phone": number, "consent": {"sms": grant()}}])
        assert ("hold", "register.opted-out") in verdicts(both.plan())


def test_an_opt_out_goes_to_each_record_that_an_entry_may_mean(tmp_path: Path) -> None:
    """Nothing else is asked of the first, so nothing of it was kept but that it stands there."""
    number = "+8613800000001"
    yes = {"email": consent(), "sms": YES["email"]}
    there = {"eu": [person(ADA, phone=number, consent={"email": consent(), "sms": OUT["email"]})]}
    with company(tmp_path, {"us": "shopline", "eu": "shopline"}, there) as both:
        two = [person(one, phone=number, consent=yes) for one in (ADA, BO)]
        both.stores["us"][0].reset(two, {"duplicates": "accepted"})
        both.want(us=[{"phone": number}])
        body = both.plan()
        assert ("hold", "identity.ambiguous") in verdicts(body)
        both.apply(body)

        assert {both.consent("us", one, "sms") for one in (ADA, BO)} == {"unsubscribed"}
