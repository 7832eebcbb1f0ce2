"""The scheduled jobs that open a request with what was adopted, as shells would run them."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / "examples/02-github-actions/.github/workflows/adopt.yaml"
GITLAB = ROOT / "examples/03-gitlab/.gitlab-ci.yml"
MESSAGE = "Adopt 1 opt-out from acme-us\n\n- specs/all.yaml:3:7 cus_aaaaaaaaaa consent.email\n"
STUB = """#!/bin/sh
printf '%s\\n' "$*" >> "$LOG"
"""
# What `reconciler adopt --write` would do, told by the test.
ADOPT = f"""#!/bin/sh
printf '%s\\n' "$*" >> "$LOG"
for last; do :; done
[ "$ADOPTS" = 0 ] || {{ echo "out: $ADOPTS" >> specs/all.yaml; printf '%s' '{MESSAGE}' > "$last"; }}
exit "$CODE"
"""


class Forge:
    """A repository with an origin, and programs that only write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        programs = folder / "bin"
        programs.mkdir()
        for name, text in (("gh", STUB), ("apt-get", STUB), ("reconciler", ADOPT)):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        (folder / "origin.git").mkdir()
        self.git("init", "--quiet", "--bare", "--initial-branch=main", at="origin.git")
        self.git("config", "receive.advertisePushOptions", "true", at="origin.git")
        self.git("clone", "--quiet", f"file://{folder}/origin.git", "here", at=".")
        (folder / "here" / "specs").mkdir()
        (folder / "here" / "specs" / "all.yaml").write_text("# specs\n")
        self.git("switch", "--quiet", "--create", "main")
        self.git("add", "specs")
        self.git("-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "-qm", "first")
        self.git("push", "--quiet", "origin", "main")

    def git(self, *words: str, at: str = "here") -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder / at,
            check=True,
            capture_output=True,
            text=True,
            env=self.environment(),
        )
        return done.stdout.strip()

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LOG": str(self.log),
            "GIT_CONFIG_NOSYSTEM": "1",
            **more,
        }

    def run(self, script: str, **told: str) -> int:
        """On main as the origin has it."""
        self.git("fetch", "--quiet", "origin", "main")
        self.git("checkout", "--quiet", "--force", "--detach", "origin/main")
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.folder / "here",
            env=self.environment(**told),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode

    def told(self) -> list[str]:
        found = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return found


def _value(mapping: Any, name: str) -> Any:
    return next(inner for key, inner in mapping.value if key.value == name)


def _github() -> str:
    root = yaml.compose(GITHUB.read_text())
    steps = _value(_value(_value(root, "jobs"), "adopt"), "steps")
    scripts = [
        inner.value
        for step in steps.value
        for key, inner in step.value
        if key.value == "run" and "\n" in inner.value
    ]
    assert len(scripts) == 2
    return "\n".join(scripts).replace('echo "code=$code" >> "$GITHUB_OUTPUT"', "")


def _gitlab() -> str:
    script = _value(_value(yaml.compose(GITLAB.read_text()), "adopt"), "script")
    return "\n".join(one.value for one in script.value)


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


def _run(forge: Forge, script: str, adopts: int, code: int = 0) -> tuple[int, list[str]]:
    found = forge.run(
        script,
        ADOPTS=str(adopts),
        CODE=str(code),
        RUNNER_TEMP=str(forge.folder),
        CI_PROJECT_URL=f"file://{forge.folder}/origin",
        CI_DEFAULT_BRANCH="main",
        ADOPT_TOKEN="secret",
    )
    return found, [one for one in forge.told() if not one.startswith(("adopt ", "-qq"))]


def _branch(forge: Forge, name: str) -> list[str]:
    return forge.git("log", "--format=%s", f"main..{name}", at="origin.git").splitlines()


def test_on_github_one_request_is_opened_and_renewed(forge: Forge) -> None:
    code, told = _run(forge, _github(), adopts=1)

    assert code == 0
    assert _branch(forge, "reconciler/adopt") == ["Adopt 1 opt-out from acme-us"]
    assert [one.split(" --title")[0] for one in told] == [
        "pr list --head reconciler/adopt --state open --json number --jq .[0].number // empty",
        "pr create --base main --head reconciler/adopt",
    ]
    first = forge.git("rev-parse", "reconciler/adopt", at="origin.git")
    assert _run(forge, _github(), adopts=1)[0] == 0
    assert forge.git("rev-parse", "reconciler/adopt", at="origin.git") == first
    assert _run(forge, _github(), adopts=2)[0] == 0
    assert len(_branch(forge, "reconciler/adopt")) == 1
    assert forge.git("show", "reconciler/adopt:specs/all.yaml", at="origin.git").endswith("out: 2")
    assert _branch(forge, "main") == []


def test_on_github_nothing_is_opened_for_nothing_and_trouble_is_shown(forge: Forge) -> None:
    code, told = _run(forge, _github(), adopts=0)

    assert code == 0
    assert [one.partition(" --")[0] for one in told] == ["pr list"]
    assert _run(forge, _github(), adopts=0, code=1)[0] == 1
    code, told = _run(forge, _github(), adopts=1, code=1)
    assert code == 1
    assert any(one.startswith("pr create") for one in told)


def test_on_gitlab_one_request_is_opened_and_renewed(forge: Forge) -> None:
    assert _run(forge, _gitlab(), adopts=1)[0] == 0
    assert _branch(forge, "reconciler-adopt") == ["Adopt 1 opt-out from acme-us"]
    first = forge.git("rev-parse", "reconciler-adopt", at="origin.git")

    assert _run(forge, _gitlab(), adopts=1)[0] == 0
    assert forge.git("rev-parse", "reconciler-adopt", at="origin.git") == first
    assert _run(forge, _gitlab(), adopts=2, code=1)[0] == 1
    assert len(_branch(forge, "reconciler-adopt")) == 1
    assert forge.git("rev-parse", "reconciler-adopt", at="origin.git") != first
