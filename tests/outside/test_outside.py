"""A platform that a package adds passes the suite without a line changed here, and the suite can
fail: adapters that each break a rule are caught by the check of that rule.
"""

import json
import os
import runpy
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import testing

HERE = Path(__file__).parent
PACKAGE = HERE / "tiny-shop"
# Each broken adapter, and the check that has to see it.
BROKEN = {
    "tinyshop-follows": "a_redirect_is_not_followed",
    "tinyshop-repeats": "under_every_fault_create",
    "tinyshop-drops": "an_update_changes_its_field_and_nothing_else",
    "tinyshop-subscribes": "a_create_makes_who_was_asked_for_and_subscribes_nobody",
    "tinyshop-keeps": "an_opt_out_goes_out_from_every_state",
    "tinyshop-believes": "what_cannot_be_understood_is_no_empty_store",
    "tinyshop-skips": "whoever_is_there_is_read_as_they_are",
    "tinyshop-insists": "a_token_that_may_not_is_not_tried_again",
    "tinyshop-promises": "what_changed_is_listed_where_the_table_says_so",
    "tinyshop-conceals": "what_changed_is_listed_where_the_table_says_so",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as an installer puts it, from its own project file."""
    target = tmp_path_factory.mktemp("packages")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--no-build-isolation",
            "--disable-pip-version-check",
            "--target",
            target,
            PACKAGE,
        ],
        check=True,
    )
    return target


def _python(place: Path, *words: object, **more: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "PYTHONPATH": f"{place}{os.pathsep}{HERE.parents[1]}",
        **more,
    }
    return subprocess.run(
        [sys.executable, *map(str, words)],
        text=True,
        cwd=place,
        env=environment,
        capture_output=True,
        check=False,
    )


def _run(place: Path, *words: object) -> "subprocess.CompletedProcess[str]":
    return _python(place, "-m", "reconciler", *words, TOKEN="tiny")


def test_a_package_of_others_passes_the_suite(place: Path) -> None:
    done = _python(
        place,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        PACKAGE / "suite.py",
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "passed" in done.stdout


def test_the_example_of_the_suite_is_the_file_that_was_run() -> None:
    code = (PACKAGE / "suite.py").read_text().partition('"""\n\n')[2]

    assert textwrap.indent(code, "    ") in (testing.__doc__ or "")


def test_the_suite_sees_every_adapter_that_breaks_a_rule(place: Path) -> None:
    done = _python(place, PACKAGE / "red.py", json.dumps(BROKEN))

    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout)
    assert {name for name, said in told.items() if not said} == set()
    assert set(told) == set(BROKEN)


def _installed(folder: Path, point: str) -> Path:
    """The adapter alone, under another entry point than its own."""
    place = folder / "packages"
    about = place / "tinyshop-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "tinyshop.py").write_text((PACKAGE / "tinyshop.py").read_text())
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tinyshop\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[reconciler.platforms]\n{point}\n")
    return place


@pytest.fixture
def server() -> Iterator[Any]:
    """Theirs, from their package, with two people in it."""
    module = runpy.run_path(str(PACKAGE / "tinyshop_server.py"))
    with module["serving"]() as made:
        made.rows = {
            1: {
                "number": 1,
                "mail": "ada@example.com",
                "name": "Ada",
                "labels": ["old"],
                "news": "yes",
                "since": "2019",
            },
            2: {
                "number": 2,
                "mail": "grace@example.com",
                "name": "Grace",
                "labels": [],
                "news": "no",
                "since": "2019",
            },
        }
        yield made


def _specs(folder: Path, url: str = "http://127.0.0.1:1", more: str = "") -> Path:
    specs = folder / "specs"
    specs.mkdir()
    (specs / "a.yaml").write_text(f"""\
stores:
  tiny: {{platform: tinyshop, shop: acme, base_url: "{url}", token: {{env: TOKEN}},
         limits: {{create: {{percent: 100, at_least: 9, at_most: 9}}}}{more}}}
store: tiny
customers:
  - email: ada@example.com
    first_name: Mei
    tags: {{add: [vip], remove: [old]}}
    consent: {{email: unsubscribed}}
  - email: grace@example.com
    consent: {{email: {{state: subscribed, given_at: 2026-06-01T10:00:00+00:00, source: checkout}}}}
  - {{email: new@example.com, first_name: New}}
""")
    return specs


def test_it_is_planned_applied_and_planned_empty(tmp_path: Path, place: Path, server: Any) -> None:
    specs = _specs(tmp_path, server.url)

    assert _run(place, "validate", specs).returncode == 0
    stores = _run(place, "stores", "--specs", specs)
    assert "tiny: TinyShop 1" in stores.stdout, stores.stderr
    assert '"tinyshop"' in _run(place, "schema").stdout
    done = _run(place, "apply", "--yes", "--specs", specs)
    assert done.returncode == 0, done.stdout + done.stderr

    people = {one["mail"]: one for one in server.rows.values()}
    assert (people["ada@example.com"]["news"], people["ada@example.com"]["name"]) == ("no", "Mei")
    assert people["ada@example.com"]["labels"] == ["vip"]
    assert people["grace@example.com"]["news"] == "no"  # nobody knows since when, so it is held
    assert people["new@example.com"]["news"] == "never"
    assert {one.get("since") for one in people.values()} == {"2019", None}
    again = _run(place, "plan", "--specs", specs, "--detailed-exitcode")
    assert (again.returncode, "No changes" in again.stdout) == (0, True), again.stdout


@pytest.mark.parametrize(
    ("point", "why"),
    [
        ("tinyshop = nowhere:PLATFORM", "cannot be loaded (ModuleNotFoundError)"),
        ("tinyshop = tinyshop:TINYSHOP", "is no Platform of that name"),
        ("other = tinyshop:PLATFORM", "is no Platform of that name"),
        ("genstore = reconciler.platforms.genstore.platform:PLATFORM", "one of that name already"),
    ],
)
def test_a_package_that_adds_none_is_named(tmp_path: Path, point: str, why: str) -> None:
    place = _installed(tmp_path, point)

    done = _run(place, "validate", _specs(tmp_path))

    assert done.returncode == 1
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_one_that_is_none_is_no_matter_where_none_of_its_platforms_is_named(tmp_path: Path) -> None:
    place = _installed(tmp_path, "tinyshop = nowhere:PLATFORM")
    specs = _specs(tmp_path)
    text = (specs / "a.yaml").read_text().replace("tinyshop", "shopline")
    (specs / "a.yaml").write_text(text)

    done = _run(place, "validate", specs)

    assert (done.returncode, "nowhere" in done.stderr) == (0, False), done.stdout + done.stderr


def test_its_own_check_of_settings_is_shown_with_its_place(tmp_path: Path, place: Path) -> None:
    done = _run(place, "validate", _specs(tmp_path, more=", phone_region: NO"))

    assert done.returncode == 1
    assert "a.yaml:3:" in done.stdout
    assert (
        "error[settings.platform]: TinyShop has no phone numbers. hint: leave it out" in done.stdout
    )


def test_without_the_package_nobody_knows_it(tmp_path: Path) -> None:
    done = _run(tmp_path, "validate", _specs(tmp_path))

    assert done.returncode == 1
    assert "must be one of `genstore`, `shoplazza`, `shopline`" in done.stdout
