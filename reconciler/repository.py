"""What git knows of the specs: the commit they stand at, and who last touched a line, and when."""

import getpass
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_SECONDS: Final = 20.0
# How pipelines call the commit and whoever started them; a person's own machine has a user name.
_COMMITS: Final = ("GITHUB_SHA", "CI_COMMIT_SHA")
_ACTORS: Final = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
_RUNS: Final = ("GITHUB_RUN_ID", "CI_PIPELINE_ID")


@dataclass(frozen=True, slots=True)
class Touched:
    """The commit that last touched a line, and when; None where the line is not committed."""

    commit: str
    at: datetime


def commit_of(folder: Path, environment: Mapping[str, str]) -> str | None:
    """As the pipeline says, else as git does; a `+` where files differ from that commit."""
    told = _first(environment, _COMMITS)
    if told:
        return told
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git(folder, "status", "--porcelain", "--", ".")
    return f"{commit.strip()}+" if changed else commit.strip()


def who(environment: Mapping[str, str]) -> dict[str, str]:
    """Who acts, as the environment tells: nobody checks it."""
    actor, run = _first(environment, _ACTORS) or _user(), _first(environment, _RUNS)
    return {**({"actor": actor} if actor else {}), **({"run": run} if run else {})}


def last_touch(file: str, line: int) -> Touched | None:
    """None where git does not know the line: no repository, or not committed yet."""
    path = Path(file)
    text = _git(path.parent, "blame", "--porcelain", "-L", f"{line},{line}", "--", path.name)
    if text is None:
        return None
    # Only a line feed ends a line of git's: whatever else stands in a subject or a name is text.
    head = text.partition("\n\t")[0].split("\n")
    words = dict(row.split(" ", 1) for row in head if " " in row)
    commit, at = text.split(" ", 1)[0], words.get("committer-time", "")
    if set(commit) == {"0"} or not (at.isascii() and at.isdecimal()):
        return None
    return Touched(commit, datetime.fromtimestamp(int(at), UTC))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as containers have
        return ""


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _git(folder: Path, *words: str) -> str | None:
    """What git prints, or None where it cannot: no git, no repository, no such file."""
    try:
        done = subprocess.run(  # noqa: S603
            ("git", *words),  # noqa: S607 -- the git that the user's own shell finds
            cwd=folder if folder.is_dir() else folder.parent,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout
