"""Receipts of readings: kept, checked before anything is asked of a store, and read since."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.app.environment import Environment, shop_of
from reconciler.errors import ConfigError
from reconciler.model.settings import DesiredState, StoreSettings

if TYPE_CHECKING:
    from reconciler.app.choices import PlanOptions
    from reconciler.app.store_plan import PlanRequest
    from reconciler.cache.receipt import KnownReading, Marks, Row, StoreReceipt
    from reconciler.live.read import StoreReader
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.planner import StoreReading
    from reconciler.plan.store_rules import StoreRules
    from reconciler.platforms.base import Page


@dataclass(slots=True)
class FirstDate:
    """The store's own time of its first answer; None where it told none."""

    told: datetime | None = None
    _heard: bool = False

    def hear(self, headers: Mapping[str, str]) -> None:
        if self._heard:
            return
        self._heard = True
        try:
            found = parsedate_to_datetime(headers.get("date", ""))
            self.told = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            return


def receipt_at(path: Path, environment: Environment) -> "dict[str, StoreReceipt]":
    """Raises `ConfigError` for what is no receipt that was sealed with the key at hand."""
    from reconciler.cache.receipt import LARGEST, opened

    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint="plan with --read full --keep-receipt FILE makes one",
        ) from None
    return opened(text, _key(environment))


def write_receipts(
    path: Path, receipts: "Mapping[str, StoreReceipt]", environment: Environment
) -> None:
    """Raises `OSError`."""
    from reconciler.cache.receipt import sealed
    from reconciler.state.disk import write_whole

    write_whole(path, sealed(receipts, _key(environment)))


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


def since_of(
    choices: "PlanOptions", store: StoreSettings, environment: Environment
) -> "KnownReading | None":
    if choices.since is None:
        return None
    from reconciler.cache.receipt import KnownReading, Marks

    return KnownReading(choices.since[store.name], Marks(_key(environment), store.name))


def read_since(
    reading: "StoreReader",
    known: "KnownReading",
    changed: "Callable[[datetime], Iterator[Page]]",
    dated: FirstDate,
    rules: "StoreRules",
) -> "StoreReading":
    """Raises `PlatformError`. What is about everybody of a store is read whole."""
    from reconciler.live.since import SinceReader

    if rules.whole_tags:
        return reading.whole("a tag document is about the whole store")
    if rules.store.controller is not None:
        return reading.whole("the stores of a controller share the opt-outs of everybody")
    return SinceReader(
        reader=reading,
        known=known,
        changed=changed,
        is_later=lambda: dated.told is not None and dated.told >= known.receipt.at,
    ).read()


def keep(
    read: "StoreReading",
    known: "KnownReading | None",
    dated: FirstDate,
    store: StoreSettings,
    request: "PlanRequest",
) -> None:
    """What a reading leaves, if it is asked for and the next one can be of what changed since."""
    if request.choices.keep is not None:
        made = _receipt_of(read, known, dated, store, request)
        if made is not None:
            request.choices.keep(store.name, made)


def _receipt_of(
    read: "StoreReading",
    known: "KnownReading | None",
    dated: FirstDate,
    store: StoreSettings,
    request: "PlanRequest",
) -> "StoreReceipt | None":
    from reconciler.cache.receipt import Marks, StoreReceipt, packed
    from reconciler.platforms.registry import TABLES

    state, environment = request.state, request.environment
    since = read.receipt.mode == "since"
    if dated.told is None or not TABLES[store.platform].lists_changes:
        return None
    if not (read.receipt.proves_absence or since):
        return None
    marks = Marks(_key(environment), store.name)
    before = known if since else None
    rows = _rows(read, before, state, store, marks)
    return StoreReceipt(
        rests_on=_rests_on(state, store, environment, request.pseudonyms),
        began=dated.told if before is None else before.receipt.began,
        at=dated.told,
        runs=0 if before is None else before.receipt.runs + 1,
        rows=packed(rows),
    )


def _rows(
    read: "StoreReading",
    before: "KnownReading | None",
    state: DesiredState,
    store: StoreSettings,
    marks: "Marks",
) -> "dict[bytes, Row]":
    """Of whom a reading of the whole store knew the one record. What only look-ups found is not
    among them: they show no twin.
    """
    from reconciler.cache.receipt import row_of
    from reconciler.plan.pairing import Paired

    entries = state.of(store.name)
    found: dict[bytes, Row] = {}
    for place, remote_id in read.index.settled():
        entry = entries[place]
        names = marks.names(entry)
        if entry.previously:
            continue
        if remote_id == "":
            assert before is not None  # noqa: S101 -- only what is known stands
            found[names] = before.table[names]
        elif before is None or before.record(entry) == marks.record(remote_id):
            found[names] = row_of(entry, remote_id, marks, settled=True)
    for pairing in read.index.pairings():
        if not isinstance(pairing, Paired) or pairing.desired.previously:
            continue
        entry, remote_id = pairing.desired, pairing.live.remote_id
        if before is None or before.record(entry) == marks.record(remote_id):
            found[marks.names(entry)] = row_of(entry, remote_id, marks, settled=False)
    return found


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
