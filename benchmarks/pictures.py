"""`make pictures`: what the README shows of the demo's plan, as it looks at a terminal and as HTML.

Needs Chromium, and the ports that `specs/stores.yaml` names.
"""

import html
import os
import pty
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from reconciler.sandbox import demo
from tests.browser import Browser, browser

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
        command = [sys.executable, "-m", "reconciler", "plan", "--store", "acme-us",
                   "--state-dir", str(place / "state")]  # fmt: skip
        environment = {**os.environ, **dict(demo.TOKENS.values()), "COLUMNS": str(WIDTH),
                       "TERM": "xterm-256color", "RECONCILER_KEY": "k" * 40,
                       "GITHUB_ACTOR": "nora"}  # fmt: skip
        for name in ("CI", "NO_COLOR"):
            environment.pop(name, None)
        typed = "<span class=bold>$ reconciler plan --store acme-us</span>\n"
        _terminal(show, place, typed + _as_html(_at_a_terminal(command, environment)))
        page = place / "plan.html"
        subprocess.run(
            [*command[:4], *command[6:], "--format", "html", "--output", str(page), "-q"],
            env=environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        for theme in ("light", "dark"):
            show.open(page, dark=theme == "dark", width=1000)
            show.picture(FOLDER / f"plan-{theme}.png", width=1000, height=1250)


def _at_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    """What the program prints where stdout is a terminal; its warnings go elsewhere."""
    ours, its = pty.openpty()
    subprocess.run(command, env=environment, stdout=its, stderr=subprocess.DEVNULL, check=True)
    os.close(its)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r", "")


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
