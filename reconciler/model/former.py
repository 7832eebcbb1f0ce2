"""What earlier revisions of the specs said of a store's customers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from reconciler.model.customer import DesiredCustomer

Said: TypeAlias = Callable[[DesiredCustomer], DesiredCustomer | None]
"""What a revision said of whom an entry at hand names; None where it named nobody like that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What a revision said of one customer. `listed` are the tags that `customers` entries gave,
    `joined` those of the tag documents that named the customer.
    """

    customer: DesiredCustomer
    listed: tuple[str, ...]
    joined: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A customer whose `customers` entry is in the files no more; `commit` still had it."""

    customer: DesiredCustomer
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The revision that a plan is compared with, and the one that was last applied completely.

    `base` and `applied` are None where there is none, or where nobody can tell what it said.
    `compared` is how the base is called: a commit, or `applied`; None where none was given.
    `base_tags` and `applied_tags` are keys of the tags that they wanted nobody else to bear.
    `base_owns` and `applied_owns` tell which tags were ours by being named; None where settings say
    which are. `last` is the commit that the trail names, whether it can be read or not. `left` of
    the `listed` customers of the base are in the files no more; `unprotected` are those that the
    base protects and that are changed all the same. `changed` gives the places of the entries that
    want anything else than the base does.
    """

    base: Said | None = field(default=None, repr=False)
    applied: Said | None = field(default=None, repr=False)
    base_owns: Callable[[str], bool] | None = field(default=None, repr=False)
    applied_owns: Callable[[str], bool] | None = field(default=None, repr=False)
    compared: str | None = None
    last: str | None = None
    base_tags: frozenset[str] = frozenset()
    applied_tags: frozenset[str] = frozenset()
    departures: tuple[Departure, ...] = ()
    left: int = 0
    listed: int = 0
    unprotected: tuple[DesiredCustomer, ...] = ()
    changed: Callable[[], Iterable[int]] | None = field(default=None, repr=False)


NOTHING_BEFORE: Final = Before()
