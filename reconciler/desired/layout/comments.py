"""Where the comments of a text are: all that stands between two tokens and is neither a blank nor a
line end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from reconciler.desired.yaml_reader import LOADER

_COMMENT: Final = re.compile("#[^\n]*")
_HEADER: Final = re.compile("[|>][^\n#]*")


class UnclearError(Exception):
    """It cannot be told what a comment belongs to; the text is to be left as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Line and column count from 0. `alone`: nothing else stands on the line."""

    line: int
    column: int
    text: str
    alone: bool


def comments(text: str) -> Iterator[Comment]:
    """All of them, in order. Raises `UnclearError` for what is no YAML."""
    last = text.rfind("#")
    done, line, column = 0, 0, 0
    try:
        for token in yaml.scan(text, Loader=LOADER):
            if done > last:
                return
            start, end = token.start_mark, token.end_mark
            if start.index > done:
                yield from _between(text[done : start.index], line, column)
            if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
                yield from _beside_sign(text, start)
            if end.index >= done:
                done, line, column = end.index, end.line, end.column
    except yaml.YAMLError:
        raise UnclearError from None
    yield from _between(text[done:], line, column)


def _between(gap: str, line: int, column: int) -> Iterator[Comment]:
    """The line and column are those that the gap begins at."""
    for found in _COMMENT.finditer(gap):
        at = found.start()
        begin = gap.rfind("\n", 0, at) + 1
        yield Comment(
            line=line + gap.count("\n", 0, at),
            column=at - begin if begin else column + at,
            text=found[0].rstrip(),
            alone=bool(begin) or not column,
        )


def _beside_sign(text: str, start: Any) -> Iterator[Comment]:
    """The first line of a text of several lines is a part of its token."""
    head = _HEADER.match(text, start.index)
    found = _COMMENT.match(text, head.end()) if head else None
    if found is not None:
        column = start.column + found.start() - start.index
        yield Comment(line=start.line, column=column, text=found[0].rstrip(), alone=False)
