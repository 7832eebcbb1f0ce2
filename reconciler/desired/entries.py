"""What single places in single files say of customers, with defaults filled in and places kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from reconciler.desired.document import Document
from reconciler.desired.item import Item
from reconciler.diagnostics import Diagnostic, Pointer, Severity, SourceMark
from reconciler.model.consent import Channel, ConsentState, Evidence, WantedConsent
from reconciler.model.customer import ADDRESS_TEXTS, Address
from reconciler.model.dialling import is_usual
from reconciler.model.fields import BY_NAME, PROFILE, Several, consent_field
from reconciler.model.identity import Identity, IdentityKind, identity, usual_phone
from reconciler.model.instant import instant
from reconciler.model.marks import marked
from reconciler.model.ownership import Ownership
from reconciler.model.personal import Personal, personal
from reconciler.model.settings import StoreSettings
from reconciler.model.spelling import phone_fault
from reconciler.model.tags import TagIntent, sort_tags, tag_key

_KINDS: Final = tuple((kind, kind.value) for kind in IdentityKind)
_CHANNELS: Final = tuple((channel, channel.value) for channel in Channel)
_NO_EVIDENCE: Final = Evidence()


_Said: TypeAlias = tuple[str, Any, Pointer, bool]
"""The parts of a `Fact` but for the document, which one entry has in common."""


@dataclass(slots=True)
class Fact:
    """One statement of one entry about one customer; a `default` gives way to any other."""

    name: str
    value: Any
    document: Document
    pointer: Pointer
    default: bool = False

    @property
    def place(self) -> int:
        return self.document.near(self.pointer)

    @property
    def mark(self) -> SourceMark:
        return marked(self.document.file, self.place)


@dataclass(slots=True)
class Entry:
    """What one place in one file says of one customer; `ended` is a membership that has."""

    section: str
    mark: SourceMark
    document: Document
    pointer: Pointer
    identities: tuple[Identity, ...]
    previously: tuple[Identity, ...] = ()
    said: list[_Said] = field(default_factory=list)
    tags: TagIntent | None = None
    default_tags: bool = False
    protect: bool = False
    ended: bool = False

    def place_of(self, name: str) -> SourceMark:
        return marked(self.document.file, self.document.near((*self.pointer, name)))

    @property
    def facts(self) -> list[Fact]:
        """What was said, for whoever asks for more than the values."""
        return [
            Fact(name, value, self.document, pointer, default)
            for name, value, pointer, default in self.said
        ]

    def say(self, name: str, value: Any, pointer: Pointer, *, default: bool = False) -> None:
        self.said.append((name, value, pointer, default))


@dataclass(slots=True)
class DiagnosticCollector:
    """Gathers complaints while the documents are read; `state` is whole even if there are some."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def complain(
        self, rule: str, message: str, mark: SourceMark, hint: str, also: SourceMark | None = None
    ) -> None:
        self.diagnostics.append(
            Diagnostic(rule=rule, message=message, mark=mark, hint=hint, also=also)
        )

    def warn(self, rule: str, message: str, mark: SourceMark, hint: str) -> None:
        self.diagnostics.append(
            Diagnostic(rule=rule, message=message, mark=mark, hint=hint, severity=Severity.WARNING)
        )

    def refuse_marks(
        self, tags: Iterable[str], ownership: Ownership, document: Document, pointer: Pointer
    ) -> None:
        """Complains of marks among the tags that a place of a document names."""
        if ownership and any(tag in ownership for tag in tags):
            self.complain(
                "tags.ownership-mark",
                "a tag here is a mark of ownership, which no list of tags adds or removes",
                document.mark(pointer),
                "take it out; our own is put on by `claim: true`",
            )


def entry(
    document: Document,
    pointer: Pointer,
    written: Any,
    store: StoreSettings,
    now: datetime,
    work: DiagnosticCollector,
) -> Entry | None:
    """What was `written` at a place of the document, as one store reads it; None for what was
    refused. A membership counts until its end.
    """
    if written is None:
        return None
    if isinstance(written, Item):
        item, mark = written.data(), marked(document.file, written.place)
    else:
        item, mark = written, document.mark(pointer)
    place = _Place(document, pointer, mark, store, work)
    if pointer[0] == "customers":
        return _customer(place, item, document.data.get("defaults") or {})
    if pointer[0] == "tags":
        found = _reference(place, "tags", pointer, item)
        _member(found, document.at(pointer[:2]), item, now, work)
        return found
    found = _reference(place, "consents", (*pointer, "customer"), item["customer"])
    _consent(found, Channel(item["channel"]), item, pointer, work)
    return found


