"""What stands in a plan file, as values: frozen to the leaves, and without personal data.

Texts of specs and stores stand here as they may be shown, personal values as a digest only.
"""

from dataclasses import dataclass
from datetime import datetime

from reconciler.diagnostics import SourceMark
from reconciler.model.capabilities import Footprint
from reconciler.model.cause import Cause
from reconciler.model.customer import ReadReceipt
from reconciler.model.provenance import Provenance
from reconciler.model.settings import Release, RiskClass
from reconciler.plan.effort import Effort
from reconciler.plan.lift import Lift
from reconciler.plan.plan import Audience
from reconciler.plan.setting import SettingChange
from reconciler.plan.tag_watch import NO_FOREIGN_TAGS, ForeignTags
from reconciler.plan.verdicts import Level
from reconciler.plan.waiting import NOTHING_WAITS, Waiting
from reconciler.planfile.saved_change import SavedChange


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSpec:
    """The specs by digest. `settings` is the digest of stores and policy, `base` the commit that
    they were taken from, None where they were those at hand.
    """

    digest: str
    files: int
    base: str | None
    settings: str

    @property
    def short_base(self) -> str:
        """As people are told of it; empty where there is none."""
        return (self.base or "")[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceMerged:
    """A store that the base does not have, and how many entries wait for it."""

    store: str
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSettings:
    """Where the settings at hand differed from those of the base."""

    changed: tuple[SettingChange, ...]
    once_merged: tuple[OnceMerged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedOptions:
    """The choices that the plan was made with; `stores` are those that were planned, `scope` says
    in words whom it is limited to.
    """

    read: str
    raises: tuple[tuple[RiskClass, int], ...]
    releases: tuple[Release, ...]
    stores: tuple[str, ...]
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDeparture:
    """A customer who is managed no more, and where `commit` still had the entry."""

    alias: str
    mark: SourceMark
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStore:
    """`error` says why the store could not be read, and is empty where it could; there is no
    receipt then, and no audience. `effort` is that of the apply, `footprints` are what the calls
    can change without being asked. `compared` is the commit that causes are told by, or `applied`;
    `applied` is the one that was last applied completely, `foreign_tags` what the
    plan leaves alone, `waiting` the opt-outs that the store does not have yet.
    """

    name: str
    platform: str
    api_version: str
    customers: int | None
    compared: str | None
    applied: str | None
    departures: tuple[SavedDeparture, ...]
    error: str
    receipt: ReadReceipt | None
    footprints: tuple[Footprint, ...]
    effort: Effort
    audience: tuple[Audience, ...]
    foreign_tags: ForeignTags = NO_FOREIGN_TAGS
    waiting: Waiting = NOTHING_WAITS

    @property
    def complete(self) -> bool:
        return self.receipt is not None and self.receipt.complete

    @property
    def notes(self) -> tuple[str, ...]:
        return () if self.receipt is None else self.receipt.notes


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSummary:
    """Customers by what would happen to them; `messages` are people who would be asked to confirm,
    `classes` customers by risk class, `causes` by why they change, empty where nobody can tell.
    """

    create: int
    update: int
    delete: int
    unchanged: int
    held: int
    messages: int
    blocked: bool
    complete: bool
    classes: tuple[tuple[RiskClass, int], ...]
    causes: tuple[tuple[Cause, int], ...]

    def count(self, risk: RiskClass) -> int:
        return dict(self.classes).get(risk, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedVerdict:
    """`lifted_by` is a flag, `approval` the same where there is no command line; None where nothing
    does. `acknowledged` is there for an opt-out or erasure that is asked for and not planned.
    """

    rule: str
    level: Level
    store: str
    alias: str | None
    message: str
    mark: SourceMark | None
    lifted_by: str | None
    approval: str | None
    released: bool
    acknowledged: bool | None
    cause: Cause | None = None

    @property
    def owed(self) -> bool:
        return self.acknowledged is not None

    @property
    def neglected(self) -> bool:
        """Whether something is owed and nobody has said to know of it."""
        return self.acknowledged is False


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """`tool` is the version that made it. `digest` leaves out times and provenance, `seal` covers
    everything.
    """

    tool: str
    created_at: datetime
    expires_at: datetime
    spec: SavedSpec
    provenance: Provenance
    settings: SavedSettings
    lifts: tuple[Lift, ...]
    options: SavedOptions
    stores: tuple[SavedStore, ...]
    summary: SavedSummary
    changes: tuple[SavedChange, ...]
    verdicts: tuple[SavedVerdict, ...]
    digest: str
    seal: str

    @property
    def id(self) -> str:
        """How journals and the trail call the plan."""
        return self.seal[:16]

    @property
    def empty(self) -> bool:
        return not self.changes

    @property
    def owed(self) -> tuple[SavedVerdict, ...]:
        """The verdicts on opt-outs and erasures that are asked for and not carried out."""
        return tuple(one for one in self.verdicts if one.owed)

    def verdicts_of(self, store: str) -> tuple[SavedVerdict, ...]:
        return tuple(one for one in self.verdicts if one.store == store)
