"""The content of one cache: what one folder of specs was, and what its stores had to say."""

import hmac
import marshal
from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from reconciler.cache import place
from reconciler.cache.records import Records
from reconciler.cache.sealed import derived, opened, sealed
from reconciler.cache.stamp import stamp
from reconciler.desired.known import List
from reconciler.desired.meaning import meaning
from reconciler.desired.rows import Columns, Rows
from reconciler.model.customer import DesiredCustomer
from reconciler.model.entries import Marked
from reconciler.model.pseudonyms import Pseudonyms

_Files: TypeAlias = dict[bytes, Any]
_Records: TypeAlias = dict[bytes, tuple[bytes, bytes | bytearray]]
_DIGEST: Final = 16
_LENGTH: Final = 8
_FORMAT: Final = 2  # of marshal: one text for one value, whatever else refers to it
_MARKS_AT_HAND: Final = 256


class Cache:
    """`folder` is where it is kept, `name` what it is of.

    All digests in it are made with keys that are made of the key and are not in it: whoever has no
    more than the cache can neither read a name or a value in it nor try whether one is.
    """

    def __init__(self, folder: Path, name: str, key: bytes) -> None:
        self._folder = folder
        self._key = key
        self._secret = derived(key, "digests")
        self._file = hmac.digest(
            derived(key, "name"), name.encode("utf-8", "surrogateescape"), "sha256"
        ).hex()[:32]
        self._meaning = Pseudonyms(key).meaning
        self._stamp = stamp()
        self._found: _Files = {}
        self._kept: _Files = {}
        self._records: _Records = {}
        self._anew = False
        text = place.read(folder, self._file + place.ENDING)
        content = None if text is None else opened(text, key, self._stamp)
        if content is not None:
            self._found, self._records = _read(content)

    def save(self) -> None:
        """What this run has used and found, unless all of that is there already."""
        if not self._anew:
            return
        text = sealed(_written(self._kept, self._records), self._key, self._stamp)
        place.write(self._folder, self._file + place.ENDING, text)
        self._found, self._anew = self._kept, False

    def digest(self, content: bytes) -> bytes:
        return blake2b(content, key=self._secret, person=b"content", digest_size=_DIGEST).digest()

    def entry(self, text: bytes) -> int:
        """What is kept of the lines of an entry."""
        mark = blake2b(text, key=self._secret, person=b"entry", digest_size=8).digest()
        return int.from_bytes(mark, "little")

    def meaning(self, customer: DesiredCustomer) -> bytes:
        """What is asked for a customer, as it may be kept."""
        return self._meaning(meaning(customer))

    @property
    def marked(self) -> Marked:
        """What makes 64 bits of a name; each is asked for a few times in a row."""
        begun = blake2b(key=self._secret, person=b"name", digest_size=8).copy
        number = int.from_bytes
        at_hand: dict[str, int] = {}

        def mark(text: str) -> int:
            known = at_hand.get(text)
            if known is not None:
                return known
            found = begun()
            found.update(text.encode("utf-8", "surrogatepass"))
            if len(at_hand) >= _MARKS_AT_HAND:
                at_hand.clear()
            made = at_hand[text] = number(found.digest(), "little")
            return made

        return mark

    def lists(self, file: bytes) -> tuple[List, ...] | None:
        """Where the lists of a file stand, by the digest of the file."""
        found = self._kept.get(file) or self._found.get(file)
        if found is None:
            return None
        self._kept.setdefault(file, (found[0], {}))
        return tuple(
            List(
                line=line,
                place=at,
                begins=begins,
                starts=_ints("Q", starts),
                places=_ints("q", places),
                marks=_ints("Q", marks),
            )
            for line, at, begins, starts, places, marks in found[0]
        )

    def keep_lists(self, file: bytes, lists: Iterable[List]) -> None:
        rows: dict[Any, Any] = {}
        self._kept[file] = (
            tuple(
                (
                    one.line,
                    one.place,
                    one.begins,
                    one.starts.tobytes(),
                    one.places.tobytes(),
                    one.marks.tobytes(),
                )
                for one in lists
            ),
            rows,
        )
        self._anew = True

    def rows(self, file: bytes, asked: bytes, now: datetime) -> Rows | None:
        """`asked` is a digest of the list, and of what it is read under. What was not in the future
        when it was found is not so later.
        """
        kept, found = self._kept.get(file), self._found.get(file)
        told = None if kept is None else kept[1].get(asked) or (found and found[1].get(asked))
        if kept is None or told is None:
            return None
        since, flags, meanings, named, before, tellers = told
        if now.timestamp() < since:
            return None
        kept[1][asked] = told
        return Rows(
            flags=flags,
            meanings=meanings,
            now=_columns(named),
            before=_columns(before),
            tellers=_ints("I", tellers),
        )

    def keep_rows(self, file: bytes, asked: bytes, rows: Rows, now: datetime) -> None:
        """Of a file whose lists are kept."""
        found = self._kept.get(file)
        if found is None:
            return
        found[1][asked] = (
            now.timestamp(),
            rows.flags,
            rows.meanings,
            _bytes(rows.now),
            _bytes(rows.before),
            rows.tellers.tobytes(),
        )
        self._anew = True

    def records(self, name: str, rules: bytes, *, named: bool) -> Records:
        """What is remembered of the records of a store, as they were settled under just these
        rules; `named` says that it counts what people are called.
        """
        before = self._records.get(self._store(name))
        known = before[1] if before is not None and before[0] == rules else b""
        return Records(self._secret, known, named=named)

    def keep_records(self, name: str, rules: bytes, rows: bytes | bytearray) -> None:
        """What the next run may recall under these rules."""
        store = self._store(name)
        if self._records.get(store) != (rules, rows):
            self._records[store] = rules, rows
            self._anew = True

    def _store(self, name: str) -> bytes:
        return self.digest(name.encode("utf-8", "surrogatepass"))


def _written(files: _Files, records: _Records) -> Iterator[bytes | bytearray]:
    """In pieces, each after its length: how many files, these, then stores, their rules and rows.

    Raises `ValueError` where that is more than is read again.
    """
    stores = ((name, *told) for name, told in records.items())
    pieces = chain(
        (marshal.dumps(len(files), _FORMAT),),
        (marshal.dumps(one, _FORMAT) for one in files.items()),
        chain.from_iterable(stores),
    )
    room = place.LARGEST
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            raise ValueError("more than is read again")
        yield len(piece).to_bytes(_LENGTH, "little")
        yield piece


def _read(content: memoryview) -> tuple[_Files, _Records]:
    """What was written so; whoever sealed it has looked to that."""
    pieces = _pieces(content)
    count = marshal.loads(next(pieces))  # noqa: S302 -- sealed
    files = dict(marshal.loads(one) for one in islice(pieces, count))  # noqa: S302 -- sealed
    stores = map(bytes, pieces)
    return files, {
        name: (rules, rows) for name, rules, rows in zip(stores, stores, stores, strict=True)
    }


def _pieces(content: memoryview) -> Iterator[memoryview]:
    at = 0
    while at < len(content):
        begin = at + _LENGTH
        at = begin + int.from_bytes(content[at:begin], "little")
        yield content[begin:at]


def _ints(kind: str, content: bytes) -> "array[int]":
    found = array(kind)
    found.frombytes(content)
    return found


def _columns(told: Any) -> Columns:
    return tuple((_ints("I", among), _ints("Q", marks)) for among, marks in told)


def _bytes(columns: Columns) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((among.tobytes(), marks.tobytes()) for among, marks in columns)
