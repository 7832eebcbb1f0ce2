"""Which pages and look-ups a reading since a receipt is made of, and when everybody is read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import pytest

from reconciler.cache.receipt import KnownReading, Marks, StoreReceipt, packed, row_of
from reconciler.live.read import StoreReader
from reconciler.live.since import FEW, SinceReader
from reconciler.model.capabilities import Capabilities
from reconciler.model.consent import Channel
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.entries import Entries
from reconciler.model.identity import Identity
from reconciler.plan.reading import StoreReading
from reconciler.platforms.base import Found, Page
from reconciler.platforms.lookup import sort_out
from reconciler.platforms.registry import TABLES
from tests.builders import NOW, REGION, desired, live, out
from tests.harness import KEY

MARKS: Final = Marks(KEY, "shop")
PEOPLE: Final = [live(str(number), f"p{number}@example.com") for number in range(3)]


@dataclass
class Store:
    """A store that lists what changed in these passes, the last of them for ever."""

    people: Sequence[LiveCustomer]
    passes: list[Sequence[Page]]
    capabilities: Capabilities = TABLES["shopline"]
    asked: list[str] = field(default_factory=list)

    def changed(self, since: datetime) -> Iterator[Page]:
        assert since < NOW
        yield from self.passes.pop(0) if len(self.passes) > 1 else self.passes[0]

    def count(self) -> int:
        return len(self.people)

    def scan(self) -> Iterator[Page]:
        yield Page(customers=tuple(self.people))

    def read(self, remote_id: str) -> LiveCustomer | None:
        return next((one for one in self.people if one.remote_id == remote_id), None)

    def read_many(self, remote_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        wanted = set(remote_ids)
        return {one.remote_id: one for one in self.people if one.remote_id in wanted}

    def find(self, wanted: Identity, spelling: str) -> Found:
        self.asked.append(spelling)
        return sort_out(self.people, wanted, REGION, whole=True)

    find_now = find

    def with_actors(
        self, customers: Iterable[LiveCustomer]
    ) -> tuple[tuple[LiveCustomer, ...], bool]:
        return tuple(customers), True


def _page(*people: LiveCustomer) -> Page:
    return Page(customers=people)


def _entry(one: LiveCustomer, **fields: object) -> DesiredCustomer:
    assert one.email is not None
    return desired(one.email.reveal(), **fields)


def _read(store: Store, entries: Sequence[DesiredCustomer]) -> StoreReading:
    """Since a receipt after which all people were what entries of their addresses alone ask."""
    before = [(_entry(one), one.remote_id) for one in store.people]
    rows = packed(
        (MARKS.names(entry), row_of(entry, remote_id, MARKS, settled=True))
        for entry, remote_id in before
    )
    receipt = StoreReceipt(rests_on="", began=NOW, at=NOW, runs=0, noted="", rows=rows)
    reader = StoreReader(
        client=store,
        store="shop",
        desired=Entries.of(entries),
        region=REGION,
        requests=lambda: 0,
    )
    known = KnownReading(receipt, MARKS)
    return SinceReader(reader=reader, known=known, changed=store.changed, unfit=str).read()


def _ids(read: StoreReading) -> set[str]:
    return {one.remote_id for one in read.index.remembered()}


@pytest.mark.parametrize("first", [(), PEOPLE[:1]])
def test_whom_a_list_shows_only_later_is_seen(first: Sequence[LiveCustomer]) -> None:
    """A list may move while it is read: a pass that shows nobody new follows one that is whole."""
    store = Store(PEOPLE, [[_page(*first)], [_page(*PEOPLE[:2])]])
    read = _read(store, [_entry(one) for one in PEOPLE])

    assert (read.receipt.mode, _ids(read)) == ("since", {"0", "1"})


CHANGING: Final[dict[str, tuple[Callable[[], list[Sequence[Page]]], str]]] = {
    "shows others each time": (lambda: [[_page(one)] for one in PEOPLE], "to its end"),
    "never ends well": (lambda: [[Page(customers=(), ends_cleanly=False)]], "to its end"),
}


@pytest.mark.parametrize("how", CHANGING)
def test_a_list_of_changes_that_cannot_be_trusted_means_a_whole_reading(how: str) -> None:
    passes, why = CHANGING[how]
    read = _read(Store(PEOPLE, passes()), [_entry(one) for one in PEOPLE])

    assert (read.receipt.mode, why in read.receipt.chosen) == ("full", True)


@pytest.mark.parametrize(
    ("people", "page", "waiting", "mode"),
    [
        (30, 250, FEW, "since"),
        (30, 250, FEW + 1, "full"),
        (30, 1, FEW + 1, "since"),
        (30, 1, 30, "since"),
    ],
)
def test_no_more_look_ups_are_made_than_the_whole_list_has_pages_or_a_few(
    people: int, page: int, waiting: int, mode: str
) -> None:
    every = [live(str(number), f"p{number}@example.com") for number in range(people)]
    store = Store(every, [[]], replace(TABLES["shopline"], page=page))
    entries = [
        _entry(one, **({"first_name": "Bo"} if at < waiting else {}))
        for at, one in enumerate(every)
    ]
    read = _read(store, entries)

    assert read.receipt.mode == mode
    if mode == "full":
        assert not store.asked
        assert "so much changed" in read.receipt.chosen
    else:
        assert len(_ids(read)) == waiting


def test_a_time_that_reads_two_ways_is_none_where_a_few_were_read() -> None:
    """Whether day or month comes first is seen where everybody is read."""
    one = live(
        "1", "p1@example.com", consent={"email": replace(out(NOW), not_before=NOW, swappable=True)}
    )
    read = _read(Store([one], [[_page(one)]]), [_entry(one, consent={"email": "subscribed"})])

    (found,) = read.index.remembered()
    assert read.receipt.mode == "since"
    assert found.consent(Channel.EMAIL).at is None
