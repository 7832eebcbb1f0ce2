"""Shoplazza's endpoints: paging, look-ups, writes, and the addresses that have their own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from reconciler.errors import CustomerNotFound, PlatformError, Rejected
from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import NOTHING_LEARNED, Address, LiveCustomer
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.memory import Memory
from reconciler.model.patch import Patch
from reconciler.platforms.answer import Answer
from reconciler.platforms.base import (
    Found,
    LookupImpossible,
    Page,
    Recall,
    Recalled,
    Record,
    nothing,
)
from reconciler.platforms.coerce import Unreadable, as_id, as_int, as_mapping, as_records
from reconciler.platforms.http import Session
from reconciler.platforms.lookup import in_batches, sort_out
from reconciler.platforms.shoplazza import wire
from reconciler.platforms.shoplazza.capabilities import SHOPLAZZA
from reconciler.platforms.shoplazza.dialect import DIALECTS
from reconciler.platforms.times import in_utc

T = TypeVar("T")


class Shoplazza:
    """One store in one dialect; `platforms.base.Writer` says what each call promises."""

    capabilities: Capabilities = SHOPLAZZA

    def __init__(self, session: Session, *, version: str, phone_region: str | None) -> None:
        self._session = session
        self._root = f"/openapi/{version}/customers"
        self._dialect = DIALECTS[version]
        self._region = phone_region

    def count(self) -> int | None:
        doing = "counting customers"
        try:
            answer = self._session.get(f"{self._root}/count", (), doing)
            return as_int(self._dialect.unwrap(answer.body).get("count"))
        except (CustomerNotFound, Unreadable):
            raise self._session.unreadable("there is no count at this address", doing) from None

    def with_actors(
        self, customers: Iterable[LiveCustomer]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        """The record itself tells all there is."""
        return tuple(customers), True

    def scan(self) -> Iterator[Page]:
        return self.scan_with(nothing)

    def changed(self, since: datetime) -> Iterator[Page]:
        """The bound counts in."""
        return self._pages(nothing, [("updated_at_min", in_utc(since))])

    def scan_with(self, recall: Recall) -> Iterator[Page]:
        return self._pages(recall, [])

    def _pages(self, recall: Recall, filters: list[tuple[str, str]]) -> Iterator[Page]:
        """Page numbers drift under writes, and the cursor is a keyset only by inference."""
        kept = [(self._dialect.page_size, "250"), *filters]
        params: list[tuple[str, str]] | None = kept
        seen: set[str] = set()
        number = 1
        while params is not None:
            data = self._data(self._list(params), "listing customers")
            customers = self._records(data, recall)
            new = {one.remote_id for one in customers} - seen
            following = self._dialect.next_page(data, number)
            yield Page.of(customers, ends_cleanly=bool(new) or following is None)
            if not new:
                return
            seen |= new
            number += 1
            params = None if following is None else [*kept, *following]

    def read(self, remote_id: str) -> LiveCustomer | None:
        doing = "reading a customer"
        try:
            answer = self._session.get(f"{self._root}/{remote_id}", (), doing)
        except CustomerNotFound:
            return None
        found = self._one(answer, doing)
        return found if found.remote_id == remote_id else None

    def read_many(self, remote_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        def many(batch: list[str]) -> tuple[LiveCustomer, ...]:
            params = [*self._dialect.ids(batch), (self._dialect.page_size, "250")]
            return self._customers(self._data(self._list(params), "reading customers"))

        return in_batches(remote_ids, SHOPLAZZA.ids_at_once, many, self.read)

    def find(self, wanted: Identity, spelling: str) -> Found:
        """By the list's filters, whose matching is undocumented, so answers are filtered here."""
        if wanted.kind is IdentityKind.ID:
            raise LookupImpossible
        name = "email" if wanted.kind is IdentityKind.EMAIL else "contact"
        params = [(name, spelling), (self._dialect.page_size, "250")]
        data = self._data(self._list(params), "looking up a customer")
        answered = self._customers(data)
        whole = len(answered) < SHOPLAZZA.page
        return sort_out(answered, wanted, self._region, whole=whole)

    def find_now(self, wanted: Identity, spelling: str) -> Found:
        return self.find(wanted, spelling)

    def create(self, patch: Patch) -> str:
        doing = "creating a customer"
        body = wire.new_customer(patch, self._dialect.tags)
        answer = self._session.write("POST", self._root, body, doing)
        try:
            made = as_mapping(self._dialect.unwrap(answer.body).get("customer"), "customer")
            remote_id = as_id(made.get("id"))
        except Unreadable as error:
            raise self._session.garbled_write(str(error), doing) from None
        if patch.addresses is not UNMANAGED and len(patch.addresses) > 1:
            # What does not come to pass shows when the customer is read back.
            with suppress(PlatformError, Unreadable):
                self._choose_default(remote_id, made, patch.addresses)
        return remote_id

    def _choose_default(
        self, remote_id: str, made: Mapping[str, Any], addresses: Iterable[Address]
    ) -> None:
        """No field of a create is documented for it, and no answer to have the addresses."""
        wanted = next((one for one in addresses if one.default), None)
        if wanted is None:
            return
        live = wire.customer(made) if made.get("addresses") else self.read(remote_id)
        if live is None:
            return
        asked = wire.address_body(wanted, None).items()
        same = (one for one in live.addresses if asked <= wire.address_body(one, None).items())
        found = next(same, None)
        if found is not None and found.remote_id is not None and not found.default:
            self._make_default(f"{self._root}/{remote_id}/addresses", found.remote_id)

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        if patch.scalars or patch.tags or patch.consents:
            body = wire.changed_customer(ground, patch, self._dialect.tags)
            path = f"{self._root}/{ground.remote_id}"
            self._session.write("PUT", path, body, "updating a customer")
        if patch.addresses is not UNMANAGED:
            self._put_addresses(ground, patch)

    def _put_addresses(self, ground: LiveCustomer, patch: Patch) -> None:
        """New and changed ones first, then the default, then what is no longer wanted."""
        assert patch.addresses is not UNMANAGED  # noqa: S101 -- the caller has looked
        root = f"{self._root}/{ground.remote_id}/addresses"
        live = {one.remote_id: one for one in ground.addresses}
        for one in patch.addresses:
            known = live.get(one.remote_id)
            body = wire.address_body(one, known)
            if known is None:
                doing = "adding an address"
                answer = self._session.write("POST", root, self._dialect.address(body), doing)
                if one.default:
                    self._make_default(root, self._address_id(answer, doing))
            elif body != wire.address_body(known, None):
                path = f"{root}/{one.remote_id}"
                self._session.write("PUT", path, self._dialect.address(body), "changing an address")
            if known is not None and one.default and not known.default:
                self._make_default(root, str(one.remote_id))
        kept = {one.remote_id for one in patch.addresses}
        for remote_id in live:
            if remote_id not in kept:
                self._session.write("DELETE", f"{root}/{remote_id}", None, "removing an address")

    def _make_default(self, root: str, address_id: str) -> None:
        self._session.write(
            "PUT", f"{root}/{address_id}/default", {}, "setting the default address"
        )

    def _address_id(self, answer: Answer, doing: str) -> str:
        try:
            address = as_mapping(self._dialect.unwrap(answer.body).get("address"), "address")
            return as_id(address.get("id"))
        except Unreadable as error:
            raise self._session.garbled_write(str(error), doing) from None

    def delete(self, remote_id: str) -> None:  # noqa: ARG002 -- planning refuses deletes here
        raise Rejected(
            "this platform cannot delete customers",
            store=self._session.store,
            doing="deleting a customer",
        )

    def _list(self, params: Sequence[tuple[str, str]]) -> Answer:
        doing = "listing customers"
        try:
            return self._session.get(self._root, params, doing)
        except CustomerNotFound:
            raise self._session.unreadable(
                "there is no customer list at this address", doing
            ) from None

    def _data(self, answer: Answer, doing: str) -> Mapping[str, Any]:
        try:
            return self._dialect.unwrap(answer.body)
        except Unreadable as error:
            raise self._session.unreadable(str(error), doing) from None

    def _customers(self, data: Mapping[str, Any]) -> tuple[LiveCustomer, ...]:
        return self._each(data, wire.customer)

    def _records(self, data: Mapping[str, Any], recall: Recall) -> tuple[Record, ...]:
        return self._each(data, lambda one: _recalled(one, recall(one)))

    def _each(
        self, data: Mapping[str, Any], make: Callable[[Mapping[str, Any]], T]
    ) -> tuple[T, ...]:
        try:
            return tuple([make(one) for one in as_records(data.get("customers"), "customers")])
        except Unreadable as error:
            raise self._session.unreadable(str(error), "listing customers") from None

    def _one(self, answer: Answer, doing: str) -> LiveCustomer:
        try:
            data = self._dialect.unwrap(answer.body)
            return wire.customer(as_mapping(data.get("customer"), "customer"))
        except Unreadable as error:
            raise self._session.unreadable(str(error), doing) from None


def _recalled(record: Mapping[str, Any], memory: Memory | None) -> Record:
    if memory is None:
        return wire.customer(record)
    return Recalled(
        as_id(record.get("id")), memory, NOTHING_LEARNED, partial(wire.customer, record)
    )
