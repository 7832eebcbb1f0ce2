"""Reading a store for a plan: everything or single look-ups, whichever costs less, with a receipt.

The live side is a stream: each page is matched, counted and dropped.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.errors import UnreadableResponse
from reconciler.model.customer import DesiredCustomer, LiveCustomer, ReadReceipt
from reconciler.model.identity import Identity, IdentityKind
from reconciler.plan.build import Census, Read
from reconciler.plan.match import Index, identities_to_look_up
from reconciler.platforms.base import LookupImpossible, Reader

PASSES: Final = 3


@dataclass(slots=True)
class _Pass:
    """What one or more passes over the list saw."""

    index: Index
    census: Census = field(default_factory=Census)
    seen: set[str] = field(default_factory=set)
    pages: int = 0
    repeated: int = 0
    masked: int = 0
    contacts: int = 0
    clean: bool = True

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
            self.masked += bool(live.unreadable & {"email", "phone"})
            self.contacts += live.email is not None or live.phone is not None
            self.index.offer(live)
        return new


def read_store(
    client: Reader,
    store: str,
    desired: Sequence[DesiredCustomer],
    region: str | None,
    mode: str,
    requests: Callable[[], int],
) -> Read:
    """Raises `PlatformError`. `mode` is auto, full or lookup; what cannot be looked up is read."""
    wanted = tuple(dict.fromkeys(one for entry in desired for one in identities_to_look_up(entry)))
    possible = all(_can_look_up(client, one) for one in wanted)
    count = client.count()
    calls = _look_up_calls(client, wanted)
    budget: int | None = None
    chosen = f"--read {mode}"
    if mode == "auto":
        if not possible:
            mode, chosen = "full", "some customers cannot be looked up here"
        elif count is None:
            mode, budget = "full", calls
            chosen = f"the list ended within the {calls} calls that look-ups would take"
        else:
            pages = -(-count // client.capabilities.page) + 1
            mode = "lookup" if calls <= pages else "full"
            chosen = f"look-ups would take {calls} calls, the whole list {pages}"
    if mode == "lookup" and possible:
        try:
            return _look_up(client, desired, wanted, region, count, chosen, requests)
        except LookupImpossible:
            chosen = "the token may not search"
    found = _scan(client, store, desired, region, count, chosen, requests, budget)
    if found is not None:
        return found
    try:
        chosen = f"the list is longer than the {calls} calls that look-ups take"
        return _look_up(client, desired, wanted, region, count, chosen, requests)
    except LookupImpossible:
        chosen = "the token may not search"
    again = _scan(client, store, desired, region, count, chosen, requests, None)
    assert again is not None, "only a budget ends a scan early"  # noqa: S101
    return again


def _can_look_up(client: Reader, one: Identity) -> bool:
    return one.kind in client.capabilities.looks_up


def _look_up_calls(client: Reader, wanted: Sequence[Identity]) -> int:
    ids = sum(one.kind is IdentityKind.ID for one in wanted)
    return -(-ids // client.capabilities.ids_at_once) + len(wanted) - ids + 1


def _scan(
    client: Reader,
    store: str,
    desired: Sequence[DesiredCustomer],
    region: str | None,
    count: int | None,
    chosen: str,
    requests: Callable[[], int],
    budget: int | None,
) -> Read | None:
    """The whole list; None where it is longer than `budget` pages."""
    work = _Pass(index=Index(desired, region))
    after = count
    new = 0
    complete = False
    for turn in range(1, PASSES + 1):
        new = 0
        clean = True
        for page in client.scan():
            if budget is not None and work.pages >= budget:
                return None
            work.pages += 1
            new += work.take(page.customers)
            clean = clean and page.ends_cleanly
            _refuse_hidden(work, store)
        after = client.count()
        complete = _is_complete(
            work, count, after, clean=clean, stable=client.stable(), settled=turn > 1 and new == 0
        )
        if complete:
            break
    unclean = () if complete else ("the list did not end cleanly, or the store's count disagrees",)
    notes = (*unclean, *_grade(client, work.index))
    receipt = ReadReceipt(
        mode="full",
        read=len(work.seen),
        expected=after,
        pages=work.pages,
        requests=requests(),
        repeated=work.repeated,
        masked=work.masked,
        complete=complete,
        chosen=chosen,
        notes=notes,
        words=client.words(),
    )
    return Read(index=work.index, census=work.census, receipt=receipt, customers=len(work.seen))


def _is_complete(
    work: _Pass, before: int | None, after: int | None, *, clean: bool, stable: bool, settled: bool
) -> bool:
    """The count decides where there is one; else a clean keyset, or a pass with nothing new."""
    if before is not None and after is not None:
        return min(before, after) <= len(work.seen) <= max(before, after)
    return clean and (stable or settled)


def _refuse_hidden(work: _Pass, store: str) -> None:
    """No e-mail and no phone on any record: the token may not see personal data."""
    if work.seen and not work.contacts:
        raise UnreadableResponse(
            "every e-mail address and phone number is hidden",
            store=store,
            doing="listing customers",
            hint="ask the platform to approve the app for protected customer data",
        )


def _look_up(
    client: Reader,
    desired: Sequence[DesiredCustomer],
    wanted: Sequence[Identity],
    region: str | None,
    count: int | None,
    chosen: str,
    requests: Callable[[], int],
) -> Read:
    """Raises `LookupImpossible`. Something is read first, so that 404 means absent."""
    work = _Pass(index=Index(desired, region))
    if count is None:
        first = next(iter(client.scan()), None)
        work.take(first.customers if first is not None else ())
    ids = [one.key for one in wanted if one.kind is IdentityKind.ID]
    work.take(client.read_many(ids).values())
    for one in wanted:
        if one.kind is not IdentityKind.ID:
            work.take(client.find(one))
    notes = _grade(client, work.index)
    receipt = ReadReceipt(
        mode="lookup",
        read=len(work.seen),
        expected=None,
        pages=work.pages,
        requests=requests(),
        repeated=work.repeated,
        masked=work.masked,
        complete=True,
        chosen=chosen,
        notes=notes,
        words=client.words(),
    )
    return Read(index=work.index, census=work.census, receipt=receipt, customers=count)


def _grade(client: Reader, index: Index) -> tuple[str, ...]:
    """Who acted, for those whose consent would change; a store that will not say costs a note."""
    graded, told = client.graded(index.contested())
    index.renew(graded)
    return () if told else ("the store did not tell who subscribed or unsubscribed people",)
