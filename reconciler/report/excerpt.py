"""The line of a spec that a complaint is about, with a caret below it, for a person's own terminal.

Values stand there as dots of their length, but for those that are never about a person.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from reconciler.model.shapes import shape_of
from reconciler.report.lines import plain

_NOBODYS: Final = (
    "acknowledge add api_version at_least at_most base_url basis burst channel consent "
    "country create creates customer customer_defaults customers defaults delete "
    "email_consent env file given_at grant implied level limits method min_level name owned "
    "ownership per_second percent phone_region platform policy profile raise rate release "
    "remove require shop state store stores tag tags tax_exempt timezone until withdraw "
    "withdrawn_at "
)
_OPEN: Final = frozenset(_NOBODYS.split())
_KEY: Final = re.compile(r"(?<![^\s{\[,-])[\"']?([A-Za-z_][\w.-]*)[\"']?\s*:(?=\s|$)")
# What keys of specs and names of stores look like; people and secrets are written otherwise.
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,23}")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_VALUE: Final = re.compile(r"[^\s,{}\[\]\"'|>&*-]")
_INDENT: Final = "  "


def excerpt(line: str, number: int, column: int, width: int) -> tuple[str, str]:
    """The line and the caret, each at most `width` cells wide; columns count characters from 1."""
    gutter = f"{_INDENT}{number} | "
    room = max(20, width - len(gutter) - 1)
    shown = plain("".join(_masked(line.replace("\t", " "))))
    at = min(column - 1, len(shown))
    start = 0 if _cells(shown[:at]) < room - 8 else max(0, at - room // 2)
    part = _fitting(shown[start:], room)
    caret = " " * (len(gutter) + _cells(shown[start:at])) + "^"
    return f"{gutter}{part}", caret


def _masked(line: str) -> Iterator[str]:
    """The line with as many characters."""
    comment = _COMMENT.search(line)
    end = comment.start() if comment is not None else len(line)
    keys = list(_KEY.finditer(line, 0, end))
    yield _dotted(line[: keys[0].start()] if keys else line[:end])
    for place, key in enumerate(keys):
        yield key[0] if _NAME.fullmatch(key[1]) else _dotted(key[0])
        value = line[key.end() : keys[place + 1].start() if place + 1 < len(keys) else end]
        yield value if key[1] in _OPEN and shape_of(value) is None else _dotted(value)
    yield _dotted(line[end:])


def _dotted(value: str) -> str:
    return _VALUE.sub("•", value)


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
