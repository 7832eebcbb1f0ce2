"""`doctor`: what it sees of stores and of the folder, and when it says that plan or apply would fail."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler import schemas
from reconciler.clock import system_clock
from reconciler.sandbox import Fault
from tests.harness import KEY, PLATFORMS, Shop, consent, opened, person
from tests.leaks import canaries
from tests.program import Done, run

Open = Callable[..., Shop]
READ_ONLY = {"scope": "read"}


@pytest.fixture
def shop_of(tmp_path: Path) -> Iterator[Open]:
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(platform: str, *people: Any, **switches: str) -> Shop:
            records = people or (person(phone="13315034487"), person("bo@example.com"))
            return stack.enter_context(opened(tmp_path / "work", platform, records, switches))

        yield make


def call(shop: Shop, *words: object, **env: str) -> Done:
    given = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode(), **env}
    return run(*words, "--specs", shop.specs, env=given)


def found(shop: Shop, *words: object, **env: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and by check the level and all that was told; the worst where there are several."""
    done = call(shop, "doctor", "--format", "json", *words, **env)
    told = json.loads(done.out)
    schemas.validator("doctor").validate(told)
    levels = ["ok", "untold", "warn", "fail"]
    every: dict[str, tuple[str, str]] = {}
    for one in [*told["folder"], *(part for store in told["stores"] for part in store["findings"])]:
        known = every.get(one["check"], ("ok", ""))[0]
        if levels.index(one["level"]) >= levels.index(known):
            every[one["check"]] = (one["level"], f"{one['message']}; {one['advice']}")
    assert told["ready"] == (done.code == 0)
    return done.code, every


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_store_that_works_is_read_with_a_handful_of_requests(
    shop_of: Open, platform: str
) -> None:
    shop = shop_of(platform)

    code, checks = found(shop)

    assert code == 0
    for name in ("token", "reachable", "personal fields", "phone region", "API version", "specs"):
        assert checks[name][0] == "ok", checks[name]
    assert checks["token"][1].startswith("in the variable TOKEN")
    assert len(shop.box.requests) <= 3
    assert shop.box.writes == 0
    assert not (shop.folder / ".reconciler").exists()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_token_that_is_known_to_write_is_a_warning_where_it_plans(
    shop_of: Open, platform: str
) -> None:
    shop = shop_of(platform)

    _, checks = found(shop)
    code, applying = found(shop, "--for", "apply")

    assert code == 0
    if platform == "genstore":
        assert checks["scopes"][0] == "warn"
        assert "write_customers" in checks["scopes"][1]
        assert applying["scopes"][0] == "ok"
    else:
        assert checks["scopes"][0] == applying["scopes"][0] == "untold"
        assert "cannot be told" in checks["scopes"][1]


def test_a_token_that_only_reads_plans_and_does_not_apply(shop_of: Open) -> None:
    shop = shop_of("genstore", **READ_ONLY)

    code, checks = found(shop)
    planning, content = found(shop, "--for", "plan")

    assert [code, planning] == [1, 0]
    assert checks["scopes"][0] == "fail"
    assert "an apply would be refused" in checks["scopes"][1]
    assert content["scopes"][0] == "ok"
    assert "each plan reads the whole store" in content["reading"][1]


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ('{"accessScopes": "[]"}', "fail"),
        ('{"accessScopes": ["read_orders"]}', "fail"),
        ('{"accessScopes": 7}', "untold"),
        ("[]", "untold"),
        ('{"accessScopes": "[\\"write_customers\\"]"}', "warn"),
    ],
)
def test_scopes_are_told_as_far_as_the_answer_can_be_read(
    shop_of: Open, answer: str, level: str
) -> None:
    shop = shop_of("genstore")
    shop.box.fault(Fault("status", path="access_scopes", status=200, body=answer))

    code, checks = found(shop)

    assert checks["scopes"][0] == level
    assert code == (level == "fail")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_scopes_that_the_store_does_not_tell_keep_nothing_else_from_being_seen(
    shop_of: Open, status: int
) -> None:
    shop = shop_of("genstore")
    shop.box.fault(Fault("status", path="access_scopes", status=status, times=99))

    code, checks = found(shop)

    assert code == 0
    assert checks["scopes"][0] == "untold"
    assert checks["reachable"][0] == "ok"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_bad_token_fails_and_is_not_shown(shop_of: Open, platform: str) -> None:
    shop = shop_of(platform)

    code, checks = found(shop, TOKEN="wrong-token-4711")
    shown = call(shop, "doctor", TOKEN="wrong-token-4711")

    assert code == shown.code == 1
    assert checks["reachable"][0] == "fail"
    assert "the token is not accepted" in checks["reachable"][1]
    assert "wrong-token" not in shown.everything


