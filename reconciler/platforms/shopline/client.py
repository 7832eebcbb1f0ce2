"""SHOPLINE's endpoints: paging, look-ups, writes, and the addresses that have their own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

from reconciler.errors import CustomerNotFound, PlatformError, Rejected, UnreadableResponse
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import ConsentState
from reconciler.model.customer import LiveCustomer, Scalar
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.memory import Memory
from reconciler.model.metafields import NONE, Metafields
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
from reconciler.platforms.link_header import next_token
from reconciler.platforms.lookup import in_batches, sort_out
from reconciler.platforms.shopline import tax, wire
from reconciler.platforms.shopline.capabilities import SHOPLINE
from reconciler.platforms.shopline.graphql import Graphql
from reconciler.platforms.shopline.metafields import FIELD, CustomerMetafields
from reconciler.platforms.times import StoreTimes, in_utc

T = TypeVar("T")

_LONGEST_QUERY: Final = 50
_GRADED_AT_ONCE: Final = 20
_WRAPPERS: Final = 4


class Shopline:
    """One store; `platforms.base.Writer` says what each call promises."""

    capabilities: Capabilities = SHOPLINE

    def __init__(
        self, session: Session, *, version: str, times: StoreTimes, phone_region: str | None
    ) -> None:
        self._session = session
        self._root = f"/admin/openapi/{version}"
        self._graphql = Graphql(session, version)
        self._metafields = CustomerMetafields(session, self._root)
        self._times = times
        self._region = phone_region

    def count(self) -> int | None:
        doing = "counting customers"
        try:
            answer = self._session.get(f"{self._root}/customers/v2/count.json", (), doing)
            return as_int(as_mapping(answer.body, "the answer").get("count"))
        except (CustomerNotFound, Unreadable):
            raise self._session.unreadable("there is no count at this address", doing) from None

    def with_actors(
        self, customers: Iterable[LiveCustomer]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        """How many ids one call takes is not documented: twenty fit any usual address length."""
        every = tuple(customers)
        rows: dict[str, list[Mapping[str, Any]]] = {}
        told = True
        for start in range(0, len(every), _GRADED_AT_ONCE):
            ids = ",".join(one.remote_id for one in every[start : start + _GRADED_AT_ONCE])
            path = f"{self._root}/customers/subscribe.json"
            try:
                answer = self._session.get(path, [("customer_ids", ids)], "reading subscriptions")
            except PlatformError:
                told = False
                break
            for row in _rows_in(answer.body):
                rows.setdefault(str(row.get("customer_id")), []).append(row)
        return tuple(
            wire.with_actors(one, rows.get(one.remote_id, ()), self._times) for one in every
        ), told

    def completed(
        self, customers: Iterable[LiveCustomer], fields: frozenset[str]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        every, told = tuple(customers), True
        if asked := fields & tax.FIELDS:
            every, told = self._graphql.completed(every, asked)
        if FIELD in fields:
            every, all_told = self._metafields.completed(every)
            told = told and all_told
        return every, told

    def scan(self) -> Iterator[Page]:
        return self.scan_with(nothing)

    def changed(self, since: datetime) -> Iterator[Page]:
        """The bound counts in."""
        return self._pages(nothing, [("updated_at_min", in_utc(since))])

    def scan_with(self, recall: Recall) -> Iterator[Page]:
        return self._pages(recall, [])

    def _pages(self, recall: Recall, filters: list[tuple[str, str]]) -> Iterator[Page]:
        """The token is a keyset only by inference, and the order of the list is not documented."""
        params: list[tuple[str, str]] = [("limit", "250"), *filters]
        seen: set[str] = set()
        while True:
            answer = self._list(params)
            customers = self._records(answer, recall)
            new = {one.remote_id for one in customers} - seen
            token = next_token(answer.link, "page_info")
            yield Page.of(customers, ends_cleanly=bool(new) or token is None)
            if token is None or not new:
                return
            seen |= new
            params = [("limit", "250"), ("page_info", token)]

    def read(self, remote_id: str) -> LiveCustomer | None:
        doing = "reading a customer"
        try:
            answer = self._session.get(f"{self._root}/customers/v2/{remote_id}.json", (), doing)
            record = as_mapping(answer.body, "the answer").get("customer")
            if record is None:
                return None
            found = wire.customer(as_mapping(record, "customer"), self._times)
        except CustomerNotFound:
            return None
        except Unreadable as error:
            raise self._session.unreadable(str(error), doing) from None
        return found if found.remote_id == remote_id else None

    def read_many(self, remote_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        def many(batch: list[str]) -> tuple[LiveCustomer, ...]:
            return self._customers(self._list([("ids", ",".join(batch)), ("limit", "250")]))

        wanted = tuple(remote_ids)
        size = SHOPLINE.batch(max(map(len, wanted), default=0))
        return in_batches(wanted, size, many, self.read)

    def find(self, wanted: Identity, spelling: str) -> Found:
        """By the search, since the e-mail endpoint answers with one customer and hides a twin.

        A list may tell less than a customer's own page, so whoever is meant is read by id.
        """
        if wanted.kind is IdentityKind.ID:
            raise LookupImpossible
        params = [("query_param", spelling[:_LONGEST_QUERY]), ("limit", "250")]
        path = f"{self._root}/customers/v2/search.json"
        doing = "looking up a customer"
        try:
            answer = self._session.get(path, params, doing)
            customers = self._customers(answer)
        except (CustomerNotFound, Rejected, UnreadableResponse):
            raise LookupImpossible from None
        whole = next_token(answer.link, "page_info") is None
        found = sort_out(customers, wanted, self._region, whole=whole)
        return self._read_anew(found, wanted)

    def _read_anew(self, found: Found, wanted: Identity) -> Found:
        if not found:
            return found
        told = [self.read(one) for one in sorted(found.ids)]
        answered = [one for one in told if one is not None]
        return sort_out(answered, wanted, self._region, whole=found.whole)

    def find_now(self, wanted: Identity, spelling: str) -> Found:
        """E-mail addresses also by their endpoint, which need not wait for a search's index."""
        found = self.find(wanted, spelling)
        if found or wanted.kind is not IdentityKind.EMAIL:
            return found
        told = [self.read(one) for one in self._ids_by_email(spelling)]
        answered = [one for one in told if one is not None]
        return sort_out(answered, wanted, self._region, whole=found.whole)

    def _ids_by_email(self, spelling: str) -> list[str]:
        """What the endpoint answers with is not documented, so only ids are taken from it."""
        doing = "looking up a customer"
        path = f"{self._root}/customers/query_user_by_email.json"
        try:
            body = self._session.ask(path, {"email": spelling}, doing).body
        except CustomerNotFound:
            return []
        return _ids_in(body)

    def create(self, patch: Patch) -> str:
        """Without what is told apart, which needs an id."""
        patch = _in_rest(patch)
        doing = "creating a customer"
        path = f"{self._root}/customers.json"

        def send(part: Patch) -> Answer:
            return self._session.write("POST", path, wire.new_customer(part), doing)

        answer = _without_what_is_refused(patch, send)
        try:
            record = as_mapping(as_mapping(answer.body, "the answer").get("customer"), "customer")
            return as_id(record.get("id"))
        except Unreadable as error:
            raise self._session.garbled_write(str(error), doing) from None

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        """What is told apart goes last, when the rest has been taken."""
        apart = [one for one in patch.scalars if one[0] in SHOPLINE.apart]
        patch = _in_rest(patch)
        fields = patch.contacts or patch.scalars or patch.tags or patch.consents
        if fields:
            path = f"{self._root}/customers/{ground.remote_id}.json"

            def send(part: Patch) -> Answer:
                body = wire.changed_customer(ground, part)
                return self._session.write("PUT", path, body, "updating a customer")

            _without_what_is_refused(patch, send)
        if patch.addresses is not UNMANAGED:
            self._put_addresses(ground, patch)
        exemptions = [one for one in apart if one[0] in tax.FIELDS]
        _each(
            (
                *self._graphql.writes(ground, exemptions),
                *self._metafields.writes(ground, _metafields(apart)),
            ),
            done=bool(fields) or patch.addresses is not UNMANAGED,
        )

    def _put_addresses(self, ground: LiveCustomer, patch: Patch) -> None:
        """New and changed ones first, then the default, then what is no longer wanted."""
        assert patch.addresses is not UNMANAGED  # noqa: S101 -- the caller has looked
        root = f"{self._root}/customers/{ground.remote_id}/addresses"
        live = {one.remote_id: one for one in ground.addresses}
        for one in patch.addresses:
            known = live.get(one.remote_id)
            body = wire.address_body(one, known)
            if known is None:
                address = {"customer_address": {**body, "def": bool(one.default)}}
                self._session.write("POST", f"{root}.json", address, "adding an address")
            elif body != wire.address_body(known, None):
                path = f"{root}/{one.remote_id}.json"
                self._session.write("PUT", path, {"customer_address": body}, "changing an address")
            if known is not None and one.default and not known.default:
                self._session.write(
                    "PUT", f"{root}/{one.remote_id}/default.json", {}, "setting the default address"
                )
        kept = {one.remote_id for one in patch.addresses}
        for remote_id in live:
            if remote_id not in kept:
                path = f"{root}/{remote_id}.json"
                self._session.write("DELETE", path, None, "removing an address")

    def delete(self, remote_id: str) -> None:
        path = f"{self._root}/customers/{remote_id}.json"
        self._session.write("DELETE", path, None, "deleting a customer")

    def _list(self, params: Sequence[tuple[str, str]]) -> Answer:
        doing = "listing customers"
        try:
            return self._session.get(f"{self._root}/v2/customers.json", params, doing)
        except CustomerNotFound:
            raise self._session.unreadable(
                "there is no customer list at this address", doing
            ) from None

    def _customers(self, answer: Answer) -> tuple[LiveCustomer, ...]:
        return self._each(answer, lambda one: wire.customer(one, self._times))

    def _records(self, answer: Answer, recall: Recall) -> tuple[Record, ...]:
        return self._each(answer, lambda one: self._recalled(one, recall(one)))

    def _recalled(self, record: Mapping[str, Any], memory: Memory | None) -> Record:
        if memory is None:
            return wire.customer(record, self._times)
        before = self._times.day_first
        wire.hear(record, self._times)
        teaches = self._times.learned()

        def full() -> LiveCustomer:
            times = self._times.as_of(day_first=before)
            return replace(wire.customer(record, times), teaches=teaches)

        return Recalled(as_id(record.get("id")), memory, teaches, full)

    def _each(self, answer: Answer, make: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
        try:
            records = as_records(
                as_mapping(answer.body, "the answer").get("customers"), "customers"
            )
            return tuple([make(record) for record in records])
        except Unreadable as error:
            raise self._session.unreadable(str(error), "listing customers") from None


def _in_rest(patch: Patch) -> Patch:
    """Without what is told apart."""
    kept = tuple(one for one in patch.scalars if one[0] not in SHOPLINE.apart)
    return replace(patch, scalars=kept)


def _metafields(scalars: Iterable[tuple[str, Scalar]]) -> Metafields:
    return next((value for _, value in scalars if isinstance(value, Metafields)), NONE)


def _each(writes: Iterable[Callable[[], None]], *, done: bool) -> None:
    """What is refused after or before something of the same change that was done is not raised: the
    record that is read back shows it.
    """
    refused = None
    for write in writes:
        try:
            write()
        except Rejected as error:
            refused = error
        else:
            done = True
    if refused is not None and not done:
        raise refused


def _without_what_is_refused(patch: Patch, send: Callable[[Patch], Answer]) -> Answer:
    """The write of all; where a store refuses it, of as much as it takes without the fields that
    the documents only show being read, which the read-back then tells as not applied.

    A *yes* is sent once: somebody may have said no since.
    """
    try:
        return send(patch)
    except Rejected:
        if any(write.state is ConsentState.SUBSCRIBED for _, write in patch.consents):
            raise
        for part in _parts(patch):
            try:
                return send(part)
            except Rejected:
                continue
        raise


def _parts(patch: Patch) -> Iterator[Patch]:
    """The patch without one of those fields, then without any."""
    tried = [name for name, _ in patch.scalars if name in SHOPLINE.tries]
    without = [{name} for name in tried] if len(tried) > 1 else []
    for left_out in (*without, set(tried)) if tried else ():
        kept = tuple(one for one in patch.scalars if one[0] not in left_out)
        if kept or patch.contacts or patch.tags or patch.consents:
            yield replace(patch, scalars=kept)


def _rows_in(body: Any, depth: int = _WRAPPERS) -> list[Mapping[str, Any]]:
    """The subscriptions of an answer, whatever it calls the list of them."""
    parts = body if isinstance(body, list) else [body]
    found = [one for one in parts if isinstance(one, Mapping)]
    if any("subscribe_account_type" in one for one in found):
        return found
    if depth == 0:
        return []
    return [row for one in found for value in one.values() for row in _rows_in(value, depth - 1)]


def _ids_in(body: Any, depth: int = _WRAPPERS) -> list[str]:
    """Ids of the records in an answer of unknown shape: an object, a wrapper, or a list of them."""
    if depth == 0:
        return []
    if isinstance(body, list):
        return [one for part in body for one in _ids_in(part, depth - 1)]
    if not isinstance(body, Mapping):
        return []
    if body.get("id"):
        return [as_id(body["id"])]
    keys = ("customer", "customers", "data")
    return [one for key in keys for one in _ids_in(body.get(key), depth - 1)]
