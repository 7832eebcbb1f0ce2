"""Customers as they were made, in few bytes: whoever asks for one again need not read its lines."""

import marshal
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Final, TypeAlias

from reconciler.model.consent import Channel, ConsentState, Evidence, WantedConsent
from reconciler.model.customer import ADDRESS_TEXTS, Address, DesiredCustomer, Scalar
from reconciler.model.fields import PROFILE
from reconciler.model.identity import Identity, IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.marks import Marks, marked, number_of
from reconciler.model.personal import Personal
from reconciler.model.tags import TagIntent, TagSet

_Row: TypeAlias = tuple[Any, ...]
_FORMAT: Final = 4  # of marshal: short texts take a byte beside what they say
_KINDS: Final = tuple(IdentityKind)
_KIND: Final = {kind: number for number, kind in enumerate(_KINDS)}
_CHANNELS: Final = tuple(Channel)
_CHANNEL: Final = {channel: number for number, channel in enumerate(_CHANNELS)}
_STATES: Final = tuple(ConsentState)
_STATE: Final = {state: number for number, state in enumerate(_STATES)}
_NO_EVIDENCE: Final = Evidence()
_BARE: Final = [WantedConsent(state=state, evidence=_NO_EVIDENCE) for state in _STATES]
_CREATES, _CLAIMS, _ABSENT, _PROTECTED = 1, 2, 4, 8
# So many take as few bytes as they do by themselves; others take the time to be squeezed, by what
# some of the first are like.
_MOST_PLAIN: Final = 100_000
_ALIKE: Final = 12
_WINDOW: Final = -12  # of zlib: 4 KiB, as raw data
_MEMORY: Final = 4
_FASTEST: Final = 1
_PLAIN: Final = b"="
_SQUEEZED: Final = b"z"


class _NotPacked(Exception):
    """Something that few customers have, and that takes their lines to make."""


class Packed:
    """Customers of one store, by the numbers of their first entries."""

    def __init__(
        self, store: str, files: Sequence[str], count: int, sets: Sequence[TagSet] = ()
    ) -> None:
        """`files` are those that entries stand in, and `count` is how many entries there are;
        `sets` are all that tags of customers may have.
        """
        self._store = store
        self._files = files
        self._count = count
        self._sets = sets
        self._numbers = {one: number for number, one in enumerate(sets)}
        self._rows: list[bytes | None] = []
        self._met = 0
        self._alike = b""

    def put(self, number: int, customer: DesiredCustomer, file: int) -> None:
        """`file` is the number of that which its first line stands in."""
        if not self._rows:
            self._rows = [None] * self._count
        row = _packed(customer, file, self._numbers)
        self._rows[number] = None if row is None else self._short(row)

    def forget(self, number: int) -> None:
        """Whoever asks for it gets what its lines make."""
        if self._rows:
            self._rows[number] = None

    def of(self, number: int, marks: Marks) -> DesiredCustomer | None:
        """Equal to what was put there; None where it is to be made of its lines."""
        row = self._rows[number] if self._rows else None
        if row is None:
            return None
        if row.startswith(_SQUEEZED):
            told = zlib.decompressobj(_WINDOW, self._alike).decompress(row[1:])
        else:
            told = row[1:]
        row = marshal.loads(told)  # noqa: S302 -- of our own making
        return _unpacked(row, self._store, self._files, marks, self._sets)

    def _short(self, row: bytes) -> bytes:
        self._met += 1
        if self._met <= _MOST_PLAIN:
            if self._met <= _ALIKE:
                self._alike += row
            return _PLAIN + row
        squeezed = self._squeezing.copy()
        return b"".join((_SQUEEZED, squeezed.compress(row), squeezed.flush()))

    @cached_property
    def _squeezing(self) -> "zlib._Compress":
        """Set up once, when what the first are like is known, and copied for each."""
        strategy = zlib.Z_DEFAULT_STRATEGY
        return zlib.compressobj(_FASTEST, zlib.DEFLATED, _WINDOW, _MEMORY, strategy, self._alike)


def _packed(customer: DesiredCustomer, file: int, numbers: Mapping[TagSet, int]) -> bytes | None:
    if customer.unnamed or customer.departed or customer.left_tags:
        return None
    try:
        return marshal.dumps((file, *_row(customer, numbers)), _FORMAT)
    except _NotPacked:
        return None


