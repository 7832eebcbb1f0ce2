"""Rows of one person: made one entry where they agree, and each refused where they do not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reconciler.desired.item import Item
from reconciler.desired.table.row import Key, Row, item
from reconciler.diagnostics import Diagnostic, Pointer
from reconciler.model.consent import ConsentState
from reconciler.model.fields import BY_NAME, FieldKind
from reconciler.model.identity import IdentityKind, tidy
from reconciler.model.instant import BEGIN, instant
from reconciler.model.marks import marked
from reconciler.model.tags import sort_tags, tag_key

_OUT: Final = ConsentState.UNSUBSCRIBED.value
_KINDS: Final = tuple(kind.value for kind in IdentityKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What rows say together, and what others, which are refused, are out of: it is `heard`."""

    rows: tuple[Row, ...]
    heard: tuple[Row, ...] = ()
    entry: Item = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A value of one field, and the place where its row says it."""

    told: Any = field(repr=False)
    row: Row = field(repr=False)
    way: Pointer

    @property
    def place(self) -> int:
        return self.row.entry.value(self.way)


def groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Those that share an identity, directly or through others; in the order of the first."""
    parent = list(range(len(rows)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    bearers: dict[Key, int] = {}
    for at, one in enumerate(rows):
        for key in one.keys:
            low, high = sorted((root(bearers.setdefault(key, at)), root(at)))
            parent[high] = low
    found: dict[int, list[Row]] = {}
    for at, one in enumerate(rows):
        found.setdefault(root(at), []).append(one)
    return list(found.values())


def contradictions(table: str, rows: Sequence[Row]) -> Iterator[Diagnostic]:
    """Of a group; of rows that are not sound only opt-outs and doubts are heard."""
    first: dict[Pointer, _Said] = {}
    for said in (said for one in rows if one.sound for said in _said(one)):
        known = first.setdefault(said.way, said)
        if not _agree(known, said):
            name = ".".join(map(str, said.way))
            message = f"`{name}` of this person is told otherwise in row {known.row.number}"
            told = _fault(table, said, message)
            yield replace(told, also=marked(table, known.place))
        elif _rank(said) > _rank(known):
            first[said.way] = said
    for one in (one for one in rows if not one.sound):
        for channel in (*one.outs, *one.doubts):
            granted = first.get(("consent", channel.value))
            if granted is not None and _state(granted.told) != _OUT:
                what = "is out of" if channel in one.outs else "leaves doubt about"
                message = f"row {one.number} of this person {what} `consent.{channel}`"
                yield _fault(table, granted, message)


def person(rows: Sequence[Row], refused: Sequence[Row] = ()) -> Person:
    """Of sound rows that contradict neither each other nor those refused."""
    heard = tuple(one for one in refused if one.outs)
    if len(rows) == 1 and not heard:
        return Person(rows=tuple(rows), entry=rows[0].entry)
    data, places = _merged(rows)
    for one in heard:
        for channel in one.outs:
            way = ("consent", channel.value)
            data.setdefault("consent", {}).setdefault(channel.value, _OUT)
            places.setdefault(way[:1], one.entry.place)
            places.setdefault(way, one.entry.place)
    entry = item(data, places, rows[0].entry.place)
    return Person(rows=tuple(rows), heard=heard, entry=entry)


def _merged(rows: Sequence[Row]) -> tuple[dict[str, Any], dict[Pointer, int]]:
    best: dict[Pointer, _Said] = {}
    tags: dict[Pointer, list[str]] = {}
    for said in (said for one in rows for said in _said(one)):
        if said.way[0] == "tags":
            tags.setdefault(said.way, []).extend(said.told)
        known = best.setdefault(said.way, said)
        if _rank(said) > _rank(known):
            best[said.way] = said
    data: dict[str, Any] = {}
    places: dict[Pointer, int] = {}
    for way, said in best.items():
        told = list(sort_tags(tags[way])) if way in tags else said.told
        if len(way) == 2:
            data.setdefault(str(way[0]), {})[str(way[1])] = told
            places.setdefault(way[:1], said.place)
        else:
            data[str(way[0])] = told
        own = said.row.places().items()
        places.update((one, place) for one, place in own if one[: len(way)] == way)
    return data, places


def _fault(table: str, said: _Said, message: str) -> Diagnostic:
    return Diagnostic(
        rule="import.contradiction",
        message=message,
        mark=marked(table, said.place),
        hint="keep one of the two rows, or make them agree; an opt-out in either one counts",
    )


def _said(row: Row) -> Iterator[_Said]:
    for name, told in row.data.items():
        if name in ("consent", "tags") and isinstance(told, dict):
            for part, inner in told.items():
                yield _Said(told=inner, row=row, way=(name, part))
        else:
            yield _Said(told=told, row=row, way=(name,))


def _agree(one: _Said, other: _Said) -> bool:
    way = one.way
    if way[0] == "consent":
        same = _state(one.told) == _state(other.told)
        bare = isinstance(one.told, str) or isinstance(other.told, str)
        return same and (_state(one.told) == _OUT or bare or one.told == other.told)
    if way[0] == "tags":
        return len(way) == 2 or {*map(tag_key, one.told)} == {*map(tag_key, other.told)}
    if way[0] in _KINDS:
        return _key(one) == _key(other)
    known = BY_NAME.get(str(way[0]))
    if known is not None and known.kind is FieldKind.SCALAR:
        return known.normalise(one.told, None) == known.normalise(other.told, None)
    return bool(one.told == other.told)


def _key(said: _Said) -> str:
    return next((key for kind, key in said.row.keys if kind == said.way[0]), tidy(str(said.told)))


def _state(told: Any) -> str:
    return str(told if isinstance(told, str) else told["state"])


def _rank(said: _Said) -> tuple[object, ...]:
    """The higher one is written, whichever row comes first: evidence before none, and the later
    opt-out.
    """
    if said.way[0] == "consent" and not isinstance(said.told, str):
        at = instant(said.told.get("withdrawn_at", "")) or BEGIN
        return (1, at, len(said.told), repr(sorted(said.told.items())))
    return (0, BEGIN, 0, repr(said.told))
