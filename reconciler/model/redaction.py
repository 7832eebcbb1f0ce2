"""Texts that somebody wrote about a person, without the person's own values in them."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from reconciler.model.personal import MASK, Personal

_SHORTEST_WORD: Final = 2
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def without_values(text: str, values: Iterable[Personal], names: Collection[str] = ()) -> str:
    """The text with a mask for each value in it, in any case, and for each of its words.

    Values are names, contacts and parts of addresses: of a long note every word would go. `names`
    are words that are masked as they are written only: a Will must not cost every `will`.
    """
    wholes: set[str] = set()
    words: set[str] = set()
    for value in values:
        told = _folded(value.reveal()).strip()
        if len(told) >= _SHORTEST_WORD:
            wholes.add(told)
            words |= set(words_of(told))
    shown = unicodedata.normalize("NFC", text)
    for whole in sorted(wholes, key=len, reverse=True):
        shown = re.sub(_bounded(whole), MASK, shown, flags=re.IGNORECASE)
    return _WORD.sub(
        lambda found: MASK if found[0] in names or _folded(found[0]) in words else found[0], shown
    )


def words_of(text: str) -> tuple[str, ...]:
    """The words that would be masked for their own sake; shorter ones stand in every text."""
    found = _WORD.findall(unicodedata.normalize("NFC", text))
    return tuple(one for one in found if len(one) > _SHORTEST_WORD)


def _bounded(value: str) -> str:
    """A pattern for the value as a word of its own; scripts without blanks have no such thing."""
    pattern = re.escape(value)
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if value.isascii() else pattern


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
