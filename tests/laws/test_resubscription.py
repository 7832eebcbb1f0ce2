"""How reconcilers re-subscribe people, each way a test; the README's safety section lists them."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import BlockedPlanError, JournalError
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State
from reconciler.sandbox import Fault, Sandbox
from tests.harness import (
    KEY,
    VARIANTS,
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
from tests.registers import register_at

Json = dict[str, Any]
DATED = ("genstore", "shopline")


def live(email: Json, sms: Json | None = None, **fields: Any) -> Json:
    return person(consent={"email": email, "sms": sms or consent()}, **fields)


def state_of(shop: Shop, email: str = "ada@example.com", channel: str = "email") -> str:
    state: str = shop.live(email)["consent"][channel]["state"]
    return state


@pytest.mark.parametrize("platform", DATED)
def test_failure_01_a_spec_older_than_the_persons_click(tmp_path: Path, platform: str) -> None:
    with opened(
        tmp_path, platform, [live(consent("unsubscribed", "2026-07-01T00:00:00+00:00"))]
    ) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

        body = shop.plan()

        assert verdicts(body) == [("hold", "consent.newer-opt-out")]
        assert body["changes"] == []


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_failure_02_an_opt_out_between_approval_and_apply(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})
        body = shop.plan()
        shop.box.person(shop.live("ada@example.com")["id"], "email", "unsubscribed")

        result = shop.apply(body)

        assert states(result) == [State.OPTED_OUT]
        assert state_of(shop) == "unsubscribed"


@pytest.mark.parametrize("trouble", ["429", "500", "lost"])
@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_failure_03_a_retry_that_overtakes_an_opt_out(
    tmp_path: Path, variant: str, trouble: str
) -> None:
    fault = {
        "429": Fault("status", method="PUT", status=429),
        "500": Fault("status", method="PUT", status=500),
        "lost": Fault("drop_before", method="PUT"),
    }[trouble]
    with opened(tmp_path, variant, [person()]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})
        body = shop.plan()
        shop.box.fault(fault)

        def opt_out(box: Sandbox) -> None:
            box.person(box.customers()[0]["id"], "email", "unsubscribed")

        # The second reading of the record comes after the failed write.
        shop.box.fault(Fault("edit_before", method="GET", nth=2, edit=opt_out))

        result = shop.apply(body)

        assert states(result) == [State.OPTED_OUT], told(result)
        assert state_of(shop) == "unsubscribed"


@pytest.mark.parametrize("variant", VARIANTS)
def test_failure_04_a_tag_update_whose_flags_default_to_true(tmp_path: Path, variant: str) -> None:
    with opened(tmp_path, variant, [live(consent("unsubscribed", None, "person"))]) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})

        shop.converge()

        assert state_of(shop) != "subscribed"
        assert state_of(shop, channel="sms") != "subscribed"


@pytest.mark.parametrize("variant", VARIANTS)
def test_failure_05_a_create_with_defaults(tmp_path: Path, variant: str) -> None:
    switches = {"create_default": "SUBSCRIBED"} if variant == "genstore" else {}
    with opened(tmp_path, variant, [], switches) as shop:
        shop.want({"email": "ada@example.com"})

        result = shop.apply(shop.plan())

        assert result.complete, told(result)
        assert state_of(shop) != "subscribed"


@pytest.mark.parametrize("by_us", [True, False])
@pytest.mark.parametrize("platform", DATED)
def test_failure_06_somebody_deleted_and_imported_again(
    tmp_path: Path, platform: str, by_us: bool
) -> None:
    with opened(
        tmp_path, platform, [live(consent("unsubscribed", "2026-07-01T00:00:00+00:00"))]
    ) as shop:
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        shop.converge()
        if by_us:
            shop.want({"email": "ada@example.com", "state": "absent"})
            shop.converge()
        else:
            shop.box.remove(shop.live("ada@example.com")["id"])
        shop.want({"email": "ADA@example.com", "consent": {"email": grant()}})

        body = shop.plan()
        result = shop.apply(body)

        assert ("hold", "register.opted-out") in verdicts(body)
        assert result.complete, told(result)
        assert state_of(shop, "ADA@example.com") != "subscribed"


@pytest.mark.parametrize("platform", DATED)
def test_failure_07_a_new_address_by_delete_and_create(tmp_path: Path, platform: str) -> None:
    out = consent("unsubscribed", "2026-01-01T00:00:00+00:00")
    with opened(tmp_path, platform, [live(out)]) as shop:
        remote_id = shop.live("ada@example.com")["id"]
        shop.want({"email": "new@example.com", "previously": {"email": "ada@example.com"}})

        shop.converge()

        assert shop.live("new@example.com")["id"] == remote_id
        assert state_of(shop, "new@example.com") == "unsubscribed"


def test_failure_08_two_entries_merged_and_the_subscribed_one_survives(tmp_path: Path) -> None:
    both = live(consent("subscribed"), consent("subscribed"), phone="13315034487")
    with opened(tmp_path, "genstore", [both]) as shop:
        shop.want(
            {"email": "ada@example.com", "consent": {"email": grant()}},
            {"phone": "+8613315034487", "consent": "unsubscribed"},
        )

        body = shop.plan()
        shop.apply(body)

        assert verdicts(body).count(("hold", "identity.same-person")) == 2
        assert (state_of(shop), state_of(shop, channel="sms")) == ("unsubscribed", "unsubscribed")


def test_failure_09_a_store_copied_to_one_of_another_company(tmp_path: Path) -> None:
    """Who opted out of one company's mail is not told to another: not even its register is read."""
    with opened(
        tmp_path / "a", "genstore", [live(consent("unsubscribed", "2026-07-01T00:00:00+00:00"))]
    ) as shop:
        shop.want({"email": "ada@example.com", "state": "absent"})
        shop.converge()
        kept = shop.folder / ".reconciler" / "opt-outs" / "shop.jsonl"
        assert _known(kept, "shop") is not None
        kept.rename(kept.with_name("other.jsonl"))

        assert _known(kept, "other") is None


