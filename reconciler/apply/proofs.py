"""What writes of this run were seen to spare: the ground on which a few may be read back together.

A store may do more than it is asked: empty what a write leaves out, say, or blur a consent. What
one write of a kind was read back not to cost, the next of that kind will not cost either; what no
such write has met yet is not known.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from reconciler.model.customer import LiveCustomer
from reconciler.model.fields import SCALARS
from reconciler.model.personal import Personal, is_nothing
from reconciler.plan.changes import FieldChange, ScalarChange, TagChange
from reconciler.plan.steps import StepKind

Written = tuple[FieldChange, ...]
Kind = tuple[StepKind, frozenset[str]]


@dataclass(slots=True)
class Proofs:
    """One a store and run, for all its writers. A kind of write is the kind of its step, the fields
    that it writes, and whether it empties them.
    """

    _spared: dict[Kind, set[str]] = field(default_factory=dict)
    _lists_tell: bool = True
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, kind: StepKind, written: Written, ground: LiveCustomer) -> None:
        """A write made from this record took, and was read back without a loss."""
        with self._lock:
            self._spared.setdefault(_kind(kind, written), set()).update(_at_risk(ground, written))

    def cover(self, kind: StepKind, written: Written, ground: LiveCustomer) -> bool:
        """Whether all that such a write could cost this customer was seen to be spared."""
        with self._lock:
            spared = self._spared.get(_kind(kind, written))
            return self._lists_tell and spared is not None and _at_risk(ground, written) <= spared

    def distrust_lists(self) -> None:
        """A list told less, or later, than a customer's own page: nothing rests on one any more."""
        self._lists_tell = False


def _kind(kind: StepKind, written: Written) -> Kind:
    return kind, frozenset(name for change in written for name in _names(change))


def _names(change: FieldChange) -> Iterator[str]:
    name = change.path.table
    match change:
        case ScalarChange():
            yield f"{name} emptied" if is_nothing(change.after) else name
        case TagChange():
            if change.delta.added:
                yield name
            if change.delta.removed:
                yield f"{name} removed"
        case _:
            yield name


def _at_risk(ground: LiveCustomer, written: Written) -> set[str]:
    """What this customer has that such a write does not send, or sends along."""
    sent = {one.path.table for one in written}
    names = {one.name for one in SCALARS if ground.scalar(one.name) is not None} - sent
    names |= {"tags"} if ground.tags else set()
    names |= {"addresses"} if ground.addresses else set()
    names |= {f"other {name}" for name, value in ground.other if value != Personal("false")}
    consents = {f"consent.{channel}": one.state for channel, one in ground.consents}
    return names | {f"{name} {state}" for name, state in consents.items() if name not in sent}
