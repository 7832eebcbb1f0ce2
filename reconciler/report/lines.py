"""Styled lines: what the renderers make and the terminal colours. Legible without any colour."""

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
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
    text: str = ""
    style: Style = Style.PLAIN


def plain(text: str) -> str:
    """Text of strangers for a terminal: control and direction characters are written out."""
    return "".join(
        one if one.isprintable() and not _turns(one) else f"\\u{ord(one):04x}" for one in text
    )


def _turns(one: str) -> bool:
    return one in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
