"""From documents to the desired state: sections joined, defaults filled in, identities normalised.

Entries of several files that name one customer become one `DesiredCustomer`; where they contradict
each other both places are named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.diagnostics import Diagnostic, Pointer, SourceMark
from reconciler.model.consent import Channel, ConsentState, Evidence, WantedConsent
from reconciler.model.customer import ADDRESS_TEXTS, Address, DesiredCustomer, Scalar
from reconciler.model.identity import Identity, IdentityKind, identity
from reconciler.model.managed import UNMANAGED, Managed
from reconciler.model.personal import Personal, personal
from reconciler.model.settings import DesiredState, StoreSettings
from reconciler.model.tags import TagIntent, sort_tags, tag_key
from reconciler.spec.document import Document
from reconciler.spec.instant import instant
from reconciler.spec.settings import Declared

_SCALARS: Final = ("first_name", "last_name", "note", "tax_exempt")
_EVIDENCE: Final = ("source", "method", "level", "basis", "wording", "evidence")


@dataclass(slots=True)
class Fact:
    """One statement of one entry about one customer; a `default` gives way to any other."""

    name: str
    value: Any
    mark: SourceMark
    default: bool = False


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


@dataclass(slots=True)
class Resolution:
    """Gathers complaints while the documents are read; `state` is whole even if there are some."""

    complaints: list[Diagnostic] = field(default_factory=list)

    def complain(
        self, rule: str, message: str, mark: SourceMark, hint: str, also: SourceMark | None = None
    ) -> None:
        self.complaints.append(
            Diagnostic(rule=rule, message=message, mark=mark, hint=hint, also=also)
        )


def resolve(
    documents: Iterable[Document], declared: Declared, folder: str
) -> tuple[DesiredState, tuple[Diagnostic, ...]]:
    """The desired state and every complaint found on the way; with errors it must not be used."""
    work = Resolution()
    stores = {store.name: store for store in declared.stores}
    entries: dict[str, list[Entry]] = {name: [] for name in stores}
    about: dict[str, list[Document]] = {name: [] for name in stores}
    documents = tuple(documents)
    for document in documents:
        for store in _stores_of(document, stores, work):
            entries[store.name].extend(_entries(document, store, work))
            about[store.name].append(document)
    customers = tuple((name, _join(name, found, work)) for name, found in sorted(entries.items()))
    state = DesiredState(
        stores=declared.stores,
        policy=declared.policy,
        customers=customers,
        owned=tuple(
            (name, _owned(stores[name], found, about[name]))
            for name, found in sorted(entries.items())
        ),
        approvals=declared.approvals,
        files=len(documents),
        folder=folder,
    )
    return state, tuple(work.complaints)


def _stores_of(
    document: Document, stores: Mapping[str, StoreSettings], work: Resolution
) -> list[StoreSettings]:
    data = document.data or {}
    speaks = [section for section in ("customers", "tags", "consents") if data.get(section)]
    if not speaks:
        return []
    if "store" not in data:
        if len(stores) == 1:
            return list(stores.values())
        work.complain(
            "store.missing",
            "this file does not say which store it is about"
            if stores
            else "no store is defined in any spec file",
            document.key_mark((speaks[0],)),
            f"add `store: NAME`; defined are {', '.join(sorted(stores))}"
            if stores
            else "add a section `stores` to a file below the specs folder",
        )
        return []
    named = data["store"] if isinstance(data["store"], list) else [data["store"]]
    for name in named:
        if name not in stores:
            work.complain(
                "store.unknown",
                "no store of this name is defined",
                document.mark(("store",)),
                f"defined are {', '.join(sorted(stores))}"
                if stores
                else "check the folder, so that the file with `stores` is read too",
            )
    if len(named) > 1:
        _refuse_ids(document, work)
    return [stores[name] for name in named if name in stores]


def _refuse_ids(document: Document, work: Resolution) -> None:
    data = document.data
    places: list[tuple[Pointer, Mapping[str, Any]]] = []
    for index, item in enumerate(data.get("customers") or ()):
        places.append((("customers", index), item or {}))
    for index, item in enumerate(data.get("consents") or ()):
        places.append((("consents", index, "customer"), (item or {}).get("customer") or {}))
    for index, tag in enumerate(data.get("tags") or ()):
        for number, member in enumerate((tag or {}).get("members") or ()):
            places.append((("tags", index, "members", number), member))
    for pointer, item in places:
        if "id" in item:
            work.complain(
                "identity.id-in-many-stores",
                "an `id` belongs to one store, and this file speaks of several",
                document.mark((*pointer, "id")),
                "name the customer by e-mail or phone, or give the store its own file",
            )


def _entries(document: Document, store: StoreSettings, work: Resolution) -> list[Entry]:
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
    work: Resolution,
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
    work: Resolution,
) -> tuple[Identity, ...]:
    found = []
    for kind in IdentityKind:
        if kind.value not in item:
            continue
        text = item[kind.value]
        one = identity(kind, text, store.phone_region)
        if one is None:
            region = store.phone_region
            work.complain(
                "identity.phone",
                "this is no phone number" + (f" in region {region}" if region else ""),
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
    work: Resolution,
) -> Entry:
    entry = _reference(document, store, "customers", pointer, item, work)
    entry.previously = _identities(
        document, store, (*pointer, "previously"), item.get("previously") or {}, work
    )
    absent = item.get("state") == "absent"
    entry.facts.append(Fact("absent", absent, entry.mark))
    filled = dict(item) if absent else {**defaults, **item}
    for name in _SCALARS:
        if name in filled:
            value: Scalar = filled[name]
            if not isinstance(value, bool):
                value = personal(value)
            mark = document.near((*pointer, name))
            entry.facts.append(Fact(name, value, mark, default=name not in item))
    if "addresses" in filled:
        addresses = tuple(_address(one) for one in filled["addresses"])
        mark = document.near((*pointer, "addresses"))
        entry.facts.append(Fact("addresses", addresses, mark))
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
    entry: Entry, channel: Channel, value: Any, pointer: Pointer, work: Resolution
) -> None:
    item: Mapping[str, Any] = {"state": value} if isinstance(value, str) else value
    if "withdrawn_at" in item and item["state"] != "unsubscribed":
        work.complain(
            "consent.wrong-time",
            f"`withdrawn_at` stands beside the state `{item['state']}`",
            entry.document.near(pointer),
            "a consent that is given has `given_at`; leave the other out",
        )
    told = item.get("withdrawn_at") if item["state"] == "unsubscribed" else item.get("given_at")
    evidence = Evidence(
        at=instant(told) if told else None, **{name: item.get(name) for name in _EVIDENCE}
    )
    wanted = WantedConsent(state=ConsentState(item["state"]), evidence=evidence)
    entry.facts.append(Fact(f"consent.{channel}", wanted, entry.document.near(pointer)))


def _refuse_both_ways(entry: Entry, work: Resolution) -> None:
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


def _owned(
    store: StoreSettings, entries: list[Entry], documents: list[Document]
) -> tuple[str, ...]:
    """The declared patterns, or every tag that the specs of the store name."""
    if store.owned_tags is not None:
        return store.owned_tags
    named = {
        tag
        for entry in entries
        if entry.tags is not None
        for tag in (*entry.tags.present, *entry.tags.absent)
    }
    named |= {
        tag["name"] for document in documents for tag in document.data.get("tags") or () if tag
    }
    # A star in a tag that is named is a star, and no pattern.
    return tuple(tag.replace("*", "\\*") for tag in sort_tags(named))


def _join(store: str, entries: list[Entry], work: Resolution) -> tuple[DesiredCustomer, ...]:
    groups = _groups(entries)
    customers = [_one(store, group, work) for group in groups]
    return tuple(
        sorted(
            customers,
            key=lambda one: (one.mark, one.identities[0].key) if one.identities else (one.mark, ""),
        )
    )


def _groups(entries: list[Entry]) -> list[list[Entry]]:
    """Entries that share an identity, directly or through others, are one customer."""
    parent = list(range(len(entries)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    seen: dict[tuple[IdentityKind, str], int] = {}
    for index, entry in enumerate(entries):
        for one in entry.identities:
            other = seen.setdefault((one.kind, one.key), index)
            parent[root(index)] = root(other)
    groups: dict[int, list[Entry]] = {}
    for index, entry in enumerate(entries):
        if entry.identities:
            groups.setdefault(root(index), []).append(entry)
    return list(groups.values())


def _one(store: str, group: list[Entry], work: Resolution) -> DesiredCustomer:
    ranked = sorted(group, key=lambda entry: (entry.section != "customers", entry.mark))
    facts: dict[str, Fact] = {}
    for entry in ranked:
        for fact in entry.facts:
            _add(fact, facts, work)
    _refuse_repeated(ranked, work)
    first = ranked[0]
    absent = bool(facts["absent"].value) if "absent" in facts else False
    customer = DesiredCustomer(
        store=store,
        identities=_joined_identities(ranked, work),
        previously=tuple(one for entry in ranked for one in entry.previously),
        mark=first.mark,
        marks=_marks(ranked, facts),
        creates=first.section == "customers",
        absent=absent,
        scalars=tuple((name, facts[name].value) for name in _SCALARS if name in facts),
        tags=_joined_tags(ranked, work),
        addresses=facts["addresses"].value if "addresses" in facts else UNMANAGED,
        consents=tuple(
            (channel, facts[f"consent.{channel}"].value)
            for channel in Channel
            if f"consent.{channel}" in facts
        ),
    )
    if absent:
        _refuse_absent_with_wishes(customer, work)
    return customer


def _marks(group: list[Entry], facts: dict[str, Fact]) -> tuple[tuple[str, SourceMark], ...]:
    marks = {name: fact.mark for name, fact in facts.items() if name != "absent"}
    for entry in reversed(group):
        if entry.tags is not None:
            marks["tags"] = entry.document.near((*entry.pointer, "tags"))
        for one in entry.identities:
            marks[one.kind.value] = entry.document.near((*entry.pointer, one.kind.value))
    return tuple(sorted(marks.items()))


def _add(fact: Fact, facts: dict[str, Fact], work: Resolution) -> None:
    """Keeps what is said more strongly: an explicit value over a default, evidence over none."""
    earlier = facts.setdefault(fact.name, fact)
    if earlier is fact or earlier.value == fact.value or fact.default:
        return
    if earlier.default:
        facts[fact.name] = fact
        return
    if fact.name.startswith("consent.") and _agree(earlier, fact):
        if earlier.value.evidence == Evidence():
            facts[fact.name] = fact
        return
    what = "state" if fact.name == "absent" else fact.name
    rule = "consent.contradiction" if fact.name.startswith("consent.") else "section.contradiction"
    work.complain(
        rule,
        f"`{what}` of this customer is set otherwise in {earlier.mark}",
        fact.mark,
        "keep one of the two",
        also=earlier.mark,
    )


def _agree(one: Fact, other: Fact) -> bool:
    """One state, and evidence at most once (or an opt-out, which needs none)."""
    if one.value.state is not other.value.state:
        return False
    out = one.value.state is ConsentState.UNSUBSCRIBED
    return out or Evidence() in (one.value.evidence, other.value.evidence)


def _refuse_repeated(group: list[Entry], work: Resolution) -> None:
    """One section of one file speaks of a customer once (of tags and consents: once of each)."""
    seen: dict[tuple[str, str], SourceMark] = {}
    for entry in group:
        if entry.section != "customers":
            detail = entry.tags.present[0] if entry.tags else entry.facts[0].name
            key = (entry.mark.file, f"{entry.section} {detail}")
        else:
            key = (entry.mark.file, entry.section)
        first = seen.setdefault(key, entry.mark)
        if first != entry.mark:
            work.complain(
                "identity.repeated",
                f"this customer stands in {first} already",
                entry.mark,
                "make one entry of the two",
                also=first,
            )


def _joined_identities(group: list[Entry], work: Resolution) -> tuple[Identity, ...]:
    by_kind: dict[IdentityKind, tuple[Identity, SourceMark]] = {}
    for entry in group:
        for one in entry.identities:
            known, mark = by_kind.setdefault(one.kind, (one, entry.mark))
            if known.key != one.key:
                work.complain(
                    "identity.contradiction",
                    f"this customer has another {one.kind} in {mark}",
                    entry.mark,
                    "two people share an identity here; tell them apart",
                    also=mark,
                )
    return tuple(by_kind[kind][0] for kind in IdentityKind if kind in by_kind)


def _joined_tags(group: list[Entry], work: Resolution) -> Managed[TagIntent]:
    said = [entry for entry in group if entry.tags is not None]
    own = [entry for entry in said if entry.section == "customers" and not entry.default_tags]
    intents = [
        (entry.tags, entry.document.near((*entry.pointer, "tags")))
        for entry in said
        if entry.tags is not None and not (entry.default_tags and own)
    ]
    if not intents:
        return UNMANAGED
    exact = [(intent, mark) for intent, mark in intents if intent.exact]
    for intent, mark in exact[1:]:
        first, place = exact[0]
        if {tag_key(tag) for tag in intent.present} != {tag_key(tag) for tag in first.present}:
            work.complain(
                "section.contradiction",
                f"the tags of this customer are listed otherwise in {place}",
                mark,
                "keep one list, or use {add: […]} in one of the two",
                also=place,
            )
    present = sort_tags(tag for intent, _ in intents for tag in intent.present)
    absent = sort_tags(tag for intent, _ in intents for tag in intent.absent)
    keys = {tag_key(tag) for tag in present}
    for intent, mark in intents:
        here = {tag_key(tag) for tag in intent.present}
        if any(tag_key(tag) in keys - here for tag in intent.absent):
            other = next(
                place
                for one, place in intents
                if {tag_key(tag) for tag in one.present} & {tag_key(tag) for tag in intent.absent}
            )
            work.complain(
                "tags.added-and-removed",
                f"a tag that is removed here is added in {other}",
                mark,
                "keep one of the two",
                also=other,
            )
    return TagIntent(present=present, absent=absent, exact=any(one.exact for one, _ in intents))


def _refuse_absent_with_wishes(customer: DesiredCustomer, work: Resolution) -> None:
    grants = any(wanted.state is not ConsentState.UNSUBSCRIBED for _, wanted in customer.consents)
    wishes = (
        customer.scalars
        or customer.addresses is not UNMANAGED
        or customer.previously
        or customer.tags is not UNMANAGED
        or grants
    )
    if wishes:
        work.complain(
            "section.contradiction",
            "this customer shall be absent, and yet have fields, tags or a consent",
            customer.mark,
            "leave out one or the other",
        )
