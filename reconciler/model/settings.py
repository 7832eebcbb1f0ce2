"""Stores, ceilings and policy as the user declared them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from reconciler.diagnostics import Severity, SourceMark
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.entries import Entries
from reconciler.model.former import NOTHING_BEFORE, Before
from reconciler.model.identity import Identity
from reconciler.model.ownership import NO_MARKS, Ownership
from reconciler.model.whole_tag import WholeTag


class RiskClass(StrEnum):
    """In the order in which people should worry least to most, which is also how they are shown."""

    WITHDRAW = "withdraw"
    TAG = "tag"
    PROFILE = "profile"
    CREATE = "create"
    GRANT = "grant"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Requests a second that a bucket leaks, and how many may be sent at once."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """A percentage of the store's customers, held between `at_least` and `at_most`."""

    percent: float
    at_least: int
    at_most: int
    mark: SourceMark | None = field(default=None, compare=False, repr=False)

    def allows(self, customers: int | None) -> int:
        """How many changes may be planned; an unknown store size counts as the smallest."""
        if customers is None:
            return self.at_least
        return min(self.at_most, max(self.at_least, int(customers * self.percent / 100)))


CEILINGS: Final[dict[RiskClass, Ceiling]] = {
    RiskClass.DELETE: Ceiling(percent=1, at_least=1, at_most=10),
    RiskClass.GRANT: Ceiling(percent=0.5, at_least=5, at_most=25),
    RiskClass.CREATE: Ceiling(percent=10, at_least=20, at_most=1000),
    RiskClass.TAG: Ceiling(percent=30, at_least=20, at_most=5000),
    RiskClass.PROFILE: Ceiling(percent=30, at_least=20, at_most=5000),
}
MASS_WITHDRAWAL_PERCENT: Final = 20
MASS_WITHDRAWAL_PEOPLE: Final = 20


class TokenKind(StrEnum):
    """Where a token may come from; never from the specs themselves."""

    ENV = "env"
    FILE = "file"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSource:
    """Where the token is, not the token: a name, a path, or a command's words."""

    kind: TokenKind
    where: tuple[str, ...]
    mark: SourceMark


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWord:
    """A word of the store's own for a state that its platform's documents name none for."""

    channel: Channel
    state: ConsentState
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """From `begins` until right before `ends` nothing but opt-outs goes to a store."""

    begins: datetime
    ends: datetime
    reason: str
    mark: SourceMark | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """One entry of `stores`, with the platform's defaults filled in.

    `claim` says that every `customers` entry puts our mark on its customer. Stores with the same
    `controller` share their opt-outs; one with none is by itself.
    """

    name: str
    platform: str
    shop: str
    api_version: str
    base_url: str | None
    token: TokenSource
    mark: SourceMark
    timezone: str | None = None
    phone_region: str | None = None
    owned_tags: tuple[str, ...] | None = None
    ownership: Ownership = NO_MARKS
    claim: bool = False
    ceilings: tuple[tuple[RiskClass, Ceiling], ...] = ()
    rate: Rate | None = None
    consent_words: tuple[ConsentWord, ...] = ()
    frozen: tuple[Freeze, ...] = ()
    on_removed: str = "keep"
    controller: str | None = None

    @property
    def deletes_departed(self) -> bool:
        """Whether a customer whose entry leaves the files is to go as well."""
        return self.on_removed == "delete"

    def ceiling(self, risk: RiskClass) -> Ceiling | None:
        return dict(self.ceilings).get(risk, CEILINGS.get(risk))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsComplaint:
    """What a platform finds wrong with a store's settings.

    `place` are the keys below the store's name; `rule` is one of the catalogue.
    """

    message: str
    hint: str
    place: tuple[str, ...] = ()
    rule: str = "settings.platform"
    severity: Severity = Severity.ERROR


CheckSettings: TypeAlias = Callable[[StoreSettings], Iterable[SettingsComplaint]]


