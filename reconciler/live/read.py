"""Reading a store for a plan, with a receipt that says how, why and at what cost.

A look-up proves that somebody is there; that nobody is, a whole reading alone proves. The live side
is a stream: each page is matched, counted and dropped.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.errors import UnreadableResponse
from reconciler.live.ahead import one_ahead
from reconciler.live.apart import complete
from reconciler.live.search import Search, calls
from reconciler.live.view import View
from reconciler.model.consent import ConsentState
from reconciler.model.customer import DesiredCustomer, Learned, LiveCustomer, ReadReceipt
from reconciler.model.entries import Entries
from reconciler.model.identity import Identity, IdentityKind, asked_in
from reconciler.plan.match import OfPair, identities_to_look_up, never
from reconciler.plan.reading import StoreReading
from reconciler.plan.remembered import Remember
from reconciler.plan.tag_watch import TagWatch
from reconciler.platforms.base import LookupImpossible, Page, Reader

PASSES: Final = 3
# Where a store tells no count, this share of what look-ups would cost is tried on the whole list.
_TRIED: Final = 4
_NO_SEARCH: Final = "the token may not search, or the search answers nonsense"
_NO_LOOK_UP: Final = "some customers cannot be looked up here"


@dataclass(frozen=True, slots=True)
class _Unproven:
    """Why look-ups are not enough."""

    why: str


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One pass over the list, of which some pages may be left for later."""

    view: View
    pages: Iterator[Page]
    new: int = 0
    clean: bool = True
    stable: bool = True

    def take(self, page: Page) -> None:
        self.view.pages += 1
        self.new += self.view.take_page(page)
        self.clean = self.clean and page.ends_cleanly
        self.stable = self.stable and page.stable


