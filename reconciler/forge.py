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

Variables = Mapping[str, str]


def commit(variables: Variables) -> str | None:
    return _first(variables, _COMMITS)


def actor(variables: Variables) -> str | None:
    """The login of whoever started the run."""
    return _login(_first(variables, _ACTORS))


def run(variables: Variables) -> str | None:
    return _first(variables, _RUNS)


def pull_request(variables: Variables) -> str | None:
    """Its number."""
    found = re.fullmatch("refs/pull/([0-9]+)/.*", variables.get("GITHUB_REF", ""))
    number = found[1] if found else variables.get("CI_MERGE_REQUEST_IID", "")
    return number if number.isascii() and number.isdecimal() else None


def is_proposal(variables: Variables) -> bool:
    """Whether what is at hand may never be a commit of the branch: a pull request's, or what a
    queue of merges tries.
    """
    queued = variables.get("GITHUB_REF", "").startswith("refs/heads/gh-readonly-queue/")
    return queued or pull_request(variables) is not None or head(variables) is not None


def is_public(variables: Variables) -> bool | None:
    """Whether everybody can read the repository; None where the pipeline does not tell."""
    told = variables.get("CI_PROJECT_VISIBILITY")
    if told in ("public", "internal", "private"):
        return told == "public"
    repository = _event(variables).get("repository")
    private = repository.get("private") if isinstance(repository, dict) else None
    return not private if isinstance(private, bool) else None


def author(variables: Variables) -> str | None:
    """The login of whoever opened the pull request; GitLab's variables do not tell it."""
    user = _told_of_request(variables).get("user")
    return _login(user.get("login")) if isinstance(user, dict) else None


def head(variables: Variables) -> str | None:
    """The newest commit of the pull request, not the one that a pipeline makes by merging it."""
    told = _told_of_request(variables).get("head")
    name = told.get("sha") if isinstance(told, dict) else None
    name = name or variables.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
    return name if isinstance(name, str) and _COMMIT.fullmatch(name) else None


def approvers(variables: Variables) -> tuple[tuple[str, ...], int]:
    """Who approved what is applied, by login, and how many names were given that are none.

    A pipeline asks its forge and fills `RECONCILER_APPROVERS`; empty where it does not.
    """
    parts = (one.strip() for one in re.split(r"[,\n]", variables.get(APPROVERS, "")))
    names = [one for one in parts if one]
    logins = sorted({one for one in names if _login(one) is not None}, key=str.lower)
    return tuple(logins), sum(_login(one) is None for one in names)


def files_base(variables: Variables) -> str | None:
    """The address below which the files of this commit are seen, from where the command runs."""
    if variables.get("GITHUB_SHA") and variables.get("GITHUB_REPOSITORY"):
        server = variables.get("GITHUB_SERVER_URL", "https://github.com")
        base = f"{server}/{variables['GITHUB_REPOSITORY']}/blob/{variables['GITHUB_SHA']}"
    elif variables.get("CI_PROJECT_URL") and variables.get("CI_COMMIT_SHA"):
        base = f"{variables['CI_PROJECT_URL']}/-/blob/{variables['CI_COMMIT_SHA']}"
    else:
        return None
    below = below_root(variables)
    return f"{base}/{below}" if below else base


def below_root(variables: Variables) -> str:
    """Where in the repository the command runs, as the pipeline tells its root; `` at the root."""
    root = variables.get("GITHUB_WORKSPACE") or variables.get("CI_PROJECT_DIR")
    if not root:
        return ""
    below = os.path.relpath(Path.cwd(), root).replace(os.sep, "/")
    return "" if below == "." or below.startswith("..") else quote(below)


def _told_of_request(variables: Variables) -> Mapping[str, Any]:
    """What GitHub's event file says of the pull request; empty where there is none."""
    told = _event(variables).get("pull_request")
    return told if isinstance(told, dict) else {}


def _event(variables: Variables) -> Mapping[str, Any]:
    """GitHub's event file; empty where there is none."""
    path = variables.get("GITHUB_EVENT_PATH")
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
    return event if isinstance(event, dict) else {}


def _login(name: object) -> str | None:
    return name if isinstance(name, str) and _LOGIN.fullmatch(name) else None


def _first(variables: Variables, names: tuple[str, ...]) -> str | None:
    return next((variables[name] for name in names if variables.get(name)), None)
