"""Customers on both sides: what the specs want, what a store has, and how well it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import (
    NOTHING_TOLD,
    Channel,
    ConsentState,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.managed import UNMANAGED, Managed
from reconciler.model.personal import Personal
from reconciler.model.tags import TagIntent

Scalar: TypeAlias = Personal | bool | None

ADDRESS_TEXTS: Final = (
    "first_name",
    "last_name",
    "company",
    "address1",
    "address2",
    "city",
    "province",
    "province_code",
    "country",
    "country_code",
    "zip",
    "phone",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`texts` holds the parts that are told, by name; `default` is None where nothing is said."""

    texts: tuple[tuple[str, Personal], ...]
    default: bool | None = None
    remote_id: str | None = None

    def text(self, name: str) -> Personal | None:
        return dict(self.texts).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredCustomer:
    """One customer as all spec files together want it, in one store.

    `mark` is the first line of the entry that asked first; `marks` places single fields.
    `creates` says that a `customers` entry speaks of it: only such an entry may create.
    """

    store: str
    identities: tuple[Identity, ...]
    mark: SourceMark
    marks: tuple[tuple[str, SourceMark], ...] = ()
    previously: tuple[Identity, ...] = ()
    creates: bool = False
    absent: bool = False
    scalars: tuple[tuple[str, Scalar], ...] = ()
    tags: Managed[TagIntent] = UNMANAGED
    addresses: Managed[tuple[Address, ...]] = UNMANAGED
    consents: tuple[tuple[Channel, WantedConsent], ...] = ()

    def identity(self, kind: IdentityKind) -> Identity | None:
        return next((one for one in self.identities if one.kind is kind), None)

    def consent(self, channel: Channel) -> WantedConsent | None:
        return dict(self.consents).get(channel)

    def mark_of(self, name: str) -> SourceMark:
        return dict(self.marks).get(name, self.mark)


class Wire:
    """A store's own record, kept for the platform that must send it back whole; never shown."""

    __slots__ = ("record",)

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = record

    def __repr__(self) -> str:
        return "Wire(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCustomer:
    """One customer as a store tells it.

    `unreadable` names fields that the store hid or garbled: they are never matched by, compared or
    written. `other` holds what we do not manage but a write could cost, by the store's own names.
    """

    remote_id: str
    email: Personal | None = None
    phone: Personal | None = None
    first_name: Personal | None = None
    last_name: Personal | None = None
    note: Personal | None = None
    tax_exempt: bool | None = None
    tags: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    consents: tuple[tuple[Channel, LiveConsent], ...] = ()
    revision: str | None = None
    unreadable: frozenset[str] = frozenset()
    other: tuple[tuple[str, Personal], ...] = field(default=(), repr=False)
    wire: Wire | None = field(default=None, repr=False, compare=False)

    def scalar(self, name: str) -> Scalar:
        value: Scalar = getattr(self, name)
        return value

    def consent(self, channel: Channel) -> LiveConsent:
        return dict(self.consents).get(channel, NOTHING_TOLD)

    def contact(self, channel: Channel) -> Personal | None:
        """The address that a channel's consent is for."""
        return self.email if channel is Channel.EMAIL else self.phone

    def country(self) -> str | None:
        """Country code of the default address, else of the first."""
        ranked = sorted(self.addresses, key=lambda address: not address.default)
        code = ranked[0].text("country_code") if ranked else None
        return code.reveal().upper() if code else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReceipt:
    """What a read saw of what it should have seen.

    `expected` is None where the store tells no count. Only a `complete` read can prove that a
    customer does not exist. `notes` are plain sentences for the reader of the plan; `words` are the
    words for consent states that the store was seen to use.
    """

    mode: str
    read: int
    expected: int | None
    pages: int
    requests: int
    repeated: int
    masked: int
    complete: bool
    chosen: str = ""
    notes: tuple[str, ...] = ()
    words: tuple[tuple[Channel, ConsentState, str], ...] = ()
