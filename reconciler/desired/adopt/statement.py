"""Where the files say what is wanted of one field of one customer."""

from dataclasses import dataclass

from reconciler.desired.document import Document
from reconciler.desired.entries import DiagnosticCollector, Entry
from reconciler.desired.past import AtHand
from reconciler.diagnostics import Pointer, SourceMark
from reconciler.model.customer import DesiredCustomer

TAGS = "tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`pointer` leads to the value. Where that is only a default, `inserts` says that the entry
    gets one of its own.
    """

    document: Document
    entry: Pointer
    pointer: Pointer
    inserts: bool

    @property
    def mark(self) -> SourceMark:
        return self.document.mark(self.entry) if self.inserts else self.document.mark(self.pointer)

    @property
    def key(self) -> tuple[str, Pointer]:
        return self.document.file, self.pointer


def statements(at_hand: AtHand, desired: DesiredCustomer, field: str) -> list[Statement]:
    """All that count; none where the field cannot be told to be one entry's."""
    first = desired.identities[0]
    places = at_hand.entries.now((first.kind, first.key))
    made = at_hand.made
    entries = [
        entry
        for place in places
        for number in made.numbers(place)
        if (entry := made.entries.read(number, DiagnosticCollector())) is not None
    ]
    return _of_tags(entries) if field == TAGS else _of_field(entries, field)


def _of_field(entries: list[Entry], field: str) -> list[Statement]:
    told = [(one, fact) for one in entries for fact in one.facts if fact.name == field]
    own = [(one, fact) for one, fact in told if not fact.default]
    return [
        Statement(
            document=one.document, entry=one.pointer, pointer=fact.pointer, inserts=fact.default
        )
        for one, fact in own or told[:1]
    ]


def _of_tags(entries: list[Entry]) -> list[Statement]:
    """Whoever is a member by a document of tags as well is a member by that."""
    told = [one for one in entries if one.tags is not None]
    if len(told) != 1 or told[0].section != "customers":
        return []
    (one,) = told
    return [
        Statement(
            document=one.document,
            entry=one.pointer,
            pointer=(*one.pointer, TAGS),
            inserts=one.default_tags,
        )
    ]