def test_a_token_that_may_not_read_fails_with_the_scope_that_it_needs(shop_of: Open) -> None:
    shop = shop_of("shoplazza")
    shop.box.fault(Fault("status", status=403, times=99))

    code, checks = found(shop)

    assert code == 1
    assert "scopes it needs" in checks["reachable"][1]
    assert "(read_customer)" in checks["scopes"][1]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_token_that_lacks_and_a_host_that_may_not_have_it_ask_nobody(
    shop_of: Open, platform: str
) -> None:
    shop = shop_of(platform)

    code, checks = found(shop, TOKEN="")
    shop.settings = {"base_url": "https://elsewhere.example"}
    shop.want()
    foreign, told = found(shop)

    assert code == foreign == 1
    assert "the environment variable TOKEN is empty or not set" in checks["token and address"][1]
    assert "may not be sent its token" in told["token and address"][1]
    assert list(shop.box.requests) == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_store_that_cannot_be_reached_fails_and_the_others_are_looked_at(
    shop_of: Open, platform: str
) -> None:
    shop = shop_of(platform)
    document = json.loads((shop.specs / "all.yaml").read_text())
    document["stores"]["away"] = {**document["stores"]["shop"], "base_url": "http://127.0.0.1:9"}
    (shop.specs / "all.yaml").write_text(json.dumps(document))

    done = call(shop, "doctor", "--format", "json")
    stores = {one["name"]: one for one in json.loads(done.out)["stores"]}

    assert done.code == 1
    levels = {one["check"]: one["level"] for one in stores["away"]["findings"]}
    assert levels["reachable"] == "fail"
    assert "127.0.0.1:9 cannot be reached" in done.out
    assert {one["level"] for one in stores["shop"]["findings"]} <= {"ok", "untold", "warn"}
    only = call(shop, "doctor", "--store", "shop")
    assert only.code == 0
    assert call(shop, "doctor", "--store", "nobody").code == 1


def _listed(platform: str) -> str:
    return (
        '{"code": "Success", "data": {"customers": [], "count": 0}}'
        if platform == "shoplazza"
        else '{"customers": [], "count": 0}'
    )


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("hours", "told"),
    [(0, "differs by"), (3, "the store's is 3 h ahead"), (-72, "the store's is 3 days behind")],
)
def test_a_clock_that_is_wrong_is_a_warning(
    shop_of: Open, platform: str, hours: int, told: str
) -> None:
    from datetime import timedelta

    shop = shop_of(platform)
    date = format_datetime(system_clock().now() + timedelta(hours=hours), usegmt=True)
    body = _listed(platform)
    shop.box.fault(
        Fault("status", path="customers", status=200, body=body, headers={"Date": date}, times=9)
    )

    code, checks = found(shop)

    assert code == 0, checks
    assert checks["clock"][0] == ("warn" if hours else "ok")
    assert told in checks["clock"][1]
    assert checks["first page"][0] == "untold"


def test_a_store_that_tells_no_time_and_no_rate_is_told_so(shop_of: Open) -> None:
    _, checks = found(shop_of("shopline"))

    assert checks["clock"][0] == checks["rate"][0] == "untold"


def test_headers_of_the_rate_are_shown_as_far_as_they_are_numbers(shop_of: Open) -> None:
    shop = shop_of("shopline")
    headers = {
        "X-Shopline-Shop-Api-Call-Limit": "3/40",
        "X-RateLimit-Remaining": "ada@example.com",
        "X-Rate-Limit-Limit": "+8613315034487",
        "X-Limit-Ada-Lovelace": "1",
        "Ratelimit-Policy": "::error::do this",
    }
    shop.box.fault(
        Fault("status", path="customers", status=200, body='{"customers": []}', headers=headers)
    )

    _, checks = found(shop)

    assert checks["rate"][1] == (
        "ratelimit-policy: …, x-rate-limit-limit: …, x-ratelimit-remaining: …, "
        "x-shopline-shop-api-call-limit: 3/40; "
    )


