"""One customer, field by field: what the specs want, what the store has, and what was judged.

Values stay in their own types here; whoever shows them decides what may be shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Channel, LiveConsent, WantedConsent
from reconciler.model.customer import Address, DesiredCustomer, LiveCustomer, Scalar
from reconciler.model.fields import consent_field
from reconciler.model.identity import Identity, IdentityKind, identity
from reconciler.model.managed import UNMANAGED
from reconciler.model.tags import TagIntent
from reconciler.plan.examine import Judge, examine
from reconciler.plan.match import Missing, Paired, Pairing, Unsure
from reconciler.plan.verdicts import Verdict

Wanted = Scalar | TagIntent | tuple[Address, ...] | WantedConsent
Live = Scalar | tuple[str, ...] | tuple[Address, ...] | LiveConsent

ALIAS: Final = "cus_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`live` is None where there is no such customer; `changes` says that the plan would write."""

    name: str
    wanted: Wanted
    live: Live
    mark: SourceMark
    changes: bool
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What one entry means in one store; `verdicts` are those about no single field."""

    store: str
    alias: str
    mark: SourceMark
    exists: bool
    fields: tuple[Field, ...]
    verdicts: tuple[Verdict, ...]


def asked_for(text: str, region: str | None) -> tuple[Identity, ...]:
    """What a person may have meant: an e-mail address, a phone number, or the store's id."""
    found = []
    for kind in IdentityKind:
        one = identity(kind, text, region)
        if one is not None:
            found.append(one)
    return tuple(found)


def meant(
    text: str, entries: Sequence[DesiredCustomer], region: str | None
) -> tuple[DesiredCustomer, ...]:
    """The entries that may speak of the customer; an alias may be anybody's until all are read."""
    if text.startswith(ALIAS):
        return tuple(entries)
    keys = {(one.kind, one.key) for one in asked_for(text, region)}
    return tuple(
        entry
        for entry in entries
        if keys & {(one.kind, one.key) for one in (*entry.identities, *entry.previously)}
    )


def explain(text: str, pairings: Iterable[Pairing], judge: Judge) -> tuple[Explanation, ...]:
    """What each pairing means; by alias, only that of the customer asked for."""
    found = [one for pairing in pairings for one in _explained(pairing, judge)]
    return tuple(one for one in found if not text.startswith(ALIAS) or one.alias == text)


def _explained(pairing: Pairing, judge: Judge) -> Iterator[Explanation]:
    match pairing:
        case Paired(desired=desired, live=live):
            yield _one(desired, live, judge)
        case Missing(desired=desired):
            yield _one(desired, None, judge)
        case Unsure(desired=desired, candidates=candidates):
            for live in candidates:
                found = _one(desired, live, judge)
                yield replace(found, fields=tuple(replace(one, changes=False)
                                                  for one in found.fields))  # fmt: skip


def _one(desired: DesiredCustomer, live: LiveCustomer | None, judge: Judge) -> Explanation:
    examination = examine(desired, live, judge)
    changing = {one.field.partition("[")[0] for one in examination.change.fields} if (
        examination.change) else set()  # fmt: skip
    verdicts = examination.verdicts
    keyed = judge.keyed
    fields = tuple(
        Field(
            name=name,
            wanted=wanted,
            live=_live(name, live),
            mark=desired.mark_of(name),
            changes=name in changing,
            verdicts=tuple(one for one in verdicts if _is_about(one, name)),
        )
        for name, wanted in _managed(desired)
    )
    known = {name for name, _ in _managed(desired)}
    return Explanation(
        store=judge.store.name,
        alias=keyed.live_alias(judge.store.name, live) if live else keyed.entry_alias(desired),
        mark=desired.mark,
        exists=live is not None,
        fields=fields,
        verdicts=tuple(one for one in verdicts if not any(_is_about(one, name) for name in known)),
    )


def _is_about(verdict: Verdict, name: str) -> bool:
    return any(one.partition("[")[0] == name for one in verdict.fields)


def _managed(desired: DesiredCustomer) -> Iterator[tuple[str, Wanted]]:
    for one in desired.identities:
        if one.kind is not IdentityKind.ID:
            yield one.kind.value, one.value
    yield from desired.scalars
    if desired.tags is not UNMANAGED:
        yield "tags", desired.tags
    if desired.addresses is not UNMANAGED:
        yield "addresses", desired.addresses
    for channel, wanted in desired.consents:
        yield consent_field(channel), wanted


def _live(name: str, live: LiveCustomer | None) -> Live:
    if live is None:
        return None
    if name == "tags":
        return live.tags
    if name == "addresses":
        return live.addresses
    if name.startswith("consent."):
        return live.consent(Channel(name.removeprefix("consent.")))
    return live.scalar(name)
