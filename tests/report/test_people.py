"""Who, from which commit and why: in the plan, every rendering, the report and the trail."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import forge
from reconciler.model.personal import Personal
from reconciler.model.redaction import Names, without_values
from tests.harness import KEY, opened, person
from tests.program import run

Json = dict[str, Any]
FORMS = ("text", "markdown", "html", "github", "json")
ENV = {"TOKEN": "", "RECONCILER_KEY": KEY.decode()}


def _git(folder: Path, *words: str) -> str:
    names = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    return subprocess.run(
        ("git", *names, *words), cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def _everything(
    tmp_path: Path, env: dict[str, str], *, committed: bool
) -> tuple[str, dict[str, str]]:
    """A delete planned, shown in every form, applied and told of; with the commit."""
    gone = {"email": "ada@example.com", "state": "absent", "reason": "duplicate of 418, asks Ada"}
    with opened(tmp_path, "shopline", [person(), person("grace@example.com", phone=None)]) as shop:
        shop.want(gone)
        _git(shop.folder, "init", "-q")
        _git(shop.folder, "add", "specs")
        _git(shop.folder, "commit", "-q", "-m", "x")
        if not committed:
            (shop.specs / "late.yaml").write_text("store: shop\n")
        env = {**ENV, "TOKEN": shop.box.token, **env}
        places = ("--specs", shop.specs, "--state-dir", tmp_path / "state")
        plan = tmp_path / "plan.json"
        told = {}
        done = run("plan", *places, "--base", "none", "--raise", "delete=1", "--out", plan, env=env)
        assert done.code == 0, done.err
        for form in FORMS:
            told[form] = run("show", plan, *places, "--format", form, env=env).out
        told["steps"] = run("show", plan, *places, "--steps", env=env).out
        told["explain"] = run("explain", "ada@example.com", *places, "--base", "none", env=env).out
        apply = run("apply", plan, *places, "--base", "none", env=env)
        assert apply.code == 0, apply.err
        told["report"] = apply.out
        told["trail"] = run("audit", "log", *places, env=env).out
        return _git(shop.folder, "rev-parse", "HEAD"), told


def test_a_delete_and_its_reason_stand_wherever_the_plan_is_told(tmp_path: Path) -> None:
    commit, told = _everything(tmp_path, {}, committed=True)

    for name, text in told.items():
        plain = text.replace("\\", "")
        assert "duplicate of 418" in plain, name
        assert "Ada" not in plain, name
    for name in (*FORMS, "trail"):
        assert commit in told[name], name
        assert "NOT COMMITTED" not in told[name]


def test_files_that_are_not_committed_are_told_everywhere(tmp_path: Path) -> None:
    commit, told = _everything(tmp_path, {}, committed=False)

    for name in ("text", "markdown", "github"):
        plain = told[name].replace("\\", "")
        assert f"NOT COMMITTED: they differ from commit {commit}" in plain, name
    assert f"{commit}; NOT COMMITTED: the files differ from it" in told["html"]
    assert json.loads(told["json"])["provenance"]["committed"] is False
    assert f"commit {commit} (files differ from it)" in told["trail"]


def test_the_forge_tells_of_pull_request_author_and_approvers(tmp_path: Path) -> None:
    head = "a" * 40
    event = {"pull_request": {"number": 12, "user": {"login": "mei-lin"}, "head": {"sha": head}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    env = {
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_ACTOR": "nora",
        "RECONCILER_APPROVERS": "bo, mei-lin,dependabot[bot]",
    }
    _, told = _everything(tmp_path, env, committed=True)

    for name in ("text", "markdown", "github"):
        plain = told[name].replace("\\", "")
        assert f"pull request 12 by mei-lin at {head}, planned by nora" in plain, name
    assert f'<dt>pull request</dt><dd class="">12 by mei-lin at {head}</dd>' in told["html"]
    assert '<dt>planned by</dt><dd class="">nora</dd>' in told["html"]
    assert "approved by bo, dependabot[bot], mei-lin" in told["trail"]
    assert "pull request 12" in told["trail"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (None, None, None)),
        ({"GITHUB_REF": "refs/heads/main", "GITHUB_ACTOR": "x"}, (None, None, "x")),
        ({"GITHUB_ACTOR": "ada@example.com"}, (None, None, None)),
        ({"CI_MERGE_REQUEST_IID": "7", "GITLAB_USER_LOGIN": "x.y"}, ("7", None, "x.y")),
        ({"CI_MERGE_REQUEST_IID": "7; rm"}, (None, None, None)),
        ({"GITHUB_EVENT_PATH": "/nowhere"}, (None, None, None)),
        ({"GITHUB_EVENT_PATH": "/dev/zero"}, (None, None, None)),
    ],
)
def test_nothing_is_guessed(environment: dict[str, str], expected: tuple[str | None, ...]) -> None:
    told = (forge.pull_request(environment), forge.author(environment), forge.actor(environment))

    assert told == expected


def test_approvers_are_logins_only() -> None:
    environment = {"RECONCILER_APPROVERS": "bo,Ada Lovelace <ada@example.com>\nbo, Grace Hopper,"}

    assert forge.approvers(environment) == (("bo",), 2)
    assert forge.approvers({}) == ((), 0)


@pytest.mark.parametrize(
    ("text", "values", "shown"),
    [
        ("Ada Lovelace asked", ["Ada", "Lovelace"], "••• ••• asked"),
        ("ADA LOVELACE asked", ["Ada Lovelace"], "••• asked"),
        ("a call of Lovelace-Byron", ["Ada Lovelace-Byron"], "a call of •••-•••"),
        ("canada is far", ["Ada"], "canada is far"),
        ("mail ada@example.com today", ["ada@example.com"], "mail ••• today"),
        ("王小明要求删除", ["王小明"], "•••要求删除"),
        ("asked by A", ["A"], "asked by A"),
        (
            "Marquez's wish, told by Hopper-Smith's lawyer",
            ["Garcia Marquez", "Hopper"],
            "•••'s wish, told by •••-Smith's lawyer",
        ),
        ("li asked for WU", ["Li", "Wu"], "••• asked for •••"),
        ("欧阳娜娜的朋友王小明", ["欧阳娜娜", "王小明"], "•••的朋友•••"),
        ("see evil.com", ["ada@evil.com"], "see evil.com"),
        ("İlker İnan istedi", ["İlker", "İnan"], "••• ••• istedi"),
        ("शर्मा जी ने कहा; प्रिया", ["प्रिया", "शर्मा"], "••• जी ने कहा; •••"),
        ("নাম রহিম চৌধুরী", ["রহিম", "চৌধুরী"], "নাম ••• •••"),
        ("நித்யா முருகன் கேட்டார்", ["நித்யா", "முருகன்"], "••• ••• கேட்டார்"),
        ("Jose Garcia, Nguyen Thi", ["José García", "Nguyễn Thị"], "••• •••, ••• •••"),
        ("Ｇｒａｃｅ and Gr\u200bace", ["Grace"], "••• and •••"),
        ("по просьбе Ивановой", ["Иванова"], "по просьбе •••"),
        ("the Hoppers, and Weiss", ["Hopper", "Weiß"], "the •••, and •••"),
    ],
)
def test_a_persons_own_values_are_masked_in_what_is_written_about_them(
    text: str, values: list[str], shown: str
) -> None:
    assert without_values(text, [Personal(one) for one in values]) == shown


def _log(folder: Path, *words: object) -> tuple[int, str, str]:
    done = run("audit", "log", "--state-dir", folder, *words, env=ENV)
    return done.code, done.out, done.err


def test_the_trail_answers_questions(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore", [person(), person("grace@example.com", phone=None)]) as shop:
        for name in ("vip", "new"):
            shop.want(
                {"email": "ada@example.com", "tags": {"add": [name]}},
                {"email": "grace@example.com", "tags": {"add": [name]}},
            )
            plan = shop.plan()
            shop.apply(plan)
        folder = shop.folder / ".reconciler"
        alias = plan["changes"][0]["customer"]

    code, told, _ = _log(folder, "--customer", alias)
    assert code == 0
    assert [line.split()[4] for line in told.splitlines()] == ["began:", "shop", "began:", "shop"]
    assert all("+00:00" in line for line in told.splitlines())
    whole = _log(folder)[1]
    assert _log(folder, "--since", "2020-01-01")[1] == whole
    assert _log(folder, "--since", "2999-01-01")[:2] == (0, "")
    for words in (("--plan", "zzz"), ("--customer", "cus_aaaaaaaaaa"), ("--store", "nobody")):
        code, told, diagnostic = _log(folder, *words)
        assert (code, told) == (1, "")
        assert words[1] in diagnostic
    assert _log(folder, "--since", "yesterday")[0] == 64
    assert _log(folder, "--since", "2026-05-02T10:00:00")[0] == 64


def test_names_of_others_and_of_the_store_are_masked_in_reasons_and_approvals(
    tmp_path: Path,
) -> None:
    people = [
        person(),
        person("grace@example.com", phone=None, first_name="Livia", last_name="王小明"),
    ]
    with opened(tmp_path, "shopline", people) as shop:
        shop.want(
            {
                "email": "ada@example.com",
                "state": "absent",
                "reason": "asked by livia onlylive, 王小明的朋友, and bea hopper",
            },
            {"email": "grace@example.com", "tags": {"add": ["x"]}},
            {"email": "hopper@example.com", "first_name": "Bea"},
            approvals=[
                {"raise": {"delete": 1}, "reason": "Bea Hopper has signed it", "until": _in_days(3)}
            ],
        )
        body = shop.plan(read="full")

    told = json.dumps(body, ensure_ascii=False)
    for name in ("ivia", "王小明", "ea ", "opper"):
        assert name not in told.replace("area ", ""), name
    assert "has signed it" in told
    assert "的朋友" in told


def test_a_usual_word_goes_only_where_it_is_written_as_a_name() -> None:
    names = Names(["An Do", "To My", "Will May", "info@x.com", "Grace Hopper", "Li"])
    said = "erasure 418, he asked us to do so by mail; will call. Will May, grace hopper and LI"

    assert without_values(said, (), names) == (
        "erasure 418, he asked us to do so by mail; will call. ••• •••, ••• ••• and •••"
    )


@pytest.mark.parametrize("variant", ["genstore", "shopline"])
def test_names_of_the_store_and_of_other_stores_are_known_to_every_reason(
    tmp_path: Path, variant: str
) -> None:
    said = "told by Livia Onlylive and Rosalind Elsewhere"
    people = [person("1@qq.com", first_name="Livia", last_name="Onlylive", phone="+8613315034487")]
    with opened(tmp_path, variant, people) as shop:
        shop.want(
            {"email": "1@qq.com", "state": "absent", "reason": said},
            approvals=[{"raise": {"delete": 9}, "reason": said, "until": _in_days(3)}],
        )
        (shop.specs / "other.yaml").write_text(
            "stores: {other: {platform: genstore, shop: b, token: {env: NONE}}}\nstore: other\n"
            "customers: [{email: r@example.com, first_name: Rosalind, last_name: Elsewhere}]\n"
        )
        body = shop.plan(read="full")

    told = json.dumps(body, ensure_ascii=False)
    assert told.count("told by ••• ••• and ••• •••") >= 2
    for name in ("Livia", "Onlylive", "Rosalind", "Elsewhere"):
        assert name not in told


def _in_days(count: int) -> str:
    return (datetime.now(UTC) + timedelta(days=count)).isoformat()  # noqa: TID251 -- of today
