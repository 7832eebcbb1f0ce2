"""Golden stories: a spec and a live store, and what people read of the plan, byte for byte.

`make golden` writes them anew; read the difference before you commit it.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any, Final

from reconciler.model.settings import Release
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import encode
from reconciler.planfile.saved import SavedPlan
from reconciler.report import annotations, markdown, phrases, result, text
from reconciler.sandbox import Fault
from tests.harness import Shop, opened

Json = dict[str, Any]
FOLDER: Final = Path(__file__).parent / "stories"
NAMES: Final = tuple(sorted(one.name for one in FOLDER.iterdir() if one.is_dir()))
_FIXED: Final = "0" * 64
_TRIED: Final = re.compile(r"tried 5 times in \d+ s")


def told(name: str) -> Iterator[tuple[str, str]]:
    """The files of a story as they would be written now."""
    folder = FOLDER / name
    story = json.loads((folder / "story.json").read_text(encoding="utf-8"))
    live = json.loads((folder / "live.json").read_text(encoding="utf-8"))
    with (
        tempfile.TemporaryDirectory() as place,
        chdir(place),
        opened(Path(), story["platform"], live, story.get("switches")) as shop,
    ):
        shop.settings = {"limits": None, **story.get("settings", {})}
        shop.told = story.get("environment", {})
        shop.want()
        for spec in folder.glob("*.yaml"):
            shutil.copy(spec, shop.specs)
        if "fault" in story:
            shop.box.fault(Fault(**story["fault"]))
        releases = tuple(Release(rule=one) for one in story.get("release", ()))
        plan = shop.saved(releases=releases, read="full")
        report = _report(shop, plan) if "report" in story.get("also", ()) else None
        body = _steady(encode(plan))
    yield "plan.json", json.dumps(body, indent=1, ensure_ascii=False) + "\n"
    steady = decode(body)
    lines = text.render(steady, every=False, reveal={})
    yield "plan.txt", "".join(f"{one.text}\n" for one in lines)
    link = {"base": "https://forge.example/acme/customers/blob/c0ffee"}
    yield "plan.md", markdown.render(steady, link)
    if "annotations" in story.get("also", ()):
        found = annotations.github(annotations.of_plan(steady))
        yield "plan.github", "".join(f"{line}\n" for line in found)
    if report is not None:
        yield "report.txt", report


def _report(shop: Shop, plan: SavedPlan) -> str:
    """What an apply of the plan says, without what differs from run to run."""
    again = "reconciler apply PLAN --resume"
    lines = result.render(shop.apply(encode(plan)), again, plan.owed, phrases.gaps(plan))
    told = "".join(f"{one.text}\n" for one in lines)
    told = re.sub(r"head [0-9a-f]{16}", "head 0000000000000000", told)
    return re.sub(_TRIED, "tried 5 times in 9 s", told)


def _steady(body: Json) -> Json:
    """Without what differs from run to run: times, the port, and the digests over them."""
    body |= {"digest": _FIXED, "seal": _FIXED}
    body |= {"created_at": "2026-01-01T00:00:00+00:00", "expires_at": "2026-01-08T00:00:00+00:00"}
    body["spec"] |= {"digest": _FIXED, "settings": _FIXED}
    body["tool"]["version"] = "0"
    body["provenance"]["actor"] = "nora"
    for store in body["stores"]:
        error = store["error"] and store["error"].partition(" (trace")[0]
        store["error"] = error and re.sub(_TRIED, "tried 5 times in 9 s", error)
    return body


if __name__ == "__main__":
    for story_name in NAMES:
        for file, content in told(story_name):
            (FOLDER / story_name / file).write_text(content, encoding="utf-8")
