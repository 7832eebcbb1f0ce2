"""What a plan would change: single field changes, and the customers they belong to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from reconciler.diagnostics import SourceMark
from reconciler.model.cause import NO_CAUSES, Cause, Causes
from reconciler.model.consent import (
    Actor,
    Channel,
    ConsentState,
    Evidence,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.customer import Address, Scalar
from reconciler.model.field_path import ADDRESSES, CUSTOMER, TAGS, FieldPath
from reconciler.model.identity import Identity
from reconciler.model.marks import NO_MARKS, Marks
from reconciler.model.personal import in_clear
from reconciler.model.settings import RiskClass
from reconciler.model.tags import TagDelta


class Action(StrEnum):
    """What becomes of the customer as a whole; the fields say the rest."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The customer comes to exist, or ceases to."""

    risk: RiskClass

    @property
    def path(self) -> FieldPath:
        return CUSTOMER


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarChange:
    """`before` and `after` are normal forms; `written` is the e-mail or phone as it is sent."""

    path: FieldPath
    risk: RiskClass
    before: Scalar
    after: Scalar
    written: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """`channel` is set for a tag that feeds an audience, `claims` for our mark: such a tag is a
    change of its own.
    """

    risk: RiskClass
    delta: TagDelta
    channel: Channel | None = None
    claims: bool = False

    @property
    def path(self) -> FieldPath:
        if self.channel is None and not self.claims:
            return TAGS
        return FieldPath(TAGS.name, (self.delta.added or self.delta.removed)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The store of the same controller that gave an opt-out, and since when it counts."""

    store: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChange:
    """`before` is None for a customer that does not exist yet.

    `moves` marks the consent of a changing address: out for the old one, then in for the new.
    `elsewhere` tells of an opt-out that is carried over; None where the files ask.
    """

    channel: Channel
    risk: RiskClass
    before: LiveConsent | None
    wanted: WantedConsent
    moves: bool = False
    elsewhere: Elsewhere | None = None

    @property
    def path(self) -> FieldPath:
        return FieldPath.of_consent(self.channel)

    @property
    def withdraws(self) -> bool:
        return self.wanted.state is ConsentState.UNSUBSCRIBED


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChange:
    """`after` is the whole list, `wanted` what the files say of it; `paths` name what differs,
    without values.
    """

    risk: RiskClass
    before: tuple[Address, ...]
    after: tuple[Address, ...]
    wanted: tuple[Address, ...]
    paths: tuple[str, ...]

    @property
    def path(self) -> FieldPath:
        return ADDRESSES


FieldChange: TypeAlias = Presence | ScalarChange | TagChange | ConsentChange | AddressChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One customer's field changes, never empty, sorted by field.

    `entry` is the alias of the spec entry that asked, by which an apply finds it again;
    `subscribed` are the channels that a deleted customer was subscribed on; whoever has a lower
    `rank` is written first, so that an address is given up before it is claimed. `marks` place
    the fields, which may stand in another file than the entry. `seen` are the consents as read,
    `reason` is why the specs want the customer gone. `departed` says that it rests on what left
    the files.
    """

    store: str
    action: Action
    alias: str
    entry: str
    remote_id: str | None
    mark: SourceMark
    fields: tuple[FieldChange, ...]
    subscribed: frozenset[Channel] = frozenset()
    rank: int = 0
    marks: Marks = NO_MARKS
    seen: tuple[tuple[Channel, ConsentState], ...] = ()
    reason: str | None = None
    causes: Causes = NO_CAUSES
    departed: bool = False

    @property
    def cause(self) -> Cause | None:
        """The first of all causes of its fields; None where no base was given."""
        return next((one for one in Cause if self.has(one)), None)

    def has(self, cause: Cause) -> bool:
        """Whether any of its fields has this cause."""
        return any(self.cause_of(field.path) is cause for field in self.fields)

    def cause_of(self, path: FieldPath) -> Cause | None:
        return next((cause for known, cause in self.causes if known == path), None)

    @property
    def classes(self) -> tuple[RiskClass, ...]:
        own = {one.risk for one in self.fields}
        return tuple(risk for risk in RiskClass if risk in own)

    def mark_of(self, path: FieldPath) -> SourceMark:
        return self.marks.of(path.table) or self.mark

    def was_subscribed(self, channel: Channel) -> bool:
        return channel in self.subscribed


def approved_content(change: FieldChange) -> list[Any]:
    """What is approved of a field change: its digest is made of this. May hold personal text.

    A withdrawal is approved whatever stood before, since it is carried out from every state.
    """
    match change:
        case Presence():
            return [change.risk.value]
        case ScalarChange():
            return [in_clear(change.before), in_clear(change.after), _sent(change)]
        case TagChange():
            return [list(change.delta.added), list(change.delta.removed), change.channel]
        case ConsentChange():
            wanted = [change.wanted.state.value, _evidence(change.wanted.evidence), change.moves]
            if change.withdraws:
                return wanted[:1]
            return [_ground(change.before), *wanted]
        case AddressChange():
            return [_addresses(change.before), _addresses(change.after)]


def stated_content(change: FieldChange) -> list[Any] | None:
    """What the files want of a field, whatever the store has of it; None where a plan tells that
    in clear. May hold personal text.
    """
    match change:
        case ScalarChange():
            return [in_clear(change.after), _sent(change)]
        case AddressChange():
            return _addresses(change.wanted)
        case Presence() | TagChange() | ConsentChange():
            return None


def _sent(change: ScalarChange) -> str | None:
    return None if change.written is None else change.written.value.reveal()


def _ground(live: LiveConsent | None) -> list[Any] | None:
    if live is None:
        return None
    by_staff = live.actor is Actor.STAFF  # who is not told counts as the person
    return [live.state.value, live.at.isoformat() if live.at else None, by_staff]


def _evidence(evidence: Evidence) -> list[Any]:
    return [
        evidence.at.isoformat() if evidence.at else None,
        evidence.source,
        evidence.method,
        evidence.level,
        evidence.basis,
        evidence.wording,
        evidence.evidence,
    ]


def _addresses(addresses: tuple[Address, ...]) -> list[Any]:
    return [
        [one.remote_id, one.default, [[name, text.reveal()] for name, text in one.texts]]
        for one in addresses
    ]
