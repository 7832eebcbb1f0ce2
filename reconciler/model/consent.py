"""Marketing consent: states, evidence, and the transition table that decides what may be planned.

Out always, in only with newer evidence; unknown is neither yes nor no.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from reconciler.model.personal import Personal


class Channel(StrEnum):
    """Each has its own consent and its own contact; one says nothing of the other."""

    EMAIL = "email"
    SMS = "sms"


class ConsentState(StrEnum):
    """What a live store can say. Specs may ask only for the first three."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    PENDING = "pending"
    NOT_SUBSCRIBED = "not_subscribed"
    REDACTED = "redacted"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    MASKED = "masked"


class Actor(StrEnum):
    """Who changed a consent last, as far as the store tells."""

    PERSON = "person"
    STAFF = "staff"
    NOT_TOLD = "not told"


class Grade(StrEnum):
    """How good a store's own record of a consent is."""

    CONFIRMED = "A"
    PERSON = "B"
    ORDER = "C"
    STAFF = "D"
    UNRECORDED = "E"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a spec says of a grant or a withdrawal. `at` is `given_at` or `withdrawn_at`."""

    at: datetime | None = None
    source: str | None = None
    method: str | None = None
    level: str | None = None
    basis: str | None = None
    wording: str | None = None
    evidence: str | None = None

    def has(self, name: str) -> bool:
        return getattr(self, "at" if name == "given_at" else name) is not None

    def texts(self) -> tuple[tuple[str, str], ...]:
        """Whatever is told beside the time, by name."""
        every = (
            ("source", self.source),
            ("method", self.method),
            ("level", self.level),
            ("basis", self.basis),
            ("wording", self.wording),
            ("evidence", self.evidence),
        )
        return tuple((name, text) for name, text in every if text is not None)

    def parts(self) -> tuple[str | None, ...]:
        """Each in its place, told or not; the time as `datetime.fromisoformat` takes it."""
        at = None if self.at is None else self.at.isoformat()
        return at, self.source, self.method, self.level, self.basis, self.wording, self.evidence

    def told(self) -> tuple[tuple[str, str], ...]:
        """All that is told, by name, the time first."""
        at = () if self.at is None else (("at", self.at.isoformat()),)
        return (*at, *self.texts())


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedConsent:
    """What the specs ask for; the evidence is empty for an opt-out."""

    state: ConsentState
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConsent:
    """`at` is None where no time is told or it cannot be read; `code` is the store's own word.

    `until` is the latest instant that `at` may stand for, `not_before` the earliest it can have
    been; `dated` says that something stood where the time stands, `swappable` that its day and
    month could be told the other way round. `absent` says that the store told nothing at all, which
    is not the same as saying no. `grade`, `level` and `source`, where the store says that somebody
    subscribed, are for whoever reads them and decide nothing.
    """

    state: ConsentState
    at: datetime | None = None
    actor: Actor = Actor.NOT_TOLD
    code: str = ""
    absent: bool = False
    grade: Grade = field(default=Grade.UNRECORDED, compare=False)
    level: str | None = field(default=None, compare=False)
    source: Personal | None = field(default=None, compare=False, repr=False)
    until: datetime | None = field(default=None, compare=False)
    not_before: datetime | None = field(default=None, compare=False)
    dated: bool = field(default=False, compare=False)
    swappable: bool = field(default=False, compare=False)

    def with_time(
        self,
        *,
        dated: bool,
        at: datetime | None = None,
        until: datetime | None = None,
        not_before: datetime | None = None,
        swappable: bool = False,
    ) -> "LiveConsent":
        return LiveConsent(
            state=self.state,
            at=at,
            actor=self.actor,
            code=self.code,
            absent=self.absent,
            grade=self.grade,
            level=self.level,
            source=self.source,
            until=until,
            not_before=not_before,
            dated=dated,
            swappable=swappable,
        )

    @property
    def earliest(self) -> datetime | None:
        """The first instant that it may be of; None where none is told."""
        if self.at is None:
            return None
        return min(self.not_before or self.at, self.at)

    def is_dated_never(self) -> bool:
        """Whether it reads as never asked and yet tells, or garbles, since when."""
        return self.state is ConsentState.NOT_SUBSCRIBED and (self.dated or self.at is not None)

    def is_before(self, moment: datetime | None) -> bool:
        """Whether it surely came about before; never where no instant is told."""
        last = self.until or self.at
        return self.at is not None and last is not None and moment is not None and moment > last

    def is_after(self, moment: datetime | None) -> bool:
        """Whether it surely came about at that instant or later."""
        return self.not_before is not None and moment is not None and moment <= self.not_before

    def without_instant(self) -> "LiveConsent":
        """The same where the store turned out to write day and month the other way round."""
        if self.at is None or self.not_before is None or not self.swappable:
            return self
        swapped = _swapped(self.not_before)
        earliest = self.not_before if swapped is None else min(self.not_before, swapped)
        return replace(self, at=None, until=None, not_before=earliest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """To a channel that no spec can speak of: shown as a store tells it, and never written."""

    channel: str
    state: ConsentState
    grade: Grade
    at: datetime | None


def _swapped(moment: datetime) -> datetime | None:
    try:
        return moment.replace(month=moment.day, day=moment.month)
    except ValueError:
        return None


SAID_NO: Final = (
    ConsentState.UNSUBSCRIBED,
    ConsentState.NOT_SUBSCRIBED,
    ConsentState.PENDING,
)
"""What a yes can rise from; what is not told may have been a yes all the time."""

KNOWN_NO: Final = (
    ConsentState.UNSUBSCRIBED,
    ConsentState.NOT_SUBSCRIBED,
    ConsentState.REDACTED,
    ConsentState.INVALID,
)
"""States in which nobody is written to, whatever address they belong to."""

NOTHING_TOLD: Final = LiveConsent(state=ConsentState.UNKNOWN, absent=True)


class Row(StrEnum):
    """The live side of the transition table."""

    NO_CUSTOMER = "no such customer"
    NOT_SUBSCRIBED = "not_subscribed"
    UNKNOWN = "unknown or masked"
    PENDING = "pending"
    SUBSCRIBED = "subscribed"
    OUT_BY_PERSON = "unsubscribed by the person"
    OUT_BY_PERSON_UNDATED = "unsubscribed by the person, no time told"
    OUT_BY_STAFF = "unsubscribed by staff"
    OUT_BY_STAFF_UNDATED = "unsubscribed by staff, no time told"
    OUT = "unsubscribed, actor not told"
    OUT_UNDATED = "unsubscribed, actor and time not told"
    CLOSED = "redacted or invalid"


class Decision(StrEnum):
    """What the transition table allows, before evidence is weighed."""

    CHANGE = "change"
    NO_CHANGE = "no change"
    EVIDENCE = "change, with evidence"
    NEWER = "change, with evidence newer than the opt-out"
    NEWER_FROM_PERSON = "change, with newer evidence from the person"
    CONFIRMATION = "change, if the confirmation is the evidence; else wait for the person"
    HOLD = "hold, released by a person"
    HOLD_UNDATED = "hold as undated opt-out, released by a person"
    REFUSE = "hold, lifted by nothing"


_D = Decision
TRANSITIONS: Final[dict[Row, tuple[Decision, Decision, Decision]]] = {
    # live                        wanted: unsubscribed, pending, subscribed
    Row.NO_CUSTOMER: (_D.CHANGE, _D.HOLD, _D.EVIDENCE),
    Row.NOT_SUBSCRIBED: (_D.CHANGE, _D.HOLD, _D.EVIDENCE),
    Row.UNKNOWN: (_D.CHANGE, _D.REFUSE, _D.REFUSE),
    Row.PENDING: (_D.CHANGE, _D.NO_CHANGE, _D.CONFIRMATION),
    Row.SUBSCRIBED: (_D.CHANGE, _D.REFUSE, _D.NO_CHANGE),
    Row.OUT_BY_PERSON: (_D.NO_CHANGE, _D.REFUSE, _D.NEWER_FROM_PERSON),
    Row.OUT_BY_PERSON_UNDATED: (_D.NO_CHANGE, _D.REFUSE, _D.REFUSE),
    Row.OUT_BY_STAFF: (_D.NO_CHANGE, _D.HOLD, _D.NEWER),
    Row.OUT_BY_STAFF_UNDATED: (_D.NO_CHANGE, _D.HOLD, _D.HOLD_UNDATED),
    Row.OUT: (_D.NO_CHANGE, _D.REFUSE, _D.NEWER_FROM_PERSON),
    Row.OUT_UNDATED: (_D.NO_CHANGE, _D.REFUSE, _D.HOLD_UNDATED),
    Row.CLOSED: (_D.REFUSE, _D.REFUSE, _D.REFUSE),
}
_COLUMNS: Final = (ConsentState.UNSUBSCRIBED, ConsentState.PENDING, ConsentState.SUBSCRIBED)

_SIMPLE_ROWS: Final = {
    ConsentState.SUBSCRIBED: Row.SUBSCRIBED,
    ConsentState.PENDING: Row.PENDING,
    ConsentState.NOT_SUBSCRIBED: Row.NOT_SUBSCRIBED,
    ConsentState.REDACTED: Row.CLOSED,
    ConsentState.INVALID: Row.CLOSED,
    ConsentState.UNKNOWN: Row.UNKNOWN,
    ConsentState.MASKED: Row.UNKNOWN,
}
_OUT_ROWS: Final = {
    (Actor.PERSON, True): Row.OUT_BY_PERSON,
    (Actor.PERSON, False): Row.OUT_BY_PERSON_UNDATED,
    (Actor.STAFF, True): Row.OUT_BY_STAFF,
    (Actor.STAFF, False): Row.OUT_BY_STAFF_UNDATED,
    (Actor.NOT_TOLD, True): Row.OUT,
    (Actor.NOT_TOLD, False): Row.OUT_UNDATED,
}


def row(live: LiveConsent | None) -> Row:
    """The row of the table that a live consent stands in; None: there is no such customer."""
    if live is None:
        return Row.NO_CUSTOMER
    if live.state is ConsentState.UNSUBSCRIBED:
        return _OUT_ROWS[live.actor, live.at is not None]
    return _SIMPLE_ROWS[live.state]


def transition(live: LiveConsent | None, wanted: ConsentState) -> Decision:
    return TRANSITIONS[row(live)][_COLUMNS.index(wanted)]


def is_from_person(evidence: Evidence) -> bool:
    """Whether evidence can overturn an opt-out of the person: a pointer, and no mere import."""
    return evidence.evidence is not None and evidence.method not in (None, "import")


IMPLIED_TERMS: Final = {
    "implied_purchase": timedelta(days=730),
    "implied_inquiry": timedelta(days=181),
}
"""How long an implied basis lasts, from CASL's two years and six months, the shorter way round."""

LEVELS: Final = {"unknown": 0, "single": 1, "confirmed": 2}


def level_meets(level: str | None, minimum: str) -> bool:
    """`unknown`, and no level at all, never meet a minimum."""
    return level not in (None, "unknown") and LEVELS[level or "unknown"] >= LEVELS[minimum]
