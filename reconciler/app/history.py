"""What earlier revisions of the specs said: the base, and what was last applied to each store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.app.environment import Environment, mask_of
from reconciler.diagnostics import has_errors
from reconciler.errors import ConfigError
from reconciler.model.settings import DesiredState, Settings, StoreSettings

if TYPE_CHECKING:
    from reconciler.desired.document import Document
    from reconciler.desired.past import AtHand, Past
    from reconciler.planfile.saved import SavedPlan

APPLIED: Final = "applied"
"""The base that stands for the revision last applied to each store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """With which commits the files at hand are compared: the `base`, and for each store the one
    that was last applied completely. `by_applied` says that this one is the base as well. `tip` is
    what was given as the base, where the files at hand do not come from that.
    """

    base: str | None = None
    tip: str | None = None
    applied: Mapping[str, str] = field(default_factory=dict)
    by_applied: bool = False

    def __bool__(self) -> bool:
        return self.base is not None or self.by_applied or bool(self.applied)


class AsRead(NamedTuple):
    """The files at hand: what git calls each of them, by name, and what they make."""

    blobs: Mapping[str, Collection[str]]
    at_hand: "Mapping[str, AtHand]"


def compared(specs: Path, base: str | None, environment: Environment) -> Compared:
    """What to compare with. Where the files at hand lack commits of the base, those are no changes
    of theirs: it is the last commit that both have.
    """
    from reconciler.repository import is_inside, merge_base, revision

    known = last_applied(environment) if is_inside(specs) else {}
    if base == APPLIED:
        return Compared(applied=known, by_applied=True)
    if base is None:
        return Compared(applied=known)
    chosen = revision(specs, base)
    base, tip = merge_base(specs, chosen.commit), chosen.commit
    if base in (None, tip):
        return Compared(base=tip, applied=known)
    return Compared(base=base, tip=tip, applied=known)


def compared_as(plan: "SavedPlan") -> Compared:
    """With what a plan's files were compared, where any of its changes rests on that."""
    if not any(one.departed for one in plan.changes):
        return Compared()
    known = {one.name: one.applied for one in plan.stores if one.applied is not None}
    base = next((one.compared for one in plan.stores if one.compared is not None), None)
    if base == APPLIED:
        return Compared(applied=known, by_applied=True)
    return Compared(base=base, applied=known)


def last_applied(environment: Environment) -> dict[str, str]:
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.state import applied
    from reconciler.state.key import read_key, record_keys

    folder, variables = environment.folder, environment.variables
    keys = dict.fromkeys((read_key(folder, variables), *record_keys(folder, variables)))
    return applied.last_applied(folder, [Pseudonyms(one) for one in keys if one is not None])


def with_history(
    state: DesiredState, read: AsRead, chosen: Compared, specs: Path, environment: Environment
) -> DesiredState:
    """The same customers, asked for what left the files as well.

    Raises `ConfigError` where the base cannot be read. Of what was last applied, no more is known
    then than nothing; where a clone that is not whole lacks it, not even that there was anything.
    """
    from reconciler.desired.departure import departed
    from reconciler.repository import is_shallow

    revisions = _Revisions(specs, environment, read, state.at_hand)
    customers, history = [], []
    for store in state.stores:
        applied = revisions.last(chosen.applied.get(store.name), store)
        base = applied if chosen.by_applied else revisions.base(chosen.base, store)
        # What was protected when it was applied may have been let go since: the base has to tell.
        guard = revisions.base(chosen.tip or chosen.base, store)
        entries, before = departed(read.at_hand[store.name], store, base, applied, guard)
        customers.append((store.name, entries))
        before = replace(
            before,
            compared=APPLIED if chosen.by_applied else chosen.base,
            last=None if applied is None and is_shallow(specs) else chosen.applied.get(store.name),
        )
        history.append((store.name, before))
    kept = dict(state.customers) | dict(customers)
    return replace(state, customers=tuple(sorted(kept.items())), history=tuple(history))


class _Files(NamedTuple):
    """The files of one revision: those that are at hand as well, and the others; together they
    define so many stores. Where not the `whole` of it can be read, what can tells who is protected
    and what left, and no cause.
    """

    commit: str
    same: frozenset[str]
    there: "Sequence[Document]"
    stores: int
    whole: bool
    read: AsRead
    now: datetime

    def past(self, store: StoreSettings) -> "Past":
        from reconciler.desired.customers import StoreEntries
        from reconciler.desired.past import Past
        from reconciler.desired.resolve import about

        here = self.read.at_hand[store.name]
        documents = here.made.entries.documents
        same = [number for number, one in enumerate(documents) if one.file in self.same]
        there = StoreEntries(store, tuple(about(store, self.there, self.stores)), self.now)
        return Past(self.commit, here, same, there, whole=self.whole)


class _Revisions:
    """Each is read once, whatever number of stores asks, and looked at once for each store."""

    def __init__(
        self, specs: Path, environment: Environment, read: AsRead, at_hand: Settings
    ) -> None:
        self._specs = specs
        self._environment = environment
        self._read = read
        self._at_hand = at_hand
        self._known: dict[str, _Files] = {}
        self._pasts: dict[tuple[str, str], Past] = {}

    def base(self, commit: str | None, store: StoreSettings) -> "Past | None":
        return None if commit is None else self._past(commit, store)

    def last(self, commit: str | None, store: StoreSettings) -> "Past | None":
        try:
            return None if commit is None else self._past(commit, store)
        except ConfigError:
            return None

    def _past(self, commit: str, store: StoreSettings) -> "Past":
        if commit not in self._known:
            self._known[commit] = self._of(commit)
        key = (commit, store.name)
        if key not in self._pasts:
            self._pasts[key] = self._known[commit].past(store)
        return self._pasts[key]

    def _of(self, commit: str) -> _Files:
        from reconciler.desired import schema_errors
        from reconciler.desired.sources import FromRevision
        from reconciler.repository import revision

        source = FromRevision(
            self._specs, revision(self._specs, commit), mask_of(self._environment)
        )
        chosen, diagnostics = source.find()
        blobs = self._read.blobs
        same = {name for name, blob in chosen.items() if blob in blobs.get(name, ())}
        others = {name: blob for name, blob in chosen.items() if name not in same}
        found = [schema_errors.read(one) for one in source.read_all(others)]
        whole = not (has_errors(diagnostics) or any(has_errors(wrong) for _, wrong in found))
        documents = [document for document, _ in found if document is not None]
        stores = {one.name for one in self._at_hand.stores if one.mark.file in same}
        stores.update(name for one in documents for name in one.data.get("stores") or ())
        now = self._environment.clock.now()
        return _Files(commit, frozenset(same), documents, len(stores), whole, self._read, now)
