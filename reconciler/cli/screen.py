"""What is shown to a person: styled where the terminal can, wrapped to its width."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import Any, Final, TextIO

import click

from reconciler.diagnostics import Diagnostic
from reconciler.report.lines import Line, Style

_NARROWEST: Final = 40
_COLOURS: Final[dict[Style, dict[str, Any]]] = {
    Style.PLAIN: {},
    Style.TITLE: {"bold": True},
    Style.DIM: {"dim": True},
    Style.GOOD: {"fg": "green"},
    Style.WARN: {"fg": "yellow"},
    Style.BAD: {"fg": "red", "bold": True},
    Style.ADD: {"fg": "green"},
    Style.REMOVE: {"fg": "red"},
}


def show(lines: Iterable[Line], *, no_color: bool, err: bool = False) -> None:
    """Prints styled lines; colours only on a terminal that wants them."""
    stream = sys.stderr if err else sys.stdout
    coloured = has_colours(stream, no_color=no_color)
    width = shutil.get_terminal_size().columns if stream.isatty() else 0
    for line in (part for whole in lines for part in _wrapped(whole, width)):
        text = click.style(line.text, **_COLOURS[line.style]) if coloured else line.text
        click.echo(text, err=err, color=coloured)


def has_colours(stream: TextIO, *, no_color: bool) -> bool:
    """Only a terminal has any, and not one that says it has none."""
    refused = no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not refused


def _wrapped(line: Line, width: int) -> Iterable[Line]:
    """A long line goes on below, indented; without a terminal nothing is wrapped."""
    if width < _NARROWEST or len(line.text) <= width or line.whole:
        return (line,)
    indent = len(line.text) - len(line.text.lstrip())
    parts = textwrap.wrap(
        line.text,
        width,
        subsequent_indent=" " * (indent + 6),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [Line(part, line.style) for part in parts]


def warn(one: Diagnostic) -> None:
    """A warning of the specs, on stderr."""
    context = click.get_current_context(silent=True)
    no_color = context is not None and bool(context.params.get("no_color"))
    show([Line(str(one), Style.WARN)], no_color=no_color, err=True)


def silent(one: Diagnostic) -> None:
    """For --quiet: warnings of the specs are not repeated."""
