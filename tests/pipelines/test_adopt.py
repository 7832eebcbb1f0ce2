"""The scheduled job that opens a request with what was adopted, as a shell runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = Path(__file__).resolve().parents[2] / "examples/pipeline"
MESSAGE = "Adopt 1 opt-out from acme-us\n\n- specs/all.yaml:3:7 cus_aaaaaaaaaa consent.email\n"
# What `reconciler adopt --write` would do, told by the test.
PROGRAM = f"""#!/bin/sh
while [ "$1" != --message-file ]; do shift; done
[ "$ADOPTS" = 0 ] || {{ echo "out: $ADOPTS" >> specs/all.yaml; printf '%s' '{MESSAGE}' > "$2"; }}
exit "$CODE"
"""


class Branches:
    """A repository with an origin, and a folder that plays its forge."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        program = folder / "bin" / "reconciler"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        (folder / "origin.git").mkdir()
        self.git("init", "--quiet", "--bare", "--initial-branch=main", at="origin.git")
        self.git("clone", "--quiet", f"file://{folder}/origin.git", "here", at=".")
        (folder / "here" / "specs").mkdir()
        (folder / "here" / "specs" / "all.yaml").write_text("# specs\n")
        self.git("switch", "--quiet", "--create", "main")
        self.git("add", "specs")
        self.git("-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "-qm", "first")
        self.git("push", "--quiet", "origin", "main")

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "FORGE": "local",
            "FORGE_FOLDER": str(self.folder / "forge"),
            "GIT_TOKEN": "secret",
            **more,
        }

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

    def adopt(self, adopts: int, code: int = 0) -> int:
        """On main as the origin has it."""
        self.git("fetch", "--quiet", "origin", "main")
        self.git("checkout", "--quiet", "--force", "--detach", "origin/main")
        done = subprocess.run(
            ["sh", STEPS / "adopt.sh"],
            cwd=self.folder / "here",
            env=self.environment(ADOPTS=str(adopts), CODE=str(code)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode

    def branch(self, name: str) -> list[str]:
        return self.git("log", "--format=%s", f"main..{name}", at="origin.git").splitlines()

    @property
    def request(self) -> str | None:
        path = self.folder / "forge/requests/reconciler-adopt.md"
        return path.read_text() if path.exists() else None


@pytest.fixture
def branches(tmp_path: Path) -> Branches:
    return Branches(tmp_path)


def test_one_request_is_opened_renewed_and_closed(branches: Branches) -> None:
    assert branches.adopt(1) == 0
    assert branches.branch("reconciler/adopt") == ["Adopt 1 opt-out from acme-us"]
    assert branches.request is not None
    assert branches.request.startswith("Adopt 1 opt-out from acme-us\n\n- specs/all.yaml:3:7 cus_")
    first = branches.git("rev-parse", "reconciler/adopt", at="origin.git")

    assert branches.adopt(1) == 0
    assert branches.git("rev-parse", "reconciler/adopt", at="origin.git") == first
    assert branches.adopt(2) == 0
    assert len(branches.branch("reconciler/adopt")) == 1
    told = branches.git("show", "reconciler/adopt:specs/all.yaml", at="origin.git")
    assert told.endswith("out: 2")
    assert branches.branch("main") == []

    assert branches.adopt(0) == 0
    assert branches.request is None


def test_trouble_is_shown_and_what_was_adopted_is_asked_for(branches: Branches) -> None:
    assert branches.adopt(1, code=1) == 1
    assert branches.request is not None
    assert branches.adopt(0, code=1) == 1
    assert branches.request is not None  # whether it is still needed nobody knows
