"""The commands as a shell sees them: what they print, what they write, and their exit codes."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Fault
from tests.harness import KEY, Shop, consent, grant, opened, person
from tests.program import Done, run

PEOPLE = [
    person("ada@example.com", tags=["app:x"]),
    person(
        "bo@example.com",
        consent={"email": consent("subscribed", "2026-01-01T00:00:00+00:00"), "sms": consent()},
    ),
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, "shopline", PEOPLE) as one:
        one.want(
            {"email": "ada@example.com", "first_name": "Augusta", "tags": {"add": ["vip"]}},
            {"email": "bo@example.com", "consent": {"email": "unsubscribed"}},
            {"email": "new@example.com", "last_name": "Neumann"},
        )
        yield one


def call(shop: Shop, *words: object, **env: str) -> Done:
    given = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode(), **env}
    needs_specs = words[0] in ("plan", "apply", "show", "export", "stores")
    return run(*words, *(["--specs", shop.specs] if needs_specs else []), env=given)


def test_plan_show_apply_plan_again(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"

    planned = call(shop, "plan", "--out", file, "--detailed-exitcode")
    shown = call(shop, "show", file)
    steps = call(shop, "show", file, "--steps")
    applied = call(shop, "apply", file)
    again = call(shop, "plan", "--detailed-exitcode")
    used = call(shop, "apply", file)

    assert [one.code for one in (planned, shown, steps, applied, again, used)] == [2, 0, 0, 0, 0, 5]
    assert planned.out == shown.out
    assert "opt-outs (1)" in planned.out
    assert "+vip" in planned.out
    assert "first name ••• → •••" in planned.out
    assert "audience: e-mail 1 → 0 (-1)" in planned.out
    assert [line.split()[2] for line in steps.out.splitlines()] == ["withdraw", "create", "update"]
    assert "Applied: 3 of 3 steps" in applied.out
    assert "No changes." in again.out
    assert "applied already" in used.err


def test_no_output_and_no_file_holds_a_personal_value(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    shop.box.fault(Fault("status", method="PUT", status=422, body='{"errors":"ada@example.com"}'))

    said = [call(shop, "validate", shop.specs), call(shop, "plan", "--out", file, "-v")]
    said += [call(shop, "show", file, "--format", form) for form in ("text", "markdown", "json")]
    said += [call(shop, "apply", file), call(shop, "apply", "--resume"), call(shop, "stores")]
    written = [file, *(p for p in (tmp_path / ".reconciler").rglob("*") if p.is_file())]

    text = "".join(one.everything for one in said) + "".join(p.read_text() for p in written)
    for value in ("ada@", "bo@", "new@", "Augusta", "Neumann", "Lovelace", "%40example"):
        assert value not in text
    assert said[-3].code == 4
    assert said[-2].code == 0


def test_the_plan_follows_its_schema_and_so_does_every_journal_line(
    shop: Shop, tmp_path: Path
) -> None:
    from reconciler import schemas

    file = tmp_path / "plan.json"
    call(shop, "plan", "--out", file)
    call(shop, "apply", file)

    schemas.validator("plan").validate(json.loads(file.read_text()))
    state = tmp_path / ".reconciler"
    for name, files in (("journal", "journals/**/*.jsonl"), ("audit", "audit/*.jsonl")):
        lines = [line for path in state.glob(files) for line in path.read_text().splitlines()]
        assert len(lines) > 4
        for line in lines:
            schemas.validator(name).validate(json.loads(line))


def test_saved_files_are_for_their_owner_only(shop: Shop, tmp_path: Path) -> None:
    call(shop, "plan", "--out", tmp_path / "plan.json")
    call(shop, "apply", tmp_path / "plan.json")
    call(shop, "export", "--out", tmp_path / "export.yaml")

    files = [
        tmp_path / "plan.json",
        tmp_path / "export.yaml",
        *(tmp_path / ".reconciler").rglob("*.json*"),
    ]
    assert len(files) >= 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_plan_edited_by_hand_is_refused(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    call(shop, "plan", "--out", file)
    body = json.loads(file.read_text())
    body["expires_at"] = "2099-01-01T00:00:00+00:00"
    file.write_text(json.dumps(body))

    done = call(shop, "apply", file)

    assert done.code == 1
    assert "changed since" in done.err
    assert shop.box.writes == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON"),
        ("[]", "no plan"),
        ('{"format_version": "9"}', "another format"),
        ('{"format_version": "2"}', "damaged"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_plan_is_told_apart(
    shop: Shop, tmp_path: Path, content: str | None, message: str
) -> None:
    file = tmp_path / "plan.json"
    if content is not None:
        file.write_text(content)

    done = call(shop, "apply", file)

    assert done.code == 1
    assert message in done.err


def test_what_changed_specs_no_longer_ask_for_is_skipped(shop: Shop, tmp_path: Path) -> None:
    call(shop, "plan", "--out", tmp_path / "plan.json")
    shop.want({"email": "ada@example.com", "last_name": "Other"})

    done = call(shop, "apply", tmp_path / "plan.json")

    assert done.code == 4
    assert "the specs have moved on" in done.err
    assert "skipped: no longer asked for" in done.out
    assert shop.box.writes == 0


def test_without_the_key_a_plan_can_be_shown_and_not_applied(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    call(shop, "plan", "--out", file)
    other = {"RECONCILER_KEY": "another key, also of more than 32 bytes"}

    shown = run("show", file, "--state-dir", tmp_path / "none")
    applied = call(shop, "apply", file, **other)

    assert shown.code == 0
    assert "not verified" in shown.err
    assert applied.code == 1
    assert "another key" in applied.err


def test_a_blocked_plan_lets_only_opt_outs_through(shop: Shop, tmp_path: Path) -> None:
    shop.settings = {"limits": {"create": {"percent": 0, "at_least": 0, "at_most": 0}}}
    shop.want(
        {"email": "bo@example.com", "consent": {"email": "unsubscribed"}},
        {"email": "new@example.com"},
    )
    file = tmp_path / "plan.json"

    planned = call(shop, "plan", "--out", file)
    refused = call(shop, "apply", file)
    opted_out = call(shop, "apply", file, "--only", "withdraw")
    raised = call(shop, "plan", "--raise", "create=1")

    assert (planned.code, refused.code, opted_out.code, raised.code) == (3, 3, 0, 0)
    assert "--raise create=1" in planned.out
    assert shop.live("bo@example.com")["consent"]["email"]["state"] == "unsubscribed"
    assert len(shop.box.customers()) == 2


def test_an_apply_of_what_is_blocked_alone_says_so(tmp_path: Path) -> None:
    with opened(tmp_path, "shoplazza", [person()]) as shop:
        shop.want({"email": "ada@example.com", "addresses": [{"address1": "9 Side St"}]})

        assert call(shop, "plan").code == 3
        assert call(shop, "apply", "--yes").code == 3


def test_an_approval_in_the_specs_counts_like_the_flag(shop: Shop) -> None:
    from datetime import timedelta

    shop.settings = {"limits": {"create": {"percent": 0, "at_least": 0, "at_most": 0}}}
    until = (shop.environment.clock.now() + timedelta(days=2)).isoformat()
    shop.want(
        {"email": "new@example.com"},
        approvals=[{"raise": {"create": 1}, "reason": "spring fair", "until": until}],
    )

    assert call(shop, "plan").code == 0


def test_a_store_that_cannot_be_reached_is_exit_1_and_the_reason(shop: Shop) -> None:
    shop.box.fault(Fault("status", status=401, times=9))

    done = call(shop, "plan")

    assert done.code == 1
    assert "token is not accepted" in done.err
    assert "check the token" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "--raise", "grant"),
        ("plan", "--raise", "everything=3"),
        ("plan", "--release", "x"),
        ("apply",),
        ("apply", "plan.json", "--raise", "grant=3"),
        ("plan", "--nonsense"),
        ("apply", "plan.json", "--only", "magic"),
        ("plan", "--show-personal"),
        ("frobnicate",),
    ],
)
def test_wrong_usage_is_exit_64(shop: Shop, words: tuple[str, ...]) -> None:
    done = call(shop, *words)

    assert done.code == 64
    assert "Traceback" not in done.everything
    assert shop.box.requests == [] or words == ("apply",)


def test_personal_values_and_exports_stay_out_of_pipelines(shop: Shop) -> None:
    assert call(shop, "plan", "--show-personal", CI="true").code == 64
    assert call(shop, "export", "--base", "none", CI="true").code == 64


def test_a_fault_of_ours_is_exit_70_with_a_report_without_values(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.live.read import StoreReader

    def broken(*_: object) -> None:
        raise ZeroDivisionError("ada@example.com")

    monkeypatch.setattr(StoreReader, "read", broken)

    done = call(shop, "plan")

    assert done.code == 70
    report = Path(done.err.split("report it with ")[1].split(",")[0])
    assert "ZeroDivisionError" in report.read_text()
    assert "ada@" not in report.read_text() + done.everything
    report.unlink()


def test_markdown_is_a_comment_that_strangers_cannot_break(shop: Shop) -> None:
    shop.box.edit(
        shop.live("ada@example.com")["id"], tags=["a|b", "<img src=x>", "@team", "x\u202ey"]
    )
    shop.settings = {"tags": {"owned": ["*"]}}
    shop.want({"email": "ada@example.com", "tags": ["vip"]})

    done = call(shop, "plan", "--format", "markdown", GITHUB_SHA="abc", GITHUB_REPOSITORY="o/r")

    assert done.out.startswith("<!-- reconciler:plan -->\n## Customer plan: ready")
    assert "<img" not in done.out
    assert "@team" not in done.out
    assert "\u202e" not in done.out
    assert "a\\|b" in done.out
    remote_id = shop.live("ada@example.com")["id"]
    assert remote_id not in done.out


def test_a_long_comment_says_how_much_is_left_out(tmp_path: Path) -> None:
    people = [person(f"c{n}@example.com") for n in range(900)]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(
            *(
                {"email": f"c{n}@example.com", "tags": {"add": [f"tag-{n}-{'x' * 60}"]}}
                for n in range(900)
            )
        )

        done = call(shop, "plan", "--format", "markdown")

        assert len(done.out) <= 60_000
        assert "more rows do not fit here" in done.out


def test_the_export_of_a_store_validates_and_plans_empty(shop: Shop, tmp_path: Path) -> None:
    made = call(shop, "export")
    shop.want()
    (shop.specs / "customers.yaml").write_text(made.out)

    assert call(shop, "validate", shop.specs).code == 0
    assert call(shop, "plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("name", ["spec", "plan", "journal"])
def test_schema_prints_a_json_schema(name: str) -> None:
    assert json.loads(run("schema", name).out)["$schema"].endswith("2020-12/schema")


def test_stores_as_json_fit_a_pipeline_matrix(shop: Shop) -> None:
    found = json.loads(call(shop, "stores", "--format", "json").out)

    assert [(one["name"], one["platform"], one["deletes"], one["controller"]) for one in found] == [
        ("shop", "shopline", True, "shop")
    ]


def test_stores_of_one_controller_are_told_as_such(shop: Shop) -> None:
    shop.settings = {"controller": "acme"}
    shop.want()
    found = json.loads(call(shop, "stores", "--format", "json").out)

    assert [(one["name"], one["controller"]) for one in found] == [("shop", "acme")]


def test_a_token_command_is_refused_in_pipelines(shop: Shop) -> None:
    shop.settings = {"token": {"command": ["echo", shop.box.token]}}
    shop.want()

    assert call(shop, "plan").code == 0
    refused = call(shop, "plan", "--base", "none", CI="true", RECONCILER_HOSTS=shop.url)
    assert refused.code == 1
    assert "refused where CI is set" in refused.err


@pytest.mark.parametrize(
    "base",
    [
        "https://evil.example",
        "http://acme.myshopline.com",
        "https://acme.myshopline.com.evil.example",
        "http://10.0.0.8",
    ],
)
def test_a_foreign_host_is_refused_before_anything_is_sent(shop: Shop, base: str) -> None:
    shop.settings = {"base_url": base}
    shop.want({"email": "ada@example.com"})

    done = call(shop, "plan")

    assert done.code == 1
    assert "may not be sent its token" in done.err
    assert "RECONCILER_HOSTS" in done.err


def test_the_demo_ends_with_no_changes() -> None:
    done = run("demo")

    assert done.code == 0
    assert done.out.rstrip().splitlines()[-1].startswith("No changes.")


def test_a_grant_is_shown_with_its_evidence_and_personal_texts_are_replaced(shop: Shop) -> None:
    wanted = grant(source="mail from ada@example.com", evidence="forms/7")
    shop.want({"email": "ada@example.com", "consent": {"email": wanted}})

    done = call(shop, "plan")

    assert "forms/7" in done.out
    assert "ada@example.com" not in done.out
    assert "text_" in done.out