def _known(path: Path, store: str) -> Any:
    from reconciler.model.consent import Channel
    from reconciler.state.key import register_keys

    keys = register_keys(path.parent.parent, {"RECONCILER_KEY": KEY.decode()})
    found = register_at(path.parent.parent, *keys, store=store).known
    return found.of(Channel.EMAIL, "ada@example.com")


def test_failure_10_nothing_told_is_read_as_yes_or_as_no(tmp_path: Path) -> None:
    nobody_told = {"email": "ada@example.com", "consent": {"email": None, "sms": None}}
    with opened(tmp_path, "genstore", [nobody_told]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})
        granted = shop.plan()
        shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})
        tagged = shop.plan()
        released = shop.plan(releases=(_release("consent.unreadable"),))

        assert verdicts(granted) == [("hold", "consent.unknown")]
        assert verdicts(tagged) == [("hold", "consent.unreadable")]
        assert granted["changes"] == tagged["changes"] == []
        assert len(released["changes"]) == 1


def _release(rule: str) -> Any:
    from reconciler.model.settings import Release

    return Release(rule=rule)


@pytest.mark.parametrize("platform", ["genstore", "shopline"])
def test_failure_11_a_masked_state_is_read_as_a_value(tmp_path: Path, platform: str) -> None:
    with opened(tmp_path, platform, [live(consent("S*****"))]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

        body = shop.plan()

        assert ("hold", "consent.unknown") in verdicts(body)
        assert body["changes"] == []


@pytest.mark.parametrize("platform", DATED)
def test_failure_12_somebody_who_left_is_asked_again(tmp_path: Path, platform: str) -> None:
    with opened(
        tmp_path, platform, [live(consent("unsubscribed", "2026-01-01T00:00:00+00:00"))]
    ) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": {"state": "pending"}}})

        body = shop.plan()

        assert verdicts(body) == [("hold", "consent.pending-message")]
        assert body["verdicts"][0]["lifted_by"] is None
        assert body["changes"] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_failure_13_a_tag_that_feeds_an_audience(tmp_path: Path, variant: str) -> None:
    people = [
        person("a@example.com"),
        person("b@example.com", tags=["Newsletter"]),
        person("c@example.com"),
    ]
    with opened(tmp_path, variant, people) as shop:
        shop.policy = {"consent": {"bearing_tags": {"newsletter": "email"}}}
        shop.settings = {"limits": {"grant": {"percent": 0, "at_least": 1, "at_most": 1}}}
        shop.want(
            {"email": "a@example.com", "tags": {"add": ["newsletter"]}},
            {"email": "b@example.com", "tags": {"remove": ["newsletter"]}},
        )

        body = shop.plan()
        result = shop.apply(body, only=[RiskClass.WITHDRAW])

        assert ("hold", "consent.no-evidence") in verdicts(body)
        assert [one["classes"] for one in body["changes"]] == [["withdraw"]]
        assert result.complete, told(result)
        assert shop.live("a@example.com")["tags"] == shop.live("b@example.com")["tags"] == []


@pytest.mark.parametrize("platform", DATED)
def test_failure_14_an_undo_that_grants(tmp_path: Path, platform: str) -> None:
    with opened(
        tmp_path, platform, [live(consent("subscribed", "2026-01-01T00:00:00+00:00"))]
    ) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})
        shop.converge()
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})

        body = shop.plan()

        assert verdicts(body) == [("hold", "consent.newer-opt-out")]
        assert body["changes"] == []


