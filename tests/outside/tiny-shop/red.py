"""Runs one check against each broken adapter, and tells as JSON what the check said."""

import json
import sys
import tempfile
from pathlib import Path

from tinyshop_server import serving

from reconciler.testing import CHECKS, Subject
from reconciler.testing.case import opened


def said(platform: str, name: str, folder: Path) -> str:
    """Empty where the check was satisfied."""
    (check,) = [one for one in CHECKS if str(one) == name]
    with opened(Subject(platform=platform, serve=serving), folder) as case:
        try:
            check.run(case)
        except AssertionError as error:
            return str(error) or "it failed"
    return ""


if __name__ == "__main__":
    wanted: dict[str, str] = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        told = {one: said(one, name, Path(place) / one) for one, name in wanted.items()}
    json.dump(told, sys.stdout)
