"""Customers on both sides: what the specs want, what a store has, and how well it was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import (
    NOTHING_TOLD,
    Channel,
    ConsentState,
    LiveConsent,
    Subscription,
    WantedConsent,
)
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.managed import UNMANAGED, Managed
from reconciler.model.marks import NO_MARKS, Marks
from reconciler.model.metafields import Metafields
from reconciler.model.personal import Personal
from reconciler.model.tags import TagIntent
from reconciler.model.tax import TaxExemptions

CONTACT_OF: Final = {Channel.EMAIL: IdentityKind.EMAIL, Channel.SMS: IdentityKind.PHONE}
"""The kind of contact that a channel's consent is for."""


class Account(StrEnum):
    """What a store says of somebody's account, where its documents list these words."""

    DECLINED = "declined"
    DISABLED = "disabled"
    ENABLED = "enabled"
    INVITED = "invited"


Scalar: TypeAlias = Personal | TaxExemptions | Metafields | str | bool | None

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
        return next((text for known, text in self.texts if known == name), None)


def country_of(addresses: Sequence[Address]) -> str | None:
    """Country code of the default address, else of the first."""
    first = addresses[0] if addresses else None
    chosen = next((one for one in addresses if one.default), first)
    code = chosen.text("country_code") if chosen else None
    return code.reveal().upper() if code else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredCustomer:
    """One customer as all spec files together want it, in one store.

    `mark` is the first line of the entry that asked first; `marks` places single fields.
    `creates` says that a `customers` entry speaks of it: only such an entry may create. `claims`
    says that it is to bear our mark, whoever made it. One that is `unnamed` stands in no entry:
    tag documents alone ask something of somebody there. `departed` is somebody whom only an earlier
    revision of the specs names. `left_tags` are tags that the specs gave once, `ended_tags` those
    whose membership has ended: `tags` asks for them to be gone.
    """

    store: str
    identities: tuple[Identity, ...]
    mark: SourceMark
    marks: Marks = NO_MARKS
    previously: tuple[Identity, ...] = ()
    creates: bool = False
    claims: bool = False
    unnamed: bool = False
    ended_tags: tuple[str, ...] = ()
    absent: bool = False
    reason: str | None = None
    scalars: tuple[tuple[str, Scalar], ...] = ()
    tags: Managed[TagIntent] = UNMANAGED
    addresses: Managed[tuple[Address, ...]] = UNMANAGED
    consents: tuple[tuple[Channel, WantedConsent], ...] = ()
    protected: bool = False
    departed: bool = False
    left_tags: tuple[str, ...] = ()

    @property
    def erases(self) -> bool:
        """Whether the absence is an erasure: its reason begins with that word."""
        return self.absent and is_erasure(self.reason)

    @property
    def managed(self) -> frozenset[str]:
        """The fields that are ours, consents apart; a claim rests on the tags."""
        named = {name for name, _ in self.scalars} | {one.kind.value for one in self.identities}
        if self.tags is not UNMANAGED or self.claims:
            named.add("tags")
        if self.addresses is not UNMANAGED:
            named.add("addresses")
        return frozenset(named)

    def identity(self, kind: IdentityKind) -> Identity | None:
        for one in self.identities:
            if one.kind is kind:
                return one
        return None

    def consent(self, channel: Channel) -> WantedConsent | None:
        for known, wanted in self.consents:
            if known is channel:
                return wanted
        return None

    def country(self) -> str | None:
        return None if self.addresses is UNMANAGED else country_of(self.addresses)

    def mark_of(self, name: str) -> SourceMark:
        return self.marks.of(name) or self.mark


def is_erasure(reason: str | None) -> bool:
    words = (reason or "").split()
    return bool(words) and words[0].strip(".,:;-–—()[]\"'").lower() == "erasure"


