"""What every platform offers, split so that planning receives only the reading half.

A platform takes and gives canonical values; it never sees a plan. What it learns of a store is in
the records that it gives.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias, runtime_checkable

from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import NOTHING_LEARNED, Learned, LiveCustomer
from reconciler.model.identity import Identity
from reconciler.model.memory import Memory
from reconciler.model.patch import Patch


@dataclass(frozen=True, slots=True)
class Recalled:
    """A record that an earlier run remembers, which is made a customer only where it has to be."""

    remote_id: str
    memory: Memory
    teaches: Learned
    full: Callable[[], LiveCustomer] = field(repr=False)


Record: TypeAlias = LiveCustomer | Recalled
Recall: TypeAlias = Callable[[Mapping[str, Any]], Memory | None]
"""What is remembered of a record as a store sent it."""


def nothing(record: Mapping[str, Any]) -> None:
    """Where nothing is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`ends_cleanly` is False on a page that shows that the listing cannot be trusted; `stable`
    says that edits in between cannot move anybody past it. `records` are all in their order where
    some are only recalled, which `customers` then are without.
    """

    customers: tuple[LiveCustomer, ...]
    ends_cleanly: bool = True
    stable: bool = False
    records: tuple[Record, ...] | None = None

    @classmethod
    def of(
        cls, records: tuple[Record, ...], *, ends_cleanly: bool = True, stable: bool = False
    ) -> "Page":
        customers = tuple([one for one in records if isinstance(one, LiveCustomer)])
        return cls(
            customers=customers,
            ends_cleanly=ends_cleanly,
            stable=stable,
            records=None if len(customers) == len(records) else records,
        )

    @property
    def everybody(self) -> tuple[Record, ...]:
        return self.customers if self.records is None else self.records


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who answered one look-up: those who bear the contact or may, and those who hide theirs and
    fit. `whole` is False where the answer may not hold everybody who bears it. `teaches` is what
    all who answered showed of the store.
    """

    customers: tuple[LiveCustomer, ...] = ()
    withheld: tuple[LiveCustomer, ...] = ()
    whole: bool = True
    teaches: Learned = NOTHING_LEARNED

    def __bool__(self) -> bool:
        return bool(self.customers or self.withheld)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(one.remote_id for one in (*self.customers, *self.withheld))


class LookupImpossible(Exception):
    """This identity cannot be looked up here, or not with this token; read everything instead."""


class Reader(Protocol):
    """Methods may raise `PlatformError`; none of them changes anything."""

    @property
    def capabilities(self) -> Capabilities: ...

    def count(self) -> int | None:
        """How many customers the store says it has; None where it does not say."""
        ...

    def scan(self) -> Iterator[Page]:
        """One pass over all customers, page by page; records may repeat."""
        ...

    def read(self, remote_id: str) -> LiveCustomer | None:
        """The record as it is now; None where the store says that there is none."""
        ...

    def read_many(self, remote_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        """The records that exist, in as few calls as the platform allows; others are absent."""
        ...

    def find(self, wanted: Identity, spelling: str) -> Found:
        """Whoever bears this e-mail or phone, asked for in one spelling of it.

        Raises `LookupImpossible`, also where the answer is none that a search gives.
        """
        ...

    def find_now(self, wanted: Identity, spelling: str) -> Found:
        """The same where somebody made a moment ago is shown, if there is such a place."""
        ...

    def with_actors(
        self, customers: Iterable[LiveCustomer]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        """The same customers, their consents with who acted where that is told in another place.

        False where the store would not tell of all of them; it never raises.
        """
        ...


@runtime_checkable
class Recalling(Protocol):
    """A client that need not look closely at records that are remembered."""

    def scan_with(self, recall: Recall) -> Iterator[Page]:
        """As `scan`."""
        ...


@runtime_checkable
class Completing(Protocol):
    """A client of a platform that tells some fields in another place than its records."""

    def completed(
        self, customers: Iterable[LiveCustomer], fields: frozenset[str]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        """The same customers in the same order, with these fields, which are unreadable of whom
        the store does not tell.

        False where it would not tell of all of them; it never raises.
        """
        ...


def completed(
    client: Reader, customers: Iterable[LiveCustomer], fields: frozenset[str]
) -> tuple[tuple[LiveCustomer, ...], bool]:
    """As `Completing`, with any client; nothing is asked for no fields."""
    every = tuple(customers)
    if not every or not fields or not isinstance(client, Completing):
        return every, True
    return client.completed(every, fields)


@runtime_checkable
class Incremental(Protocol):
    """A client whose list can be asked for what changed."""

    def changed(self, since: datetime) -> Iterator[Page]:
        """As `scan`, of the records that the store says were made or changed at `since` or later;
        others may be among them.
        """
        ...


class Writer(Reader, Protocol):
    """`Rejected`: nothing was done. `OutcomeUnknown`: read before anything is repeated."""

    def create(self, patch: Patch) -> str:
        """The id of the new record. Consents that the patch does not name are sent as *no*."""
        ...

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        """`ground` is the record as read just before; what must be sent along comes from it."""
        ...

    def delete(self, remote_id: str) -> None: ...
