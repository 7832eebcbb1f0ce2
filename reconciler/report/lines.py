"""Lines as they are shown: styled where a terminal can, and never obeyed by what reads them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from reconciler.report.plain import without_commands


class Style(StrEnum):
    """What a line or a part of it is; the terminal alone knows a colour for it."""

    PLAIN = "plain"
    TITLE = "title"
    DIM = "dim"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Line:
    """`whole` keeps a line in one: a command is copied as it stands."""

    text: str = ""
    style: Style = Style.PLAIN
    whole: bool = False


def code_spans(text: str) -> Iterator[tuple[bool, str]]:
    """A sentence of ours in parts, each with whether it stood in backticks, as names do."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        yield False, text
        return
    for place, part in enumerate(parts):
        if part:
            yield bool(place % 2), part


def as_json(value: object, *, indent: int | None = 2) -> str:
    """JSON that a log or a terminal can show: the same value, and nothing in it acts."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if not text.replace("\n", "").isprintable():
        text = "".join(
            one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text
        )
    return without_commands(text)
