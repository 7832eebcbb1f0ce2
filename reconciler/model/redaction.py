"""Texts that somebody wrote about people, without the people's own names and contacts in them."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from reconciler.model.personal import MASK, Personal

SHORTEST: Final = 2
# Between letters, an apostrophe or a hyphen may join a name to something else.
_WORD: Final = re.compile(r"[^\W\d_]+")
# Scripts that put no blanks between words; names in them are short.
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")
_LONGEST_NAME: Final = 6


def without_values(text: str, values: Iterable[Personal], names: Collection[str] = ()) -> str:
    """The text with a mask for each value in it, in any case, and for each word of theirs.

    Values are names, contacts and parts of addresses: of a long note every word would go. `names`
    are words that others are called by, as `words_of` gives them.
    """
    wholes: set[str] = set()
    words = set(names)
    for value in values:
        told = folded(value.reveal()).strip()
        if len(told) >= SHORTEST:
            wholes.add(told)
            words |= words_of(told)
    shown = unicodedata.normalize("NFC", text)
    for whole in sorted(wholes, key=len, reverse=True):
        shown = re.sub(_bounded(whole), MASK, shown, flags=re.IGNORECASE)
    return _WORD.sub(lambda found: _shown(found[0], words), shown)


def words_of(text: str) -> frozenset[str]:
    """The words of a name or contact that are masked for their own sake, in lower case.

    Of an address for mail it is what stands before the `@`: the rest is many people's.
    """
    return frozenset(
        one for one in _WORD.findall(folded(text).partition("@")[0]) if len(one) >= SHORTEST
    )


def folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _shown(word: str, hidden: Collection[str]) -> str:
    if folded(word) in hidden:
        return MASK
    return _UNSPACED.sub(lambda found: _without_names(found[0], hidden), word)


def _without_names(run: str, hidden: Collection[str]) -> str:
    """A run of letters without blanks, with a mask for the longest name from each place on."""
    found: list[str] = []
    at = 0
    while at < len(run):
        longest = next(
            (
                size
                for size in range(min(_LONGEST_NAME, len(run) - at), SHORTEST - 1, -1)
                if run[at : at + size] in hidden
            ),
            0,
        )
        found.append(MASK if longest else run[at])
        at += longest or 1
    return "".join(found)


def _bounded(value: str) -> str:
    """A pattern for the value as a word of its own; scripts without blanks have no such thing."""
    pattern = re.escape(value)
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if value.isascii() else pattern
