"""What is remembered of the records of one store: who asked for nothing, by digest."""

import marshal
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from itertools import combinations, compress
from struct import Struct
from typing import Any, Final

from reconciler.cache.places import DIGEST, Places
from reconciler.model.consent import Channel
from reconciler.model.memory import Memory

MOST: Final = 1_000_000
_FORMAT: Final = 2  # of marshal: one text for one value, whatever else refers to it
# The digest of the record, marks of its e-mail and phone, the digest of its entry, how many of its
# tags are not ours, flags.
_ROW: Final = Struct("<16sQQ16sBB")
_MOST_FOREIGN: Final = 255
_EMAIL, _PHONE, _MEANT, _CONTACTS, _SAID = 1, 2, 4, 8, 16


class Records:
    """`known` are rows of an earlier run under the same rules. `named` says that it counts what
    people are called: then none is recalled whose entry does not say all of that.

    What a record subscribes to is not written down: the digest of the record is another for each,
    and whoever has the record and the key tries them all.
    """

    def __init__(self, secret: bytes, known: bytes | bytearray, *, named: bool) -> None:
        self._named = named
        self._empty = blake2b(key=secret, person=b"record", digest_size=DIGEST)
        self._turns = {frozenset(one): _turn(secret, one) for one in _every()}
        self._known = known
        self._places = Places(known, _ROW.size)
        self._used = bytearray(len(known) // _ROW.size)
        self._new = bytearray()
        self._in = bytearray()

    @property
    def knows(self) -> bool:
        """Whether anybody is remembered from an earlier run."""
        return bool(self._known)

    def forget(self) -> None:
        """What the register says is another from here on, so nobody is recalled any more."""
        self._places = Places()

    def recall(self, record: Mapping[str, Any]) -> Memory | None:
        """What is remembered of just this record."""
        digest = self._digest(record)
        if digest is None:
            return None
        places = self._places
        for subscribed, turn in self._turns.items():
            at = places.find(digest ^ turn)
            if at is not None:
                return self._recalled(at, subscribed)
        return None

    def _recalled(self, at: int, subscribed: frozenset[Channel]) -> Memory | None:
        _, email, phone, meaning, foreign, flags = _ROW.unpack_from(self._known, at)
        if self._named and not flags & _SAID:
            return None
        self._used[at // _ROW.size] = 1
        return Memory(
            email if flags & _EMAIL else None,
            phone if flags & _PHONE else None,
            meaning if flags & _MEANT else b"",
            subscribed,
            bool(flags & _CONTACTS),
            bool(flags & _SAID),
            foreign,
        )

    def remember(self, record: Mapping[str, Any], memory: Memory) -> None:
        digest = self._digest(record)
        email, phone, meaning, subscribed, contacts, said, foreign = memory
        full = len(self._new) >= MOST * _ROW.size
        if digest is None or full or foreign > _MOST_FOREIGN:
            return
        flags = (
            (0 if email is None else _EMAIL)
            | (0 if phone is None else _PHONE)
            | (_MEANT if meaning else 0)
            | (_CONTACTS if contacts else 0)
            | (_SAID if said else 0)
        )
        turned = digest ^ self._turns[frozenset(subscribed)]
        name = turned.to_bytes(DIGEST, "little")
        row = _ROW.pack(name, email or 0, phone or 0, meaning, foreign, flags)
        at = self._places.find(turned)
        if at is not None and self._known.startswith(row, at):
            self._used[at // _ROW.size] = 1
        else:
            self._new += row
            self._in.append(bool(subscribed))

    def kept(
        self, touched: Collection[int], shared: Collection[int], noes: Collection[int] = ()
    ) -> bytearray:
        """The rows for the next run: of many that were not met most are of old.

        Of contacts that were `touched`, by their marks, this run noted something; where these are
        `shared`, that may not have been of the one record which says anything of them. Whoever is
        in by a contact of `noes` will have something to say the next time.
        """
        known, used, new = bytearray(self._known), self._used, self._new
        if touched:
            stay = bytes([not _bears(known, at, touched) for at in _rows(known)])
            _take_out(known, stay)
            used = bytearray(compress(used, stay))
        if shared or noes:
            stay = bytes(
                [
                    not (_bears(new, at, shared) or (is_in and _bears(new, at, noes)))
                    for at, is_in in zip(_rows(new), self._in, strict=True)
                ]
            )
            _take_out(new, stay)
            self._in = bytearray(compress(self._in, stay))
        room = MOST - len(new) // _ROW.size
        met = sum(used)
        if (2 * met < len(used) and met) or len(used) > room:
            _take_out(known, used)
            del known[room * _ROW.size :]
        return known + new if known else new

    def _digest(self, record: Mapping[str, Any]) -> int | None:
        if not isinstance(record, dict):
            return None
        try:
            text = marshal.dumps(record, _FORMAT)
        except ValueError:
            return None
        found = self._empty.copy()
        found.update(text)
        return int.from_bytes(found.digest(), "little")


def _rows(rows: bytes | bytearray) -> range:
    """Where each begins."""
    return range(0, len(rows), _ROW.size)


def _take_out(rows: bytearray, stay: bytes | bytearray) -> None:
    """Leaves the rows that stay, a byte for each; there may be too many for a copy."""
    kept, begin = 0, stay.find(1)
    while begin >= 0:
        end = stay.find(0, begin)
        end = len(stay) if end < 0 else end
        most = kept + (end - begin) * _ROW.size
        rows[kept:most] = rows[begin * _ROW.size : end * _ROW.size]
        kept, begin = most, stay.find(1, end)
    del rows[kept:]


def _bears(rows: bytes | bytearray, at: int, marks: Collection[int]) -> bool:
    _, email, phone, _, _, flags = _ROW.unpack_from(rows, at)
    return bool((flags & _EMAIL and email in marks) or (flags & _PHONE and phone in marks))


def _every() -> Iterator[tuple[Channel, ...]]:
    """All that anybody can subscribe to."""
    channels = tuple(Channel)
    for many in range(len(channels) + 1):
        yield from combinations(channels, many)


def _turn(secret: bytes, subscribed: tuple[Channel, ...]) -> int:
    """What makes another digest of one."""
    told = " ".join(subscribed).encode()
    found = blake2b(told, key=secret, person=b"subscribed", digest_size=DIGEST)
    return int.from_bytes(found.digest(), "little")