@pytest.mark.parametrize("form", ["absent", "null", "masked"])
def test_fields_that_are_withheld_from_everybody_fail_as_a_plan_would(
    shop_of: Open, form: str
) -> None:
    shop = shop_of("genstore", protected=form)
    shop.want({"email": "ada@example.com", "tags": {"add": ["vip"]}})

    code, checks = found(shop)
    planned = call(shop, "plan", "--read", "full")

    assert code == planned.code == 1
    assert checks["personal fields"][0] == "fail"
    assert "approve the app" in checks["personal fields"][1]


def test_fields_that_are_withheld_from_some_are_a_warning(shop_of: Open) -> None:
    people = [person(f"a{number}@example.com") for number in range(6)]
    shop = shop_of("shopline", *people, masked="some")

    code, checks = found(shop)

    assert code == 0
    assert checks["personal fields"][0] == "warn"
    assert "of 6 customers: email" in checks["personal fields"][1]


def test_times_and_numbers_that_the_settings_do_not_fit_are_told(shop_of: Open) -> None:
    dated = consent("subscribed", "2026-01-01T08:00:00+00:00")
    people = [
        person(
            f"a{number}@example.com",
            phone=f"1331503448{number}",
            consent={"email": dated, "sms": dated},
        )
        for number in range(3)
    ]
    shop = shop_of("genstore", *people)
    shop.settings = {"timezone": None, "phone_region": None}
    shop.want()
    code, bare = found(shop)
    shop.settings = {"timezone": "UTC", "phone_region": "NO"}
    shop.want()
    _, wrong = found(shop)
    shop.settings = {"timezone": "Asia/Shanghai", "phone_region": "CN"}
    shop.want()
    _, right = found(shop)

    assert code == 0
    assert bare["time zone"][0] == bare["phone region"][0] == "warn"
    assert "6 of 6 times of consents tell no instant; set `timezone`" in bare["time zone"][1]
    assert "3 of 3 phone numbers carry no country" in bare["phone region"][1]
    assert "none of NO" in wrong["phone region"][1]
    assert right["time zone"][0] == right["phone region"][0] == "ok"


def test_a_consent_that_is_still_to_come_shows_a_wrong_zone(shop_of: Open) -> None:
    from datetime import timedelta

    soon = (system_clock().now() + timedelta(hours=6)).isoformat(timespec="seconds")
    dated = {"email": consent("subscribed", soon), "sms": consent()}
    shop = shop_of("genstore", person("ada@example.com", consent=dated))

    _, checks = found(shop)

    assert checks["time zone"][0] == "warn"
    assert "still to come; `timezone: UTC` is not the shop's" in checks["time zone"][1]


def applied(shop: Shop) -> Path:
    shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})
    assert call(shop, "plan", "--out", shop.folder / "plan.json").code == 0
    assert call(shop, "apply", shop.folder / "plan.json").code == 0
    return shop.folder / ".reconciler"


def opted_in() -> Any:
    yes = consent("subscribed", "2026-01-01T08:00:00+00:00")
    return person("ada@example.com", consent={"email": yes, "sms": consent()})


def test_a_trail_and_a_register_that_are_whole_are_told_so(shop_of: Open) -> None:
    shop = shop_of("shopline", opted_in())
    applied(shop)

    code, checks = found(shop)
    _, other = found(shop, RECONCILER_KEY="")

    assert code == 0
    assert checks["trail"][1].startswith("whole: ")
    assert checks["register"][1].startswith("whole: ")
    assert checks["key"][1].startswith("in RECONCILER_KEY")
    assert other["key"][0] == "fail"


def test_without_their_key_a_trail_fails_an_apply_and_no_plan(shop_of: Open) -> None:
    shop = shop_of("shopline", opted_in())
    applied(shop)
    (shop.folder / ".reconciler/key").unlink(missing_ok=True)
    words = ("doctor", "--specs", shop.specs, "--format", "json")
    env = {"TOKEN": shop.box.token}

    both = run(*words, env=env)
    planning = run(*words, "--for", "plan", env=env)

    assert [both.code, planning.code] == [1, 0]
    told = {one["check"]: one["level"] for one in json.loads(planning.out)["folder"]}
    assert told["trail"] == told["register"] == "untold"


