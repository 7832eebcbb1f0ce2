"""What reading a store left behind for its part of the plan: customers in an index, and counts."""

from dataclasses import dataclass, field

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.customer import LiveCustomer, ReadReceipt
from reconciler.model.memory import Memory
from reconciler.plan.hidden import HiddenContacts
from reconciler.plan.match import Index, OfPair, never
from reconciler.plan.tag_watch import Bearers, ForeignTags, TagWatch


@dataclass(slots=True)
class LiveCounts:
    """Counts over the whole live stream; the customers themselves are dropped."""

    watch: TagWatch = field(default_factory=TagWatch)
    read: int = 0
    subscribed: dict[Channel, int] | None = None
    foreign_tags: int = 0
    foreign_bearers: int = 0
    bearers: Bearers = field(default_factory=Bearers)

    def see(self, live: LiveCustomer) -> None:
        self.read += 1
        if self.subscribed is None:
            self.subscribed = dict.fromkeys(Channel, 0)
        for channel, consent in live.consents:
            self.subscribed[channel] += consent.state is ConsentState.SUBSCRIBED
        if live.tags and (foreign := self.watch.foreign(live.tags)):
            self.foreign_tags += foreign
            self.foreign_bearers += 1

    def count(self, memory: Memory) -> None:
        """The same of somebody who is remembered."""
        self.read += 1
        if self.subscribed is None:
            self.subscribed = dict.fromkeys(Channel, 0)
        for channel in memory.subscribed:
            self.subscribed[channel] += 1
        if memory.foreign:
            self.foreign_tags += memory.foreign
            self.foreign_bearers += 1

    @property
    def foreign(self) -> ForeignTags:
        return ForeignTags(tags=self.foreign_tags, customers=self.foreign_bearers)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReading:
    """What a reading left behind: the index that was offered everybody, counts, and the receipt.
    `called_out` may be out in another store of the controller, and are not in the index; whoever is
    `vouched` for had no twin when a receipt was kept.
    """

    index: Index
    census: LiveCounts
    receipt: ReadReceipt
    customers: int | None
    hidden: HiddenContacts = field(default_factory=HiddenContacts)
    called_out: tuple[LiveCustomer, ...] = ()
    vouched: OfPair = never
