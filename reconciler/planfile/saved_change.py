"""One customer's change as a plan file has it; what is personal of it is a digest."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from reconciler.diagnostics import SourceMark
from reconciler.model.cause import Cause
from reconciler.model.consent import (
    Actor,
    Channel,
    ConsentState,
    Grade,
    LiveConsent,
    WantedConsent,
)
from reconciler.model.field_path import FieldPath
from reconciler.model.settings import RiskClass
from reconciler.model.shapes import shape_of
from reconciler.plan.changes import Action, Elsewhere

Shown: TypeAlias = str | bool | None
"""A value of a field that is not personal."""
_RISKS: Final = tuple(RiskClass)  # going through an enum is slow, and there are many changes


class Effect(StrEnum):
    """What happens to a single value."""

    SET = "set"
    CHANGED = "changed"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPresence:
    """The customer comes to exist, or ceases to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedScalar:
    """A value that may be shown."""

    effect: Effect
    before: Shown
    after: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenScalar:
    """A personal value."""

    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTags:
    """`channel` is set for a tag that feeds an audience, `claims` for our mark of ownership."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    channel: Channel | None
    claims: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """A consent as the store's own record tells it; `code` is its word, empty where it has none, or
    one that may be somebody's address or number.
    """

    state: ConsentState
    at: datetime | None
    actor: Actor
    grade: Grade
    code: str = ""

    @classmethod
    def of(cls, live: LiveConsent) -> "ConsentRecord":
        code = "" if shape_of(live.code) else live.code
        return cls(state=live.state, at=live.at, actor=live.actor, grade=live.grade, code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedConsent:
    """`before` is None for a customer that does not exist yet; `moves` marks the consent of a
    changing address, `elsewhere` the opt-out that is carried over.
    """

    before: ConsentRecord | None
    after: WantedConsent
    moves: bool
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenAddresses:
    """`paths` name what differs, without values."""

    paths: tuple[str, ...]


SavedValue: TypeAlias = (
    SavedPresence | SavedScalar | HiddenScalar | SavedTags | SavedConsent | HiddenAddresses
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedField:
    """The unit of approval, by its digest. `path` is as it may be shown: a tag that looks personal
    has its alias in it. `stated` is the digest of what the files wanted, of a value that is told
    nowhere and that the store has otherwise.
    """

    path: FieldPath
    risk: RiskClass
    mark: SourceMark
    value: SavedValue
    digest: str
    cause: Cause | None = None
    stated: str | None = None


def first_cause(fields: Iterable[SavedField]) -> Cause | None:
    own = {one.cause for one in fields}
    return next((one for one in Cause if one in own), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedChange:
    """`seen` are the consents that the plan saw, whether it changes them or not; `reason` is why
    the specs want the customer gone. `departed` says that it rests on what left the files.
    """

    store: str
    action: Action
    alias: str
    entry: str
    remote_id: str | None
    mark: SourceMark
    rank: int
    seen: tuple[tuple[Channel, ConsentState], ...]
    reason: str | None
    fields: tuple[SavedField, ...]
    digest: str
    departed: bool = False

    @property
    def cause(self) -> Cause | None:
        """The first of the causes of its fields; None where nobody can tell."""
        return first_cause(self.fields)

    @property
    def classes(self) -> tuple[RiskClass, ...]:
        own = {one.risk for one in self.fields}
        return tuple(risk for risk in _RISKS if risk in own)

    def of_class(self, risk: RiskClass) -> tuple[SavedField, ...]:
        return tuple(one for one in self.fields if one.risk is risk)
