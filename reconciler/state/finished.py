"""Journals of which nothing is left: out of the way of plans, and removed when of no use."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from reconciler.errors import JournalError
from reconciler.state.chain import NO_LINE
from reconciler.state.folder import FINISHED, JOURNALS, journal_path, journals, journals_of
from reconciler.state.journal import read
from reconciler.state.plans import FOLDER as PLANS
from reconciler.state.unfinished import rest_of, told_at_its_end

KEPT: Final = timedelta(days=30)
"""Far longer than a plan lives; that it was applied then stands in the trail, for good."""
_LATELY: Final = timedelta(days=1)


def put_away(folder: Path, store: str) -> None:
    """Moves the store's journals that leave nothing to do; those that cannot be read stay."""
    for path in journals_of(folder, store):
        with suppress(JournalError):
            if _is_over(path):
                aside = folder / FINISHED
                aside.mkdir(exist_ok=True, mode=0o700)
                path.replace(aside / path.name)


def _is_over(path: Path) -> bool:
    """Whether its run came to an end and left nothing; one that has only begun may be at work."""
    told = told_at_its_end(path)
    if told is not None:
        return not told
    past = read(path)
    return past.closed and not past.rest()


def take_back(folder: Path, plan: str, store: str) -> Path:
    """The place of a journal that is about to be gone on with."""
    path = journal_path(folder, plan, store)
    if path.parent == folder / FINISHED:
        path = path.replace(folder / JOURNALS / path.name)
    return path


def forget(folder: Path, now: datetime) -> None:
    """Removes what was put away long ago, what nobody went on with while that could be, and the
    copies of such plans; never a journal of which something is not known.
    """
    before = (now - KEPT).timestamp()
    for path in journals(folder):
        with suppress(JournalError):
            if not rest_of(path).owing:
                _remove_older(path, before)
    for path in (folder / FINISHED).glob("*.jsonl"):
        _remove_older(path, before)
    begun = {path.name.partition(".")[0] for path in journals(folder)}
    for path in (folder / PLANS).glob("*.json"):
        if path.stem not in begun:
            _remove_older(path, before)


def _remove_older(path: Path, before: float) -> None:
    with suppress(FileNotFoundError):
        if path.stat().st_mtime < before:
            path.unlink()


def created_lately(folder: Path, store: str, now: datetime, *, apart_from: Path) -> dict[str, str]:
    """Who was made in this store by any plan within the last day: record numbers by alias. Who was
    so by the journal `apart_from`, whoever has read that knows.

    Lists and searches may show a new customer late; whoever makes somebody again asks by number.
    """
    found = {}
    for path in _lately(folder, store, now):
        if path == apart_from:
            continue
        with path.open("rb") as file:
            for line in file:
                if b'"created":"' not in line:
                    continue
                with suppress(*NO_LINE):
                    told = json.loads(line)
                    found[str(told["customer"])] = str(told["created"])
    return found


def _lately(folder: Path, store: str, now: datetime) -> Iterator[Path]:
    """Journals that were written to within the last day, wherever they stand now."""
    before = (now - _LATELY).timestamp()
    for name in (FINISHED, JOURNALS):
        for path in journals_of(folder, store, name):
            if path.stat().st_mtime >= before:
                yield path
