"""All trails of a state folder as one, in the order of time."""

import heapq
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from reconciler.model.instant import BEGIN, told_at
from reconciler.state.chain import Line, lines
from reconciler.state.trail import trail_paths


def every_line(folder: Path) -> Iterator[Line | None]:
    """Each trail in its own order; a line that cannot be read comes after the one before it."""
    trails = [_timed(path) for path in trail_paths(folder).values()]
    for _, line in heapq.merge(*trails, key=lambda one: one[0]):
        yield line


def _timed(path: Path) -> Iterator[tuple[datetime, Line | None]]:
    at = BEGIN
    for line in lines(path):
        at = max(at, told_at(line.get("at"))) if line is not None else at
        yield at, line
