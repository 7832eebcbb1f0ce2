"""The house's own promises: schemas, docs, examples and tables that must not drift apart."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click import Group

import reconciler
from reconciler import errors, schemas
from reconciler.cli import _COMMANDS, cli
from reconciler.model.fields import FIELDS
from reconciler.platforms.registry import TABLES

ROOT = Path(__file__).resolve().parents[1]


def test_what_is_tested_is_this_tree_or_what_is_installed_where_there_is_none() -> None:
    found = Path(reconciler.__file__).parent
    tree = ROOT / "reconciler"

    assert found == tree if tree.exists() else "site-packages" in found.parts


def _properties(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, inner in node.get("properties", {}).items():
            yield f"{path}.{name}", inner
        for key, inner in node.items():
            if key not in ("examples", "enum", "const"):
                yield from _properties(inner, f"{path}/{key}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _properties(inner, f"{path}/{index}")


def _resolved(inner: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in inner:
        found: dict[str, Any] = root["$defs"][inner["$ref"].rpartition("/")[2]]
        return found
    return inner


def test_every_property_of_the_spec_schema_is_described_with_an_example() -> None:
    root = schemas.load("spec")
    bare = [
        path
        for path, inner in _properties(root)
        if not {"description", "examples"} <= set(_resolved(inner, root))
    ]

    assert bare == []


def test_every_example_of_the_spec_schema_is_valid_where_it_stands() -> None:
    root = schemas.load("spec")
    wrong = [
        name
        for name, part in root["$defs"].items()
        for example in part.get("examples", ())
        if not schemas.fits(name, example)
    ]

    assert wrong == []


def test_every_property_of_the_written_formats_is_described() -> None:
    for name in ("plan", "journal", "audit", "register", "doctor", "bundle", "mapping", "import"):
        bare = [
            path
            for path, inner in _properties(schemas.load(name))
            if "description" not in inner and "const" not in inner
        ]
        assert bare == [], name


def test_the_field_table_and_the_schema_name_the_same_fields() -> None:
    customer = schemas.load("spec")["$defs"]["customer"]["properties"]
    consents = customer["consent"]["anyOf"][1]["properties"]
    in_schema = (set(customer) | {f"consent.{name}" for name in consents}) - {
        "consent",
        "id",
        "previously",
        "state",
        "reason",
        "claim",
        "protect",
    }

    assert {field.name for field in FIELDS} == in_schema


def test_every_platform_speaks_of_known_fields_only() -> None:
    names = {field.name for field in FIELDS}

    for table in TABLES.values():
        assert table.creates | table.updates <= names
        assert table.default_version in table.versions


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = set(re.findall(r"[├└]─ (\w+)", errors.__doc__ or ""))
    real = {
        name
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, errors.ReconcilerError)
    }

    assert drawn | {"ReconcilerError"} == real


def test_every_command_has_help_and_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert isinstance(cli, Group)

    for name in _COMMANDS:
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help
        assert f"`reconciler {name}`" in readme


@pytest.mark.parametrize(
    "folder",
    [
        "specs",
        "examples/01-first-plan/specs",
        "examples/04-causes/specs",
        "examples/05-adopt/specs",
    ],
)
def test_the_specs_that_we_show_are_valid(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler import app

    monkeypatch.chdir(ROOT)
    state, diagnostics = app.load([Path(folder)], app.environment_of(Path(folder), None))

    assert state is not None
    assert [one for one in diagnostics if one.severity == "error"] == []


def test_the_specs_in_the_readme_are_valid(tmp_path: Path) -> None:
    from reconciler import app

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n# specs/(\S+)\n(.*?)```", readme, re.DOTALL)
    assert len(blocks) == 3
    for name, text in blocks:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    state, diagnostics = app.load([tmp_path], app.environment_of(tmp_path, None))

    assert state is not None, diagnostics


def test_the_pipelines_are_yaml_and_use_options_that_exist() -> None:
    import yaml

    assert isinstance(cli, Group)
    files = [
        *sorted((ROOT / "examples/02-github-actions/.github/workflows").glob("*.yaml")),
        ROOT / "examples/03-gitlab/.gitlab-ci.yml",
    ]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert yaml.compose(text) is not None
        for name, words in re.findall(
            r"reconciler (plan|apply|validate|adopt)((?:\\\n|[^\n])*)", text
        ):
            command = cli.get_command(None, name)  # type: ignore[arg-type]
            assert command is not None
            known = {option for parameter in command.params for option in parameter.opts}
            assert set(re.findall(r"(?<=\s)--[a-z-]+", words)) <= known


def test_every_pinned_version_has_hashes_and_no_address() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")

    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(re.findall(r"^[a-z]", text, re.MULTILINE))


def test_every_dependency_is_pinned() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = [
        *project["project"]["dependencies"],
        *(one for group in groups.values() for one in group if isinstance(one, str)),
        *(one for extra in project["project"]["optional-dependencies"].values() for one in extra),
    ]
    pinned = set(
        re.findall(
            r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", (ROOT / "constraints.txt").read_text(), re.MULTILINE
        )
    )

    assert {re.split(r"[<>=\[]", one)[0].replace("_", "-") for one in wanted} <= pinned


def test_the_plan_schema_is_json_that_json_schema_accepts() -> None:
    from jsonschema import Draft202012Validator

    for name in schemas.NAMES:
        Draft202012Validator.check_schema(json.loads(schemas.text(name)))


def test_the_readme_lists_each_failure_with_its_test() -> None:
    from tests import reference

    assert reference.failures() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_no_test_reaches_another_machine() -> None:
    with socket.socket() as one, pytest.raises(PermissionError, match="only loopback"):
        one.connect(("192.0.2.1", 80))


def test_nothing_asks_the_formatter_to_look_away() -> None:
    mark = "fmt: " + "skip"
    folders = (
        path for path in ROOT.iterdir() if path.name in ("reconciler", "tests", "benchmarks")
    )
    marked = [
        path
        for folder in folders
        for path in folder.rglob("*.py")
        if mark in path.read_text(encoding="utf-8")
    ]

    assert marked == []


def test_what_use_cases_are_loaded_from_is_what_they_are_called() -> None:
    from reconciler import app

    for name in app.__all__:
        assert getattr(app, name).__name__ == name
