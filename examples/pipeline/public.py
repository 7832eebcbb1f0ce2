"""Prints `public` where everybody can read the repository of this job."""

import json
import os
from pathlib import Path


def visibility() -> str:
    told = os.environ.get("CI_PROJECT_VISIBILITY")
    if told:
        return "private" if told == "private" else "public"
    event = os.environ.get("GITHUB_EVENT_PATH")
    if event and Path(event).is_file():
        private = json.loads(Path(event).read_text()).get("repository", {}).get("private")
        return "public" if private is False else "private"
    return "private"


if __name__ == "__main__":
    print(visibility())
