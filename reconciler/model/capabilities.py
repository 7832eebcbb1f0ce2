"""What a platform can hold and write, as data; planning asks this table and never the platform."""

from dataclasses import dataclass

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.identity import IdentityKind
from reconciler.model.settings import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What one call of a platform can change without being asked, and what we do about it."""

    call: str
    touches: tuple[str, ...]
    guard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Where a limit is None, or not in a table of limits, the documents tell none.

    `creates` and `updates` are the fields that a create or an update can write;
    `single_contact` says that a create takes exactly one of e-mail and phone.
    `lengths` and `address_lengths` are most characters by field, `address_needs` the parts that a
    new address must have.
    `blurs_refusal` are those where never asked may also stand for an opt-out, as long as the user
    has not named the store's word for it.
    `unasked` is what a consent reads as that a create did not ask for.
    `records_refusal` are the channels on which *unsubscribed* is told apart from never asked.
    `resends_consent` says that an update about something else sends consents along to be safe,
    `resends` names the other fields that it sends along as they were read.
    """

    platform: str
    title: str
    versions: tuple[str, ...]
    default_version: str
    domains: tuple[str, ...]
    creates: frozenset[str]
    updates: frozenset[str]
    deletes: bool
    counts: bool
    looks_up: frozenset[IdentityKind]
    ids_at_once: int
    page: int
    single_contact: bool
    consent_states: frozenset[ConsentState]
    records_refusal: frozenset[Channel]
    blurs_refusal: frozenset[Channel]
    unasked: ConsentState
    resends_consent: bool
    resends: frozenset[str]
    tags_at_most: int | None
    tag_length: int | None
    tags_length: int | None
    addresses_at_most: int | None
    address_needs: tuple[str, ...]
    address_lengths: tuple[tuple[str, int], ...]
    lengths: tuple[tuple[str, int], ...]
    rate: Rate
    footprints: tuple[Footprint, ...]
    notes: tuple[str, ...] = ()
