"""`make pictures`: what the README shows of the demo's plan, as it looks at a terminal and as HTML.

Needs Chromium, and the ports that `specs/stores.yaml` names.
"""

import html
import re
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

from reconciler.sandbox import demo
from tests.browser import Browser, browser
from tests.terminal import at_terminal

FOLDER: Final = Path("examples/pictures")
PORTS: Final = {"genstore": 8401, "shoplazza": 8402, "shopline": 8403}
WIDTH: Final = 110
_CLASSES: Final = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow"}
_STYLE: Final = """
body { margin: 0; background: #14181b; color: #d7dde1; padding: 14px 18px; width: max-content;
       font: 13px/1.35 "DejaVu Sans Mono", monospace; white-space: pre; }
.bold { font-weight: bold; } .dim { color: #8b98a2; } .red { color: #f2938c; }
.green { color: #7ccf9b; } .yellow { color: #e6b95c; }
"""


_FORGE: Final = """
body { margin: 0; padding: 16px 20px; width: 860px; color: #1f2328; background: #fff;
       font: 14px/1.5 -apple-system, "Liberation Sans", "DejaVu Sans", sans-serif; }
h2 { font-size: 21px; border-bottom: 1px solid #d1d9e0b3; padding-bottom: 5px; } h3 { font-size: 17px; }
table { border-collapse: collapse; margin: 0 0 14px; display: block; overflow: auto; }
th, td { border: 1px solid #d1d9e0; padding: 5px 11px; } tr:nth-child(2n) { background: #f6f8fa; }
code { font: 12px "DejaVu Sans Mono", monospace; background: #818b981f; padding: 2px 5px;
       border-radius: 6px; }
"""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for box in demo.make(switches={}, folder=None, rate="off", seeded=True):
            stack.enter_context(box.serving(PORTS[box.platform]))
        show = stack.enter_context(browser(place))
        folder = ("--state-dir", str(place / "state"))
        environment = {
            **dict(demo.TOKENS.values()),
            "RECONCILER_KEY": "k" * 40,
            "GITHUB_ACTOR": "nora",
            "CI": None,
            "NO_COLOR": None,
        }
        shown = _plan("--store", "acme-us", *folder, env=environment)
        typed = "<span class=bold>$ reconciler plan --store acme-us</span>\n"
        _drawn(show, place, _STYLE, typed + _as_html(shown), "plan-terminal.png")
        page = place / "plan.html"
        _plan(*folder, "--format", "html", "--output", page, "-q", env=environment)
        for theme in ("light", "dark"):
            show.open(page, dark=theme == "dark", width=1000)
            show.picture(FOLDER / f"plan-{theme}.png", width=1000, height=1250)
        comment = place / "plan.md"
        chosen = ("--store", "acme-us", *folder)
        _plan(*chosen, "--format", "markdown", "--output", comment, "-q", env=environment)
        told = MarkdownIt("commonmark").enable("table").render(comment.read_text())
        _drawn(show, place, _FORGE, told, "comment.png")


def _plan(*words: object, env: Mapping[str, str | None]) -> str:
    """What the program prints where stdout is a terminal; its warnings go elsewhere."""
    shown, code = at_terminal("plan", *words, columns=WIDTH, env=env, elsewhere="stderr")
    if code:
        raise SystemExit(f"`plan` ended with {code}")
    return shown


def _as_html(text: str) -> str:
    """Colours of the terminal as spans; every colour ends before the next begins."""
    found = []
    for part in re.split(r"(\x1b\[[\d;]*m)", text):
        codes = re.fullmatch(r"\x1b\[([\d;]*)m", part)
        if codes is None:
            found.append(html.escape(part))
        elif codes[1] in ("", "0"):
            found.append("</span>" * 3)
        else:
            names = " ".join(_CLASSES.get(code, "") for code in codes[1].split(";"))
            found.append(f'<span class="{names}">')
    return "".join(found)


def _drawn(show: Browser, place: Path, style: str, content: str, name: str) -> None:
    """A picture as large as what it shows."""
    page = place / "drawn.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style>{content}")
    show.open(page)
    width, height = show.run(
        "[Math.ceil(document.body.getBoundingClientRect().width),"
        "Math.ceil(document.body.getBoundingClientRect().height)]"
    )
    show.picture(FOLDER / name, width=width, height=height)


if __name__ == "__main__":
    main()
