"""The line of a spec that a complaint is about, with a caret below it, for a person's own terminal.

Values stand there as dots of their length, but for words that only a schema can mean; so do keys
that no schema has, nor anything like them.
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.report.plain import plain

_KEY: Final = re.compile(r"(?<![^\s{\[,-])[\"']?([A-Za-z_][\w.-]*)[\"']?\s*:(?=\s|$)")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_LETTER: Final = re.compile(r"[^\s,{}\[\]\"'|>&*:-]")
_WORD: Final = re.compile(r"[^\s,{}\[\]\"']+")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-][\d:]+)?)?")
_DATED: Final = frozenset({"given_at", "withdrawn_at", "until"})
_INDENT: Final = "  "
_ALIKE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`keys` of the schema, and `words` that it lists as values of some key."""

    keys: Collection[str]
    words: Collection[str]


def excerpt(line: str, number: int, column: int, width: int, known: Vocabulary) -> tuple[str, str]:
    """The line and the caret, each at most `width` cells wide; columns count characters from 1."""
    gutter = f"{_INDENT}{number} | "
    room = max(20, width - len(gutter) - 1)
    shown = plain("".join(_masked(line.replace("\t", " "), known)))
    at = min(column - 1, len(shown))
    start = 0 if _cells(shown[:at]) < room - 8 else max(0, at - room // 2)
    part = _fitting(shown[start:], room)
    caret = " " * (len(gutter) + _cells(shown[start:at])) + "^"
    return f"{gutter}{part}", caret


def _masked(line: str, known: Vocabulary) -> Iterator[str]:
    """The line with as many characters."""
    comment = _COMMENT.search(line)
    end = comment.start() if comment is not None else len(line)
    keys = list(_KEY.finditer(line, 0, end))
    yield _dotted(line[: keys[0].start()] if keys else line[:end])
    for place, key in enumerate(keys):
        yield key[0] if _is_like(key[1], known.keys) else _dotted(key[0])
        value = line[key.end() : keys[place + 1].start() if place + 1 < len(keys) else end]
        yield _WORD.sub(lambda found: _shown(found[0], key[1], known), value)  # noqa: B023
    yield _dotted(line[end:])


def _shown(word: str, key: str, known: Vocabulary) -> str:
    if _is_like(word, known.words) or (key in _DATED and _DATE.fullmatch(word)):
        return word
    return _dotted(word)


def _is_like(word: str, every: Collection[str]) -> bool:
    """Whether it is one of them, or one with a slip of the finger."""
    if word in every:
        return True
    return word.islower() and bool(difflib.get_close_matches(word, every, n=1, cutoff=_ALIKE))


def _dotted(value: str) -> str:
    return _LETTER.sub("•", value)


def _fitting(text: str, room: int) -> str:
    used = 0
    for place, one in enumerate(text):
        used += _cells(one)
        if used > room - 1:
            return f"{text[:place]}…"
    return text


def _cells(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return len(text) + wide