@dataclass(slots=True, kw_only=True)
class StoreReader:
    """Reads one store for some entries; `requests` counts what the session has sent so far. What it
    has read of the list before it looked people up is not read again.

    Of records that `settles` knows to be as their entry wants them no more is kept than the id;
    `watch` is asked about the tags of everybody, `hears` is told of everybody, and `remember` is
    told of them. What a store tells beside the record is asked of those of whom `told_of` holds.
    That nobody is there need not be proven of an entry that is known to be `gone`.
    """

    client: Reader
    store: str
    desired: Entries
    region: str | None
    requests: Callable[[], int]
    settles: OfPair = never
    watch: TagWatch | None = None
    hears: Callable[[LiveCustomer], None] | None = None
    told_of: OfPair = never
    gone: Callable[[DesiredCustomer], bool] = lambda desired: False  # noqa: ARG005
    remember: Remember | None = None
    progress: Callable[[int, int | None], None] = lambda done, of: None  # noqa: ARG005
    _begun: _Pass | None = None
    _tried: int | None = None

    def read(self, mode: str) -> StoreReading:
        """Raises `PlatformError`. `mode` is auto, full or lookup."""
        match mode:
            case "full":
                return self.whole("--read full")
            case "lookup":
                return self._looked_up()
            case _:
                return self._cheapest()

    def told(self, customers: Iterable[LiveCustomer], learned: Learned) -> tuple[LiveCustomer, ...]:
        """Records that were read beside, without what the reading found not to tell an instant."""
        return tuple(without_instants(one) if learned.day_first else one for one in customers)

    def whole(self, why: str) -> StoreReading:
        """Everybody. Raises `PlatformError`."""
        count = self.client.count()
        begun, self._begun = self._begun or self._first_pass(), None
        return self._scan(why, count, begun)

    def _looked_up(self) -> StoreReading:
        """By look-ups alone; where this store cannot be searched, everybody is read."""
        if not self.can_look_up():
            return self.whole(_NO_LOOK_UP)
        try:
            found = self._look_up(self.client.count(), "--read lookup", proving=False, warm=False)
        except LookupImpossible:
            return self.whole(_NO_SEARCH)
        assert isinstance(found, StoreReading), "only proof is given up for"  # noqa: S101
        return found

    def _cheapest(self) -> StoreReading:
        """Look-ups where that is likely cheaper, and the whole list where they prove too little."""
        if not self.can_look_up():
            return self.whole(_NO_LOOK_UP)
        takes = self._least_calls()
        count = self.client.count()
        if count is None:
            pages = max(1, takes // _TRIED)
            if self._ends_within(pages):
                return self.whole(f"the list ended within {pages} pages")
            takes = self._look_up_calls()
            chosen = f"the list is longer than {pages} pages, and look-ups take {takes} calls"
        else:
            # Each way begins with the count that is asked for here; a list ends with another.
            takes, pages = takes + 1, -(-count // self.client.capabilities.page) + 2
            if takes <= pages:
                takes = self._look_up_calls() + 1
            chosen = f"look-ups would take {takes} calls, the whole list {pages}"
            if takes > pages:
                return self._scan(chosen, count, self._first_pass())
        before = self.requests()
        try:
            looked = self._look_up(count, chosen, proving=True, warm=count is None)
        except LookupImpossible:
            looked = _Unproven(_NO_SEARCH)
        if isinstance(looked, StoreReading):
            return looked
        return self.whole(f"{looked.why}, after {self.requests() - before} requests")

    def _ranked(self) -> list[int]:
        """In an order that does not depend on the files, so that equal specs cost the same."""
        return sorted(range(len(self.desired)), key=lambda place: _first_name(self.desired[place]))

    def _wanted(self) -> Iterator[Identity]:
        """Whatever the entries name, each once."""
        seen: dict[IdentityKind, set[str]] = {kind: set() for kind in IdentityKind}
        for place in self._ranked():
            for one in identities_to_look_up(self.desired[place]):
                if one.key not in seen[one.kind]:
                    seen[one.kind].add(one.key)
                    yield one

    def can_look_up(self) -> bool:
        return self.desired.kinds <= frozenset(self.client.capabilities.looks_up)

    def _least_calls(self) -> int:
        """What look-ups take at least: as if each name had one spelling."""
        table = self.client.capabilities
        ids = -(-self.desired.count(IdentityKind.ID) // table.batch(1))
        return ids + sum(
            each * self.desired.count(kind) for kind, each in dict(table.look_up_calls).items()
        )

    def _look_up_calls(self) -> int:
        """Requests as they are where everybody is found, and nobody's consent is to change: who
        acted on those is asked for beside.
        """
        table = self.client.capabilities
        wanted = list(self._wanted())
        ids = [one.key for one in wanted if one.kind is IdentityKind.ID]
        at_once = table.batch(max(map(len, ids), default=1))
        searched = (one for one in wanted if one.kind is not IdentityKind.ID)
        return -(-len(ids) // at_once) + calls(searched, dict(table.look_up_calls))

    def view(self) -> View:
        return View.of(
            self.desired, self.region, self.settles, self.watch, self.hears, self.remember
        )

    def _first_pass(self) -> _Pass:
        return self._pass(self.view())

    def _pass(self, view: View) -> _Pass:
        pages = one_ahead(self.client.scan(), lambda: self._goes_on(view))
        return _Pass(view=view, pages=pages)

    def _goes_on(self, view: View) -> bool:
        """Whether a reading surely goes on after the page that is at hand."""
        return view.contacts > 0 and (self._tried is None or view.pages < self._tried)

    def _ends_within(self, pages: int) -> bool:
        """Whether the list does; what was read of it is kept."""
        begun = self._begun = self._first_pass()
        self._tried = pages
        try:
            for page in begun.pages:
                begun.take(page)
                self.progress(len(begun.view.seen), None)
                self._refuse_masks(begun.view)
                if begun.view.pages > pages:
                    return False
            return True
        finally:
            self._tried = None

    def _scan(self, chosen: str, count: int | None, first: _Pass) -> StoreReading:
        """The whole list, or what is left of it. `count` is what the store said before."""
        client, view = self.client, first.view
        after = count
        complete = False
        notes: list[str] = []
        for turn in range(1, PASSES + 1):
            one = first if turn == 1 else self._pass(view)
            for page in one.pages:
                one.take(page)
                self.progress(len(view.seen), count)
                self._refuse_masks(view)
            if asked := view.settle(client.read):
                notes.append(f"{asked} records were asked for again: a page told less of them")
            self._refuse_masks(view)
            after = client.count()
            settled = turn > 1 and one.new == 0
            complete = _is_complete(
                view, count, after, clean=one.clean, stable=one.stable, settled=settled
            )
            if complete:
                break
        if not complete:
            notes.append("the list did not end cleanly, or the store's count disagrees")
        notes.extend(self._look_for_withheld(view))
        return self.ended(
            view,
            ReadReceipt(mode="full", expected=after, complete=complete, chosen=chosen),
            customers=len(view.seen),
            notes=notes,
        )

    def _refuse_masks(self, view: View) -> None:
        """No e-mail and no phone on any record: the token may not see personal data."""
        if view.seen and not view.contacts:
            raise UnreadableResponse(
                "every e-mail address and phone number is hidden",
                store=self.store,
                doing="listing customers",
                hint="ask the platform to approve the app for protected customer data; an opt-out "
                "alone may pass with --read lookup",
            )

    def _look_for_withheld(self, view: View) -> Iterator[str]:
        """Records that the list shows without contacts may still answer to a look-up of theirs."""
        looked = 0
        for entry in view.index.unmatched() if view.hidden else ():
            if not view.hidden.may_be(entry):
                continue
            for one in identities_to_look_up(entry):
                if one.kind is IdentityKind.ID or one.kind not in self.client.capabilities.looks_up:
                    continue
                try:
                    found = [self.client.find(one, spelling) for spelling in asked_in(one)]
                except LookupImpossible:
                    return
                looked += 1
                view.note(one, found)
        if looked:
            yield f"{looked} look-ups were made for those whom the list may hide"

    def _look_up(
        self, count: int | None, chosen: str, *, proving: bool, warm: bool
    ) -> StoreReading | _Unproven:
        """One look-up after the other. Raises `LookupImpossible`.

        `proving` gives up as soon as somebody may exist unseen; otherwise the receipt says whether
        twins are excluded. Unless `warm`, something is read first, so that 404 means absent.
        """
        client = self.client
        view = self.view()
        if count is None and not warm:
            first = next(iter(client.scan()), None)
            view.take(first.everybody if first is not None else ())
        view.take(
            client.read_many(
                one.key for one in self._wanted() if one.kind is IdentityKind.ID
            ).values()
        )
        search = Search(client)
        asked: set[tuple[IdentityKind, str]] = set()
        ranked = self._ranked()
        for number, place in enumerate(ranked):
            self.progress(number, len(ranked))
            for one in identities_to_look_up(self.desired[place]):
                if one.kind is IdentityKind.ID or (one.kind, one.key) in asked:
                    continue
                asked.add((one.kind, one.key))
                view.note(one, search.ask(one))
                if proving and search.distinguishes:
                    return _Unproven(search.distinguishes)
            if proving and not view.index.is_matched(place) and not self.gone(self.desired[place]):
                return _Unproven("look-ups did not find everybody")
            if proving and view.index.is_withheld(place):
                return _Unproven("whoever answered to a look-up has contacts hidden")
        if proving and not search.blind and any(map(view.index.is_matched, ranked)):
            return _Unproven("the store's search was not seen to be blind to spelling")
        if _hangs_on_dates(view):
            if proving:
                return _Unproven("day and month of an opt-out can be read either way round")
            view.index.renew(without_instants(one) for one in view.index.remembered())
        return self.ended(
            view,
            ReadReceipt(mode="lookup", complete=True, chosen=chosen, blind=search.blind),
            customers=count,
            notes=[],
        )

    def ended(
        self, view: View, receipt: ReadReceipt, *, customers: int | None, notes: Sequence[str]
    ) -> StoreReading:
        """Who acted is asked for those whose consent would change, and those to be told of."""
        with_actors, told = self.client.with_actors(view.index.contested(self.told_of))
        view.renew(with_actors)
        if not told:
            notes = (*notes, "the store did not tell who subscribed or unsubscribed people")
        notes = (*notes, *complete(view, self.client, self.requests))
        if view.learned.day_first:
            view.index.renew(without_instants(one) for one in view.index.remembered())
            notes = (
                *notes,
                "the store writes day before month: dates that read both ways tell none",
            )
        receipt = replace(
            receipt,
            read=len(view.seen),
            pages=view.pages,
            requests=self.requests(),
            repeated=view.repeated,
            masked=view.masked,
            notes=tuple(notes),
            learned=view.learned,
        )
        return StoreReading(
            index=view.index,
            census=view.census,
            receipt=receipt,
            customers=customers,
            hidden=view.hidden,
        )


def _first_name(entry: DesiredCustomer) -> tuple[str, str]:
    strongest = entry.identities[0]
    return strongest.kind.value, strongest.key


def _is_complete(
    view: View, before: int | None, after: int | None, *, clean: bool, stable: bool, settled: bool
) -> bool:
    """The count decides where there is one; else a clean keyset, or a pass with nothing new."""
    if before is not None and after is not None:
        return min(before, after) <= len(view.seen) <= max(before, after)
    return clean and (stable or settled)


def _hangs_on_dates(view: View) -> bool:
    """Whether an opt-in rests on an opt-out's date that reads as another with its day first."""
    return any(
        wanted.state is ConsentState.SUBSCRIBED and live.consent(channel).swappable
        for desired, live in view.index.candidates()
        for channel, wanted in desired.consents
        if live.consent(channel).state in (ConsentState.UNSUBSCRIBED, ConsentState.NOT_SUBSCRIBED)
    )


def without_instants(live: LiveCustomer) -> LiveCustomer:
    consents = tuple((channel, one.without_instant()) for channel, one in live.consents)
    return replace(live, consents=consents)
