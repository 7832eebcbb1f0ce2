"""What a store says when it refuses something, in its own words and without anybody's data.

The documents give these bodies: Genstore `{"error": text}`; Shoplazza `{"errors": [texts]}`,
`{"error": text}` and, in its newer versions, `{"code", "message"}`; SHOPLINE `{"errors": text, list
or map}` and `error`, `code`, `message`. A store may quote what it was sent, or what it knows of
somebody else, so a word is shown only where it can hardly be a person's: lower-case Latin words
that were neither sent nor read, names of fields, and the capitalised words of such messages.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from reconciler.model.personal import MASK

LONGEST: Final = 300
_LARGEST: Final = 64 * 1024
_MOST_TEXTS: Final = 5
_DEEPEST: Final = 6
_MOST_KNOWN: Final = 5_000
_SAYS: Final = ("errors", "error", "message", "msg", "code", "detail", "reason")

# What has signs of an address, a number or a path in it goes as a whole, as does what is quoted.
_PART: Final = re.compile(r"\"[^\"]*\"|'[^']*'(?!\w)|`[^`]*`|“[^”]*”|[^\s\"`“]+")
_EDGES: Final = re.compile(r"^([^\w•]*)(.*?)([^\w•]*)$", re.DOTALL)
_HUMPS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_FIELD: Final = re.compile(r"[a-z]+(?:[_.][a-z]+)*")
_LONG_NUMBER: Final = re.compile(r"\+?\d(?:[\s().-]*\d){4,}")
_SMALL_NUMBER: Final = re.compile(r"\d{1,4}%?")
_USUAL: Final = (
    "a access account address addresses all already an api app argument attribute attributes "
    "bad blocked body business call calls can cannot client code conflict consent content "
    "could country create currency customer customers data date default delete deleted denied "
    "disabled does duplicate email emails empty entity error errors exceeded exception exist "
    "exists expired failed failure field fields first forbidden format found gateway has have "
    "html http https id ids illegal in input internal invalid is it json key last length "
    "limit list locked marketing max maximum media member merchant message method min minimum "
    "missing must name no not null number of on one only operation order orders param "
    "parameter parameters params parse password permission phone plan please province query "
    "quota rate read record records reduce reference refused request requests required "
    "resource retry scope search server service session shop sms some store string subscribed "
    "subscription such system tag tags tax the there this throttled time timeout title token "
    "too try type unable unauthorized unavailable unknown unprocessable unsubscribed "
    "unsupported update url user utf validation value values verify version was we write "
    "wrong you your zip "
)
_CAPITALISED: Final = frozenset(_USUAL.split())


def own_words(content: bytes, exchanged: Iterable[object]) -> str:
    """At most `LONGEST` characters in one line; empty where nothing that can be shown is said.

    `exchanged` is what was sent and read before: JSON values, none of whose texts is shown.
    """
    if len(content) > _LARGEST:
        return ""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    known, fields = _known(exchanged)
    told: list[str] = []
    for text in _texts(body, 0):
        shown = " ".join(_shown(text, known, fields))
        if shown.strip(f"{MASK} ") and shown not in told:
            told.append(shown)
        if len(told) == _MOST_TEXTS:
            break
    line = "; ".join(told)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rpartition(' ')[0]} …"


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The texts of a body that say what is wrong, each after the name of the field it is about."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value[:_MOST_TEXTS]:
            yield from _texts(one, depth + 1)
    elif isinstance(value, Mapping):
        named = [name for name in _SAYS if name in value]
        if named:
            for name in named:
                yield from _texts(value[name], depth + 1)
        elif depth:
            for name, one in list(value.items())[:_MOST_TEXTS]:
                yield from (f"{name} {text}" for text in _texts(one, depth + 1))


def _known(exchanged: Iterable[object]) -> tuple[frozenset[str], frozenset[str]]:
    """The words of all texts, in lower case, and the names of all fields."""
    words: set[str] = set()
    fields: set[str] = set()
    left = [*exchanged]
    seen = 0
    while left and seen < _MOST_KNOWN:
        value = left.pop()
        seen += 1
        if isinstance(value, Mapping):
            fields |= {one for one in value if isinstance(one, str)}
            left.extend(value.values())
        elif isinstance(value, (list, tuple)):
            left.extend(value)
        elif isinstance(value, str):
            words |= {value.lower(), *re.findall(r"\w+", value.lower())}
    return frozenset(words), frozenset(fields)


def _shown(text: str, known: frozenset[str], fields: frozenset[str]) -> Iterator[str]:
    masked = False
    for part in _PART.findall(_LONG_NUMBER.sub(MASK, text)):
        shown = _part(part, known, fields)
        if shown != MASK or not masked:  # one mask for a row of them
            yield shown
        masked = shown == MASK


def _part(part: str, known: frozenset[str], fields: frozenset[str]) -> str:
    edges = _EDGES.match(part)
    assert edges is not None, "every part has a middle, if an empty one"  # noqa: S101
    before, word, after = edges.groups()
    if not word:
        return part if part.isascii() and part.isprintable() else MASK
    if not _is_harmless(word, known, fields, quoted=before[-1:] in ("'", '"', "`", "“")):
        return MASK
    return f"{before}{word}{after}" if f"{before}{after}".isascii() else word


def _is_harmless(word: str, known: frozenset[str], fields: frozenset[str], *, quoted: bool) -> bool:
    if word in fields and _FIELD.fullmatch(word):
        return True
    if quoted or not word.isascii():
        return False
    if _SMALL_NUMBER.fullmatch(word):
        return word not in known
    plain = word.replace("'", "").replace("’", "")
    humps = _HUMPS.findall(plain)
    if "".join(humps) != plain.replace("_", "").replace("-", "").replace("/", ""):
        return False  # it has other signs in it
    if all(one.lower() in _CAPITALISED for one in humps):
        return True
    return plain.islower() and word not in known and not any(one in known for one in humps)
