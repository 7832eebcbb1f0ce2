"""The lines of a file that may have very many, read some at a time."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import BinaryIO, Final

from reconciler.state.chain import Line

_AT_ONCE: Final = 1000


def some_at_once(file: BinaryIO) -> Iterator[list[bytes]]:
    """Whole lines, up to the first that is none yet."""
    # Another may be writing just now: what comes after a part of a line is the rest of it.
    whole = takewhile(lambda line: line.endswith(b"\n"), file)
    while raws := list(islice(whole, _AT_ONCE)):
        yield raws


def lines_in(raws: Sequence[bytes]) -> Iterator[Line]:
    """All at once, which takes half the time; one by one where one of them is none.

    Raises what `NO_LINE` names at the first that is none.
    """
    try:
        found = json.loads(b"[" + b",".join(raws) + b"]")
    except (ValueError, RecursionError):
        found = []
    if len(found) == len(raws):
        yield from found
    else:
        yield from map(json.loads, raws)
