"""What single places in single files say of customers, with defaults filled in and places kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.desired.yaml_reader import Document
from reconciler.diagnostics import Diagnostic, Pointer, SourceMark
from reconciler.model.consent import Channel, ConsentState, Evidence, WantedConsent
from reconciler.model.customer import ADDRESS_TEXTS, Address, Scalar
from reconciler.model.fields import PROFILE, consent_field
from reconciler.model.identity import Identity, IdentityKind, identity
from reconciler.model.instant import instant
from reconciler.model.marks import marked
from reconciler.model.personal import Personal, personal
from reconciler.model.settings import StoreSettings
from reconciler.model.spelling import phone_fault
from reconciler.model.tags import TagIntent, sort_tags, tag_key

_EVIDENCE: Final = ("source", "method", "level", "basis", "wording", "evidence")


@dataclass(slots=True)
class Fact:
    """One statement of one entry about one customer; a `default` gives way to any other."""

    name: str
    value: Any
    file: str
    place: int
    default: bool = False

    @property
    def mark(self) -> SourceMark:
        return marked(self.file, self.place)


@dataclass(slots=True)
class Entry:
    """What one place in one file says of one customer."""

    section: str
    mark: SourceMark
    document: Document
    pointer: Pointer
    identities: tuple[Identity, ...]
    previously: tuple[Identity, ...] = ()
    facts: list[Fact] = field(default_factory=list)
    tags: TagIntent | None = None
    default_tags: bool = False

    def say(self, name: str, value: Any, pointer: Pointer, *, default: bool = False) -> None:
        place = self.document.near(pointer)
        self.facts.append(Fact(name, value, self.document.file, place, default))


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


def entries(document: Document, store: StoreSettings, work: DiagnosticCollector) -> list[Entry]:
    data = document.data
    found: list[Entry] = []
    defaults = data.get("defaults") or {}
    for index, item in enumerate(data.get("customers") or ()):
        if item is None:
            continue
        found.append(_customer(document, store, ("customers", index), item, defaults, work))
    for index, tag in enumerate(data.get("tags") or ()):
        if tag is None:
            continue
        for place, member in enumerate(tag.get("members") or ()):
            entry = _reference(
                document, store, "tags", ("tags", index, "members", place), member, work
            )
            entry.tags = TagIntent(present=(tag["name"],))
            found.append(entry)
    for index, item in enumerate(data.get("consents") or ()):
        if item is None:
            continue
        pointer: Pointer = ("consents", index)
        entry = _reference(document, store, "consents", pointer, item["customer"], work)
        entry.mark = document.mark(pointer)
        _consent(entry, Channel(item["channel"]), item, pointer, work)
        found.append(entry)
    return found


def _reference(
    document: Document,
    store: StoreSettings,
    section: str,
    pointer: Pointer,
    item: Mapping[str, Any],
    work: DiagnosticCollector,
) -> Entry:
    inner = (*pointer, "customer") if section == "consents" else pointer
    return Entry(
        section=section,
        mark=document.mark(pointer),
        document=document,
        pointer=pointer,
        identities=_identities(document, store, inner, item, work),
    )


def _identities(
    document: Document,
    store: StoreSettings,
    pointer: Pointer,
    item: Mapping[str, Any],
    work: DiagnosticCollector,
) -> tuple[Identity, ...]:
    found = []
    for kind in IdentityKind:
        if kind.value not in item:
            continue
        text = item[kind.value]
        region = store.phone_region
        fault = phone_fault(text, region) if kind is IdentityKind.PHONE else None
        one = None if fault else identity(kind, text, region)
        if one is None:
            work.complain(
                "identity.phone",
                f"this {fault or 'is no phone number'}",
                document.mark((*pointer, kind.value)),
                'write it internationally, like "+8613315034487"'
                + ("" if region else f", or give store {store.name} a phone_region"),
            )
            continue
        found.append(one)
    return tuple(found)


def _customer(
    document: Document,
    store: StoreSettings,
    pointer: Pointer,
    item: Mapping[str, Any],
    defaults: Mapping[str, Any],
    work: DiagnosticCollector,
) -> Entry:
    entry = _reference(document, store, "customers", pointer, item, work)
    entry.previously = _identities(
        document, store, (*pointer, "previously"), item.get("previously") or {}, work
    )
    absent = item.get("state") == "absent"
    entry.say("absent", absent, pointer)
    if "reason" in item:
        entry.say("reason", item["reason"], (*pointer, "reason"))
    filled = dict(item) if absent else {**defaults, **item}
    for name in PROFILE:
        if name in filled:
            value: Scalar = filled[name]
            if not isinstance(value, bool):
                value = personal(value)
            entry.say(name, value, (*pointer, name), default=name not in item)
    if "addresses" in filled:
        addresses = tuple(_address(one) for one in filled["addresses"])
        entry.say("addresses", addresses, (*pointer, "addresses"))
    if "tags" in filled:
        entry.tags = _tag_intent(filled["tags"])
        entry.default_tags = "tags" not in item
        _refuse_both_ways(entry, work)
    wanted = item.get("consent", {})
    if isinstance(wanted, str):
        wanted = dict.fromkeys(Channel, wanted)
    for channel in Channel:
        place = (*pointer, "consent", channel.value)
        if channel in wanted:
            _consent(entry, channel, wanted[channel], place, work)
        elif not absent and channel in (defaults.get("consent") or {}):
            _consent(entry, channel, defaults["consent"][channel], place, work)
            entry.facts[-1].default = True
    return entry


def _address(item: Mapping[str, Any]) -> Address:
    texts = tuple((name, Personal(item[name])) for name in ADDRESS_TEXTS if name in item)
    return Address(texts=texts, default=item.get("default"))


def _tag_intent(value: Any) -> TagIntent:
    if isinstance(value, list):
        return TagIntent(present=sort_tags(value), exact=True)
    return TagIntent(
        present=sort_tags(value.get("add") or ()), absent=sort_tags(value.get("remove") or ())
    )


def _consent(
    entry: Entry, channel: Channel, value: Any, pointer: Pointer, work: DiagnosticCollector
) -> None:
    item: Mapping[str, Any] = {"state": value} if isinstance(value, str) else value
    if "withdrawn_at" in item and item["state"] != "unsubscribed":
        work.complain(
            "consent.wrong-time",
            f"`withdrawn_at` stands beside the state `{item['state']}`",
            marked(entry.document.file, entry.document.near(pointer)),
            "a consent that is given has `given_at`; leave the other out",
        )
    told = item.get("withdrawn_at") if item["state"] == "unsubscribed" else item.get("given_at")
    evidence = Evidence(
        at=instant(told) if told else None, **{name: item.get(name) for name in _EVIDENCE}
    )
    wanted = WantedConsent(state=ConsentState(item["state"]), evidence=evidence)
    entry.say(consent_field(channel), wanted, pointer)


def _refuse_both_ways(entry: Entry, work: DiagnosticCollector) -> None:
    intent = entry.tags or TagIntent()
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
