"""Golden stories: a spec and a live store, and what people read of the plan, byte for byte.

`make golden` writes them anew; read the difference before you commit it.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any, Final

from reconciler.model.settings import Release
from reconciler.report import markdown, text
from reconciler.sandbox import Fault
from tests.shop import opened

Json = dict[str, Any]
FOLDER: Final = Path(__file__).parent / "stories"
NAMES: Final = tuple(sorted(one.name for one in FOLDER.iterdir() if one.is_dir()))
_FIXED: Final = "0" * 64


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
        shop.want()
        spec = (folder / "spec.yaml").read_text(encoding="utf-8")
        (shop.specs / "spec.yaml").write_text(spec, encoding="utf-8")
        if "fault" in story:
            shop.box.fault(Fault(**story["fault"]))
        releases = tuple(Release(rule=one) for one in story.get("release", ()))
        body = _steady(shop.plan(releases=releases, read="full"))
    yield "plan.json", json.dumps(body, indent=1, ensure_ascii=False) + "\n"
    lines = text.render(body, every=False, reveal={})
    yield "plan.txt", "".join(f"{one.text}\n" for one in lines)
    link = {"base": "https://forge.example/acme/customers/blob/c0ffee"}
    yield "plan.md", markdown.render(body, link)


def _steady(body: Json) -> Json:
    """Without what differs from run to run: times, the port, and the digests over them."""
    body |= {"digest": _FIXED, "seal": _FIXED}
    body |= {"created_at": "2026-01-01T00:00:00+00:00", "expires_at": "2026-01-08T00:00:00+00:00"}
    body["spec"] |= {"digest": _FIXED, "settings": _FIXED}
    body["tool"]["version"] = "0"
    body["provenance"]["actor"] = "nora"
    for store in body["stores"]:
        store["error"] = store["error"] and store["error"].partition(" (trace")[0]
    return body


if __name__ == "__main__":
    for story_name in NAMES:
        for file, content in told(story_name):
            (FOLDER / story_name / file).write_text(content, encoding="utf-8")