class Wire:
    """A store's own record, kept for the platform that must send it back whole; never shown."""

    __slots__ = ("record",)

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = record

    def __repr__(self) -> str:
        return "Wire(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a store was seen to do where its platform's documents leave it open.

    `words` are its words for consent states; `day_first` says that it writes year, day, month.
    """

    words: tuple[tuple[Channel, ConsentState, str], ...] = ()
    day_first: bool = False

    def then(self, later: "Learned") -> "Learned":
        """With what was learned after it: of two words for one state the later counts."""
        if later in (self, NOTHING_LEARNED):
            return self
        words = {(channel, state): word for channel, state, word in (*self.words, *later.words)}
        return Learned(
            words=tuple(sorted((*key, word) for key, word in words.items())),
            day_first=self.day_first or later.day_first,
        )


NOTHING_LEARNED: Final = Learned()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCustomer:
    """One customer as a store tells it.

    `unreadable` names fields that the store hid or garbled: they are never matched by, compared or
    written. `hidden` are the contacts that it withheld, or may have, with what it shows instead.
    `untold` names fields whose key the record lacks altogether, `unasked` those that are told in
    another place, where nobody has asked yet: they are as unknown as the unreadable. `reasons` say
    of some of the unreadable why they are. `orders` is None where it does not say how many there
    are; `blocked` says that the store has barred the customer. `account` is None where nothing
    known is told of one. `known_by` is the contact that the customer was made by. `subscriptions`
    are to channels beside those of `consents`, and empty as long as nobody asked the store for
    them. `other` holds what we do not manage but a write could cost, by the store's own names.
    `teaches` is what this record, and those that were read before it, showed of the store itself.
    """

    remote_id: str
    email: Personal | None = None
    phone: Personal | None = None
    first_name: Personal | None = None
    last_name: Personal | None = None
    nickname: Personal | None = None
    birthday: Personal | None = None
    gender: Personal | None = None
    language: Personal | str | None = None
    note: Personal | None = None
    tax_exempt: bool | None = None
    tax_exemptions: TaxExemptions | None = None
    metafields: Metafields | None = field(default=None, repr=False)
    tags: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    consents: tuple[tuple[Channel, LiveConsent], ...] = ()
    revision: str | None = None
    unreadable: frozenset[str] = frozenset()
    hidden: tuple[tuple[IdentityKind, Personal | None], ...] = field(default=(), repr=False)
    untold: frozenset[str] = frozenset()
    unasked: frozenset[str] = frozenset()
    reasons: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    orders: int | None = None
    blocked: bool = False
    account: Account | None = None
    verified_email: bool | None = None
    known_by: IdentityKind | None = None
    subscriptions: tuple[Subscription, ...] = field(default=(), compare=False)
    other: tuple[tuple[str, Personal], ...] = field(default=(), repr=False)
    wire: Wire | None = field(default=None, repr=False, compare=False)
    teaches: Learned = field(default=NOTHING_LEARNED, repr=False, compare=False)

    def tells(self, name: str) -> bool:
        """Whether it is known what the store has in a field."""
        return name not in self.unreadable and name not in self.unasked

    def scalar(self, name: str) -> Scalar:
        value: Scalar = getattr(self, name)
        return value

    def consent(self, channel: Channel) -> LiveConsent:
        for known, told in self.consents:
            if known is channel:
                return told
        return NOTHING_TOLD

    def contact(self, channel: Channel) -> Personal | None:
        """The address that a channel's consent is for."""
        return self.email if channel is Channel.EMAIL else self.phone

    def country(self) -> str | None:
        return country_of(self.addresses)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReceipt:
    """What a read saw of what it should have seen.

    `expected` is None where the store tells no count. `notes` are plain sentences for the reader of
    the plan. `blind` says that the store's search was seen to be blind to spelling, so that whoever
    was found has no twin; `learned` is what an apply has to know too. `since` is from when changes
    were listed, where no more than these was read.
    """

    mode: str
    complete: bool
    read: int = 0
    expected: int | None = None
    pages: int = 0
    requests: int = 0
    repeated: int = 0
    masked: int = 0
    chosen: str = ""
    notes: tuple[str, ...] = ()
    blind: bool = False
    learned: Learned = NOTHING_LEARNED
    since: datetime | None = None

    @property
    def is_partial(self) -> bool:
        """Whether it shows who is there and never that nobody else is."""
        return self.mode != "full"

    @property
    def is_since(self) -> bool:
        return self.since is not None

    @property
    def proves_absence(self) -> bool:
        """Whether who was not seen does not exist: only a whole and complete reading shows that."""
        return self.mode == "full" and self.complete
