"""Findings land on file and line; nothing in them can become another command."""

import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from reconciler.report import annotations
from reconciler.report.annotations import Finding
from tests.harness import consent, grant, opened, person
from tests.program import run

_TEXT: Final = {"type": "string", "minLength": 1}


def _closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


# The part of SARIF 2.1.0 that is written here, from the standard's sections 3.13 to 3.30, closed.
SARIF: Final = _closed(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": _closed(
            ["tool", "results"],
            tool=_closed(
                ["driver"],
                driver=_closed(
                    ["name"],
                    name=_TEXT,
                    version=_TEXT,
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": _closed(["id"], id=_TEXT),
                    },
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={
                "type": "array",
                "items": _closed(
                    ["message"],
                    ruleId=_TEXT,
                    level={"enum": ["none", "note", "warning", "error"]},
                    message=_closed(["text"], text=_TEXT),
                    locations={
                        "type": "array",
                        "items": _closed(
                            [],
                            physicalLocation=_closed(
                                [],
                                artifactLocation=_closed(
                                    [],
                                    uri={
                                        "type": "string",
                                        "pattern": r"^[^ \\#?%]*(%[0-9A-F]{2}[^ \\#?%]*)*$",
                                    },
                                ),
                                region=_closed(
                                    [],
                                    startLine={"type": "integer", "minimum": 1},
                                    startColumn={"type": "integer", "minimum": 1},
                                ),
                            ),
                        ),
                    },
                ),
            },
        ),
    },
)


def _broken(tmp_path: Path) -> Path:
    folder = tmp_path / "spécs one"
    folder.mkdir()
    (folder / "a b.yaml").write_text("customers:\n  - emal: grace@example.com\n", encoding="utf-8")
    return folder


def test_validate_annotates_file_and_line(tmp_path: Path) -> None:
    folder = _broken(tmp_path)
    done = run("validate", folder, "--format", "github")

    lines = done.out.splitlines()
    assert done.code == 1
    assert all(line.startswith("::error title=") for line in lines)
    assert any(",line=2,col=5::" in line for line in lines)
    assert "grace@example.com" not in done.everything


def test_validate_writes_sarif(tmp_path: Path) -> None:
    done = run("validate", _broken(tmp_path), "--format", "sarif")

    log = json.loads(done.out)
    jsonschema.Draft202012Validator(SARIF).validate(log)
    results = log["runs"][0]["results"]
    place = results[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("sp%C3%A9cs%20one/a%20b.yaml")
    assert place["region"]["startLine"] == 2
    assert {one["ruleId"] for one in results} == {
        one["id"] for one in log["runs"][0]["tool"]["driver"]["rules"]
    }


def test_specs_without_a_complaint_are_an_empty_run() -> None:
    log = json.loads(json.dumps(annotations.sarif([], "1")))

    jsonschema.Draft202012Validator(SARIF).validate(log)
    assert log["runs"][0]["results"] == []


def test_a_plan_annotates_what_is_held_where_it_was_asked_for(tmp_path: Path) -> None:
    people = [
        person(
            consent={
                "email": consent("unsubscribed", "2026-10-01T00:00:00+00:00"),
                "sms": consent(),
            }
        )
    ]
    with opened(tmp_path, "genstore", people) as shop:
        shop.want({"email": "ada@example.com", "consent": {"email": grant()}})
        plan = shop.saved()
    totals, *limits, held = annotations.github(annotations.of_plan(plan))

    assert totals.startswith("::notice title=plan::0 to create")
    assert all(one.startswith("::notice title=limit.lifted,file=") for one in limits)
    assert held.startswith("::warning title=consent.newer-opt-out,file=")
    (verdict,) = plan.verdicts
    assert verdict.mark is not None
    assert f"line={verdict.mark.line}" in held


@pytest.mark.parametrize("text", ["a\n::error::b", "100%\r\n::stop-commands::x", "x\u202ey"])
def test_a_strangers_text_starts_no_command(text: str) -> None:
    (line,) = annotations.github([Finding(rule="r:,", level="note", message=text, file="a,b:c")])

    assert "\n" not in line
    assert "\r" not in line
    assert "\u202e" not in line
    assert line.startswith("::notice title=r%3A%2C,file=a%2Cb%3Ac,line=1,col=1::")


def test_files_are_named_from_the_root_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "a.yaml").write_text("customers:\n  - emal: grace@example.com\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))

    assert ",file=shop/a.yaml,line=2" in run("validate", "a.yaml", "--format", "github").out