@pytest.mark.parametrize("platform", DATED)
def test_failure_15_a_ceiling_raised_for_deletes(tmp_path: Path, platform: str) -> None:
    people = [person(f"c{number}@example.com") for number in range(9)]
    none = {"percent": 0, "at_least": 0, "at_most": 0}
    with opened(tmp_path, platform, people) as shop:
        shop.settings = {"limits": {"delete": none, "grant": none}}
        shop.want(
            {"email": "c0@example.com", "state": "absent"},
            *(
                {"email": f"c{number}@example.com", "consent": {"email": grant()}}
                for number in range(1, 4)
            ),
        )

        body = shop.plan(raises=((RiskClass.DELETE, 9),))

        assert [(one["rule"], one["released"]) for one in body["verdicts"]] == [
            ("ceiling.delete", True),
            ("ceiling.grant", False),
        ]
        assert body["verdicts"][1]["lifted_by"] == "--raise grant=3"
        assert body["summary"]["blocked"]


@pytest.mark.parametrize(
    ("table", "told_at"),
    [
        ("email,subscribed\nada@example.com,yes\n", "1: column 2 is none that is known here"),
        ("email,date\nada@example.com,yes\n", "2: the date is neither a day"),
    ],
)
def test_failure_16_a_table_with_a_column_of_yes_and_no(
    tmp_path: Path, table: str, told_at: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(table)
    words = ("register", "import", path, "--store", "shop", "--specs", tmp_path / "specs")

    done = run(*words, env={"RECONCILER_KEY": KEY.decode()})

    assert done.code == 1
    assert f"{path}:{told_at}" in done.err
    assert "ada@" not in done.everything
    assert not (tmp_path / ".reconciler" / "opt-outs").exists()


def test_failure_17_an_act_of_staff_taken_for_the_persons(tmp_path: Path) -> None:
    people = [
        person(
            "staff@example.com",
            consent={"email": consent("unsubscribed", None, "staff"), "sms": consent()},
        ),
        person(
            "own@example.com",
            consent={"email": consent("unsubscribed", None, "person"), "sms": consent()},
        ),
    ]
    with opened(tmp_path, "shoplazza", people) as shop:
        shop.want(
            {"email": "staff@example.com", "consent": {"email": grant()}},
            {"email": "own@example.com", "consent": {"email": grant()}},
        )

        body = shop.plan(
            releases=(_release("consent.undated-opt-out"), _release("consent.opted-out"))
        )

        found = [(one["fields"][0]["before"]["actor"]) for one in body["changes"]]
        assert found == ["staff"]
        assert ("hold", "consent.opted-out") in verdicts(body)


@pytest.mark.parametrize(("zone", "held"), [("UTC", True), ("Asia/Shanghai", False), (None, True)])
def test_failure_18_a_zone_moves_the_opt_out_before_the_opt_in(
    tmp_path: Path, zone: str | None, held: bool
) -> None:
    # Noon as the store tells it, without an offset; the person came back at ten, UTC.
    record = live(consent("unsubscribed", "2026-06-01T12:00:00"))
    with opened(tmp_path, "genstore", [record], {"times": "zoneless"}) as shop:
        shop.settings = {"timezone": zone} if zone else {}
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})
        if zone is None:
            text = (shop.specs / "all.yaml").read_text().replace('"timezone": "UTC",', "")
            (shop.specs / "all.yaml").write_text(text)

        body = shop.plan()

        assert (body["changes"] == []) is held


