"""Texts that somebody wrote about people, without the people's own names and contacts in them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from reconciler.model.personal import MASK, Personal

SHORTEST: Final = 2
# Scripts that put no blanks between words; names in them are short.
_UNSPACED: Final = "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+"
_LONGEST_NAME: Final = 6
# A name of this length is known by all but its last letter too, as many languages bend the end.
_BENT: Final = 5
_LONGEST_END: Final = 3
# Words of every text, and of addresses that are nobody's: as others' names they count only where
# they are written as one.
_USUAL: Final = (
    "about account admin after all also an and any are as asked at be because been before billing "
    "but by call can contact customer date day deal did do does done due duplicate email erasure "
    "for form from get gets give go good grant guest had has have he hello help her here him his "
    "hope how if in info is it its joy just letter like long mail man many mark may me member "
    "merged more most much must my name new news newsletter no noreply not now of office ok old on "
    "one only or order orders other our out over own page paper pay per phone please post rather "
    "reason record request requested rich rose said sale sales same see send sent service she shop "
    "should sign signed so some son staff still store sue support team test than that the their "
    "them then there they this time to told too two up us use user users was way we web well went "
    "were what when which who why will with wish work would yes you young your"
)
_PLAIN: Final = frozenset(_USUAL.split())


class Names:
    """The words that some people are called by, to be masked in what is written of others."""

    __slots__ = ("_bent", "_words")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._words = {word for text in texts for word in words_of(text)}
        self._bent = {one[:-1] for one in self._words if len(one) >= _BENT}

    def __bool__(self) -> bool:
        return bool(self._words)

    def __or__(self, other: "Names") -> "Names":
        both = Names()
        both._words = self._words | other._words
        both._bent = self._bent | other._bent
        return both

    def has(self, word: str) -> bool:
        """Whether it is one of them, in any case, with any accents, or with another end."""
        key = folded(word)
        if key in self._words:
            return True
        ends = range(max(_BENT - 1, len(key) - _LONGEST_END), len(key))
        return any(key[:end] in self._bent for end in ends)

    def has_part(self, letters: str) -> bool:
        return folded(letters) in self._words


NOBODY: Final = Names()


def without_values(text: str, values: Iterable[Personal], names: Names = NOBODY) -> str:
    """The text with a mask for each value in it, in any case, and for each word of theirs.

    Values are names, contacts and parts of addresses: of a long note every word would go. `names`
    are those of others, of which a usual word counts only where it is written as a name.
    """
    revealed = [one.reveal() for one in values]
    own = Names(revealed)
    shown = _as_seen(text)
    for whole in sorted({_as_seen(one).strip() for one in revealed}, key=len, reverse=True):
        if len(whole) >= SHORTEST:
            shown = re.sub(_bounded(whole), MASK, shown, flags=re.IGNORECASE)
    return "".join(_masked(part, own, names) for part in _parts(shown))


def words_of(text: str) -> frozenset[str]:
    """The folded words of a name or contact; of an address for mail, what stands before the `@`."""
    parts = _parts(_as_seen(text).partition("@")[0])
    found = (folded(one) for one in parts if _is_letter(one[0]))
    return frozenset(one for one in found if len(one) >= SHORTEST)


@lru_cache(maxsize=65536)
def folded(word: str) -> str:
    """Without case, accents and marks: one key for all ways that a name is written in a script."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    return "".join(one for one in plain if unicodedata.category(one)[0] != "M")


def _as_seen(text: str) -> str:
    """In one form, without what nobody sees between letters."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(one for one in plain if unicodedata.category(one) != "Cf")


def _is_letter(one: str) -> bool:
    return unicodedata.category(one)[0] in "LM"


def _parts(text: str) -> Iterator[str]:
    """Words of letters with their marks, and what stands between them."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or _is_letter(text[at]) != _is_letter(text[start]):
            yield text[start:at]
            start = at


def _masked(part: str, own: Names, others: Names) -> str:
    if not _is_letter(part[0]):
        return part
    if own.has(part) or (others.has(part) and not (part.islower() and part in _PLAIN)):
        return MASK
    if part.isascii():
        return part
    return re.sub(_UNSPACED, lambda found: _without_names(found[0], own, others), part)


def _without_names(run: str, own: Names, others: Names) -> str:
    """A run of letters without blanks, with a mask for the longest name from each place on."""
    found: list[str] = []
    at = 0
    while at < len(run):
        sizes = range(min(_LONGEST_NAME, len(run) - at), SHORTEST - 1, -1)
        longest = next(
            (
                size
                for size in sizes
                if own.has_part(run[at : at + size]) or others.has_part(run[at : at + size])
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