def test_a_trail_under_the_key_of_the_apply_job_fails_no_plan(shop_of: Open) -> None:
    shop = shop_of("shopline", opted_in())
    shop.want({"email": "ada@example.com", "consent": {"email": "unsubscribed"}})
    call(shop, "plan", "--out", shop.folder / "plan.json")
    own = {"RECONCILER_REGISTER_KEY": "a key of the apply job, longer than 32 bytes"}
    assert call(shop, "apply", shop.folder / "plan.json", **own).code == 0

    code, checks = found(shop, "--for", "plan")
    both, failing = found(shop)
    applying, fine = found(shop, "--for", "apply", **own)

    assert [code, both, applying] == [0, 1, 0]
    assert checks["trail"][0] == "untold"
    assert "sealed with a key that is not here" in failing["trail"][1]
    assert fine["trail"][0] == fine["register"][0] == "ok"


@pytest.mark.parametrize("kept", ["audit/shop.jsonl", "opt-outs/shop.jsonl"])
@pytest.mark.parametrize("edit", ["edited", "cut"])
def test_a_record_that_is_not_whole_fails(shop_of: Open, kept: str, edit: str) -> None:
    shop = shop_of("shopline", opted_in())
    path = applied(shop) / kept
    lines = path.read_bytes().splitlines(keepends=True)
    lines[-1] = lines[-1].replace(b'"at"', b'"ta"') if edit == "edited" else lines[-1][:-9]
    path.write_bytes(b"".join(lines))

    code, checks = found(shop)

    name = "trail" if "audit" in kept else "register"
    assert code == 1
    assert checks[name][0] == "fail"
    assert "verify" in checks[name][1] or "copy" in checks[name][1]


def test_a_register_that_the_trail_knows_and_that_is_gone_fails(shop_of: Open) -> None:
    shop = shop_of("shopline", opted_in())
    (applied(shop) / "opt-outs/shop.jsonl").unlink()

    code, checks = found(shop)

    assert code == 1
    assert "the trail knows of one that is not here" in checks["register"][1]


def test_a_register_under_another_key_is_a_warning(shop_of: Open) -> None:
    shop = shop_of("shopline", opted_in())
    applied(shop)

    _, checks = found(shop, RECONCILER_KEY="another key for tests, of more than 32 bytes")

    assert checks["register"][0] == "warn"
    assert "RECONCILER_REGISTER_KEYS_BEFORE" in checks["register"][1]


@pytest.mark.parametrize(
    ("mode", "of", "check", "level"),
    [(0o755, ".", "state folder", "warn"), (0o644, "key", "key", "fail")],
)
def test_permissions_that_are_too_wide_are_told(
    shop_of: Open, mode: int, of: str, check: str, level: str
) -> None:
    shop = shop_of("shopline")
    assert run("plan", "--specs", shop.specs, env={"TOKEN": shop.box.token}).code == 0
    (shop.folder / ".reconciler" / of).chmod(mode)

    done = run("doctor", "--specs", shop.specs, "--format", "json", env={"TOKEN": shop.box.token})

    told = {one["check"]: one for one in json.loads(done.out)["folder"]}
    assert told[check]["level"] == level
    assert "chmod" in told[check]["advice"]
    assert done.code == (level == "fail")


def test_a_state_folder_that_is_a_link_fails_and_is_not_followed(
    shop_of: Open, tmp_path: Path
) -> None:
    shop = shop_of("shopline")
    (tmp_path / "elsewhere").mkdir()
    (shop.folder / ".reconciler").symlink_to(tmp_path / "elsewhere")

    code, checks = found(shop)

    assert code == 1
    assert "is a link" in checks["state folder"][1]


def test_a_token_file_that_others_can_read_is_a_warning(shop_of: Open) -> None:
    shop = shop_of("shopline")
    file = shop.folder / "token"
    file.write_text(shop.box.token)
    file.chmod(0o644)
    shop.settings = {"token": {"file": str(file)}}
    shop.want()

    code, checks = found(shop)

    assert code == 0
    assert checks["token"] == ("warn", f"others may read its file; chmod 600 {file}")