def _member(
    entry: Entry,
    tag: Mapping[str, Any],
    item: Mapping[str, Any],
    now: datetime,
    work: DiagnosticCollector,
) -> None:
    """Whoever is a member bears the tag, and whoever was one until now loses it."""
    until = instant(item["until"]) if "until" in item else None
    if until is not None and until <= now:
        entry.ended = True
        work.warn(
            "tags.member-ended",
            "this membership has ended, and the tag is taken off",
            entry.place_of("until"),
            "take the line out once that is applied",
        )
    if "name" not in tag:
        return
    name, former = tag["name"], tag.get("renamed_from")
    if former is None and not entry.ended:
        entry.tags = TagIntent(present=(name,))
        return
    off = [one for one in (former, name if entry.ended else None) if one is not None]
    entry.tags = TagIntent(present=() if entry.ended else (name,), absent=sort_tags(off))


class _Place(NamedTuple):
    """What reading an entry takes."""

    document: Document
    pointer: Pointer
    mark: SourceMark
    store: StoreSettings
    work: DiagnosticCollector


def _reference(place: _Place, section: str, inner: Pointer, item: Mapping[str, Any]) -> Entry:
    return Entry(
        section,
        place.mark,
        place.document,
        place.pointer,
        _identities(place, inner, item),
    )


def _identities(place: _Place, pointer: Pointer, item: Mapping[str, Any]) -> tuple[Identity, ...]:
    found = []
    store = place.store
    for kind, name in _KINDS:
        text = item.get(name)
        if text is None:
            continue
        region = store.phone_region
        if kind is IdentityKind.PHONE and is_usual(text):
            found.append(usual_phone(text))
            continue
        fault = phone_fault(text, region) if kind is IdentityKind.PHONE else None
        one = None if fault else identity(kind, text, region)
        if one is None:
            place.work.complain(
                "identity.phone",
                f"this {fault or 'is no phone number'}",
                place.document.mark((*pointer, name)),
                'write it internationally, like "+8613315034487"'
                + ("" if region else f", or give store {store.name} a phone_region"),
            )
            continue
        found.append(one)
    return tuple(found)


def _customer(place: _Place, item: Mapping[str, Any], defaults: Mapping[str, Any]) -> Entry:
    pointer = place.pointer
    entry = _reference(place, "customers", pointer, item)
    if "previously" in item:
        inner = (*pointer, "previously")
        entry.previously = _identities(place, inner, item["previously"])
    absent = item.get("state") == "absent"
    entry.say("absent", absent, pointer)
    entry.protect = item.get("protect", False)
    if "claim" in item or place.store.claim:
        _claim(entry, item.get("claim", True), place, default="claim" not in item)
    if "reason" in item:
        entry.say("reason", item["reason"], (*pointer, "reason"))
    filled = item if absent or not defaults else {**defaults, **item}
    for name in PROFILE:
        if name in filled:
            value: Any = filled[name]
            spec = BY_NAME[name]
            if spec.several is not None:
                if not value:
                    continue
                _refuse_repeated(spec.several, value, (*pointer, name), place)
            if spec.read is not None:
                value = spec.read(value)
            elif spec.personal:
                value = personal(value)
            entry.say(name, value, (*pointer, name), default=name not in item)
    if "addresses" in filled:
        addresses = tuple(map(_address, filled["addresses"]))
        entry.say("addresses", addresses, (*pointer, "addresses"))
    if "tags" in filled:
        entry.tags = _tag_intent(filled["tags"])
        entry.default_tags = "tags" not in item
        if entry.tags.absent:
            _refuse_both_ways(entry, entry.tags, place.work)
        if not entry.default_tags:
            named = (*entry.tags.present, *entry.tags.absent)
            ownership, at = place.store.ownership, (*pointer, "tags")
            place.work.refuse_marks(named, ownership, place.document, at)
    _consents(entry, item, {} if absent else defaults, place.work)
    return entry


