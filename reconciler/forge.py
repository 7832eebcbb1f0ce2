"""What a pipeline's environment tells: commit, run, pull request and people, and where files are
seen. Nobody checks it.
"""

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

# GitHub (Gitea and Forgejo use its names), then GitLab.
_COMMITS: Final = ("GITHUB_SHA", "CI_COMMIT_SHA")
_ACTORS: Final = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
_RUNS: Final = ("GITHUB_RUN_ID", "CI_PIPELINE_ID")
APPROVERS: Final = "RECONCILER_APPROVERS"
_LARGEST_EVENT: Final = 32 * 1024 * 1024
_LOGIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(\[bot\])?")
_COMMIT: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")

Environment = Mapping[str, str]


def commit(environment: Environment) -> str | None:
    return _first(environment, _COMMITS)


def actor(environment: Environment) -> str | None:
    """The login of whoever started the run."""
    return _login(_first(environment, _ACTORS))


def run(environment: Environment) -> str | None:
    return _first(environment, _RUNS)


def pull_request(environment: Environment) -> str | None:
    """Its number."""
    found = re.fullmatch("refs/pull/([0-9]+)/.*", environment.get("GITHUB_REF", ""))
    number = found[1] if found else environment.get("CI_MERGE_REQUEST_IID", "")
    return number if number.isascii() and number.isdecimal() else None


def author(environment: Environment) -> str | None:
    """The login of whoever opened the pull request; GitLab's variables do not tell it."""
    user = _told_of_request(environment).get("user")
    return _login(user.get("login")) if isinstance(user, dict) else None


def head(environment: Environment) -> str | None:
    """The newest commit of the pull request, not the one that a pipeline makes by merging it."""
    told = _told_of_request(environment).get("head")
    name = told.get("sha") if isinstance(told, dict) else None
    name = name or environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
    return name if isinstance(name, str) and _COMMIT.fullmatch(name) else None


def approvers(environment: Environment) -> tuple[tuple[str, ...], int]:
    """Who approved what is applied, by login, and how many names were given that are none.

    A pipeline asks its forge and fills `RECONCILER_APPROVERS`; empty where it does not.
    """
    names = [one for one in re.split(r"[\s,]+", environment.get(APPROVERS, "")) if one]
    logins = sorted({one for one in names if _login(one) is not None}, key=str.lower)
    return tuple(logins), sum(_login(one) is None for one in names)


def files_base(environment: Environment) -> str | None:
    """The address below which the files of this commit are seen, from where the command runs."""
    if environment.get("GITHUB_SHA") and environment.get("GITHUB_REPOSITORY"):
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        base = f"{server}/{environment['GITHUB_REPOSITORY']}/blob/{environment['GITHUB_SHA']}"
    elif environment.get("CI_PROJECT_URL") and environment.get("CI_COMMIT_SHA"):
        base = f"{environment['CI_PROJECT_URL']}/-/blob/{environment['CI_COMMIT_SHA']}"
    else:
        return None
    below = below_root(environment)
    return f"{base}/{below}" if below else base


def below_root(environment: Environment) -> str:
    """Where in the repository the command runs, as the pipeline tells its root; `` at the root."""
    root = environment.get("GITHUB_WORKSPACE") or environment.get("CI_PROJECT_DIR")
    if not root:
        return ""
    below = os.path.relpath(Path.cwd(), root).replace(os.sep, "/")
    return "" if below == "." or below.startswith("..") else quote(below)


def _told_of_request(environment: Environment) -> Mapping[str, Any]:
    """What GitHub's event file says of the pull request; empty where there is none."""
    path = environment.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST_EVENT:
                return {}
            event = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    told = event.get("pull_request") if isinstance(event, dict) else None
    return told if isinstance(told, dict) else {}


def _login(name: object) -> str | None:
    return name if isinstance(name, str) and _LOGIN.fullmatch(name) else None


def _first(environment: Environment, names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)
