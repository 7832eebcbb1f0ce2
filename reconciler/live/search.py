"""Look-ups, and whether they show that a search is blind to spelling.

Somebody found may have a twin in another spelling, whom a search that tells spellings apart never
shows. So one found record is asked for again as somebody else may type its contact.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.model.identity import Identity, IdentityKind, asked_in, other_spelling
from reconciler.platforms.base import Found, Reader

_CASE: Final = "letters by case"
_WIDE_CASE: Final = "letters beyond ASCII by case"
_NUMBERS: Final = "phone numbers by how they are written"


class Search:
    """`distinguishes` says what the search was seen to tell apart; empty as long as nothing was."""

    def __init__(self, client: Reader) -> None:
        self._client = client
        self._needed: set[str] = set()
        self._shown: set[str] = set()
        self.distinguishes = ""

    @property
    def blind(self) -> bool:
        """Whether nobody who was found can have a twin that was not."""
        return not self.distinguishes and self._needed <= self._shown

    def ask(self, wanted: Identity) -> tuple[Found, ...]:
        """Raises `LookupImpossible`."""
        forms = asked_in(wanted)
        if wanted.kind is IdentityKind.PHONE and _NUMBERS in self._shown:
            forms = forms[:1]
        answers = tuple(self._client.find(wanted, form) for form in forms)
        if not all(one.whole for one in answers):
            self.distinguishes = "a look-up answered with more people than its answer holds"
        self._needed |= _apart(wanted)
        for form, answer in zip(forms, answers, strict=True):
            if answer:
                self._learn(wanted, form, answer)
        if wanted.kind is IdentityKind.PHONE and len({one.ids for one in answers}) > 1:
            self._tells(_NUMBERS)
        return answers

    def _learn(self, wanted: Identity, form: str, answer: Found) -> None:
        missing = _apart(wanted) - self._shown
        if not missing or self.distinguishes:
            return
        self._shown.update(_seen_in(form, answer))
        other = other_spelling(wanted.kind, form)
        if not missing - self._shown or other is None:
            return
        if answer.ids <= self._client.find(wanted, other).ids:
            self._shown |= missing
        else:
            self._tells(next(iter(sorted(missing))))

    def _tells(self, what: str) -> None:
        self.distinguishes = self.distinguishes or f"the store's search tells {what} apart"


def calls(wanted: Iterable[Identity], each: Mapping[IdentityKind, int]) -> int:
    """What `Search` asks for these where everybody is found, and found in every spelling. `each` is
    what asking in one spelling takes.
    """
    needed: set[str] = set()
    found = 0
    for one in wanted:
        forms = asked_in(one)
        asked = 1 if one.kind is IdentityKind.PHONE and _NUMBERS in needed else len(forms)
        unseen = _apart(one) - needed
        probes = bool(unseen) and other_spelling(one.kind, forms[0]) is not None
        found += each[one.kind] * (asked + probes)
        needed |= unseen
    return found


def _apart(wanted: Identity) -> frozenset[str]:
    """What a search may tell apart in the spellings of a contact."""
    if wanted.kind is IdentityKind.PHONE:
        return frozenset({_NUMBERS})
    cased = [one for one in wanted.key if one.lower() != one.upper()]
    found = {_CASE} if any(one.isascii() for one in cased) else set()
    return frozenset(found | ({_WIDE_CASE} if not all(one.isascii() for one in cased) else set()))


def _seen_in(form: str, answer: Found) -> Iterable[str]:
    """Somebody whose address the store holds in another case than was asked for."""
    for live in answer.customers:
        text = live.email.reveal() if live.email is not None else form
        if text != form and text.isascii() and text.lower() == form.lower():
            yield _CASE
