"""Receipts of readings: kept, checked before anything is asked of a store, and read since."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.app.environment import Environment, shop_of
from reconciler.errors import ConfigError
from reconciler.model.settings import DesiredState, StoreSettings
from reconciler.platforms.http_date import http_date

if TYPE_CHECKING:
    from reconciler.app.register import RegisterAtHand
    from reconciler.app.store_plan import PlanRequest
    from reconciler.cache.receipt import KnownReading, Marks, Row, StoreReceipt
    from reconciler.live.read import StoreReader
    from reconciler.model.customer import LiveCustomer
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.reading import StoreReading
    from reconciler.plan.store_rules import StoreRules
    from reconciler.platforms.base import Page


@dataclass(slots=True)
class FirstDate:
    """When a store first answered, by its own clock and by ours: `told` is the earlier of the two,
    since what changed later must not be missed, `latest` the later, since a receipt must not be
    taken for younger than it is. Both are None where the store told no time.
    """

    now: Callable[[], datetime]
    told: datetime | None = None
    latest: datetime | None = None
    _heard: bool = False

    def hear(self, headers: Mapping[str, str]) -> None:
        if self._heard:
            return
        self._heard = True
        found = http_date(headers.get("date", ""))
        if found is not None:
            ours = self.now()
            self.told, self.latest = min(found, ours), max(found, ours)


def receipt_at(path: Path, environment: Environment) -> "dict[str, StoreReceipt]":
    """Raises `ConfigError` for what is no receipt that was sealed with the key at hand."""
    from reconciler.cache.receipt import LARGEST, opened
    from reconciler.state.disk import regular

    try:
        with regular(path) as stream:
            text = stream.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint="plan with --read full --keep-receipt FILE makes one",
        ) from None
    return opened(text, _key(environment))


def sealed_receipts(receipts: "Mapping[str, StoreReceipt]", environment: Environment) -> bytes:
    from reconciler.cache.receipt import sealed

    return sealed(receipts, _key(environment))


def check_receipt(
    receipts: "Mapping[str, StoreReceipt]",
    state: DesiredState,
    stores: Iterable[StoreSettings],
    environment: Environment,
    pseudonyms: "Pseudonyms",
) -> None:
    """Raises `ConfigError`, before any request."""
    from reconciler.cache.receipt import check
    from reconciler.platforms.registry import TABLES

    stores = tuple(stores)
    for store in stores:
        table = TABLES[store.platform]
        if not table.lists_changes:
            raise ConfigError(
                f"{table.title} has no list of what changed, so the store {store.name!r} cannot be "
                "read since a receipt",
                hint="plan it without --since-receipt, or name the other stores with --store",
            )
    wanted = ((one.name, _rests_on(state, one, environment, pseudonyms)) for one in stores)
    check(receipts, wanted, environment.clock.now())


@dataclass(slots=True)
class Since:
    """What is known of one store from a receipt, and what its reading leaves for the next."""

    store: StoreSettings
    request: "PlanRequest"
    noted: "Noted"
    dated: FirstDate
    unmarked: "Unmarked"
    known: "KnownReading | None"

    @classmethod
    def of(
        cls, store: StoreSettings, request: "PlanRequest", register: "RegisterAtHand"
    ) -> "Since":
        from reconciler.cache.receipt import KnownReading, Marks

        environment, since = request.environment, request.choices.since
        known = None
        if since is not None:
            known = KnownReading(since[store.name], Marks(_key(environment), store.name))
        return cls(
            store=store,
            request=request,
            noted=Noted(register, environment),
            dated=FirstDate(environment.clock.now),
            unmarked=Unmarked(),
            known=known,
        )

    @property
    def is_asked(self) -> bool:
        return self.known is not None or self.request.choices.keep is not None

    def heard_by(
        self, hears: "Callable[[LiveCustomer], None] | None"
    ) -> "Callable[[LiveCustomer], None] | None":
        """The same, told to this too where it counts."""
        if not self.is_asked:
            return hears

        def both(live: "LiveCustomer") -> None:
            self.unmarked.see(live)
            if hears is not None:
                hears(live)

        return both

    def read(
        self,
        reading: "StoreReader",
        changed: "Callable[[datetime], Iterator[Page]]",
        rules: "StoreRules",
    ) -> "StoreReading | None":
        """None where that is no matter of a receipt. Raises `PlatformError`. What is about
        everybody of a store is read whole.
        """
        from reconciler.live.since import SinceReader

        known = self.known
        if known is None:
            return None if self.request.choices.keep is None else reading.whole("--keep-receipt")
        if why := rules.about_everybody():
            return reading.whole(why)
        if not self.noted.goes_on_from(known.receipt.noted):
            return reading.whole("the register of opt-outs is another than that of the receipt")
        return SinceReader(
            reader=reading, known=known, changed=changed, unfit=lambda: self._unfit(known)
        ).read()

    def _unfit(self, known: "KnownReading") -> str:
        from reconciler.cache.receipt import OLDEST

        told, latest = self.dated.told, self.dated.latest
        if told is None or latest is None or told < known.receipt.at:
            return "the store tells no time, or an earlier one than the receipt"
        if latest - known.receipt.began > OLDEST:
            return "the receipt is too old by the store's time"
        return "the store was seen to list no changed consents" if self.unmarked.found else ""

    def keep(self, read: "StoreReading", *, lost: bool) -> None:
        """What a reading leaves, if it is asked for and the next one can be of what changed since.
        `lost` says that the register of opt-outs could not get all that was seen.
        """
        kept = self.request.choices.keep
        if kept is None:
            return
        if why := self._why_not(read, lost=lost):
            kept.why_not[self.store.name] = why
        else:
            kept.receipts[self.store.name] = self._receipt_of(read)

    def _why_not(self, read: "StoreReading", *, lost: bool) -> str:
        from reconciler.platforms.registry import TABLES

        table = TABLES[self.store.platform]
        if not table.lists_changes:
            return f"{table.title} has no list of what changed"
        if self.request.choices.scope:
            return "only some of its customers were planned for"
        if not (read.receipt.proves_absence or read.receipt.is_since):
            return "it was not read to its end"
        if self.dated.told is None:
            return "it tells no time"
        if self.unmarked.found:
            return "it was seen to list no changed consents"
        return "the register of opt-outs could not get what was seen" if lost else ""

    def _receipt_of(self, read: "StoreReading") -> "StoreReceipt":
        from reconciler.cache.receipt import Marks, StoreReceipt, packed

        state, environment, told = self.request.state, self.request.environment, self.dated.told
        assert told is not None  # noqa: S101 -- else none is made
        before = self.known if read.receipt.is_since else None
        marks = Marks(_key(environment), self.store.name)
        return StoreReceipt(
            rests_on=_rests_on(state, self.store, environment, self.request.pseudonyms),
            began=told if before is None else before.receipt.began,
            at=told,
            runs=0 if before is None else before.receipt.runs + 1,
            noted=self.noted.mark(),
            rows=packed(_rows(read, before, state, self.store, marks)),
        )


@dataclass(slots=True)
class Unmarked:
    """Whether a record shows a consent that is younger than the record's last change: then the
    store counts opt-outs as no changes, and does not list them.
    """

    found: bool = False

    def see(self, live: "LiveCustomer") -> None:
        from reconciler.cache.receipt import OVERLAP

        youngest = max((one.at for _, one in live.consents if one.at is not None), default=None)
        if self.found or youngest is None or live.revision is None:
            return
        try:
            changed = datetime.fromisoformat(live.revision)
        except ValueError:
            return
        self.found = changed.tzinfo is not None and youngest - changed > OVERLAP


@dataclass(frozen=True, slots=True)
class Noted:
    """What the register of opt-outs has of a reading: who stands as they did is not noted again."""

    register: "RegisterAtHand"
    environment: Environment

    def mark(self) -> str:
        """Where the register ends and with which key; empty where nothing may be noted in it."""
        from reconciler.app.register import may_note

        if not may_note(self.register, self.environment):
            return ""
        file = self.register.file
        return f"{file.place.key.name} {file.head.seal}"

    def goes_on_from(self, mark: str) -> bool:
        from reconciler.app.register import may_note
        from reconciler.state.chain import START
        from reconciler.state.trail import NamedRegister

        if not may_note(self.register, self.environment):
            # A register that was there and went away may be the reason.
            return not mark
        key, _, seal = mark.rpartition(" ")
        place = self.register.file.place
        if key != place.key.name:
            return False
        return seal == START or place.goes_on(NamedRegister(lines=0, head=seal, key=key))


def _rows(
    read: "StoreReading",
    before: "KnownReading | None",
    state: DesiredState,
    store: StoreSettings,
    marks: "Marks",
) -> "Iterator[tuple[bytes, Row]]":
    """Of whom a reading of the whole store knew the one record. What only look-ups found is not
    among them: they show no twin.
    """
    from reconciler.cache.receipt import row_of
    from reconciler.plan.pairing import Paired

    entries = state.of(store.name)
    for place, remote_id in read.index.settled():
        entry = entries[place]
        names = marks.names(entry)
        if entry.previously:
            continue
        stands = before.row(entry) if before is not None and not remote_id else None
        if stands is not None:
            yield names, stands
        elif before is None or before.record(entry) == marks.record(remote_id):
            yield names, row_of(entry, remote_id, marks, settled=True)
    for pairing in read.index.pairings():
        if not isinstance(pairing, Paired) or pairing.desired.previously:
            continue
        entry, remote_id = pairing.desired, pairing.live.remote_id
        if before is None or before.record(entry) == marks.record(remote_id):
            yield marks.names(entry), row_of(entry, remote_id, marks, settled=False)


def _rests_on(
    state: DesiredState, store: StoreSettings, environment: Environment, pseudonyms: "Pseudonyms"
) -> str:
    from reconciler.plan.settings_change import settings_digest

    told = [
        __version__,
        store.name,
        shop_of(store, environment),
        settings_digest(state.settings, pseudonyms),
        sorted(state.owned_by(store.name)),
    ]
    return pseudonyms.digest("reading", told)


def _key(environment: Environment) -> bytes:
    from reconciler.state.key import key

    return key(environment.folder, environment.variables)
