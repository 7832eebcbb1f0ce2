"""The plan: what would be done to each store, what was found, and what it rests on."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.model.capabilities import Footprint
from reconciler.model.cause import Cause
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import ReadReceipt
from reconciler.model.provenance import NOTHING_TOLD, Provenance
from reconciler.model.settings import Release, RiskClass
from reconciler.plan.changes import Action, Change, ConsentChange
from reconciler.plan.effort import NOTHING_TO_DO, Effort
from reconciler.plan.lift import Lift
from reconciler.plan.setting import SettingChange
from reconciler.plan.tag_watch import NO_FOREIGN_TAGS, ForeignTags
from reconciler.plan.verdicts import Level, Verdict
from reconciler.plan.waiting import NOTHING_WAITS, Waiting

FORMAT_VERSION: Final = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Subscribers of one channel. Both numbers are None where the store was not read in full."""

    channel: Channel
    before: int | None
    after: int | None
    change: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """A customer whose entry is in the files no more, and where `commit` still had it."""

    alias: str
    mark: SourceMark
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlan:
    """One store's part. `error` is set, and the rest empty but for verdicts on what is owed, where
    the store could not be read; `fault` as well where that is our own. `footprints` are what the
    platform's calls can change without being asked; `foreign_tags` are left alone. `compared` is
    the commit that causes are told by, or `applied` for the one last applied completely; `applied`
    is that one.
    """

    name: str
    platform: str
    api_version: str
    receipt: ReadReceipt | None
    customers: int | None
    changes: tuple[Change, ...]
    verdicts: tuple[Verdict, ...]
    audience: tuple[Audience, ...]
    unchanged: int
    effort: Effort = NOTHING_TO_DO
    footprints: tuple[Footprint, ...] = ()
    compared: str | None = None
    applied: str | None = None
    departures: tuple[Departed, ...] = ()
    foreign_tags: ForeignTags = NO_FOREIGN_TAGS
    waiting: Waiting = NOTHING_WAITS
    error: str = ""
    fault: Exception | None = field(default=None, compare=False)

    @property
    def complete(self) -> bool:
        return self.receipt is not None and self.receipt.complete

    @property
    def blocked(self) -> bool:
        return any(one.level is Level.BLOCK and one.in_force for one in self.verdicts)

    def count(self, risk: RiskClass) -> int:
        """How many customers have a change of this class."""
        return sum(risk in change.classes for change in self.changes)

    def actions(self, action: Action) -> int:
        return sum(change.action is action for change in self.changes)

    def caused(self, cause: Cause) -> int:
        """How many customers have a change of this cause."""
        return sum(change.has(cause) for change in self.changes)

    def held(self) -> int:
        """How many customers have something held."""
        return len({one.alias for one in self.verdicts if one.level is Level.HOLD and one.in_force})


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the plan was made from, and the choices it was made with.

    `base` is the commit that the settings were taken from, `changed` where those at hand differ,
    `unmerged` the stores that only these have, each with how many entries wait for it;
    `provenance` is what the files at hand are and who has them planned, `scope` whom the plan is
    limited to, in words; empty for nobody.
    """

    tool: str
    created_at: datetime
    expires_at: datetime
    spec_digest: str
    spec_files: int
    read: str
    raises: tuple[tuple[RiskClass, int], ...]
    releases: tuple[Release, ...]
    selected: tuple[str, ...]
    settings_digest: str
    base: str | None = None
    changed: tuple[SettingChange, ...] = ()
    unmerged: tuple[tuple[str, int], ...] = ()
    lifts: tuple[Lift, ...] = ()
    provenance: Provenance = NOTHING_TOLD
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Complete, blocked and empty are three facts, never one status.

    `waiting` are the opt-outs and erasures of stores that the base does not have.
    """

    basis: Basis
    stores: tuple[StorePlan, ...]
    waiting: tuple[Verdict, ...] = ()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All of them, what is owed first."""
        every = [*self.waiting, *(one for store in self.stores for one in store.verdicts)]
        return tuple(sorted(every, key=lambda one: not one.owed))

    @property
    def complete(self) -> bool:
        return all(store.complete for store in self.stores)

    @property
    def blocked(self) -> bool:
        return any(store.blocked for store in self.stores)

    @property
    def messages(self) -> int:
        """How many people would be asked to confirm: stores may send them a message."""
        return sum(
            isinstance(one, ConsentChange) and one.wanted.state is ConsentState.PENDING
            for store in self.stores
            for change in store.changes
            for one in change.fields
        )

    @property
    def owes(self) -> bool:
        """Whether an opt-out or erasure is asked for, not planned, and not acknowledged."""
        return any(one.owed and not one.acknowledged for one in self.verdicts)

    @property
    def empty(self) -> bool:
        return not any(store.changes for store in self.stores)

    @property
    def causes(self) -> tuple[tuple[Cause, int], ...]:
        """How many customers have a change of each cause. Without a base that can be told of
        opt-outs of other stores alone.
        """
        found = tuple((one, sum(store.caused(one) for store in self.stores)) for one in Cause)
        if all(store.compared is None for store in self.stores):
            return tuple((one, count) for one, count in found if count)
        return found

    @property
    def failed(self) -> tuple[StorePlan, ...]:
        return tuple(store for store in self.stores if store.error)

    def count(self, risk: RiskClass) -> int:
        return sum(store.count(risk) for store in self.stores)

    def actions(self, action: Action) -> int:
        return sum(store.actions(action) for store in self.stores)
