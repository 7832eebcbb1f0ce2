"""Whom an entry means: exactly one customer, nobody, or several who may be meant."""

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.customer import DesiredCustomer, LiveCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Exactly one customer of the store bears an identity of the entry."""

    desired: DesiredCustomer
    live: LiveCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Nobody in the store bears any identity of the entry."""

    desired: DesiredCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """The entry cannot be paired; `rule` names why, `candidates` whom it may mean."""

    desired: DesiredCustomer
    candidates: tuple[LiveCustomer, ...]
    rule: str


Pairing: TypeAlias = Paired | Missing | Ambiguous


def is_another(one: DesiredCustomer, desired: DesiredCustomer) -> bool:
    """Whether an entry of the files speaks of somebody else than this one does."""
    return not one.departed and one.identities != desired.identities


def lives_of(pairing: Pairing) -> tuple[LiveCustomer, ...]:
    """Everybody whom it names."""
    match pairing:
        case Paired(live=live):
            return (live,)
        case Ambiguous(candidates=candidates):
            return candidates
        case Missing():
            return ()
