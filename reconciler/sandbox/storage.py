"""The table of customers: held in memory, written through to a SQLite file when one is given.

A row remembers what lists showed before its last change, so that lists can lag behind the truth.
"""

import copy
import json
import sqlite3
import time
import zlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox.records import Record

_SCHEMA = "CREATE TABLE IF NOT EXISTS customers (seq INTEGER PRIMARY KEY, id TEXT, doc TEXT)"
Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Change:
    """What a row held before a change that lists may not show yet."""

    at: float
    hidden_until: float
    before: Record | None

    def hidden(self, now: float, delay: float) -> bool:
        return now < max(self.hidden_until, self.at + delay)


@dataclass(slots=True)
class _Row:
    seq: int
    record: Record | None
    changes: tuple[_Change, ...] = ()

    def shown(self, now: float, delay: float) -> Record | None:
        for change in self.changes:
            if change.hidden(now, delay):
                return change.before
        return self.record


class Table:
    """Customers by id. Not locked: the simulator holds one lock around every use."""

    def __init__(self, path: Path | None = None) -> None:
        self._rows: dict[str, _Row] = {}
        self._seen: dict[str, int] = {}
        self._by: dict[str, dict[str, set[str]]] = {}
        self._orders: dict[str, list[tuple[Position, str]]] = {}
        self._seq = 0
        self.lagging = False  # lists may differ from the truth: an index is no short cut
        self.version = 0
        self.late = 0.0  # how long lists do not see the writes made now
        self.longest = 0.0  # the longest delay that lists are read with
        self._file = self._open(path)
        self._forget()
        self._load()

    def _open(self, path: Path | None) -> sqlite3.Connection | None:
        if path is None:
            return None
        file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = OFF")
        file.execute(_SCHEMA)
        return file

    def _load(self) -> None:
        if self._file is None:
            return
        for seq, customer_id, doc in self._file.execute("SELECT * FROM customers ORDER BY seq"):
            self._admit(customer_id, _Row(seq, json.loads(doc)))

    def _forget(self) -> None:
        self._rows.clear()
        self._seen.clear()
        self._by = {"email": defaultdict(set), "phone": defaultdict(set)}
        self._orders.clear()
        self._seq = 0
        self.lagging = False

    def wipe(self) -> None:
        self._forget()
        self.version += 1
        if self._file is not None:
            self._file.execute("DELETE FROM customers")

    def _admit(self, customer_id: str, row: _Row) -> None:
        self._rows[customer_id] = row
        self._seen[customer_id] = row.seq
        self._seq = max(self._seq, row.seq)
        self._orders.clear()
        self._index(customer_id, row.record)

    def _index(self, customer_id: str, record: Record | None) -> None:
        for key, index in self._by.items():
            value = record and record[key]
            if value:
                index[str(value).casefold()].add(customer_id)

    def _unindex(self, customer_id: str, record: Record | None) -> None:
        for key, index in self._by.items():
            value = record and record[key]
            if value:
                index[str(value).casefold()].discard(customer_id)

    def put(self, record: Record) -> None:
        """Insert or replace; the record must not be changed afterwards."""
        customer_id = record["id"]
        row = self._rows.get(customer_id)
        if row is None:
            row = _Row(self._seq + 1, record)
            self._admit(customer_id, row)
            self._mark(row, None)
        else:
            self._unindex(customer_id, row.record)
            self._mark(row, row.record)
            row.record = record
            self._index(customer_id, record)
        self.version += 1
        if self._file is not None:
            values = (row.seq, customer_id, json.dumps(record))
            self._file.execute("INSERT OR REPLACE INTO customers VALUES (?, ?, ?)", values)

    def remove(self, customer_id: str) -> None:
        row = self._rows[customer_id]
        self._unindex(customer_id, row.record)
        self._mark(row, row.record)
        row.record = None
        if not row.changes:
            del self._rows[customer_id]
            self._orders.clear()
        self.version += 1
        if self._file is not None:
            self._file.execute("DELETE FROM customers WHERE seq = ?", (row.seq,))

    def _mark(self, row: _Row, before: Record | None) -> None:
        if not self.longest and not self.late:
            return
        now = time.monotonic()
        recent = tuple(change for change in row.changes if change.hidden(now, self.longest))
        row.changes = (*recent, _Change(now, now + self.late, before))
        self.lagging = True

    def batch(self, records: Iterable[Record]) -> None:
        """Put many records in one transaction."""
        if self._file is not None:
            self._file.execute("BEGIN")
        for record in records:
            self.put(record)
        if self._file is not None:
            self._file.execute("COMMIT")

    def get(self, customer_id: str) -> Record | None:
        """Return the record itself, for reading only."""
        row = self._rows.get(customer_id)
        return None if row is None else row.record

    def copy(self, customer_id: str) -> Record | None:
        return copy.deepcopy(self.get(customer_id))

    def all(self) -> list[Record]:
        return [copy.deepcopy(row.record) for row in self._rows.values() if row.record is not None]

    def holders(self, key: str, value: str) -> set[str]:
        """Return who has this e-mail or phone, letter case apart."""
        return set(self._by[key].get(value.casefold(), ()))

    def position(self, order: str, customer_id: str) -> Position:
        """Return the place of an id in an order, even of an id that is gone or never was."""
        rank = int(customer_id) if customer_id.isdecimal() else self._seen.get(customer_id, 0)
        if order == "descending":
            return (-rank, 0)
        if order == "shuffled":
            return (zlib.crc32(customer_id.encode()), rank)
        return (rank, 0)

    def _ordered(self, order: str) -> list[tuple[Position, str]]:
        if order not in self._orders:
            places = ((self.position(order, known), known) for known in self._rows)
            self._orders[order] = sorted(places)
        return self._orders[order]

    def scan(
        self,
        order: str,
        *,
        delay: float = 0.0,
        after: Position | None = None,
        within: set[str] | None = None,
        keep: Callable[[Record], bool] | None = None,
    ) -> Iterator[Record]:
        """Yield what lists show, in order, past a place, among some ids, where `keep` holds."""
        now = time.monotonic()
        if within is not None:
            ordered = sorted((self.position(order, known), known) for known in within)
        else:
            ordered = self._ordered(order)
        start = 0 if after is None else bisect_right(ordered, (after, "\U0010ffff"))
        for index in range(start, len(ordered)):
            row = self._rows.get(ordered[index][1])
            record = None if row is None else row.shown(now, delay)
            if record is not None and (keep is None or keep(record)):
                yield record

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
