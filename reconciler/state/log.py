"""All trails of a state folder as one, in the order of time."""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from reconciler.state.chain import Line, lines
from reconciler.state.trail import trail_paths

_BEGIN: datetime = datetime.min.replace(tzinfo=UTC)


def every_line(folder: Path) -> Iterator[Line | None]:
    """Each trail in its own order; a line that cannot be read comes after the one before it."""
    trails = [_timed(path) for path in trail_paths(folder).values()]
    for _, line in heapq.merge(*trails, key=lambda one: one[0]):
        yield line


def _timed(path: Path) -> Iterator[tuple[datetime, Line | None]]:
    at = _BEGIN
    for line in lines(path):
        at = max(at, _at(line)) if line is not None else at
        yield at, line


def _at(line: Line) -> datetime:
    """The beginning of time for a line that does not tell when, with an offset."""
    try:
        at = datetime.fromisoformat(str(line.get("at")))
    except ValueError:
        return _BEGIN
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
