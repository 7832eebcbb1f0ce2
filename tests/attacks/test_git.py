"""A specs folder that wants git to run something: nothing runs, and no secret reaches git."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from reconciler import repository


def git(folder: Path, *words: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    return subprocess.run(
        ("git", *words), cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


@pytest.fixture
def trap(tmp_path: Path, mark: Path) -> str:
    """A program that leaves a mark, with the environment it was given."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\nenv > {mark}\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    folder = tmp_path / "repo" / "specs"
    folder.mkdir(parents=True)
    git(folder.parent, "init", "-q")
    (folder / "a.yaml").write_text("store: shop\n")
    git(folder.parent, "add", "-A")
    git(folder.parent, "commit", "-qm", "one")
    return folder


def everything(folder: Path) -> None:
    repository.commit_at_hand(folder)
    repository.last_touch(str(folder / "a.yaml"), 1)
    repository.refusal(folder)


@pytest.mark.parametrize(
    "name",
    [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "diff.external",
        "core.editor",
        "core.gitProxy",
        "credential.helper",
    ],
)
def test_a_folder_that_is_a_bare_repository_runs_nothing(
    tmp_path: Path, name: str, trap: str, mark: Path
) -> None:
    folder = tmp_path / "specs"
    folder.mkdir()
    git(folder, "init", "-q", "--bare")
    (folder / "a.yaml").write_text("store: shop\n")
    git(folder, "config", "core.bare", "false")
    git(folder, "config", "core.worktree", str(folder))
    git(folder, "config", name, trap)

    everything(folder)

    assert not mark.exists()
    assert repository.commit_at_hand(folder) is None


@pytest.mark.parametrize("kind", ["hook", "fsmonitor", "textconv", "clean", "process", "external"])
def test_attributes_and_settings_of_a_repository_run_nothing(
    specs: Path, kind: str, trap: str, mark: Path
) -> None:
    top = specs.parent
    if kind == "hook":
        hook = top / ".git" / "hooks" / "post-index-change"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {trap}\n")
        hook.chmod(0o755)
    elif kind == "fsmonitor":
        git(top, "config", "core.fsmonitor", trap)
    else:
        (specs / ".gitattributes").write_text("*.yaml filter=x diff=x\n")
        section = {"textconv": "diff.x.textconv", "external": "diff.x.command"}.get(kind)
        git(top, "config", section or f"filter.x.{kind}", trap)
    os.utime(specs / "a.yaml", (1, 1))

    everything(specs)
    (specs / "a.yaml").write_text("store: other\n")
    everything(specs)

    assert not mark.exists()


def test_no_secret_is_in_gits_environment(
    specs: Path, tmp_path: Path, trap: str, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path / "bin"
    away.mkdir()
    (away / "git").symlink_to(trap)
    monkeypatch.setenv("PATH", f"{away}{os.pathsep}{os.environ['PATH']}")
    for name in (
        "RECONCILER_KEY",
        "RECONCILER_REGISTER_KEY",
        "ACME_TOKEN",
        "GITHUB_TOKEN",
        "GIT_EXTERNAL_DIFF",
        "GIT_SSH_COMMAND",
        "GIT_DIR",
        "LD_PRELOAD_X",
    ):
        monkeypatch.setenv(name, "s3cret")

    everything(specs)

    assert mark.exists()
    assert "s3cret" not in mark.read_text()


def test_a_commit_is_told_as_it_stands(specs: Path) -> None:
    head = git(specs, "rev-parse", "HEAD").strip()
    assert repository.commit_at_hand(specs) == (head, True)
    touched = repository.last_touch(str(specs / "a.yaml"), 1)
    assert touched is not None
    assert touched.commit == head

    (specs / "b.yaml").write_text("store: shop\n")
    assert repository.commit_at_hand(specs) == (head, False)
    (specs / "b.yaml").unlink()
    (specs / "a.yaml").write_text("store: other\n")
    assert repository.commit_at_hand(specs) == (head, False)
    assert repository.last_touch(str(specs / "a.yaml"), 1) is None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to give a folder away")
def test_somebody_elses_repository_is_told(specs: Path) -> None:
    for one in (specs.parent, specs.parent / ".git"):
        os.chown(one, 12345, 12345)

    told = repository.refusal(specs)

    assert told is not None
    assert "safe.directory" in told
    assert repository.commit_at_hand(specs) is None
