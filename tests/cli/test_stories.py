"""Stories of users that once went wrong, told from the shell or near it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import StalePlanError
from reconciler.model.settings import RiskClass
from reconciler.plan.outcome import State
from reconciler.sandbox import Fault
from tests.harness import KEY, Shop, consent, grant, opened, person, states, told, verdicts
from tests.program import run

OUT = {"email": consent("unsubscribed", None, "staff"), "sms": consent()}


def env(shop: Shop) -> dict[str, str]:
    return {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}


def soon(shop: Shop) -> str:
    return (shop.environment.clock.now() + timedelta(days=2)).isoformat()


def test_an_approval_for_one_person_releases_nobody_else(tmp_path: Path) -> None:
    people = [person(None, phone="+4930901820", consent=OUT), person("b@example.com", consent=OUT)]
    with opened(tmp_path, "shoplazza", people) as shop:
        shop.settings = {"phone_region": "DE"}
        wanted = [
            {"phone": "030 901820", "consent": {"sms": "unsubscribed"}},
            {"email": "b@example.com", "consent": {"email": grant()}},
        ]
        shop.want(
            *wanted,
            approvals=[
                {
                    "release": "consent.undated-opt-out",
                    "customer": {"phone": "030 901820"},
                    "reason": "only this one",
                    "until": soon(shop),
                }
            ],
        )

        assert verdicts(shop.plan()) == [("hold", "consent.undated-opt-out")]


def test_an_approval_for_another_store_raises_nothing_here(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        shop.settings = {"limits": {"create": {"percent": 0, "at_least": 0, "at_most": 0}}}
        shop.want({"email": "new@example.com"})
        document = json.loads((shop.specs / "all.yaml").read_text())
        document["stores"]["other"] = document["stores"]["shop"]
        (shop.specs / "all.yaml").write_text(json.dumps(document))
        (shop.specs / "approvals.yaml").write_text(
            json.dumps(
                {
                    "store": "other",
                    "approvals": [
                        {"raise": {"create": 9}, "reason": "for the other", "until": soon(shop)}
                    ],
                }
            )
        )

        assert ("block", "ceiling.create") in verdicts(shop.plan(stores=("shop",)))


def test_opt_outs_that_two_entries_ask_of_one_person_are_joined(tmp_path: Path) -> None:
    both = {"email": consent("subscribed"), "sms": consent("subscribed")}
    with opened(tmp_path, "genstore", [person(phone="13315034487", consent=both)]) as shop:
        shop.want(
            {"email": "ada@example.com", "consent": {"email": "unsubscribed"}},
            {"phone": "+8613315034487", "consent": {"sms": "unsubscribed"}},
        )

        shop.apply(shop.plan())

        now = shop.live("ada@example.com")["consent"]
        assert {one["state"] for one in now.values()} == {"unsubscribed"}


def test_a_tag_that_feeds_an_audience_is_not_called_done_after_an_opt_out(tmp_path: Path) -> None:
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, "genstore", [person(consent=yes)]) as shop:
        shop.policy = {"consent": {"bearing_tags": {"newsletter": "email"}}}
        shop.want({"email": "ada@example.com", "tags": {"add": ["newsletter"]}})
        body = shop.plan()
        shop.box.person(shop.live("ada@example.com")["id"], "email", "unsubscribed")

        result = shop.apply(body)

        assert states(result) == [State.OPTED_OUT], told(result)
        assert shop.live("ada@example.com")["tags"] == []


def test_one_class_at_a_time_leaves_the_rest_of_the_plan(tmp_path: Path) -> None:
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, "shopline", [person(consent=yes)]) as shop:
        shop.want(
            {
                "email": "ada@example.com",
                "tags": {"add": ["vip"]},
                "consent": {"email": "unsubscribed"},
            }
        )
        body = shop.plan()

        nothing = shop.apply(body, only=[RiskClass.DELETE])
        first = shop.apply(body, only=[RiskClass.WITHDRAW])
        rest = shop.apply(body, resume=True)

        assert states(nothing) == []
        assert states(first) == [State.DONE]
        assert rest.complete
        assert shop.live("ada@example.com")["tags"] == ["vip"]


@pytest.mark.parametrize("base", ["http://127.0.0.1:abc", "http://[::1", "http://127.0.0.1:99999"])
def test_a_base_url_that_is_no_address_is_a_complaint(tmp_path: Path, base: str) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        shop.settings = {"base_url": base}
        shop.want({"email": "a@example.com"})

        assert run("validate", shop.specs).code == 1
        assert run("plan", "--specs", shop.specs, env=env(shop)).code == 1


@pytest.mark.parametrize("value", ["1", "foo", "false"])
def test_no_color_may_hold_anything(tmp_path: Path, value: str) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        done = run("plan", "--specs", shop.specs, env={**env(shop), "NO_COLOR": value})

        assert done.code == 0
        assert "\x1b" not in done.out


def test_a_store_without_a_token_does_not_stop_the_others(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        document = json.loads((shop.specs / "all.yaml").read_text())
        document["stores"]["other"] = {**document["stores"]["shop"], "token": {"env": "NOT_SET"}}
        (shop.specs / "all.yaml").write_text(json.dumps(document))

        done = run("plan", "--specs", shop.specs, env=env(shop))

        assert done.code == 1
        assert "NOT_SET is empty or not set" in done.err
        assert "profiles (1)" in done.out


def test_json_is_all_that_a_pipeline_gets_of_an_apply(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        words = ("apply", "--yes", "--format", "json", "--specs", shop.specs)

        first = run(*words, env=env(shop))
        again = run(*words, env=env(shop))

        assert json.loads(first.out)["complete"] is True
        assert json.loads(again.out)["changes"] == []


def test_one_bad_line_does_not_hide_what_else_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "stores: {s: {platform: shopline, shop: a, token: {env: T}, tags: {owned: [vip]}}}\n"
        "customers:\n  - {email: a@example.com, nme: x}\n"
        "  - {email: b@example.com, consent: {email: {state: subscribed, "
        "given_at: 2099-01-01T00:00:00Z, source: x}}}\n"
        "  - {email: c@example.com, state: absent, first_name: C}\n"
    )

    done = run("validate", tmp_path)

    for rule in ("schema.unknown-key", "time.future", "section.contradiction"):
        assert f"error[{rule}]" in done.out


def _two(first: Any, second: Any, tmp_path: Path) -> str:
    (tmp_path / "s.yaml").write_text(
        "stores: {s: {platform: shopline, shop: a, token: {env: T}}}\n"
    )
    for name, entry in (("a", first), ("b", second)):
        (tmp_path / f"{name}.yaml").write_text(
            json.dumps({"customers": [{"email": "k@example.com", **entry}]})
        )
    return run("validate", tmp_path).out


def test_two_lists_of_tags_contradict_each_other(tmp_path: Path) -> None:
    assert "error[section.contradiction]" in _two({"tags": ["a"]}, {"tags": ["b"]}, tmp_path)


def test_one_state_with_and_without_evidence_is_no_contradiction(tmp_path: Path) -> None:
    out = {"state": "unsubscribed", "withdrawn_at": "2026-05-02T10:00:00+02:00", "source": "letter"}

    assert "error" not in _two(
        {"consent": {"sms": "unsubscribed"}}, {"consent": {"sms": out}}, tmp_path
    )


def test_a_default_gives_way_to_what_another_file_says(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "stores: {s: {platform: shopline, shop: a, token: {env: T}}}\n"
        "defaults: {tags: [wholesale], consent: {email: unsubscribed}}\n"
        "customers: [{email: k@example.com}]\n"
    )
    (tmp_path / "b.yaml").write_text(
        "customers: [{email: k@example.com, tags: [vip], consent: {email: {state: subscribed, "
        "given_at: 2026-01-01T00:00:00Z, source: x}}}]\n"
    )

    done = run("validate", tmp_path)

    assert "error" not in done.out
    assert done.code == 0


def test_what_is_exported_from_a_store_with_owned_tags_plans_empty(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", [person(tags=["vip", "app:x"])]) as shop:
        shop.settings = {"tags": {"owned": ["vip"]}}
        shop.want()
        made = run("export", "--specs", shop.specs, env=env(shop))
        (shop.specs / "customers.yaml").write_text(made.out)

        done = run("plan", "--detailed-exitcode", "--specs", shop.specs, env=env(shop))

        assert (made.code, done.code) == (0, 0)


def test_a_short_key_file_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        (tmp_path / "state").mkdir()
        (tmp_path / "state" / "key").write_text("ab")
        (tmp_path / "state" / "key").chmod(0o600)

        done = run(
            "plan",
            "--specs",
            shop.specs,
            "--state-dir",
            tmp_path / "state",
            env={"TOKEN": shop.box.token},
        )

        assert done.code == 1
        assert "less than 32 bytes" in done.err


def test_a_folder_that_exists_gets_no_gitignore(tmp_path: Path) -> None:
    with opened(tmp_path, "shopline", []) as shop:
        run("plan", "--specs", shop.specs, "--state-dir", tmp_path, env={"TOKEN": shop.box.token})

        assert not (tmp_path / ".gitignore").exists()


@pytest.mark.parametrize("platform", ["genstore", "shopline"])
def test_nobody_is_unsubscribed_from_an_address_that_is_not_there(
    tmp_path: Path, platform: str
) -> None:
    with opened(tmp_path, platform, [person()]) as shop:
        shop.want({"email": "ada@example.com", "consent": {"sms": "unsubscribed"}})

        assert shop.plan()["changes"] == []


def test_a_new_address_that_the_platform_would_refuse_is_refused_at_plan_time(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, "shoplazza", [person()]) as shop:
        shop.want({"email": "ada@example.com", "addresses": [{"address1": "1 Main St"}]})

        body = shop.plan()

        assert verdicts(body) == [("block", "capability.unsupported")]
        assert "`country` and `country_code`" in body["verdicts"][0]["message"]


def test_a_plan_for_which_no_store_was_read_is_not_applied(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        shop.box.fault(Fault("status", status=401, times=99))
        body = shop.plan()

        with pytest.raises(StalePlanError, match="no store could be read"):
            shop.apply(body)


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github", "gitlab", "csv"])
def test_a_damaged_plan_of_somebody_elses_is_told_as_one(tmp_path: Path, form: str) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New", "tags": {"add": ["vip"]}})
        body = shop.plan()
    for field in body["changes"][0]["fields"]:
        field["field"] = "nobody_knows"
    (tmp_path / "plan.json").write_text(json.dumps(body))

    done = run("show", tmp_path / "plan.json", "--format", form, "--state-dir", tmp_path / "none")

    assert "not verified" in done.err
    assert (done.code, "damaged plan" in done.err) == (1, True)


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github", "gitlab", "csv", "json"])
def test_a_plan_of_a_file_whose_name_is_no_text_is_written_in_every_form(
    tmp_path: Path, form: str
) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New", "tags": {"add": ["vip"]}})
        body = shop.plan()
    for field in body["changes"][0]["fields"]:
        field["source"]["file"] = "specs/\udcff\u202e.yaml"
    (tmp_path / "plan.json").write_text(json.dumps(body))

    done = run(
        "show",
        tmp_path / "plan.json",
        "--format",
        form,
        "--state-dir",
        tmp_path / "none",
        "--output",
        tmp_path / "told",
    )

    assert done.code == 0, done.err
    assert "\u202e" not in (tmp_path / "told").read_text(encoding="utf-8")


def test_a_plan_tells_of_an_apply_whose_outcome_is_not_known(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want({"email": "ada@example.com", "first_name": "New"})
        body = shop.plan()
        before = run("plan", "--specs", shop.specs, env=env(shop)).err
        shop.box.fault(Fault("drop_after", method="PUT", times=9))
        shop.box.fault(Fault("status", method="GET", nth=2, times=99))
        shop.apply(body)
        shop.box.clear_faults()
        after = run("plan", "--specs", shop.specs, env=env(shop)).err
        shop.apply(body, resume=True)
        ended = run("plan", "--specs", shop.specs, env=env(shop)).err

    assert "cut off" not in before
    assert f"reconciler apply {tmp_path}/.reconciler/plans/" in after
    assert "cut off" not in ended
