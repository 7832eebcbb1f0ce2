"""Prints `private` where not everybody can read the repository of this job, else `public`; nothing
where the forge does not tell.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx


def visibility() -> str:
    told = os.environ.get("CI_PROJECT_VISIBILITY")
    if told:
        return "private" if told == "private" else "public"
    name = os.environ.get("GITHUB_REPOSITORY")
    if not name:  # a folder plays the forge
        return "private"
    event = Path(os.environ.get("GITHUB_EVENT_PATH") or os.devnull)
    text = event.read_text(encoding="utf-8")
    about = (json.loads(text) if text else {}).get("repository") or {}
    # Some events, a timer's among them, do not tell.
    private = about.get("private") if "private" in about else asked(name).get("private")
    if isinstance(private, bool):
        return "private" if private else "public"
    return ""


def asked(name: str) -> dict[str, Any]:
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GIT_TOKEN", "")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    answer = httpx.get(f"{base}/repos/{name}", headers=headers, timeout=60)
    return dict(answer.raise_for_status().json())


if __name__ == "__main__":
    try:
        print(visibility())
    except (httpx.HTTPError, OSError, ValueError) as error:
        print(f"the forge: {type(error).__name__}: {error}", file=sys.stderr)
