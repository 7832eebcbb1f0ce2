"""The pull-request comment: within its size, honest about what it leaves out, inert, replaceable."""

import re
from typing import Any

import pytest

from reconciler import forge
from reconciler.report import markdown

Json = dict[str, Any]


def _body(count: int, tag: str = "vip") -> Json:
    """A plan in which everybody gets another tag, so that nothing can be folded."""
    changes = [
        {"store": "shop", "action": "update", "customer": f"cus_{n:010}", "remote_id": f"99{n:08}",
         "classes": ["tag"], "cause": None, "reason": None, "source": {"file": "specs/a.yaml", "line": n + 1},
         "fields": [{"field": "tags", "class": "tag", "added": [f"{tag}{n}"], "removed": [],
                     "source": {"file": "specs/a.yaml", "line": n + 1}}]}
        for n in range(count)
    ]  # fmt: skip
    receipt = {"mode": "full", "read": count, "expected": None, "requests": 1, "complete": True,
               "masked": 0, "notes": []}  # fmt: skip
    return {
        "seal": "d" * 64, "expires_at": "2026-01-08T00:00:00", "changes": changes, "verdicts": [],
        "spec": {"base": None},
        "provenance": {"commit": "c" * 40, "committed": True, "head": None, "pull_request": None,
                       "author": None, "actor": "nora"},
        "settings": {"changed": [], "once_merged": []}, "lifts": [],
        "stores": [{"name": "shop", "error": None, "receipt": receipt,
                    "apply": {"requests": 3 * count, "seconds": 1.5 * count}}],
        "summary": {"blocked": False, "complete": True, "create": 0, "update": count, "delete": 0, "unchanged": 0,
                    "held": 0, "messages": 0, "audience": {}, "classes": {"withdraw": 0}},
    }  # fmt: skip


@pytest.mark.parametrize("count", [10, 2_000, 20_000])
def test_a_comment_stays_within_its_size_and_counts_what_is_left_out(count: int) -> None:
    text = markdown.render(_body(count), {"base": "https://forge.example/x/blob/abc"})

    assert len(text) <= 60_000
    rows = text.count("| shop | \\~ ")
    left = re.search(r"\*\*(\d+) more rows do not fit here; see the plan's artefact\.\*\*", text)
    assert rows + (int(left[1]) if left else 0) == count
    assert text.startswith("<!-- reconciler:plan -->\n")
    assert "Plan `dddddddddddddddd`" in text


def test_record_numbers_of_the_store_are_left_out() -> None:
    assert "9900000001" not in markdown.render(_body(5), {})


@pytest.mark.parametrize(
    "hostile",
    ["a|b", "<!-- x -->", "<script>", "@team", "[a](http://x)", "www.x.example", "`code`", "#12",
     "**b**", "\u202egnp", "~~x~~", "![i](x)", "https://x.example", "&lt;"],
)  # fmt: skip
def test_strangers_text_stays_text(hostile: str) -> None:
    from markdown_it import MarkdownIt

    text = markdown.render(_body(1, hostile), {})
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)

    cells = re.findall(r"<td>(.*?)</td>", shown, re.DOTALL)
    assert len(cells) == 3 + 4
    for trap in ("<script", "<a ", "<img", "<strong>", "<em>", "<code>code", "\u202e", "<s>"):
        assert trap not in "".join(cells[3:5])
    assert not re.search(r"@team|www\.x", text)


@pytest.mark.parametrize(
    ("environment", "base"),
    [
        ({"GITHUB_SHA": "abc", "GITHUB_REPOSITORY": "o/r", "GITHUB_SERVER_URL": "https://gh.example"},
         "https://gh.example/o/r/blob/abc"),
        ({"GITHUB_SHA": "abc", "GITHUB_REPOSITORY": "o/r"}, "https://github.com/o/r/blob/abc"),
        ({"CI_PROJECT_URL": "https://gl.example/o/r", "CI_COMMIT_SHA": "abc"},
         "https://gl.example/o/r/-/blob/abc"),
        ({"GITHUB_SHA": "abc"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_lines_are_linked_as_the_pipeline_tells(
    environment: dict[str, str], base: str | None
) -> None:
    assert forge.files_base(environment) == base


def test_verdicts_stay_within_the_size_too() -> None:
    verdicts = [
        {"rule": "identity.ambiguous", "level": "hold", "store": "shop", "customer": f"cus_{n:010}",
         "message": f"belongs to different customers: cus_{n:010}, cus_{n + 1:010}", "released": False,
         "lifted_by": "give the `id`", "approval": None, "source": {"file": "specs/a.yaml", "line": n}}
        for n in range(700)
    ]  # fmt: skip
    text = markdown.render(
        {**_body(3_000), "verdicts": verdicts}, {"base": "https://forge.example/x"}
    )

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
    body = _body(3)
    body["spec"]["base"] = "c0ffee" * 6 + "c0ff"
    changed = [{"path": ["policy", "consent", "bearing_tags", f"tag-{n}"], "before": None, "after": "email", "source": None}
               for n in range(5_000)]  # fmt: skip
    changed.append(
        {
            "path": ["stores", "shop", "token", "env"],
            "before": "TOKEN",
            "after": "OTHER",
            "source": None,
        }
    )
    body["settings"]["changed"] = changed
    body["lifts"] = [{"kind": "raise", "what": "create", "value": "3", "store": None, "customers": None, "origin": "base",
                      "source": None, "reason": "the reason", "until": None, "state": "used"}]  # fmt: skip
    text = markdown.render(body, {}).replace("\\", "")

    assert len(text) <= 60_000
    assert "stores.shop.token.env: TOKEN → OTHER" in text
    assert "raise create=3 (used, from the base, reason: the reason)" in text
    assert "more settings do not fit here" in text