OPT_OUT_MAX_AGE: Final = timedelta(hours=48)
_REQUIRED: Final = (
    (Channel.EMAIL, ("given_at", "source")),
    (Channel.SMS, ("given_at", "source", "method")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`min_level` is by country code, with `default` for every other; empty asks for none.

    `bearing_tags` maps the key of a tag to the channel whose audience it feeds. An opt-out is to be
    in every store within `opt_out_max_age`. `mark` is None where no spec speaks of it.
    """

    required: tuple[tuple[Channel, tuple[str, ...]], ...] = _REQUIRED
    min_level: tuple[tuple[str, str], ...] = ()
    bearing_tags: tuple[tuple[str, Channel], ...] = ()
    implied: tuple[str, ...] = ()
    register_required: bool = False
    opt_out_max_age: timedelta = OPT_OUT_MAX_AGE
    mark: SourceMark | None = field(default=None, compare=False, repr=False)

    def required_for(self, channel: Channel) -> tuple[str, ...]:
        for known, names in self.required:
            if known is channel:
                return names
        return ()

    def minimum(self, country: str | None) -> str | None:
        if not self.min_level:
            return None
        levels = dict(self.min_level)
        return levels.get(country or "", levels.get("default"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Lifts a hold or block by rule: of one customer by alias, or of all; in one store or all."""

    rule: str
    alias: str | None = None
    store: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval that stands in the specs; it counts until `until`.

    `release` and `acknowledges` are rules, for the customers with one of `identities`, or for all
    where that is None.
    """

    raises: tuple[tuple[str, int], ...]
    release: str | None
    acknowledges: str | None
    identities: tuple[Identity, ...] | None
    reason: str
    until: datetime
    stores: tuple[str, ...]
    mark: SourceMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Who is spoken to and what the rules are: the part of the specs that is no customer."""

    stores: tuple[StoreSettings, ...]
    policy: Policy
    approvals: tuple[Approval, ...]


MEANING: Final = 16
"""How many bytes the digest of what an entry asks for has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredState:
    """All the specs say, resolved: the one input of planning beside the live side.

    `base` is the commit that the settings are taken from, None where they are those of the files
    at hand; `at_hand` is what these say, and differs only where there is a base. Customers may be
    made anew whenever one is asked for. `meanings` are digests of what each entry of a store asks
    for, in the order of the digests, and `keyed` says that they are made with the key already;
    `reasoned` are the stores where some entry gives a reason, `whole_tags` the tags that documents
    of a store want nobody else to bear. `history` is what earlier revisions said of the customers
    of a store.
    """

    stores: tuple[StoreSettings, ...]
    policy: Policy
    customers: tuple[tuple[str, Entries], ...]
    meanings: tuple[tuple[str, bytes], ...] = field(repr=False)
    keyed: bool = False
    reasoned: frozenset[str]
    owned: tuple[tuple[str, tuple[str, ...]], ...]
    whole_tags: tuple[tuple[str, tuple[WholeTag, ...]], ...] = ()
    approvals: tuple[Approval, ...]
    files: int
    folder: str = field(compare=False)
    at_hand: Settings
    base: str | None = None
    history: tuple[tuple[str, Before], ...] = field(default=(), compare=False, repr=False)

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return Settings(stores=self.stores, policy=self.policy, approvals=self.approvals)

    @property
    def unmerged(self) -> tuple[str, ...]:
        """Stores that the base does not have: nobody contacts them before they are merged."""
        known = {store.name for store in self.stores}
        return tuple(store.name for store in self.at_hand.stores if store.name not in known)

    def of(self, store: str) -> Entries:
        return dict(self.customers).get(store) or Entries.of(())

    def before(self, store: str) -> Before:
        return dict(self.history).get(store, NOTHING_BEFORE)

    def whole_tags_of(self, store: str) -> tuple[WholeTag, ...]:
        return dict(self.whole_tags).get(store, ())

    def owned_by(self, store: str) -> tuple[str, ...]:
        return dict(self.owned).get(store, ())
