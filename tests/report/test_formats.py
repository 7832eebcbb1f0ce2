"""Code quality, JUnit and a table: what other readers than people at a terminal are given."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reconciler.diagnostics import Diagnostic, Severity, SourceMark
from reconciler.report import table
from reconciler.report.annotations import Finding
from reconciler.report.code_quality import code_quality
from reconciler.report.junit import junit
from tests.harness import KEY, Shop, consent, opened, person
from tests.program import run

Json = dict[str, Any]


def _finding(**fields: Any) -> Finding:
    told = {"rule": "r", "level": "error", "message": "m", "file": "a.yaml", "line": 3, **fields}
    return Finding(**told)


def test_a_finding_keeps_its_fingerprint_where_its_line_moves_and_shares_it_with_none() -> None:
    every = list(code_quality([_finding(), _finding(line=9), _finding(file="b.yaml")]))
    moved = list(code_quality([_finding(line=7)]))

    assert len({one["fingerprint"] for one in every}) == 3
    assert moved[0]["fingerprint"] == every[0]["fingerprint"]
    assert every[0]["location"] == {"path": "a.yaml", "lines": {"begin": 3}}


@pytest.mark.parametrize(
    ("level", "severity"), [("error", "critical"), ("warning", "major"), ("note", "info")]
)
def test_the_severity_is_gitlab_s(level: str, severity: str) -> None:
    (found,) = code_quality([_finding(level=level, file="")])
    assert found["severity"] == severity
    assert found["location"] == {"path": "plan", "lines": {"begin": 3}}


def test_a_file_with_an_error_has_failed_and_hostile_text_is_written_out() -> None:
    mark = SourceMark("a.yaml", 2, 1)
    told = [
        Diagnostic(rule="x", message="no </failure>\x1b[31m\x00 <b>", mark=mark),
        Diagnostic(rule="y", message="mind", mark=mark, severity=Severity.WARNING),
    ]
    suite = ElementTree.fromstring(junit(told, ["a.yaml", "b.yaml"]))

    assert suite.attrib == {"name": "reconciler validate", "tests": "2", "failures": "1"}
    first, second = suite
    assert first.attrib["name"] == "a.yaml"
    assert "no </failure>" in (first[0].text or "")
    assert "\x1b" not in (first[0].text or "")
    assert first[1].tag == "system-out"
    assert len(second) == 0


def test_validate_writes_both(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("store: acme\n")
    (tmp_path / "bad.yaml").write_text("customers: [{email: nobody}]\n")
    report = run("validate", tmp_path, "--format", "junit")
    quality = run("validate", tmp_path, "--format", "gitlab")

    suite = ElementTree.fromstring(report.out)
    assert report.code == quality.code == 1
    assert int(suite.attrib["tests"]) >= 2
    assert "nobody" not in report.everything + quality.everything
    assert {one["location"]["path"].rpartition("/")[2] for one in json.loads(quality.out)} >= {
        "bad.yaml"
    }


def _planned(shop: Shop, form: str) -> str:
    env = {"TOKEN": shop.box.token, "RECONCILER_KEY": KEY.decode()}
    done = run("plan", "--specs", shop.specs, "--format", form, env=env)
    return done.out


def test_a_plan_is_a_table_of_its_changes_and_verdicts_without_anybody_s_data(
    tmp_path: Path,
) -> None:
    yes = {"email": consent("subscribed"), "sms": consent()}
    with opened(tmp_path, "genstore", [person("ada@example.com", consent=yes)]) as shop:
        shop.want(
            {
                "email": "ada@example.com",
                "first_name": "=HYPERLINK(1)",
                "consent": "unsubscribed",
                "tags": {"add": ["=cmd", "vip"]},
            },
            {"email": "bo@example.com", "consent": {"email": {"state": "pending"}}},
        )
        text, quality = _planned(shop, "csv"), json.loads(_planned(shop, "gitlab"))

    rows = list(csv.DictReader(io.StringIO(text)))
    changes = [one["about"] for one in rows if one["kind"] == "change"]
    assert set(changes) == {"withdraw", "tag", "profile", "create"}
    assert "consent.pending-message" in {one["about"] for one in rows}
    assert not any(cell.startswith(("=", "+", "-", "@")) for one in rows for cell in one.values())
    assert "example.com" not in text
    assert "HYPERLINK" not in text
    assert {one["check_name"] for one in quality} >= {"plan", "consent.pending-message"}


def test_columns_are_always_the_same(tmp_path: Path) -> None:
    with opened(tmp_path, "genstore") as shop:
        made = shop.saved()
    first, second, *_ = table.render(made).splitlines()
    assert first == ",".join(table.COLUMNS)
    assert second.startswith('note,plan,,,"0 to create')
