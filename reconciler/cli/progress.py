"""What a long command is at: bars on a terminal after a second, elsewhere a line every ten."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.voice import behind

if TYPE_CHECKING:
    from reconciler.app.watch import Watch

_AFTER: Final = 1.0
_EVERY: Final = 10.0
_REFRESH: Final = 0.2


@contextmanager
def shown(watch: "Watch", *, quiet: bool) -> Iterator[None]:
    """On stderr, as long as what is inside runs; nothing for `quiet`."""
    if quiet:
        yield
        return
    over = Event()
    context = click.get_current_context(silent=True)
    plain = context is not None and bool(context.params.get("no_color"))
    plain_terminal = os.environ.get("TERM") == "dumb" or os.environ.get("CI")
    bars = sys.stderr.isatty() and not plain_terminal
    show = partial(_as_bars, plain=plain) if bars else _as_lines
    thread = Thread(target=show, args=(watch, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _as_lines(watch: "Watch", over: Event) -> None:
    began = time.monotonic()
    while not over.wait(_EVERY):
        told = "; ".join(str(one) for one in watch.stages())
        if told:
            click.echo(f"{told} ({time.monotonic() - began:.0f} s)", err=True)


def _as_bars(watch: "Watch", over: Event, *, plain: bool) -> None:
    if over.wait(_AFTER):
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(file=behind(sys.stderr), no_color=plain or None)
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}
        while not over.wait(_REFRESH):
            stages = {one.title: one for one in watch.stages()}
            for title in [one for one in tasks if one not in stages]:
                bars.remove_task(tasks.pop(title))
            for title, stage in stages.items():
                if title not in tasks:
                    tasks[title] = bars.add_task(str(stage), total=stage.total)
                bars.update(
                    tasks[title], completed=stage.done, total=stage.total, description=str(stage)
                )
