"""Records that are as their entries want them: dropped while a store is read, but for their ids."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from reconciler.model.consent import LiveConsent
from reconciler.model.customer import DesiredCustomer, Learned, LiveCustomer
from reconciler.plan.reason import unsaid


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sparse:
    """What else is kept of a record whose page lacks keys, in case that it is read again."""

    untold: frozenset[str]
    teaches: Learned
    called: tuple[str, ...]


class Settled:
    """At most one record for each entry, by the entry's number. `all_said` tells of the last one
    that its entry says all that it is called.
    """

    def __init__(self, entries: int) -> None:
        self._ids: list[str | None] = [None] * entries
        self._called: set[str] = set()
        self.all_said = False
        self._sparse: dict[int, _Sparse] = {}

    def __contains__(self, number: int) -> bool:
        return self._ids[number] is not None

    def remote_id(self, number: int) -> str | None:
        return self._ids[number]

    def put(self, number: int, desired: DesiredCustomer, live: LiveCustomer) -> None:
        self._ids[number] = live.remote_id
        called = tuple(unsaid(desired, live))
        if live.untold:
            self._sparse[number] = _Sparse(untold=live.untold, teaches=live.teaches, called=called)
        else:
            self._called.update(called)
        self.all_said = not called

    def put_again(self, number: int, remote_id: str) -> None:
        """The same of a record that lacks nothing and is called what its entry says."""
        self._ids[number] = remote_id

    def names(self) -> Iterator[str]:
        """What they are called by and their entries do not say."""
        yield from self._called
        for one in self._sparse.values():
            yield from one.called

    def candidate(self, number: int, desired: DesiredCustomer) -> LiveCustomer:
        """What is known of the record, and enough to see that no opt-out is owed to it."""
        return LiveCustomer(
            remote_id=self._ids[number] or "",
            consents=tuple(
                (channel, LiveConsent(state=wanted.state)) for channel, wanted in desired.consents
            ),
        )

    def sparse(self, keys: Collection[str]) -> Iterator[LiveCustomer]:
        """Those whose page told less than others did, by id and what it lacked."""
        for number, one in self._sparse.items():
            if not one.untold.isdisjoint(keys):
                yield LiveCustomer(
                    remote_id=self._ids[number] or "", untold=one.untold, teaches=one.teaches
                )

    def give_back(self, remote_ids: Collection[str]) -> list[tuple[int, str]]:
        """The numbers of those of these whose page lacked keys; they are settled no longer."""
        found = []
        for number in list(self._sparse):
            remote_id = self._ids[number]
            if remote_id is not None and remote_id in remote_ids:
                found.append((number, remote_id))
                self._ids[number] = None
                del self._sparse[number]
        return found
