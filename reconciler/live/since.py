"""Reading what changed since a receipt: a list of that, and look-ups of whoever it does not settle.

An entry is taken as it stood where it asks for the same, no record that changed bears a contact of
it, and its own record did not change. Everybody else is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from reconciler.cache.receipt import KnownReading
from reconciler.live.read import PASSES, StoreReader, without_instants
from reconciler.live.search import Search
from reconciler.live.view import View
from reconciler.model.customer import DesiredCustomer, LiveCustomer, ReadReceipt
from reconciler.model.identity import IdentityKind
from reconciler.plan.match import identities_to_look_up
from reconciler.plan.reading import StoreReading
from reconciler.platforms.base import LookupImpossible, Page

# So many look-ups are made before the whole list is worth its pages.
FEW: Final = 20


@dataclass(slots=True, kw_only=True)
class SinceReader:
    """`unfit` says why what was read so far shows that the receipt cannot be gone on from."""

    reader: StoreReader
    known: KnownReading
    changed: Callable[[datetime], Iterator[Page]]
    unfit: Callable[[], str]
    _standing: set[int] = field(default_factory=set)

    def read(self) -> StoreReading:
        """Everybody, where less is no cheaper or is not to be had. Raises `PlatformError`."""
        reader = self.reader
        if not reader.can_look_up():
            return reader.whole("some customers cannot be looked up here")
        count = reader.client.count()
        try:
            view = self._listed()
            if view is None:
                return reader.whole("what changed could not be listed to its end")
            search = None if self.unfit() else self._look_up(view, count)
        except LookupImpossible:
            return reader.whole("the store cannot be asked for what changed, or not be searched")
        if why := self.unfit():
            return reader.whole(why)
        if search is None:
            return reader.whole("so much changed that the whole list takes fewer requests")
        if self._is_lost(view):
            return reader.whole("somebody whom the receipt knows was not found")
        view.index.renew(without_instants(one) for one in view.index.remembered())
        for place in self._standing:
            view.index.stand(place)
        told = f"entries that stand as they did at the receipt: {len(self._standing)}"
        receipt = ReadReceipt(
            mode="since",
            complete=True,
            chosen="--since-receipt",
            blind=search.blind,
            since=self.known.since,
        )
        read = reader.ended(view, receipt, customers=count, notes=[told])
        return replace(read, vouched=self._vouched)

    def _vouched(self, desired: DesiredCustomer, live: LiveCustomer) -> bool:
        return self.known.record(desired) == self.known.mark(live.remote_id)

    def _listed(self) -> View | None:
        """Until a pass shows nobody new: lists may move while they are read."""
        view = self.reader.view()
        for turn in range(PASSES):
            new, clean = 0, True
            for page in self.changed(self.known.since):
                view.pages += 1
                new += view.take_page(page)
                clean = clean and page.ends_cleanly
            view.settle(self.reader.client.read)
            if clean and new == 0 and turn:
                return view
        return None

    def _look_up(self, view: View, count: int | None) -> Search | None:
        """None where it would take more than the whole list does. Raises `LookupImpossible`."""
        client, entries, known = self.reader.client, self.reader.desired, self.known
        listed = {known.mark(one) for one in view.seen}
        search, waiting = Search(client), list[int]()
        for place, entry in enumerate(entries):
            record = known.record(entry)
            if view.index.is_matched(place):
                # Who else bore a contact of it would have changed, and be listed.
                bearers = {known.mark(one) for one in view.index.bearers(place)}
                if record is None or bearers != {record}:
                    waiting.append(place)
            elif record not in listed and known.stands(entry):
                self._standing.add(place)
            else:
                waiting.append(place)
        pages = 0 if count is None else -(-count // client.capabilities.page)
        if count is not None and len(waiting) > max(pages, FEW):
            return None
        while waiting:
            self._ask(view, search, waiting)
            waiting = sorted(one for one in self._standing if view.index.is_matched(one))
            self._standing.difference_update(waiting)
        return search

    def _is_lost(self, view: View) -> bool:
        """Whether a record that the receipt knows, of an entry that was read, was not seen."""
        seen = {self.known.mark(one) for one in view.seen}
        records = (
            self.known.record(entry)
            for place, entry in enumerate(self.reader.desired)
            if place not in self._standing
        )
        return any(one is not None and one not in seen for one in records)

    def _ask(self, view: View, search: Search, places: list[int]) -> None:
        client, entries = self.reader.client, self.reader.desired
        every = [one for place in places for one in identities_to_look_up(entries[place])]
        ids = dict.fromkeys(one.key for one in every if one.kind is IdentityKind.ID)
        if ids:
            view.take(client.read_many(ids).values())
        for one in {(one.kind, one.key): one for one in every}.values():
            if one.kind is not IdentityKind.ID:
                view.note(one, search.ask(one))