def _refuse_repeated(several: Several, value: Any, pointer: Pointer, place: _Place) -> None:
    """Two values for one of several."""
    again = several.repeated(value)
    if again is not None:
        place.work.complain(
            several.rule,
            f"this {several.single} stands twice in one entry",
            place.document.mark((*pointer, again)),
            "leave one of them out",
        )


def _claim(entry: Entry, claims: bool, place: _Place, *, default: bool) -> None:
    """Whether the customer is to bear our mark; a store that has none gives none."""
    pointer = (*entry.pointer, "claim")
    if place.store.ownership.tag is not None:
        entry.say("claim", claims, pointer, default=default)
    elif claims and not default:
        place.work.warn(
            "ownership.no-mark",
            f"store {place.store.name} has no mark that could be put on this customer",
            place.document.mark(pointer),
            "give the store an `ownership: {tag: …}`, or leave `claim` out",
        )


def _consents(
    entry: Entry, item: Mapping[str, Any], defaults: Mapping[str, Any], work: DiagnosticCollector
) -> None:
    wanted = item.get("consent") or {}
    usual = defaults.get("consent") or {}
    for channel, name in _CHANNELS:
        pointer = (*entry.pointer, "consent", name)
        if isinstance(wanted, str):
            _consent(entry, channel, wanted, pointer, work)
        elif name in wanted:
            _consent(entry, channel, wanted[name], pointer, work)
        elif name in usual:
            _consent(entry, channel, usual[name], pointer, work, default=True)


def _address(item: Mapping[str, Any]) -> Address:
    texts = tuple((name, Personal(item[name])) for name in ADDRESS_TEXTS if name in item)
    return Address(texts=texts, default=item.get("default"))


def _tag_intent(value: Any) -> TagIntent:
    if isinstance(value, list):
        return _listed(tuple(value))
    return TagIntent(
        present=sort_tags(value.get("add") or ()), absent=sort_tags(value.get("remove") or ())
    )


@lru_cache(maxsize=4096)
def _listed(tags: tuple[str, ...]) -> TagIntent:
    """Many customers have the same list."""
    return TagIntent(present=sort_tags(tags), exact=True)


def _consent(
    entry: Entry,
    channel: Channel,
    value: Any,
    pointer: Pointer,
    work: DiagnosticCollector,
    *,
    default: bool = False,
) -> None:
    if isinstance(value, str):
        wanted = WantedConsent(state=ConsentState(value), evidence=_NO_EVIDENCE)
        entry.say(consent_field(channel), wanted, pointer, default=default)
        return
    item: Mapping[str, Any] = value
    state = ConsentState(item["state"])
    out = state is ConsentState.UNSUBSCRIBED
    if "withdrawn_at" in item and not out:
        work.complain(
            "consent.wrong-time",
            f"`withdrawn_at` stands beside the state `{item['state']}`",
            marked(entry.document.file, entry.document.near(pointer)),
            "a consent that is given has `given_at`; leave the other out",
        )
    told = item.get("withdrawn_at" if out else "given_at")
    evidence = Evidence(
        at=instant(told) if told else None,
        source=item.get("source"),
        method=item.get("method"),
        level=item.get("level"),
        basis=item.get("basis"),
        wording=item.get("wording"),
        evidence=item.get("evidence"),
    )
    wanted = WantedConsent(state=state, evidence=evidence)
    entry.say(consent_field(channel), wanted, pointer, default=default)


def _refuse_both_ways(entry: Entry, intent: TagIntent, work: DiagnosticCollector) -> None:
    both = {tag_key(tag) for tag in intent.present} & {tag_key(tag) for tag in intent.absent}
    if both:
        work.complain(
            "tags.added-and-removed",
            f"{_number(both, 'tag')} both added and removed here",
            entry.document.mark((*entry.pointer, "tags")),
            "take it out of one of the two lists",
        )


def _number(things: set[str], word: str) -> str:
    return f"a {word} is" if len(things) == 1 else f"{len(things)} {word}s are"