def _unpacked(
    row: _Row, store: str, files: Sequence[str], marks: Marks, sets: Sequence[TagSet]
) -> DesiredCustomer:
    file, names, place, flags, reason, fields, told, tags, addresses, consents, before, ended = row
    return DesiredCustomer(
        store=store,
        identities=tuple([_identity(*one) for one in names]),
        mark=marked(files[file], place),
        marks=marks,
        previously=tuple([_identity(*one) for one in before]),
        creates=bool(flags & _CREATES),
        claims=bool(flags & _CLAIMS),
        ended_tags=ended,
        absent=bool(flags & _ABSENT),
        reason=reason,
        scalars=tuple(zip(_among(PROFILE, fields), map(_value, told), strict=True)),
        tags=UNMANAGED
        if tags is None
        else _intent(*tags[:3], tuple([sets[number] for number in tags[3]])),
        addresses=UNMANAGED if addresses is None else tuple([_address(*one) for one in addresses]),
        consents=tuple([(_CHANNELS[one[0]], _consent(*one[1:])) for one in consents]),
        protected=bool(flags & _PROTECTED),
    )


def _row(one: DesiredCustomer, numbers: Mapping[TagSet, int]) -> _Row:
    flags = (
        (_CREATES if one.creates else 0)
        | (_CLAIMS if one.claims else 0)
        | (_ABSENT if one.absent else 0)
        | (_PROTECTED if one.protected else 0)
    )
    tags, addresses = one.tags, one.addresses
    return (
        tuple([_name(name) for name in one.identities]),
        number_of(one.mark),
        flags,
        one.reason,
        _which(PROFILE, tuple([name for name, _ in one.scalars])),
        tuple([_plain(value) for _, value in one.scalars]),
        None if tags is UNMANAGED else _tags(tags, numbers),
        None if addresses is UNMANAGED else tuple(map(_parts, addresses)),
        tuple([(_CHANNEL[channel], *_told(wanted)) for channel, wanted in one.consents]),
        tuple([_name(name) for name in one.previously]),
        one.ended_tags,
    )


def _name(one: Identity) -> _Row:
    key, value, written = one.key, one.value.reveal(), one.written.reveal()
    if one.assigned and key == value == written == one.read_back:
        return _KIND[one.kind], key
    return _KIND[one.kind], key, value, written, one.read_back, one.assigned


def _identity(
    kind: int,
    key: str,
    value: str | None = None,
    written: str = "",
    read_back: str = "",
    assigned: bool = True,
) -> Identity:
    if value is None:
        text = Personal(key)
        return Identity(kind=_KINDS[kind], value=text, key=key, written=text, read_back=key)
    return Identity(
        kind=_KINDS[kind],
        value=Personal(value),
        key=key,
        written=Personal(written),
        read_back=read_back,
        assigned=assigned,
    )


def _plain(value: Scalar) -> Any:
    """Text that is no person's goes in a tuple."""
    if isinstance(value, Personal):
        return value.reveal()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return (value,)
    raise _NotPacked


def _value(plain: Any) -> Scalar:
    if type(plain) is str:
        return Personal(plain)
    value: Scalar = plain[0] if type(plain) is tuple else plain
    return value


def _told(wanted: WantedConsent) -> _Row:
    one = wanted.evidence
    if one == _NO_EVIDENCE:
        return (_STATE[wanted.state],)
    return (_STATE[wanted.state], *one.parts())


def _consent(state: int, *told: Any) -> WantedConsent:
    if not told:
        return _BARE[state]
    at, source, method, level, basis, wording, evidence = told
    return WantedConsent(
        state=_STATES[state],
        evidence=Evidence(
            at=None if at is None else datetime.fromisoformat(at),
            source=source,
            method=method,
            level=level,
            basis=basis,
            wording=wording,
            evidence=evidence,
        ),
    )


@lru_cache(maxsize=4096)
def _intent(
    present: tuple[str, ...], absent: tuple[str, ...], exact: bool, sets: tuple[TagSet, ...]
) -> TagIntent:
    """Many customers have the same."""
    return TagIntent(present=present, absent=absent, exact=exact, sets=sets)


def _tags(intent: TagIntent, numbers: Mapping[TagSet, int]) -> _Row:
    sets = tuple([numbers[one] for one in intent.sets])
    return intent.present, intent.absent, intent.exact, sets


def _parts(one: Address) -> _Row:
    if one.remote_id is not None:
        raise _NotPacked
    names = tuple([name for name, _ in one.texts])
    return one.default, _which(ADDRESS_TEXTS, names), *[text.reveal() for _, text in one.texts]


def _address(default: bool | None, names: int, *texts: str) -> Address:
    told = zip(_among(ADDRESS_TEXTS, names), map(Personal, texts), strict=True)
    return Address(texts=tuple(told), default=default)


@lru_cache(maxsize=4096)
def _which(every: tuple[str, ...], names: tuple[str, ...]) -> int:
    """Some of `every`, in that order, as the bits of a number."""
    which = sum(1 << every.index(name) for name in names)
    if _among(every, which) != names:
        raise _NotPacked
    return which


@lru_cache(maxsize=4096)
def _among(every: tuple[str, ...], which: int) -> tuple[str, ...]:
    return tuple(name for number, name in enumerate(every) if which >> number & 1)
