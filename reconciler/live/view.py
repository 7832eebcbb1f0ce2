"""What pages and look-ups showed of a store: matched, counted and dropped."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.model.customer import NOTHING_LEARNED, DesiredCustomer, Learned, LiveCustomer
from reconciler.model.entries import Entries
from reconciler.model.fields import PROFILE
from reconciler.model.identity import Identity, IdentityKind
from reconciler.plan.hidden import HiddenContacts
from reconciler.plan.match import Index, OfPair, never
from reconciler.plan.reading import LiveCounts
from reconciler.plan.remembered import Remember, Remembering
from reconciler.plan.tag_watch import TagWatch
from reconciler.platforms.base import Found, Page, Recalled, Record

CONTACTS: Final = frozenset({"email", "phone"})
# How many records are asked for singly, in order to see whether pages leave keys out by mistake.
ASKED_AT_MOST: Final = 250
_KEYS: Final = frozenset({*CONTACTS, *PROFILE})


@dataclass(slots=True)
class View:
    """`seen` are the ids of whoever was taken; records without the key of a contact wait first.
    `hears` is told of everybody.
    """

    index: Index
    census: LiveCounts = field(default_factory=LiveCounts)
    hidden: HiddenContacts = field(default_factory=HiddenContacts)
    seen: set[str] = field(default_factory=set)
    pages: int = 0
    repeated: int = 0
    masked: int = 0
    contacts: int = 0
    learned: Learned = NOTHING_LEARNED
    hears: Callable[[LiveCustomer], None] | None = None
    _taught: Learned = NOTHING_LEARNED
    _keys: set[str] = field(default_factory=set)
    _waiting: dict[str, LiveCustomer] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        desired: Sequence[DesiredCustomer],
        region: str | None,
        settles: OfPair = never,
        watch: TagWatch | None = None,
        hears: Callable[[LiveCustomer], None] | None = None,
        remember: Remember | None = None,
    ) -> "View":
        entries, watch = Entries.of(desired), watch or TagWatch()
        memory = None if remember is None else Remembering(entries, remember, watch)
        return cls(
            index=Index(entries, region, settles, memory),
            census=LiveCounts(watch=watch),
            hears=hears,
        )

    def take(self, customers: Iterable[Record]) -> int:
        """How many of them are new."""
        new = 0
        for one in customers:
            self._learn(one.teaches)
            if one.remote_id in self.seen:
                self.repeated += 1
                continue
            new += 1
            self.seen.add(one.remote_id)
            if isinstance(one, Recalled):
                if self.index.recall(one.remote_id, one.memory):
                    self.census.count(one.memory)
                    self.contacts += one.memory.contacts
                    continue
                live = one.full()
            else:
                live = one
            self.census.see(live)
            if self.hears is not None:
                self.hears(live)
            self.hidden.see(live)
            self.masked += bool(live.unreadable & CONTACTS)
            self.contacts += live.email is not None or live.phone is not None
            if not self.index.offer(live):
                self.census.bearers.see(live, self.census.watch)
        return new

    def take_page(self, page: Page) -> int:
        """How many are new. Whoever lacks the key of a contact altogether waits for `settle`."""
        new = 0
        for live in page.everybody:
            if isinstance(live, Recalled):  # of those that lack a key none is remembered
                self._keys |= _KEYS
                new += self.take((live,))
                continue
            self._keys |= _KEYS - live.untold
            if not live.untold & CONTACTS:
                new += self.take((live,))
            elif live.remote_id not in self.seen:
                new += live.remote_id not in self._waiting
                self._waiting[live.remote_id] = replace(live, wire=None)
        return new

    def settle(self, read: Callable[[str], LiveCustomer | None]) -> int:
        """Asks singly for those of whom the list told less than it did of others; how many."""
        waiting = list(self._waiting.values())
        self._waiting.clear()
        poor = [one for one in waiting if one.untold & CONTACTS & self._keys]
        told, mended = self._asked(poor, read)
        unknown = {one.remote_id for one in poor[len(told) :]} if mended else set()
        anew = {one.remote_id: one for one in told}
        for live in waiting:
            if live.remote_id in unknown:
                self.take((self._hiding(live),))
            else:
                self.take((anew.get(live.remote_id, live),))
        settled = tuple(self.index.sparse(self._keys))
        bare = [one for one in self.index.remembered() if one.untold & self._keys]
        bare = sorted((*bare, *settled), key=lambda one: one.remote_id)
        fuller, _ = self._asked(bare, read)
        for one in fuller:
            self._learn(one.teaches)
        gone = {id(one) for one in settled}
        self.index.renew(one for one in fuller if id(one) not in gone)
        return len(told) + len(fuller)

    def renew(self, customers: Iterable[LiveCustomer]) -> None:
        """Puts what is known better of those who were taken in place of what was."""
        anew = tuple(customers)
        for live in anew:
            self._learn(live.teaches)
        self.index.renew(anew)

    def _learn(self, taught: Learned) -> None:
        """Most records teach what the one before them did."""
        if taught is not self._taught:
            self._taught = taught
            self.learned = self.learned.then(taught)

    def _asked(
        self, poor: Sequence[LiveCustomer], read: Callable[[str], LiveCustomer | None]
    ) -> tuple[list[LiveCustomer], bool]:
        """Records anew, and whether any tells more on its own: then the list leaves keys out.

        Some stores leave out what is empty, which asking a few of them shows.
        """
        told = []
        for live in poor[:ASKED_AT_MOST]:
            one = read(live.remote_id)
            told.append(live if one is None else one)
        return told, any(one.untold < live.untold for one, live in zip(told, poor, strict=False))

    def _hiding(self, live: LiveCustomer) -> LiveCustomer:
        """A record that tells nothing of a contact whose key it lacks."""
        lacking = live.untold & CONTACTS & self._keys
        hidden = ((IdentityKind(name), None) for name in sorted(lacking))
        return replace(live, unreadable=live.unreadable | lacking, hidden=(*live.hidden, *hidden))

    def note(self, wanted: Identity, answers: Iterable[Found]) -> None:
        """Those who answered a look-up; whoever hides the contact is kept as a candidate for it."""
        for answer in answers:
            self._learn(answer.teaches)
            self.take(one for one in answer.customers if one.remote_id not in self.seen)
            for live in answer.withheld:
                self.index.withhold(wanted, live)
                if live.remote_id not in self.seen:
                    self.take((live,))
