"""Genstore's endpoints: paging, look-ups and writes of one store."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from reconciler.errors import CustomerNotFound, Rejected, StoreStopped, UnreadableResponse
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import LiveCustomer
from reconciler.model.identity import Identity, IdentityKind
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
from reconciler.platforms.genstore import wire
from reconciler.platforms.genstore.capabilities import GENSTORE
from reconciler.platforms.http import Session
from reconciler.platforms.link_header import next_token
from reconciler.platforms.lookup import in_batches, sort_out
from reconciler.platforms.times import StoreTimes

T = TypeVar("T")

SEARCH_PAGES: Final = 5
_DEFAULT_PAGE: Final = 50
LATE: Final = 3.0
_WRONG_WORD: Final = frozenset({400, 406, 422})
_LAST_RESORT: Final = frozenset({ConsentState.UNSUBSCRIBED, ConsentState.NOT_SUBSCRIBED})


class Genstore:
    """One Genstore store. `seen` are words for consent that an earlier read found."""

    capabilities: Capabilities = GENSTORE

    def __init__(
        self,
        session: Session,
        *,
        version: str,
        times: StoreTimes,
        phone_region: str | None,
        words: wire.ConsentVocabulary,
    ) -> None:
        self._session = session
        self._root = f"/api/{version}/customers"
        self._times = times
        self._region = phone_region
        self._words = words

    def count(self) -> int | None:
        return None

    def with_actors(
        self, customers: Iterable[LiveCustomer]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        """The record itself tells all there is."""
        return tuple(customers), True

    def scan(self) -> Iterator[Page]:
        return self.scan_with(nothing)

    def scan_with(self, recall: Recall) -> Iterator[Page]:
        """By `sinceId` while ids rise; else by page tokens, which are page numbers in disguise.

        There is no count, so an end after full pages is asked for twice before it is believed.
        """
        since = "0"
        sizes: list[int] = []
        while True:
            params = [("limit", str(GENSTORE.page)), ("sinceId", since)]
            customers = self._records(self._list(params), recall)
            if not customers and _may_go_on(sizes):
                customers = self._records(self._list(params), recall)
            if not customers:
                return
            ids = [as_int(one.remote_id) for one in customers]
            if not _rising(int(since), ids):
                break
            yield Page.of(customers, stable=True)
            sizes.append(len(customers))
            since = str(ids[-1])
        yield from self._scan_by_token(recall)

    def _scan_by_token(self, recall: Recall) -> Iterator[Page]:
        params = [("limit", str(GENSTORE.page))]
        seen: set[str] = set()
        sizes: list[int] = []
        while True:
            answer = self._list(params)
            customers = self._records(answer, recall)
            sizes.append(len(customers))
            token = next_token(answer.link, "pageToken")
            if token is None and _may_go_on(sizes):
                answer = self._list(params)
                customers = self._records(answer, recall)
                token = next_token(answer.link, "pageToken")
            new = {one.remote_id for one in customers} - seen
            yield Page.of(customers, ends_cleanly=bool(new) or token is None)
            if token is None or not new:
                return
            seen |= new
            params = [("limit", str(GENSTORE.page)), ("pageToken", token)]

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
            return self._customers(self._list([("ids", ",".join(batch)), ("limit", "250")]))

        return in_batches(remote_ids, GENSTORE.ids_at_once, many, self.read)

    def find(self, wanted: Identity, spelling: str) -> Found:
        """By search, which needs the write scope and whose matching is undocumented.

        So answers are filtered here, and an address with `:` or `;` in it is not sent at all. The
        documents show an answer with a text where a list is due: such a store is not searched.
        """
        if wanted.kind is not IdentityKind.EMAIL or re.search("[:;]", spelling):
            raise LookupImpossible
        answered: list[LiveCustomer] = []
        body: dict[str, Any] = {"query": f"email:{spelling}", "limit": 250}
        for _ in range(SEARCH_PAGES):
            answer = self._search(body)
            try:
                answered.extend(self._customers(answer))
            except UnreadableResponse as error:
                raise LookupImpossible from error
            token = next_token(answer.link, "pageToken")
            if token is None:
                return sort_out(answered, wanted, self._region, whole=True)
            body = {**body, "pageToken": token}
        return sort_out(answered, wanted, self._region, whole=False)

    def find_now(self, wanted: Identity, spelling: str) -> Found:
        return self.find(wanted, spelling)

    def _search(self, body: Mapping[str, Any]) -> Answer:
        try:
            return self._session.ask(f"{self._root}/search", body, "searching customers")
        except StoreStopped as error:
            if error.status == 403:
                raise LookupImpossible from error
            raise
        except (Rejected, CustomerNotFound) as error:
            raise LookupImpossible from error

    def create(self, patch: Patch) -> str:
        doing = "creating a customer"
        body = wire.new_customer(patch, self._words)
        answer = self._session.write("POST", self._root, body, doing)
        return self._one_id(answer, doing)

    def update(self, ground: LiveCustomer, patch: Patch) -> None:
        """Withdrawals try one word after the other until the store no longer says subscribed."""
        wanted = dict(patch.consents)
        leaving = [
            channel for channel, write in wanted.items() if write.state is ConsentState.UNSUBSCRIBED
        ]
        words = {
            channel: wire.grant_word(write, channel, self._words)
            for channel, write in wanted.items()
            if channel not in leaving
        }
        if not leaving:
            self._put(ground, patch, words)
        for channel in leaving:
            ground, words[channel] = self._withdraw(ground, patch, channel, words)

    def _withdraw(
        self, ground: LiveCustomer, patch: Patch, channel: Channel, words: Mapping[Channel, str]
    ) -> tuple[LiveCustomer, str]:
        """The record after it, and the word that stands, so that a later write repeats it.

        A store that shows a write late gets a moment before another word is tried.
        """
        before = ground.consent(channel).state
        settled = (
            frozenset({ConsentState.UNSUBSCRIBED})
            if before is ConsentState.NOT_SUBSCRIBED
            else _LAST_RESORT
        )
        word, refused = "", None
        for candidate in self._words.candidates(channel, before):
            try:
                self._put(ground, patch, {**words, channel: candidate})
            except Rejected as error:
                if error.status not in _WRONG_WORD:
                    raise
                refused = error
                continue
            word = candidate
            back = self.read(ground.remote_id)
            if back is not None and back.consent(channel).state not in settled:
                self._session.wait(LATE)
                back = self.read(ground.remote_id)
            if back is None:
                break
            ground = back
            if ground.consent(channel).state in settled:
                break
        if refused is not None and not word:
            raise refused
        return ground, word or ground.consent(channel).code

    def _put(self, ground: LiveCustomer, patch: Patch, words: Mapping[Channel, str]) -> None:
        body = wire.whole_customer(ground, patch, words, self._times.zone)
        path = f"{self._root}/{ground.remote_id}"
        self._session.write("PUT", path, body, "updating a customer")

    def delete(self, remote_id: str) -> None:
        self._session.write("DELETE", f"{self._root}/{remote_id}", None, "deleting a customer")

    def _list(self, params: Sequence[tuple[str, str]]) -> Answer:
        doing = "listing customers"
        try:
            return self._session.get(self._root, params, doing)
        except CustomerNotFound:
            raise self._session.unreadable(
                "there is no customer list at this address", doing
            ) from None

    def _customers(self, answer: Answer) -> tuple[LiveCustomer, ...]:
        return self._each(answer, lambda one: wire.customer(one, self._words, self._times))

    def _records(self, answer: Answer, recall: Recall) -> tuple[Record, ...]:
        return self._each(answer, lambda one: self._recalled(one, recall(one)))

    def _recalled(self, record: Mapping[str, Any], memory: Memory | None) -> Record:
        if memory is None:
            return wire.customer(record, self._words, self._times)
        before = self._times.day_first
        wire.hear(record, self._words, self._times)
        teaches = self._times.learned(self._words.seen)

        def full() -> LiveCustomer:
            times = self._times.as_of(day_first=before)
            return replace(wire.customer(record, self._words, times), teaches=teaches)

        return Recalled(as_id(record.get("id")), memory, teaches, full)

    def _each(self, answer: Answer, make: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
        doing = "listing customers"
        try:
            records = as_records(
                as_mapping(answer.body, "the answer").get("customers"), "customers"
            )
            return tuple([make(record) for record in records])
        except Unreadable as error:
            raise self._session.unreadable(str(error), doing) from None

    def _one(self, answer: Answer, doing: str) -> LiveCustomer:
        try:
            record = as_mapping(as_mapping(answer.body, "the answer").get("customer"), "customer")
            return wire.customer(record, self._words, self._times)
        except Unreadable as error:
            raise self._session.unreadable(str(error), doing) from None

    def _one_id(self, answer: Answer, doing: str) -> str:
        try:
            record = as_mapping(as_mapping(answer.body, "the answer").get("customer"), "customer")
            return as_id(record.get("id"))
        except Unreadable as error:
            raise self._session.garbled_write(str(error), doing) from None


def _may_go_on(sizes: Sequence[int]) -> bool:
    """Whether the last page was as full as pages get: of the size asked for, of the default, or of
    the one before.
    """
    return bool(sizes) and sizes[-1] in (GENSTORE.page, _DEFAULT_PAGE, *sizes[:-1])


def _rising(since: int, ids: Sequence[int | None]) -> bool:
    last = since
    for one in ids:
        if one is None or one <= last:
            return False
        last = one
    return True
