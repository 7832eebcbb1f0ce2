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
        _terminal(show, place, typed + _as_html(shown))
        page = place / "plan.html"
        _plan(*folder, "--format", "html", "--output", page, "-q", env=environment)
        for theme in ("light", "dark"):
            show.open(page, dark=theme == "dark", width=1000)
            show.picture(FOLDER / f"plan-{theme}.png", width=1000, height=1250)


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


def _terminal(show: Browser, place: Path, content: str) -> None:
    page = place / "terminal.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{content}")
    show.open(page)
    width, height = show.run(
        "[Math.ceil(document.body.getBoundingClientRect().width),"
        "Math.ceil(document.body.getBoundingClientRect().height)]"
    )
    show.picture(FOLDER / "plan-terminal.png", width=width, height=height)


if __name__ == "__main__":
    main()
