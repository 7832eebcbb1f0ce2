"""How many requests an apply will take, and for how long at the store's pace: told before it is
begun. The counts are measured on the local stores (`tests/plan/test_effort.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import SAID_NO, Channel
from reconciler.model.field_path import ADDRESSES
from reconciler.model.identity import IdentityKind
from reconciler.model.settings import Rate
from reconciler.plan.changes import AddressChange, Change, ConsentChange, FieldChange
from reconciler.plan.steps import StepKind, kinds

# The customer is read, written and read back; a creation looks for each contact instead.
_EACH: Final = 3
# What no record tells is asked for before a write and after it.
_TOLD_TWICE: Final = 2
_BATCHED: Final = (StepKind.WITHDRAW, StepKind.UPDATE)
# A number is asked for as it may be written.
_FORMS: Final = 3
MOST_TOGETHER: Final = 5
"""So many writes are read back at once at most."""
_LOOKED_FOR: Final = {"email": IdentityKind.EMAIL, "phone": IdentityKind.PHONE}


@dataclass(frozen=True, slots=True)
class Effort:
    """`seconds` at the pace of the store's rate, if its answers come as fast as that."""

    requests: int
    seconds: float


NOTHING_TO_DO: Final = Effort(0, 0.0)


def effort(changes: Iterable[Change], table: Capabilities, rate: Rate) -> Effort:
    requests = 0.0
    alone: set[tuple[StepKind, frozenset[str]]] = set()
    # As they are carried out, whatever the order of the files.
    for change in sorted(changes, key=lambda one: (one.rank, one.alias)):
        for kind in StepKind:
            fields = [one for one in change.fields if kind in kinds(change.action, one)]
            if not fields:
                continue
            requests += _of_step(kind, fields, table)
            # The first of its kind is read and read back alone.
            like = kind, frozenset(_like(one, table) for one in fields)
            if like in alone:
                requests -= _shared(kind, fields, change, table)
            alone.add(like)
    count = round(requests)
    return Effort(count, max(0.0, (count - rate.burst) / rate.per_second))


def _of_step(kind: StepKind, fields: list[FieldChange], table: Capabilities) -> float:
    extra = dict(table.extra_calls)
    calls = float(_EACH + extra.get(kind, 0))
    addresses = [one for one in fields if isinstance(one, AddressChange)]
    apart = [one for one in fields if _is_told_apart(one, table)]
    elsewhere = len(apart)
    if addresses and ADDRESSES.name in extra:
        touched = {path.partition(".")[0] for path in addresses[0].paths}
        calls += extra[ADDRESSES.name] * max(1, len(touched))
        elsewhere += 1
    if apart:
        names = {one.path.name for one in apart}
        calls += _TOLD_TWICE * sum(bool(names & group) for group in table.told_apart)
        calls += sum(extra.get(one.path.name, 0) for one in apart)
    calls -= elsewhere == len(fields)
    if kind is StepKind.CREATE:
        looked_up = dict(table.look_up_calls)
        wanted = [_LOOKED_FOR[one.path.name] for one in fields if one.path.name in _LOOKED_FOR]
        phone = IdentityKind.PHONE
        forms = _FORMS if phone in wanted and phone in looked_up else 0  # nobody is found
        email = looked_up.get(IdentityKind.EMAIL, 0) if IdentityKind.EMAIL in wanted else 0
        calls += forms + email - 1 + bool(apart)  # its record is read once more
    return calls


def _shared(
    kind: StepKind, fields: list[FieldChange], change: Change, table: Capabilities
) -> float:
    """What a step saves that is read, and read back, with others: none of the latter where a *yes*
    may go along.
    """
    if kind not in _BATCHED:
        return 0.0
    together = 1 - 1 / min(MOST_TOGETHER, table.ids_at_once)
    reread = together if table.shares_rereads and not _is_read_alone(fields) else 0.0
    if any(isinstance(one, AddressChange) or _is_told_apart(one, table) for one in fields):
        return reread
    seen = dict(change.seen)
    others = set(Channel) - {one.channel for one in fields if isinstance(one, ConsentChange)}
    if table.resends_consent and not all(seen.get(one) in SAID_NO for one in others):
        return reread
    return reread + together


def _like(one: FieldChange, table: Capabilities) -> str:
    """Which parts of a field that is told apart are written makes no difference."""
    return one.path.name if _is_told_apart(one, table) else str(one.path)


def _is_told_apart(one: FieldChange, table: Capabilities) -> bool:
    return one.path.name in table.apart


def _is_read_alone(fields: list[FieldChange]) -> bool:
    """What sends more than its own change is read right before, by itself."""
    return any(one.path.name in ("tags", ADDRESSES.name) for one in fields)
