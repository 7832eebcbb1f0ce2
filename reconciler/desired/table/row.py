"""A row to an entry that knows in which cell each of its values stands."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from reconciler.desired import schema_errors
from reconciler.desired.document import Document
from reconciler.desired.item import Item
from reconciler.desired.numbering import inside
from reconciler.desired.places import Places
from reconciler.desired.table.cell import LEFT_OUT, Fault, lost_zero, says_out, value
from reconciler.desired.table.mapping import Column
from reconciler.desired.table.target import Kind
from reconciler.desired.table.text import Cells
from reconciler.diagnostics import Diagnostic, Pointer, SourceMark
from reconciler.model.consent import Channel
from reconciler.model.identity import IdentityKind, identity
from reconciler.model.marks import number
from reconciler.model.spelling import phone_fault
from reconciler.schemas import accepts, fits, validator

Key: TypeAlias = tuple[IdentityKind, str]
"""An identity as it is matched by."""
_SECTION: Final = "customers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`keys` are the identities that can be read, `outs` the channels that it surely leaves, both
    whether or not the whole row is `sound`; of the channels that it `doubts` nobody knows what it
    says.
    """

    number: int
    entry: Item = field(repr=False)
    keys: tuple[Key, ...] = field(repr=False)
    outs: tuple[Channel, ...]
    doubts: tuple[Channel, ...]
    sound: bool

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.entry.data()
        return found

    def places(self) -> dict[Pointer, int]:
        """Of everything in the entry, as `item` takes them."""
        return {way: self.entry.value(way) for way in inside(self.entry.data(), 0)}


def row(
    table: str, cells: Cells, columns: Sequence[Column], region: str | None
) -> tuple[Row, list[Diagnostic]]:
    """With every complaint about it that no other entry is needed for."""
    found: dict[Pointer, Any] = {}
    places: dict[Pointer, int] = {}
    wrong: list[Diagnostic] = []
    outs: list[Channel] = []
    doubts: list[Channel] = []
    for column in columns:
        cell = cells.cells[column.number - 1]
        if says_out(cell, column):
            outs.append(Channel(str(column.target.way[1])))
        told = value(cell, column)
        if isinstance(told, Fault):
            if column.target.kind is Kind.STATE:
                doubts.append(Channel(str(column.target.way[1])))
            mark = SourceMark(table, cells.row, column.number)
            wrong.append(
                Diagnostic(rule=told.rule, message=told.message, mark=mark, hint=told.hint)
            )
        elif told is not LEFT_OUT:
            found[column.target.way] = told
            places[column.target.way] = number(cells.row - 1, column.number - 1)
    data = _entry(found, places)
    wrong += _without_zero(table, data, places)
    entry = item(data, places, number(cells.row - 1, 0))
    if not accepts("spec", data, "customer"):
        wrong += _refused(table, entry, alone=not wrong)
    made = Row(
        number=cells.row,
        entry=entry,
        keys=tuple(_keys(data, region)),
        outs=tuple(outs),
        doubts=tuple(doubts),
        sound=not wrong,
    )
    return made, wrong


def item(data: dict[str, Any], places: Mapping[Pointer, int], first: int) -> Item:
    """An entry in little room, which still knows its places; they are absolute in `places`, and its
    own is `first`.
    """
    found: list[int] = []
    _number(data, (), first, places, found, first)
    return Item.of(data, first, array("q", found).tobytes())


def document(table: str, data: dict[str, Any]) -> Document:
    """What the rows of a table say, with rows and columns for lines."""
    places = Places(file=table, data=data, numbers=array("q"), sections={}, items={})
    return Document(file=table, data=data, places=places)


def _entry(found: Mapping[Pointer, Any], places: dict[Pointer, int]) -> dict[str, Any]:
    """As people write it: a state that stands alone has no mapping around it, and addresses have no
    gaps between them.
    """
    entry: dict[str, Any] = {}
    for way, told in found.items():
        if way[0] == "addresses":
            continue
        inner: dict[str, Any] = entry
        for length, part in enumerate(way[:-1], start=1):
            inner = inner.setdefault(str(part), {})
            places.setdefault(way[:length], places[way])
        inner[str(way[-1])] = told
    consents = entry.get("consent") or {}
    for channel, told in consents.items():
        if told.keys() == {"state"}:
            consents[channel] = told["state"]
    numbers = sorted({way[1] for way in found if way[0] == "addresses"}, key=str)
    for index, at in enumerate(numbers):
        address = {str(way[2]): told for way, told in found.items() if way[:2] == ("addresses", at)}
        entry.setdefault("addresses", []).append(address)
        for part in address:
            place = places[("addresses", at, part)]
            places[("addresses", index, part)] = place
            places.setdefault(("addresses",), place)
    return entry


def _number(
    node: Any,
    way: Pointer,
    around: int,
    places: Mapping[Pointer, int],
    found: list[int],
    first: int,
) -> None:
    """In the order in which everything in a value is numbered: a key, what it holds, the next."""
    pairs = isinstance(node, dict)
    for name, inner in node.items() if pairs else enumerate(node):
        below = (*way, name)
        place = places.get(below, around)
        found.extend([place - first] * (2 if pairs else 1))
        if isinstance(inner, dict | list):
            _number(inner, below, place, places, found, first)


def _refused(table: str, made: Item, *, alone: bool) -> Iterator[Diagnostic]:
    """Where some cell was refused, nobody is told that it lacks."""
    data = {_SECTION: [made.data()]}
    around = document(table, {_SECTION: [made]})
    told = Document(file=table, data=data, places=around.places)
    for error in validator("spec").iter_errors(data):
        for one in schema_errors.explain(told, error):
            if one.rule != "schema.missing":
                yield replace(one, message=_of_a_row(one.message))
            elif alone:
                yield replace(one, message=_of_a_row(one.message), hint="fill the cell")


def _of_a_row(message: str) -> str:
    return message.replace(f"`{_SECTION}[0].", "`").replace(f"`{_SECTION}[0]`", "this row")


def _without_zero(
    table: str, data: Mapping[str, Any], places: Mapping[Pointer, int]
) -> Iterator[Diagnostic]:
    for index, address in enumerate(data.get("addresses") or ()):
        if lost_zero(address.get("country_code"), address.get("zip")):
            place = places["addresses", index, "zip"]
            yield Diagnostic(
                rule="import.cell",
                message="the postal code is shorter than those of its country, as without its 0",
                mark=SourceMark(table, (place >> 32) + 1, (place & 0xFFFF_FFFF) + 1),
                hint="have the column formatted as text before it is saved",
            )


def _keys(data: Mapping[str, Any], region: str | None) -> Iterator[Key]:
    for kind in IdentityKind:
        text = data.get(kind.value)
        if not isinstance(text, str) or not fits(kind.value, text):
            continue
        if kind is IdentityKind.PHONE and phone_fault(text, region) is not None:
            continue
        one = identity(kind, text, region)
        if one is not None:
            yield kind, one.key
