"""The receipt of a reading: which entries were settled, by which record, as keyed digests.

It holds no name and no value, and is sealed with the key. Whoever is not in it is looked up, so a
receipt that tells too little costs requests and conceals nothing.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import groupby, islice
from struct import Struct
from typing import Any, Final

from reconciler.cache import sealed as sealing
from reconciler.desired.meaning import meaning
from reconciler.errors import ConfigError
from reconciler.model.customer import DesiredCustomer

LARGEST: Final = 256 * 1024 * 1024
MOST: Final = 1_000_000
OLDEST: Final = timedelta(days=7)
MOST_RUNS: Final = 100
# A bound that is read in another zone is off by fourteen hours at most; clocks and indexes by less.
OVERLAP: Final = timedelta(hours=26)
UNSETTLED: Final = bytes(16)
_STAMP: Final = b"reading 1"
_ROW: Final = Struct("16s16s8s")
_BEGINNINGS: Final = Struct(">Q32x")
_ANEW: Final = "read everything once: plan --read full --keep-receipt FILE"


class Marks:
    """Keyed digests of one store."""

    def __init__(self, key: bytes, store: str) -> None:
        self._key = sealing.derived(key, f"reading {len(store)} {store}")

    def names(self, entry: DesiredCustomer) -> bytes:
        told = [[str(one.kind), one.key] for one in entry.identities]
        return self._digest(b"names", repr(told).encode("utf-8", "surrogatepass"), 16)

    def meaning(self, entry: DesiredCustomer) -> bytes:
        return self._digest(b"meaning", meaning(entry), 16)

    def record(self, remote_id: str) -> bytes:
        return self._digest(b"record", remote_id.encode("utf-8", "surrogatepass"), 8)

    def _digest(self, person: bytes, text: bytes, size: int) -> bytes:
        return blake2b(text, key=self._key, person=person, digest_size=size).digest()


@dataclass(frozen=True, slots=True)
class Row:
    """Just `record` bore a contact of an entry, which wanted it so if `meaning` is told."""

    meaning: bytes
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReceipt:
    """Of one store: `began` is its own time when the whole of it was first read, `at` when what
    changed was last read; `rests_on` is a keyed digest of all that the rows were judged under.
    `noted` says where the register of opt-outs ended that has what was seen of them.
    """

    rests_on: str
    began: datetime
    at: datetime
    runs: int
    noted: str
    rows: bytes = field(repr=False)

    @property
    def since(self) -> datetime:
        return self.at - OVERLAP

    def table(self) -> "Table":
        return Table(self.rows)


class Table:
    """Rows by names, found by the beginnings of these, which take a fifth of the room of the rows;
    a dictionary takes ten times as much.
    """

    def __init__(self, rows: bytes) -> None:
        self._rows = rows
        self._beginnings = array("Q", (one for (one,) in _BEGINNINGS.iter_unpack(rows)))

    def get(self, names: bytes) -> Row | None:
        beginnings = self._beginnings
        wanted = int.from_bytes(names[:8], "big")
        at = bisect_left(beginnings, wanted)
        while at < len(beginnings) and beginnings[at] == wanted:
            found, meant, record = _ROW.unpack_from(self._rows, at * _ROW.size)
            if found == names:
                return Row(meant, record)
            at += 1
        return None


class KnownReading:
    """A receipt that is asked about entries and records."""

    def __init__(self, receipt: StoreReceipt, marks: Marks) -> None:
        self.receipt = receipt
        self.since = receipt.since
        self._table = receipt.table()
        self._marks = marks

    def row(self, entry: DesiredCustomer) -> Row | None:
        return None if entry.previously else self._table.get(self._marks.names(entry))

    def record(self, entry: DesiredCustomer) -> bytes | None:
        """The mark of the one record that bore a contact of it."""
        row = self.row(entry)
        return None if row is None else row.record

    def stands(self, entry: DesiredCustomer) -> bool:
        """Whether it asks for what was so."""
        row = self.row(entry)
        return (
            row is not None
            and row.meaning != UNSETTLED
            and row.meaning == self._marks.meaning(entry)
            and not _asks_more(entry)
        )

    def mark(self, remote_id: str) -> bytes:
        return self._marks.record(remote_id)


def row_of(entry: DesiredCustomer, remote_id: str, marks: Marks, *, settled: bool) -> Row:
    meant = marks.meaning(entry) if settled and not _asks_more(entry) else UNSETTLED
    return Row(meant, marks.record(remote_id))


def _asks_more(entry: DesiredCustomer) -> bool:
    """What its meaning does not tell: then it is read each time."""
    return bool(entry.absent or entry.departed or entry.left_tags or entry.unnamed)


def packed(rows: Iterable[tuple[bytes, Row]]) -> bytes:
    """Whoever has no room is looked up, and so is whoever is named as another is."""
    every = sorted(_ROW.pack(names, one.meaning, one.record) for names, one in rows)
    named = groupby(every, key=lambda one: one[:16])
    alone = (same[0] for _, group in named if len(same := list(group)) == 1)
    return b"".join(islice(alone, MOST))


def sealed(stores: Mapping[str, StoreReceipt], key: bytes) -> bytes:
    """What `opened` takes: of stores that have no room together the largest tell less."""
    every = sorted(stores.items())
    room = LARGEST - len(b"".join(sealing.sealed((_head(every),), key, _STAMP)))
    most = _share([len(one.rows) for _, one in every], room)
    every = [(name, replace(one, rows=one.rows[: most - most % _ROW.size])) for name, one in every]
    content = _head(every) + b"".join(one.rows for _, one in every)
    return b"".join(sealing.sealed((content,), key, _STAMP))


def _head(stores: Iterable[tuple[str, StoreReceipt]]) -> bytes:
    head = {
        name: [
            one.rests_on,
            one.began.isoformat(),
            one.at.isoformat(),
            one.runs,
            one.noted,
            len(one.rows),
        ]
        for name, one in stores
    }
    return json.dumps(head).encode() + b"\n"


def _share(sizes: Iterable[int], room: int) -> int:
    """The most that each may take, so that all together have room."""
    waiting = sorted(sizes)
    while waiting and waiting[0] * len(waiting) <= room:
        room -= waiting.pop(0)
    return max(room, 0) // len(waiting) if waiting else LARGEST


def opened(text: bytes, key: bytes) -> dict[str, StoreReceipt]:
    """Raises `ConfigError` for what was not written with this key, or was changed since."""
    content = sealing.opened(text, key, _STAMP) if len(text) <= LARGEST else None
    if content is None:
        raise ConfigError(
            "this is no receipt of a reading, or was made with another key, or was changed since",
            hint=_ANEW,
        )
    head, _, rows = bytes(content).partition(b"\n")
    return dict(_stores(json.loads(head), rows))


def _stores(head: Mapping[str, Any], rows: bytes) -> Iterator[tuple[str, StoreReceipt]]:
    start = 0
    for name, (rests_on, began, at, runs, noted, size) in sorted(head.items()):
        yield (
            name,
            StoreReceipt(
                rests_on=rests_on,
                began=datetime.fromisoformat(began),
                at=datetime.fromisoformat(at),
                runs=runs,
                noted=noted,
                rows=rows[start : start + size],
            ),
        )
        start += size


def check(
    stores: Mapping[str, StoreReceipt], wanted: Iterable[tuple[str, str]], now: datetime
) -> None:
    """Raises `ConfigError` where the receipt is not for these stores as they are now. `wanted` are
    names with what they rest on.
    """
    for name, rests_on in wanted:
        one = stores.get(name)
        if one is None:
            raise ConfigError(f"the receipt tells nothing of the store {name!r}", hint=_ANEW)
        if one.rests_on != rests_on:
            raise ConfigError(
                f"the receipt of the store {name!r} is of another shop, or was made under other "
                "settings or by another version",
                hint=_ANEW,
            )
        if now - one.began > OLDEST:
            raise ConfigError(
                f"the receipt rests on a reading of the store {name!r} that is over "
                f"{OLDEST.days} days old",
                hint=_ANEW,
            )
        if one.runs >= MOST_RUNS:
            raise ConfigError(
                f"the receipt was carried on {MOST_RUNS} times since the store {name!r} was read",
                hint=_ANEW,
            )
