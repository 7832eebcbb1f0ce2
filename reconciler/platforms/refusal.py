"""What a store says when it refuses something, in its own words and without anybody's data.

The documents give these bodies: Genstore `{"error": text}`; Shoplazza `{"errors": [texts]}`,
`{"error": text}` and, in its newer versions, `{"code", "message"}`; SHOPLINE `{"errors": text, list
or map}` and `error`, `code`, `message`. A store may quote what it was sent, or what it knows of
somebody else, so only words of a fixed vocabulary are shown, the names of fields, and codes; of
these, none that stood in a value that was sent or read.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.model.personal import MASK
from reconciler.platforms.refusal_words import CHINESE, ENGLISH, NOBODYS

LONGEST: Final = 400
_LARGEST: Final = 64 * 1024
_MOST_TEXTS: Final = 5
_MOST_SEEN: Final = 200
_DEEPEST: Final = 6
_MOST_KNOWN: Final = 20_000
_LONGEST_NAME: Final = 8
_PHONE: Final = 7
_SAYS: Final = (
    "userErrors",
    "errors",
    "error",
    "message",
    "msg",
    "errorMessage",
    "error_message",
    "errorMsg",
    "error_description",
    "detail",
    "reason",
    "title",
)
_INSIDE: Final = ("data", "result", "response", "body")
_PLACES: Final = ("field", "fields", "path", "param", "parameter")
_CODES: Final = ("code", "errorCode", "error_code", "errcode")

_LONG_NUMBER: Final = re.compile(r"\+?\d(?:[\s().,-]*\d){4,}")
_HAN: Final = "\u3400-\u9fff"
_PART: Final = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[._'’-][^\W_{_HAN}]+)*|\s+|[^\w\s]|_")
_HUMPS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z_.-]{0,60}|[A-Z]{0,8}[_-]?\d{1,6}")
_NUMBERED: Final = re.compile(r"[A-Z]{0,8}[_-]?\d{1,6}")
_FIELD_NUMBER: Final = re.compile(r"\d{1,2}$")
_CHINESE_RUN: Final = re.compile(f"[{_HAN}]+")
# A number says something of a text only beside such a word.
_UNITS: Final = (
    "characters chars character ms seconds second minutes minute times items tags requests calls "
    "per maximum max minimum min limit than status http code least most exceeds exceed "
    "between line digits 个字符 字符 位 次 个"
)
_COUNTED: Final = frozenset(_UNITS.split())


# Of what was sent, these are states and no names.
_STATES: Final = frozenset(
    {"not", "subscribed", "unsubscribed", "email", "sms", "enabled", "disabled", "true", "false"}
)


def own_words(content: bytes, exchanged: Iterable[object]) -> str:
    """At most `LONGEST` characters in one line; empty where nothing that can be shown is said.

    `exchanged` is what was sent and read before, the most telling first: JSON values, no word of
    which is shown.
    """
    if len(content) > _LARGEST:
        return ""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    known = _known(exchanged)
    told: list[str] = []
    left = 0
    for text in _texts(body, 0):
        shown = _shown(text, known)
        if not re.search(r"\w", shown) or shown in told:
            continue
        if len(told) == _MOST_TEXTS:
            left += 1
            continue
        told.append(shown)
    line = "; ".join(told)
    if len(line) > LONGEST:
        line = f"{line[: LONGEST - 1].rpartition(' ')[0]} …"
    return f"{line}; and {left} more" if left else line


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The texts of a body that say what is wrong, each after the name of the field it is about."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value[:_MOST_SEEN]:
            yield from _texts(one, depth + 1)
    elif isinstance(value, Mapping):
        yield from _texts_of_map(value, depth)


def _texts_of_map(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    code = next((str(value[one]) for one in _CODES if isinstance(value.get(one), (str, int))), "")
    where = _place(next((value[one] for one in _PLACES if one in value), ""))
    said = [one for name in _SAYS if name in value for one in _texts(value[name], depth + 1)]
    for text in said:
        yield f"{where} {text}".strip()
    if _CODE.fullmatch(code):
        yield f"code {code}"
    if said or code:
        return
    for name in _INSIDE:
        if name in value:
            yield from _texts(value[name], depth + 1)
    for name, one in list(value.items())[:_MOST_SEEN]:
        if depth or isinstance(one, list):
            yield from (f"{name} {text}" for text in _texts(one, depth + 1))


def _place(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return ".".join(one for one in parts if isinstance(one, str))


@dataclass(frozen=True, slots=True)
class _Known:
    """What was sent and read: words in lower case, digits as one run a text, names of fields."""

    words: frozenset[str]
    digits: frozenset[str]
    fields: frozenset[str]

    def has_number(self, number: str) -> bool:
        """Whether it stands in a longer one, as parts of a phone number do."""
        return number in self.words or any(len(number) > 1 and number in run for run in self.digits)


def _known(exchanged: Iterable[object]) -> _Known:
    words: set[str] = set()
    digits: set[str] = set()
    fields: set[str] = set()
    seen = 0
    for place, whole in enumerate(exchanged):
        own: set[str] = set()
        left = [whole]
        while left and seen < _MOST_KNOWN:
            value = left.pop()
            seen += 1
            if isinstance(value, Mapping):
                fields |= {one for one in value if isinstance(one, str)}
                left.extend(value.values())
            elif isinstance(value, (list, tuple)):
                left.extend(value)
            elif isinstance(value, str):
                found = re.findall(rf"[{_HAN}]+|[^\W_{_HAN}]+", value.lower())
                if len(found) <= _LONGEST_NAME:  # of a long note every word would go
                    own |= set(found)
                run = re.sub(r"\D", "", value)
                if len(run) >= _PHONE:
                    digits.add(run)
        words |= own - (_STATES if place == 0 else NOBODYS)
    return _Known(frozenset(words), frozenset(digits), frozenset(one.lower() for one in fields))


def _shown(text: str, known: _Known) -> str:
    name, _, number = text.partition(" ")
    if name == "code" and _NUMBERED.fullmatch(number) and number.lower() not in known.words:
        return text
    parts = _PART.findall(_LONG_NUMBER.sub(MASK, text[:2000]))
    words = [one.lower() for one in parts if re.match(r"\w", one)]
    found: list[str] = []
    place = -1
    for part in parts:
        if part.isspace():
            found.append(" ")
            continue
        if not re.match(r"\w", part):
            found.append(part if (part.isascii() and part.isprintable()) or part == MASK[0] else "")
            continue
        place += 1
        near = words[max(0, place - 2) : place + 2]
        found.append(_word(part, known, near))
    line = re.sub(r"\s+", " ", "".join(found)).strip()
    return re.sub(rf"{MASK}(?:[^\w{MASK[0]}]*{MASK})+", MASK, line)


def _word(word: str, known: _Known, near: list[str]) -> str:
    if word.isdigit():
        harmless = len(word) <= 4 and not known.has_number(word) and bool(_COUNTED & set(near))
        return word if harmless else MASK
    if _CHINESE_RUN.fullmatch(word):
        return _chinese(word, known)
    if not word.isascii():
        return MASK
    if {word.lower(), _FIELD_NUMBER.sub("", word.lower())} & known.fields:
        return word if word.lower() not in known.words or "_" in word else MASK
    pieces = re.findall(r"[a-z]+|\d+", word.lower())
    if _is_code(word):
        return MASK if {word.lower(), *pieces} & known.words else word
    humps = [one.lower() for part in re.split(r"[._'’-]", word) for one in _HUMPS.findall(part)]
    plain = re.sub(r"[._'’-]", "", word).lower()
    whole = "".join(humps) == plain
    said = whole and (plain in ENGLISH or all(one in ENGLISH for one in humps))
    return word if said and not {plain, *humps} & known.words else MASK


def _is_code(word: str) -> bool:
    """`CUST0004`, `ERR-1001`: capitals, then a number, both longer than those of post codes."""
    return bool(re.fullmatch(r"[A-Z]{3,6}[_-]?\d{3,5}", word))


def _chinese(run: str, known: _Known) -> str:
    """The segments that such messages are made of, and a mask for what is none, or was a value."""
    found: list[str] = []
    at = 0
    while at < len(run):
        value = next((n for n in (5, 4, 3, 2, 1) if run[at : at + n] in known.words), 0)
        size = next((n for n in (6, 5, 4, 3, 2, 1) if run[at : at + n] in CHINESE), 0)
        found.append(run[at : at + size] if size and not value else MASK)
        at += value or size or 1
    return re.sub(f"(?:{MASK})+", MASK, "".join(found))
