"""Entries of all files that speak of one customer, joined; contradictions name both places."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from reconciler.desired.entries import DiagnosticCollector, Entry, Fact
from reconciler.desired.tag_documents import TagDocuments, with_documents
from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Channel, ConsentState, Evidence
from reconciler.model.customer import DesiredCustomer, is_erasure
from reconciler.model.fields import PROFILE, consent_field
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.managed import UNMANAGED, Managed
from reconciler.model.marks import Marks, Told
from reconciler.model.tags import TagIntent, sort_tags, tag_key

_Tagged: TypeAlias = tuple[TagIntent, Entry]
_NO_FIELDS: Final = ("absent", "reason", "claim")
_CONSENTS: Final = tuple((channel, consent_field(channel)) for channel in Channel)


def one_of(
    store: str,
    group: list[Entry],
    marks: Marks,
    documents: TagDocuments,
    work: DiagnosticCollector,
) -> DesiredCustomer:
    """The customer whom all entries of a group speak of; there is one at least. `marks` are those
    that `places` gives of the same group.
    """
    ranked = _ranked(group)
    first = ranked[0]
    if len(ranked) == 1:
        told = {name: value for name, value, _, _ in first.said}
    else:
        told = {name: fact.value for name, fact in _facts(ranked, work).items()}
        _refuse_repeated(ranked, work)
    absent = bool(told.get("absent"))
    tags = _joined_tags(ranked, work)
    customer = DesiredCustomer(
        store=store,
        identities=_joined_identities(ranked, work),
        previously=tuple(one for entry in ranked for one in entry.previously),
        mark=first.mark,
        marks=marks,
        creates=first.section == "customers",
        claims=bool(told.get("claim")) and not absent,
        absent=absent,
        reason=told.get("reason"),
        scalars=tuple([(name, told[name]) for name in PROFILE if name in told]),
        tags=tags if absent else with_documents(tags, ranked, documents, work),
        ended_tags=tuple([_tag_of(entry) for entry in ranked if entry.ended]),
        addresses=told.get("addresses", UNMANAGED),
        consents=tuple([(channel, told[name]) for channel, name in _CONSENTS if name in told]),
        protected=any([entry.protect for entry in ranked]),
    )
    if absent:
        claim = _facts(ranked, DiagnosticCollector()).get("claim")
        claimed = claim is not None and claim.value and not claim.default
        _refuse_absent_with_wishes(customer, work, claimed=claimed)
    return customer


def _ranked(group: list[Entry]) -> list[Entry]:
    if len(group) == 1:
        return group
    return sorted(group, key=lambda entry: (entry.section != "customers", entry.mark))


def _facts(ranked: list[Entry], work: DiagnosticCollector) -> dict[str, Fact]:
    """By name, the one of each that counts."""
    facts: dict[str, Fact] = {}
    for entry in ranked:
        for fact in entry.facts:
            if facts.setdefault(fact.name, fact) is not fact:
                _add(fact, facts, work)
    return facts


def places(group: list[Entry]) -> Iterator[Told]:
    """Where what counts of each field stands."""
    ranked = _ranked(group)
    marks = {
        name: (fact.document.file, fact.place)
        for name, fact in _facts(ranked, DiagnosticCollector()).items()
        if name not in _NO_FIELDS
    }
    for entry in reversed(ranked):
        document, pointer = entry.document, entry.pointer
        if entry.tags is not None:
            marks["tags"] = (document.file, document.near((*pointer, "tags")))
        for one in entry.identities:
            place = document.near((*pointer, one.kind.value))
            marks[one.kind.value] = (document.file, place)
    yield from ((name, *place) for name, place in marks.items())


def _add(fact: Fact, facts: dict[str, Fact], work: DiagnosticCollector) -> None:
    """Keeps what is said more strongly: an explicit value over a default, evidence over none."""
    earlier = facts[fact.name]
    if fact.name == "reason":
        # Several files may each give theirs; an erasure is the strongest.
        if not is_erasure(earlier.value) and is_erasure(fact.value):
            facts["reason"] = fact
        return
    if earlier.value == fact.value or fact.default:
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


def _refuse_repeated(group: list[Entry], work: DiagnosticCollector) -> None:
    """One section of one file speaks of a customer once (of tags and consents: once of each)."""
    seen: dict[tuple[str, str], SourceMark] = {}
    for entry in group:
        if entry.section != "customers":
            tag = entry.section == "tags"
            detail = _tag_of(entry) if tag else entry.facts[0].name
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


def _tag_of(member: Entry) -> str:
    return str(member.document.at(member.pointer[:2]).get("name"))


def _joined_identities(group: list[Entry], work: DiagnosticCollector) -> tuple[Identity, ...]:
    if len(group) == 1:
        return group[0].identities
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


def _joined_tags(group: list[Entry], work: DiagnosticCollector) -> Managed[TagIntent]:
    if len(group) == 1:
        return UNMANAGED if group[0].tags is None else group[0].tags
    said = [entry for entry in group if entry.tags is not None]
    own = [entry for entry in said if entry.section == "customers" and not entry.default_tags]
    intents = [
        (entry.tags, entry)
        for entry in said
        if entry.tags is not None and not (entry.default_tags and own)
    ]
    if not intents:
        return UNMANAGED
    _refuse_other_lists([one for one in intents if one[0].exact], work)
    present = sort_tags(tag for intent, _ in intents for tag in intent.present)
    keys = {tag_key(tag) for tag in present}
    absent = sort_tags(
        tag
        for intent, entry in intents
        for tag in intent.absent
        if not (entry.ended and tag_key(tag) in keys)
    )
    _refuse_added_and_removed(intents, work)
    return TagIntent(present=present, absent=absent, exact=any(one.exact for one, _ in intents))


def _refuse_other_lists(exact: list[_Tagged], work: DiagnosticCollector) -> None:
    if len(exact) < 2:
        return
    keys = {tag_key(tag) for tag in exact[0][0].present}
    for intent, entry in exact[1:]:
        if {tag_key(tag) for tag in intent.present} != keys:
            place = exact[0][1].place_of("tags")
            work.complain(
                "section.contradiction",
                f"the tags of this customer are listed otherwise in {place}",
                entry.place_of("tags"),
                "keep one list, or use {add: […]} in one of the two",
                also=place,
            )


def _refuse_added_and_removed(intents: list[_Tagged], work: DiagnosticCollector) -> None:
    """Each entry is asked of its own tags alone: there may be one for every tag."""
    first: dict[str, int] = {}
    for place, (intent, _) in enumerate(intents):
        for tag in intent.present:
            first.setdefault(tag_key(tag), place)
    for intent, entry in intents:
        if entry.ended:
            continue  # whoever else gives the tag goes on giving it
        unwanted = {tag_key(tag) for tag in intent.absent}
        unwanted.difference_update([tag_key(tag) for tag in intent.present])
        added = [first[key] for key in unwanted if key in first]
        if added:
            other = intents[min(added)][1].place_of("tags")
            work.complain(
                "tags.added-and-removed",
                f"a tag that is removed here is added in {other}",
                entry.place_of("tags"),
                "keep one of the two",
                also=other,
            )


def _refuse_absent_with_wishes(
    customer: DesiredCustomer, work: DiagnosticCollector, *, claimed: bool
) -> None:
    grants = any(wanted.state is not ConsentState.UNSUBSCRIBED for _, wanted in customer.consents)
    wishes = (
        customer.scalars
        or customer.addresses is not UNMANAGED
        or customer.previously
        or customer.tags is not UNMANAGED
        or grants
        or claimed
    )
    if wishes:
        work.complain(
            "section.contradiction",
            "this customer shall be absent, and yet have fields, tags, a claim or a consent",
            customer.mark,
            "leave out one or the other",
        )
