"""What was approved, as an apply needs it: which customers, which field changes, by digest.

It holds no personal data, so it is all that a saved plan has, and an apply of a plan in memory goes
through it too.
"""

from dataclasses import dataclass

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import Learned
from reconciler.model.field_path import FieldPath
from reconciler.model.provenance import Provenance
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import Release, RiskClass
from reconciler.plan.changes import (
    Action,
    Change,
    Elsewhere,
    FieldChange,
    approved_content,
    stated_content,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedField:
    """`path` as the plan shows it: a tag that looks personal has its alias in it. `channel` is set
    for a tag that feeds an audience; `evidence` is what the specs say of a consent, for the record.
    `stated` is the digest of what the files wanted of a value that is told nowhere; of tags it is
    told which are `added` and `removed`. `elsewhere` tells of an opt-out that is carried over from
    another store of the controller.
    """

    path: FieldPath
    risk: RiskClass
    digest: str
    channel: Channel | None = None
    moves: bool = False
    elsewhere: Elsewhere | None = None
    evidence: tuple[tuple[str, str], ...] = ()
    stated: str | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedChange:
    """`seen` are the consents that the plan saw, written by it or not; `reason` is why the specs
    want the customer gone, as it may be shown.
    """

    store: str
    action: Action
    alias: str
    entry: str
    remote_id: str | None
    mark: SourceMark
    rank: int
    fields: tuple[ApprovedField, ...]
    digest: str
    seen: tuple[tuple[Channel, ConsentState], ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedStore:
    """`blocked` lets only withdrawals through; `learned` is what the reading found of the store, if
    it `was_read`.
    """

    name: str
    was_read: bool
    blocked: bool
    learned: Learned
    changes: tuple[ApprovedChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedLift:
    """What lifted a limit when the plan was made. `digest` is an approval's, None for others."""

    title: str
    origin: str
    source: str | None
    reason: str | None
    used: bool
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedPlan:
    """`id` tells this plan from an equal one made at another time: each is used once.

    `base` is the commit that the settings came from, `shown` the digests of those settings that
    were at hand then and in force nowhere. `made_from` is what the plan tells of commit, pull
    request and author, for the record.
    """

    id: str
    digest: str
    spec_digest: str
    settings_digest: str
    base: str | None
    shown: frozenset[str]
    made_from: Provenance
    lifts: tuple[ApprovedLift, ...]
    releases: tuple[Release, ...]
    stores: tuple[ApprovedStore, ...]


def field_digest(pseudonyms: Pseudonyms, store: str, alias: str, change: FieldChange) -> str:
    """The unit of approval: store, alias, field, before, after."""
    return pseudonyms.digest("field", [store, alias, str(change.path), approved_content(change)])


def stated_digest(
    pseudonyms: Pseudonyms, store: str, alias: str, change: FieldChange
) -> str | None:
    """Of what the files want of a field; None where a plan tells that in clear."""
    content = stated_content(change)
    if content is None:
        return None
    return pseudonyms.digest("stated", [store, alias, str(change.path), content])


def change_digest(pseudonyms: Pseudonyms, change: Change) -> str:
    digests = [field_digest(pseudonyms, change.store, change.alias, one) for one in change.fields]
    return pseudonyms.digest("change", [change.store, change.alias, change.action.value, digests])
