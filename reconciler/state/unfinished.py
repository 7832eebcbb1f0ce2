"""Which applies were begun and have not ended, as their journals tell."""

import json
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.state.chain import NO_LINE
from reconciler.state.folder import journals
from reconciler.state.journal import Event, Rest, read
from reconciler.state.plans import copy_path

_LONGEST_END: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A store's part of a plan whose apply was begun and left something; `kept` is its copy."""

    plan: str
    store: str
    kept: Path
    rest: Rest


def unfinished(folder: Path, *, apart_from: Collection[str] = ()) -> Iterator[Unfinished]:
    """The latest first, each read when it is asked for: a journal may be long. `apart_from` are
    plans whose journals nobody asks for. Raises `JournalError`.
    """
    for path in reversed(journals(folder)):
        plan, _, store = path.name.removesuffix(".jsonl").partition(".")
        if plan in apart_from:
            continue
        rest = rest_of(path)
        if rest:
            kept = copy_path(folder, plan)
            yield Unfinished(plan=plan, store=store, kept=kept, rest=rest)


def rest_of(path: Path) -> Rest:
    """What a journal leaves. Raises `JournalError`."""
    return told_at_its_end(path) or read(path).rest()


def told_at_its_end(path: Path) -> Rest | None:
    """What the last run said when it ended; None where it did not come to that."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LONGEST_END))
        last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    with suppress(*NO_LINE):
        line = json.loads(last)
        if line["event"] == Event.CLOSED:
            told = line["rest"]
            return Rest(
                resumable=bool(told["resumable"]),
                cut_off=bool(told["cut_off"]),
                owing=bool(told["owing"]),
            )
    return None
