"""What was remembered of opt-outs before there was a register: by alias, in a small file a store,
and before that in the journals. It is read, and taken over by the register.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from reconciler.model.consent import Channel
from reconciler.state.chain import NO_LINE, Line
from reconciler.state.folder import journals_of

OptOut: TypeAlias = tuple[str, Channel]
"""Alias and channel: somebody who had opted out themselves when some apply wrote to them."""


def former(line: Line) -> OptOut:
    """What a line of that file says. Raises what `NO_LINE` names where it is none."""
    return str(line["customer"]), Channel(line["channel"])


def remembered(folder: Path, store: str) -> frozenset[OptOut]:
    """By the journals that stand here. Lines that cannot be read are passed over: whoever applies
    is told of them.
    """
    return frozenset(one for path in journals_of(folder, store) for one in _of(path))


def _of(path: Path) -> Iterator[OptOut]:
    for line in path.read_bytes().split(b"\n"):
        if b'"out_by_person":["' not in line:
            continue
        with suppress(*NO_LINE):
            told = json.loads(line)
            yield from [(str(told["customer"]), Channel(one)) for one in told["out_by_person"]]
