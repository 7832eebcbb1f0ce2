"""What pages and look-ups showed of a store: matched, counted and dropped."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import Identity
from reconciler.plan.build import Census
from reconciler.plan.hidden import HiddenContacts
from reconciler.plan.match import Index
from reconciler.platforms.base import Found, Page

CONTACTS: Final = frozenset({"email", "phone"})
_KEYS: Final = frozenset({*CONTACTS, "first_name", "last_name", "note"})


@dataclass(slots=True)
class View:
    """`thin` are the records of pages that lack keys in every record, with those keys."""

    index: Index
    census: Census = field(default_factory=Census)
    hidden: HiddenContacts = field(default_factory=HiddenContacts)
    seen: set[str] = field(default_factory=set)
    pages: int = 0
    repeated: int = 0
    masked: int = 0
    contacts: int = 0
    _keys: set[str] = field(default_factory=set)
    _thin: dict[str, frozenset[str]] = field(default_factory=dict)
    _waiting: list[LiveCustomer] = field(default_factory=list)

    @classmethod
    def of(cls, desired: Iterable[DesiredCustomer], region: str | None) -> "View":
        return cls(index=Index(desired, region))

    def take(self, customers: Iterable[LiveCustomer]) -> int:
        """How many of them are new."""
        new = 0
        for live in customers:
            if live.remote_id in self.seen:
                self.repeated += 1
                continue
            new += 1
            self.seen.add(live.remote_id)
            self.census.see(live)
            self.hidden.see(live)
            self.masked += bool(live.unreadable & CONTACTS)
            self.contacts += live.email is not None or live.phone is not None
            self.index.offer(live)
        return new

    def take_page(self, page: Page) -> int:
        """Whoever stands on a page without the key of a contact waits until `settle`."""
        lacking = _KEYS
        for one in page.customers:
            lacking &= one.untold
            self._keys |= _KEYS - one.untold
        if not lacking:
            return self.take(page.customers)
        self._thin |= {one.remote_id: lacking for one in page.customers}
        if not lacking & CONTACTS:
            return self.take(page.customers)
        known = {one.remote_id for one in self._waiting} | self.seen
        new = [one for one in page.customers if one.remote_id not in known]
        self._waiting.extend(new)
        return len(new)

    def settle(self, read: Callable[[str], LiveCustomer | None]) -> int:
        """Asks singly for those of whom a page told less than other pages did; how many that were.

        Where no page has the key, nobody has what it is for.
        """
        before = len(self._waiting)
        told = 0
        for live in self._waiting:
            if self._thin[live.remote_id] & CONTACTS & self._keys:
                told += 1
                self.take(one for one in (read(live.remote_id),) if one is not None)
            else:
                self.take([live])
        del self._waiting[:before]
        poor = [
            one
            for one in self.index.remembered()
            if one.untold & self._thin.get(one.remote_id, frozenset()) & self._keys
        ]
        self.index.renew(one for live in poor if (one := read(live.remote_id)) is not None)
        return told + len(poor)

    def note(self, wanted: Identity, answers: Iterable[Found]) -> None:
        """Those who answered a look-up; whoever hides the contact is kept as a candidate for it."""
        for answer in answers:
            self.take(one for one in answer.customers if one.remote_id not in self.seen)
            for live in answer.withheld:
                self.index.withhold(wanted, live)
                if live.remote_id not in self.seen:
                    self.take([live])