def test_what_git_and_the_pipeline_tell_of_the_folder_is_told(
    shop_of: Open, tmp_path: Path
) -> None:
    shop = shop_of("shopline")
    _, bare = found(shop)
    git = ["git", "-C", str(shop.folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "specs"], check=True)
    subprocess.run([*git, "commit", "-qm", "specs"], check=True)
    _, inside = found(shop)
    event = tmp_path / "event.json"
    event.write_text('{"repository": {"private": true}}')
    _, private = found(shop, GITHUB_EVENT_PATH=str(event))
    _, public = found(shop, CI_PROJECT_VISIBILITY="public")

    assert bare["git"][0] == "warn"
    assert inside["git"][0] == "ok"
    assert inside["visibility"][0] == "untold"
    assert private["visibility"][0] == "ok"
    assert public["visibility"][0] == "warn"


def test_a_state_folder_that_git_would_take_or_has_taken_is_told(shop_of: Open) -> None:
    shop = shop_of("shopline")
    run("plan", "--specs", shop.specs, env={"TOKEN": shop.box.token})
    git = ["git", "-C", str(shop.folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    (shop.folder / ".reconciler/.gitignore").unlink()
    _, seen = found(shop)
    subprocess.run([*git, "add", "-f", ".reconciler"], check=True)
    code, taken = found(shop)

    assert seen["state folder"][0] == "warn"
    assert "git does not ignore" in seen["state folder"][1]
    assert code == 1
    assert "came with a commit" in taken["state folder"][1]


def test_specs_with_errors_fail_and_the_stores_are_looked_at_all_the_same(shop_of: Open) -> None:
    shop = shop_of("shopline")
    (shop.specs / "more.yaml").write_text("store: shop\ncustomers: [{email: none}]\n")

    code, checks = found(shop)

    assert code == 1
    assert checks["specs"][0] == "fail"
    assert checks["reachable"][0] == "ok"


def test_without_specs_all_else_is_told(tmp_path: Path) -> None:
    done = run("doctor", "--specs", tmp_path / "none")

    assert done.code == 1
    assert "fail    specs" in done.out
    assert "fail    stores" in done.out
    assert done.out.splitlines()[-1].startswith("Not ready: ")


def test_where_ci_is_set_a_base_is_needed_and_a_new_store_is_not_contacted(shop_of: Open) -> None:
    shop = shop_of("shopline")
    git = ["git", "-C", str(shop.folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "specs"], check=True)
    subprocess.run([*git, "commit", "-qm", "specs"], check=True)
    document = json.loads((shop.specs / "all.yaml").read_text())
    document["stores"]["new"] = {**document["stores"]["shop"], "base_url": "https://evil.example"}
    (shop.specs / "all.yaml").write_text(json.dumps(document))
    hosts = {"CI": "1", "RECONCILER_HOSTS": shop.url}

    assert call(shop, "doctor", **hosts).code == 64
    done = call(shop, "doctor", "--base", "HEAD", **hosts)

    assert done.code == 0, done.everything
    assert "not at the base, so it is not contacted" in done.out


def test_quiet_leaves_out_what_is_well(shop_of: Open) -> None:
    shop = shop_of("genstore")

    done = call(shop, "doctor", "--quiet")

    assert "ok      " not in done.out
    assert "warn    scopes: the token may write (write_customers)" in done.out
    assert done.out.splitlines()[-1].startswith("Ready: 0 to mend, ")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_nothing_of_anybody_is_told(shop_of: Open, platform: str) -> None:
    people = [
        person(
            mail,
            phone=phone,
            first_name=canaries.FIRST,
            last_name=canaries.LAST,
            note=canaries.NOTE,
            tags=[canaries.IN_TAG],
        )
        for mail, phone in zip(canaries.EMAILS, canaries.PHONES, strict=True)
    ]
    shop = shop_of(platform, *people)
    told = [("as it is", call(shop, "doctor").everything)]
    told.append(("token", call(shop, "doctor", TOKEN=canaries.TOKEN).everything))
    said = {"error": canaries.EMAILS[0], "errors": canaries.NOTE, "message": canaries.PHONES[0]}
    for status in (400, 403, 422):
        shop.box.fault(Fault("status", status=status, body=said))
        told.append((str(status), call(shop, "doctor").everything))
    shop.box.fault(
        Fault(
            "status",
            status=200,
            times=9,
            body='{"customers": 7, "accessScopes": ["' + canaries.EMAILS[1] + '"]}',
            headers={"X-Rate-Limit": canaries.PHONES[1], "Date": canaries.EMAILS[2]},
        )
    )
    told.append(("garbled", call(shop, "doctor", "--format", "json").everything))

    canaries.assert_clean(told)
    assert os.environ.get("CI") is None