@pytest.mark.parametrize("restored", ["an older copy", "an edited copy", "nothing", "both"])
def test_failure_19_a_backup_of_the_register_put_back(tmp_path: Path, restored: str) -> None:
    with opened(
        tmp_path, "genstore", [live(consent("unsubscribed", "2026-07-01T00:00:00+00:00"))]
    ) as shop:
        shop.want({"email": "ada@example.com", "state": "absent"})
        path = shop.folder / ".reconciler" / "opt-outs" / "shop.jsonl"
        key = {"RECONCILER_KEY": KEY.decode()}
        table = tmp_path / "list.csv"
        table.write_text("email,date\nbo@example.com,2026-01-01\n")
        words = ("--specs", shop.specs)
        assert run("register", "import", table, "--store", "shop", *words, env=key).code == 0
        older = path.read_bytes()
        shop.converge()
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})
        body = shop.plan()
        newer = path.read_bytes()
        (tmp_path / "copy").mkdir()
        match restored:
            case "an older copy":
                path.write_bytes(older)
            case "an edited copy":
                path.write_bytes(newer.replace(b'"state":"out"', b'"state":"in"'))
            case "nothing":
                path.unlink()
            case _:
                path.write_bytes(older)
                (tmp_path / "copy" / "shop.jsonl").write_bytes(newer)
                assert run("register", "merge", tmp_path / "copy", *words, env=key).code == 0

        if restored == "both":
            assert shop.apply(body).complete
            assert state_of(shop) != "subscribed"
            return
        assert restored != "an edited copy" or run("register", "verify", *words, env=key).code == 1
        with pytest.raises((BlockedPlanError, JournalError)):
            shop.apply(body)
        assert not shop.box.customers()


@pytest.mark.parametrize("written", ["ADA@example.com", "ada@EXAMPLE.com"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_failure_20_an_address_typed_differently(
    tmp_path: Path, variant: str, written: str
) -> None:
    with opened(tmp_path, variant, [live(consent("unsubscribed", None, "person"))]) as shop:
        shop.want({"email": written, "consent": {"email": grant()}}, {"email": "ada+x@example.com"})

        body = shop.plan()

        assert [one["action"] for one in body["changes"]] == ["create"]
        assert any(level == "hold" for level, _ in verdicts(body))


def test_a_yes_sent_along_with_a_new_time_is_reported(tmp_path: Path) -> None:
    """The window of a full PUT: an opt-out in it is overwritten, and a moved time gives it away."""
    switches = {"consent_time": "ignored"}
    with opened(
        tmp_path, "genstore", [live(consent("subscribed", "2026-01-01T00:00:00+00:00"))], switches
    ) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        body = shop.plan()

        def opt_out(box: Sandbox) -> None:
            box.person(box.customers()[0]["id"], "email", "unsubscribed")

        shop.box.fault(Fault("edit_before", method="PUT", edit=opt_out))

        result = shop.apply(body)

        noticed = [text for one in result.stores[0].outcomes for text in one.noticed]
        assert any("opted out while we wrote" in text for text in noticed), told(result)


@pytest.mark.parametrize(
    ("at", "words", "said"),
    [
        ("2026-07-01T00:00:00+00:00", {}, [("hold", "consent.newer-opt-out")]),
        ("2026-05-01T00:00:00+00:00", {}, []),
        (
            "2026-07-01T00:00:00+00:00",
            {"sms": {"unsubscribed": "UN_SUBSCRIBED"}},
            [("hold", "consent.newer-opt-out")],
        ),
        (None, {}, []),
    ],
)
def test_a_dated_no_that_may_be_an_opt_out_is_weighed_like_one(
    tmp_path: Path, at: str | None, words: Json, said: list[tuple[str, str]]
) -> None:
    """Genstore has one word for *never asked* and *opted out* of SMS; a time tells that it was said."""
    people = [
        person(
            phone="13315034487", consent={"email": consent(), "sms": consent("not_subscribed", at)}
        )
    ]
    with opened(tmp_path, "genstore", people) as shop:
        shop.settings = {"consent_words": words} if words else {}
        shop.want(
            {"email": "ada@example.com", "phone": "+8613315034487", "consent": {"sms": grant()}}
        )

        assert verdicts(shop.plan()) == said
