"""Around every client: whatever a store answers, what comes out is a value or a `PlatformError`."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from reconciler.errors import PlatformError, ReconcilerError
from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import LiveCustomer
from reconciler.model.identity import Identity
from reconciler.model.patch import Patch
from reconciler.platforms.base import (
    Found,
    Incremental,
    LookupImpossible,
    Page,
    Recall,
    Recalling,
    Writer,
    completed,
)
from reconciler.platforms.http import Session
from reconciler.platforms.reason import ODD, reason

T = TypeVar("T")

UNTOLD_SIZE: Final = 1_000_000
_LARGEST_SIZE: Final = 20_000_000
# Stores may take no notice of the size that is asked for; this is the smallest usual one.
_SMALLEST_PAGE: Final = 50


class Guarded:
    """A client whose lists end, and whose surprises are errors of the store."""

    def __init__(self, client: Writer, session: Session, recall: Recall | None = None) -> None:
        self._client = client
        self._recall = recall
        self._session = session
        self._size: int | None = None

    @property
    def capabilities(self) -> Capabilities:
        return self._client.capabilities

    def count(self) -> int | None:
        self._size = self._asked(self._client.count, "counting customers")
        return self._size

    def scan(self) -> Iterator[Page]:
        """At most twice the pages that the store's count allows, or a million customers."""
        client, recall = self._client, self._recall
        if recall is not None and isinstance(client, Recalling):
            pages = client.scan_with(recall)
        else:
            pages = client.scan()
        yield from self._pages(pages)

    def changed(self, since: datetime) -> Iterator[Page]:
        """Raises `LookupImpossible` where the platform has no such list."""
        client = self._client
        if not isinstance(client, Incremental):
            raise LookupImpossible
        yield from self._pages(client.changed(since))

    def _pages(self, pages: Iterator[Page]) -> Iterator[Page]:
        doing = "listing customers"
        number, largest = 0, _SMALLEST_PAGE
        while (page := self._asked(lambda: next(pages, None), doing)) is not None:
            number += 1
            largest = max(largest, min(len(page.everybody), self.capabilities.page))
            size = min(UNTOLD_SIZE if self._size is None else self._size, _LARGEST_SIZE)
            if number > 2 * -(-size // largest) + 2:
                raise self._session.unreadable(f"the list goes on after {number - 1} pages", doing)
            yield page

    def read(self, remote_id: str) -> LiveCustomer | None:
        return self._asked(lambda: self._client.read(remote_id), "reading a customer")

    def read_many(self, remote_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        return self._asked(lambda: self._client.read_many(remote_ids), "reading customers")

    def find(self, wanted: Identity, spelling: str) -> Found:
        return self._asked(lambda: self._client.find(wanted, spelling), "looking up a customer")

    def find_now(self, wanted: Identity, spelling: str) -> Found:
        return self._asked(lambda: self._client.find_now(wanted, spelling), "looking up a customer")

    def with_actors(
        self, customers: Iterable[LiveCustomer]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        every = tuple(customers)
        try:
            return self._asked(lambda: self._client.with_actors(every), "reading subscriptions")
        except ReconcilerError:
            return every, False

    def completed(
        self, customers: Iterable[LiveCustomer], fields: frozenset[str]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        every, doing = tuple(customers), "reading what is told apart"
        try:
            return self._asked(lambda: completed(self._client, every, fields), doing)
        except ReconcilerError as error:
            why = reason(error) if isinstance(error, PlatformError) else ODD
            reasons = tuple((name, why) for name in sorted(fields))
            unknown = (
                replace(one, unreadable=one.unreadable | fields, reasons=reasons) for one in every
            )
            return tuple(unknown), False

    def create(self, patch: Patch) -> str:
        return self._written(lambda: self._client.create(patch), "creating a customer")

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        self._written(lambda: self._client.update(ground, patch), "updating a customer")

    def delete(self, remote_id: str) -> None:
        self._written(lambda: self._client.delete(remote_id), "deleting a customer")

    def _asked(self, call: Callable[[], T], doing: str) -> T:
        try:
            return call()
        except (ReconcilerError, LookupImpossible):
            raise
        except Exception as error:
            raise self._session.unreadable(_surprise(error), doing) from error

    def _written(self, call: Callable[[], T], doing: str) -> T:
        try:
            return call()
        except ReconcilerError:
            raise
        except Exception as error:
            raise self._session.garbled_write(_surprise(error), doing) from error


def _surprise(error: Exception) -> str:
    return f"the answer is nothing that can be understood ({type(error).__name__})"
