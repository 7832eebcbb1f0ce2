"""Single values as they are written: in quotes wherever some YAML reader would take a text for
something else, and nowhere besides.
"""

import json
import re
from functools import lru_cache
from typing import Any, Final

from reconciler.desired.plain import plain

_SURE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_@/.-]*(?: [A-Za-z0-9_@/.-]+)*")
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)
_SIGNS: Final = tuple("-?:,[]{}#&*!|>'\"%@`=~+.<")
"""What begins a text that means something else in YAML, or may."""
_NUMBER: Final = re.compile(r"[\d_.,:eE+-]+|0[xob][\da-fA-F_]+", re.ASCII)
"""Numbers, dates and times of day of any YAML, and what is easily taken for one."""
_WORDS: Final = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf")
)
# Line ends that only YAML sees, marks that nobody sees, and what does not print at all.
_HIDDEN: Final = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd"
    "\U00010000-\U0010ffff]"
)


@lru_cache(maxsize=4096, typed=True)
def written(value: Any, *, flow: bool = False) -> str:
    """On one line; `flow` is between brackets, where some more texts need quotes."""
    if isinstance(value, str):
        return value if _is_plain(value, flow=flow) else _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _decimal(value)


def is_literal(value: Any) -> bool:
    """Whether it is a text of several lines that reads best as such."""
    if not isinstance(value, str) or "\n" not in value or _HIDDEN.search(value):
        return False
    lines = value.removesuffix("\n").split("\n")
    return value[0] not in " \n" and lines[-1] != "" and not any(one[-1:] == " " for one in lines)


def literal(value: str) -> tuple[str, list[str]]:
    """What stands after the key, and the lines below it."""
    return "|" if value.endswith("\n") else "|-", value.removesuffix("\n").split("\n")


def _is_plain(text: str, *, flow: bool) -> bool:
    if _SURE.fullmatch(text):
        return text.lower() not in _WORDS
    if not text or text != text.strip() or text.startswith(_SIGNS) or "\n" in text:
        return False
    if _INSTANT.fullmatch(text):
        return True
    if ": " in text or " #" in text or text.endswith(":") or _HIDDEN.search(text):
        return False
    if flow and any(sign in text for sign in ",[]{}:"):
        return False
    return not _NUMBER.fullmatch(text) and text.lower() not in _WORDS and plain(text) == text


def _quoted(text: str) -> str:
    signs = '"' in text or "\\" in text
    if signs and "'" not in text and "\n" not in text and not _HIDDEN.search(text):
        return f"'{text}'"
    return _HIDDEN.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0]).strip('"')


def _decimal(value: float) -> str:
    return repr(value) if plain(repr(value)) == value else f"{value:.17f}".rstrip("0")
