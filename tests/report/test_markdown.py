"""The pull-request comment: within its size, honest about what it leaves out, inert, replaceable."""

import re
from typing import Any

import pytest

from reconciler import forge
from reconciler.diagnostics import SourceMark
from reconciler.model.customer import ReadReceipt
from reconciler.plan.effort import Effort
from reconciler.plan.lift import Lift, LiftKind, LiftState, Origin
from reconciler.plan.setting import SettingChange
from reconciler.planfile.saved import SavedPlan, SavedSettings
from reconciler.report import markdown
from tests.builders import saved_change, saved_plan, saved_store, saved_tags, saved_verdict


def _plan(count: int, tag: str = "vip", **fields: Any) -> SavedPlan:
    """A plan in which everybody gets another tag, so that nothing can be folded."""
    changes = (
        saved_change(n, fields=(saved_tags(f"{tag}{n}", mark=SourceMark("specs/a.yaml", n + 1)),))
        for n in range(count)
    )
    receipt = ReadReceipt(mode="full", complete=True, read=count, requests=1)
    store = saved_store(receipt=receipt, effort=Effort(3 * count, 1.5 * count))
    return saved_plan(*changes, stores=(store,), **fields)


@pytest.mark.parametrize("count", [10, 2_000, 20_000])
def test_a_comment_stays_within_its_size_and_counts_what_is_left_out(count: int) -> None:
    text = markdown.render(_plan(count), {"base": "https://forge.example/x/blob/abc"})

    assert len(text) <= 60_000
    rows = text.count("| shop | \\~ ")
    left = re.search(r"\*\*(\d+) more rows do not fit here; see the plan's artefact\.\*\*", text)
    assert rows + (int(left[1]) if left else 0) == count
    assert text.startswith("<!-- reconciler:plan -->\n")
    assert "Plan `dddddddddddddddd`" in text


def test_record_numbers_of_the_store_are_left_out() -> None:
    assert "9900000001" not in markdown.render(_plan(5), {})


@pytest.mark.parametrize(
    "hostile",
    [
        "a|b",
        "<!-- x -->",
        "<script>",
        "@team",
        "[a](http://x)",
        "www.x.example",
        "`code`",
        "#12",
        "**b**",
        "\u202egnp",
        "~~x~~",
        "![i](x)",
        "https://x.example",
        "&lt;",
    ],
)
def test_strangers_text_stays_text(hostile: str) -> None:
    from markdown_it import MarkdownIt

    text = markdown.render(_plan(1, hostile), {})
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)

    cells = re.findall(r"<td>(.*?)</td>", shown, re.DOTALL)
    assert len(cells) == 3 + 4
    for trap in ("<script", "<a ", "<img", "<strong>", "<em>", "<code>code", "\u202e", "<s>"):
        assert trap not in "".join(cells[3:5])
    assert not re.search(r"@team|www\.x", text)


@pytest.mark.parametrize(
    ("environment", "base"),
    [
        (
            {
                "GITHUB_SHA": "abc",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_SERVER_URL": "https://gh.example",
            },
            "https://gh.example/o/r/blob/abc",
        ),
        ({"GITHUB_SHA": "abc", "GITHUB_REPOSITORY": "o/r"}, "https://github.com/o/r/blob/abc"),
        (
            {"CI_PROJECT_URL": "https://gl.example/o/r", "CI_COMMIT_SHA": "abc"},
            "https://gl.example/o/r/-/blob/abc",
        ),
        ({"GITHUB_SHA": "abc"}, None),
        ({}, None),
    ],
)
def test_lines_are_linked_as_the_pipeline_tells(
    environment: dict[str, str], base: str | None
) -> None:
    assert forge.files_base(environment) == base


def test_verdicts_stay_within_the_size_too() -> None:
    verdicts = tuple(
        saved_verdict(
            alias=f"cus_{n:010}",
            mark=SourceMark("specs/a.yaml", n),
            message=f"belongs to different customers: cus_{n:010}, cus_{n + 1:010}",
        )
        for n in range(700)
    )
    text = markdown.render(_plan(3_000, verdicts=verdicts), {"base": "https://forge.example/x"})

    assert len(text) <= 60_000
    left = re.search(r"\*\*(\d+) more verdicts do not fit here", text)
    assert left
    assert text.count("| **hold** |") + int(left[1]) == 700
    assert "more rows do not fit here" in text


@pytest.mark.parametrize(
    "file", ["/abs/specs/a.yaml", "../specs/a.yaml", "a b.yaml", "specs//a.yaml"]
)
def test_a_file_outside_the_repository_has_no_link(file: str) -> None:
    from reconciler.report.links import source_link

    assert source_link(file, 1, {"base": "https://forge.example/x"}) is None


def test_what_matters_is_not_pushed_out_by_what_is_harmless() -> None:
    changed = [
        _setting(("policy", "consent", "bearing_tags", f"tag-{n}"), None, "email")
        for n in range(5_000)
    ]
    changed.append(_setting(("stores", "shop", "token", "env"), "TOKEN", "OTHER"))
    lift = Lift(
        kind=LiftKind.RAISE,
        what="create",
        value="3",
        origin=Origin.BASE,
        state=LiftState.USED,
        reason="the reason",
    )
    plan = _plan(
        3,
        base="c0ffee" * 6 + "c0ff",
        lifts=(lift,),
        settings=SavedSettings(changed=tuple(changed), once_merged=()),
    )
    text = markdown.render(plan, {}).replace("\\", "")

    assert len(text) <= 60_000
    assert "stores.shop.token.env: TOKEN → OTHER" in text
    assert "raise create=3 (used, from the base, reason: the reason)" in text
    assert "more settings do not fit here" in text


def _setting(path: tuple[str, ...], before: str | None, after: str) -> SettingChange:
    return SettingChange(path=path, before=before, after=after, mark=None, digest="f" * 64)
