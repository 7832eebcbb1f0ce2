"""`reconciler fmt`, from the shell."""

import stat
from pathlib import Path

import pytest

from tests.program import run

UGLY = "customers:\n- {email: ada@example.com}   # first\nstore: a\n"
GOOD = "store: a\ncustomers:\n  - email: ada@example.com   # first\n"


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    folder = tmp_path / "specs"
    (folder / "eu").mkdir(parents=True)
    (folder / "eu" / "ugly.yaml").write_text(UGLY)
    (folder / "good.yaml").write_text(GOOD)
    return folder


def test_a_check_names_what_would_change_and_writes_nothing(specs: Path) -> None:
    done = run("fmt", "--check", specs)

    assert (done.code, done.out) == (1, f"{specs}/eu/ugly.yaml\n")
    assert done.err == "1 file would change, 1 as they should be\n"
    assert (specs / "eu" / "ugly.yaml").read_text() == UGLY


def test_files_are_replaced_and_then_as_they_should_be(specs: Path) -> None:
    (specs / "eu" / "ugly.yaml").chmod(0o640)

    done = run("--specs", specs, "fmt")

    assert (done.code, done.out) == (0, f"{specs}/eu/ugly.yaml\n")
    assert (specs / "eu" / "ugly.yaml").read_text() == GOOD
    assert stat.S_IMODE((specs / "eu" / "ugly.yaml").stat().st_mode) == 0o640
    assert [one.name for one in (specs / "eu").iterdir()] == ["ugly.yaml"]
    again = run("fmt", "--check", specs, "--quiet")
    assert (again.code, again.everything) == (0, "")


def test_a_file_with_errors_is_left_alone_and_the_others_are_done(specs: Path) -> None:
    broken = "customers:\n  - {emial: grace@example.com}\n"
    (specs / "broken.yaml").write_text(broken)

    done = run("fmt", specs)

    assert (done.code, done.out) == (1, f"{specs}/eu/ugly.yaml\n")
    assert f"{specs}/broken.yaml:2:6: error[schema.unknown-key]" in done.err
    assert "grace@example.com" not in done.everything
    assert (specs / "broken.yaml").read_text() == broken


def test_one_file_may_be_named(specs: Path) -> None:
    (specs / "other.yaml").write_text(UGLY)

    assert run("fmt", specs / "eu" / "ugly.yaml").code == 0

    assert (specs / "other.yaml").read_text() == UGLY


def test_a_link_stays_one_and_leads_nowhere_outside(specs: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(UGLY)
    (specs / "away.yaml").symlink_to(tmp_path / "outside.yaml")
    (specs / "here.yaml").symlink_to(specs / "eu" / "ugly.yaml")

    done = run("fmt", specs)

    assert done.code == 1
    assert "error[files.link-outside]" in done.err
    assert (tmp_path / "outside.yaml").read_text() == UGLY
    assert (specs / "here.yaml").is_symlink()
    assert (specs / "eu" / "ugly.yaml").read_text() == GOOD


def test_a_file_that_cannot_be_read_is_told(specs: Path) -> None:
    (specs / "lost.yaml").symlink_to(specs / "nowhere.yaml")

    done = run("fmt", specs)

    assert done.code == 1
    assert "error[files.unreadable]" in done.err


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    done = run("fmt", tmp_path / "nowhere")

    assert (done.code, done.out) == (1, "")
    assert "error[files.missing]" in done.err


def test_a_file_that_changes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    from reconciler import app

    file = tmp_path / "a.yaml"
    file.write_text(UGLY)
    (found,) = app.formatted([tmp_path], app.environment_of(tmp_path, None))
    assert isinstance(found, app.Formatted)
    file.write_text("store: b\n")

    told = found.replace()

    assert told is not None
    assert told.rule == "fmt.overtaken"
    assert file.read_text() == "store: b\n"
