"""What a command loads before it does anything: counted, since seconds say little on any machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox

# Names what was loaded since, when the command has ended; coverage, where it measures, is no part.
_CODE = """
import os, sys
before = set(sys.modules)
from reconciler.__main__ import main
sys.argv = ["reconciler", *sys.argv[2:]]
try:
    main()
finally:
    with open(os.environ["LOADED"], "w") as told:
        told.write("\\n".join(set(sys.modules) - before))
"""
_SPECS = """\
stores:
  acme:
    platform: genstore
    shop: acme
    token: {env: TOKEN}
    timezone: Asia/Shanghai
    phone_region: CN
store: acme
customers:
  - email: ada@example.com
    phone: "+8613315034487"
    tags: [vip]
    consent: {email: {state: subscribed, given_at: 2026-06-01T10:00:00+00:00, source: checkout}}
"""


def loaded(folder: Path, *words: object, **env: str) -> set[str]:
    told = folder / "loaded.txt"
    subprocess.run(
        [sys.executable, "-c", _CODE, "-", *map(str, words)],
        check=True,
        capture_output=True,
        env={**os.environ, **env, "LOADED": str(told)},
    )
    return set(told.read_text().split())


def ours(modules: set[str]) -> set[str]:
    return {one for one in modules if one.partition(".")[0] == "reconciler"}


def others(modules: set[str]) -> set[str]:
    """The packages of other people."""
    found = {one.partition(".")[0] for one in modules - ours(modules)}
    known = {*sys.stdlib_module_names, "coverage", "cython_runtime"}
    return {one for one in found if one not in known and not one.startswith("_")}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "all.yaml").write_text(_SPECS)
    return folder


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_load_click_and_what_runs_a_command(tmp_path: Path, word: str) -> None:
    found = loaded(tmp_path, word)

    assert others(found) == {"click"}
    assert ours(found) == {
        "reconciler",
        "reconciler.__main__",
        "reconciler.cli",
        "reconciler.cli.codes",
        "reconciler.cli.commands",
        "reconciler.cli.voice",
        "reconciler.errors",
        "reconciler.report",
        "reconciler.report.plain",
    }
    assert not found & {"dataclasses", "importlib.metadata", "json", "pathlib"}


def test_validate_loads_what_reads_and_judges_specs_and_nothing_that_plans_or_sends(
    tmp_path: Path, specs: Path
) -> None:
    found = loaded(tmp_path, "validate", specs)

    assert others(found) == {"click", "yaml", "jsonschema_rs", "phonenumbers"}
    rooms = {one.split(".")[1] for one in ours(found) if "." in one}
    assert rooms == {
        "__main__",
        "app",
        "cli",
        "clock",
        "desired",
        "diagnostics",
        "errors",
        "model",
        "platforms",
        "report",
        "schemas",
        "state",
    }
    assert {one for one in found if one.startswith("reconciler.platforms.")} == {
        "reconciler.platforms.limiter",
        "reconciler.platforms.platform",
        "reconciler.platforms.registry",
        "reconciler.platforms.rights",
        *(
            f"reconciler.platforms.{name}{part}"
            for name in ("genstore", "shoplazza", "shopline")
            for part in ("", ".capabilities", ".platform")
        ),
        "reconciler.platforms.genstore.settings",
    }


def test_validate_asks_neither_git_nor_installed_packages_and_makes_no_key(
    tmp_path: Path, specs: Path
) -> None:
    found = loaded(tmp_path, "validate", specs)

    dear = {"hashlib", "importlib.metadata", "secrets", "shutil", "ssl", "subprocess", "tempfile"}
    assert not found & dear


def test_plan_loads_what_it_asks_a_store_with_and_nothing_that_writes_or_draws(
    tmp_path: Path,
) -> None:
    box = Sandbox("genstore")
    with box.serving() as url:
        (tmp_path / "specs").mkdir()
        (tmp_path / "specs/all.yaml").write_text(
            _SPECS.replace("platform: genstore", f"platform: genstore\n    base_url: {url}")
        )
        found = loaded(
            tmp_path,
            *("plan", "--specs", tmp_path / "specs", "--state-dir", tmp_path / "state"),
            TOKEN=box.token,
            RECONCILER_CACHE="off",
        )

    assert {"click", "httpx", "stamina", "yaml"} <= others(found)
    assert not others(found) & {"deepdiff", "jinja2", "jsonschema", "pygments", "rich"}
    assert not any(one.startswith("reconciler.apply") for one in found)
    assert not found & {"reconciler.app.adopting", "reconciler.app.applying"}
