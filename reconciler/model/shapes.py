"""Shapes of personal data in free text: what must not hide in tags, sources and file names."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import phonenumbers

from reconciler.model.characters import without_unseen

_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+[.\u3002][^\s@]+")
SHAPES: Final = (
    ("a phone number", re.compile(r"(?<!\d)(?:\+|00)[1-9](?:[ ./()-]?\d){7,14}(?!\d)")),
    ("a card number", re.compile(r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?!\d)")),
    (
        "a national id number",
        re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
    ),
    ("a long number, like a phone's", re.compile(r"(?<!\d)\d{10,15}(?!\d)")),
)
_BETWEEN: Final = re.compile("(?<=\\d)[_\u00b7\u2022\u2027\u2219\u30fb,;:|\\\\]+(?=\\d)")
_FEWEST_DIGITS: Final = 7


# Without a sign of an address, and with too few digits for anything that is looked for here.
_HARMLESS: Final = re.compile(rf"[^@%0-9]*(?:[0-9][^@%0-9]*){{0,{_FEWEST_DIGITS - 1}}}")


def shape_of(text: str, regions: frozenset[str] = frozenset()) -> str | None:
    """What the text looks like, in words; None for text that looks harmless.

    `regions` are the countries whose national phone numbers count, beside international ones.
    """
    if text.isascii() and _HARMLESS.fullmatch(text):
        return None
    return _shape_of(text, regions)


@lru_cache(maxsize=4096)
def _shape_of(text: str, regions: frozenset[str]) -> str | None:
    seen = _as_seen(text)
    if _EMAIL.search(seen.replace("%40", "@")):
        return "an e-mail address"
    if sum(one.isdigit() for one in seen) < _FEWEST_DIGITS:
        return None
    found = next((title for title, shape in SHAPES if shape.search(seen)), None)
    if found is None and any(_has_phone(seen, region) for region in (None, *sorted(regions))):
        return "a phone number"
    return found


def _as_seen(text: str) -> str:
    """The text without what nobody sees, marks on digits included, and with one sign for those
    that stand between the digits of a number.
    """
    if not text.isascii():
        plain = without_unseen(unicodedata.normalize("NFKC", text))
        text = "".join(one for one in plain if unicodedata.category(one) not in ("Mn", "Me", "Cf"))
    return _BETWEEN.sub("-", text)


def _has_phone(text: str, region: str | None) -> bool:
    return next(iter(phonenumbers.PhoneNumberMatcher(text, region)), None) is not None
