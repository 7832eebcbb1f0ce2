"""A table on its way into a spec: who is to be written, which rows are refused, and what of them is
written all the same, because somebody in them is out.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.desired.document import Document
from reconciler.desired.item import Item
from reconciler.desired.layout.formatted import is_same
from reconciler.desired.layout.lay_out import lay_out
from reconciler.desired.layout.remarks import Remarks
from reconciler.desired.table.mapping import OUT, Column
from reconciler.desired.table.person import Person, contradictions, groups, person
from reconciler.desired.table.row import Key, Row, document, item, row
from reconciler.desired.table.text import Table
from reconciler.diagnostics import Diagnostic, Pointer
from reconciler.model.consent import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """Of a row that is refused, and by which identities it names somebody."""

    row: int
    channel: Channel
    keys: tuple[Key, ...] = field(repr=False)
    entry: Item = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`rows` counts all that were read, `broken` are those that could not even be told apart.

    `outs` are the opt-outs of refused rows, `lost` are those that cannot be written. The identities
    of a row that is `apart` are not said to be of one person.
    """

    table: str
    store: str
    rows: int
    people: tuple[Person, ...]
    refused: tuple[Row, ...]
    broken: tuple[int, ...]
    outs: tuple[OptOut, ...] = ()
    lost: frozenset[tuple[Channel, Key]] = field(default=frozenset(), repr=False)
    apart: frozenset[int] = frozenset()

    def document(self) -> Document:
        """What would be written, each place of it a cell of the table."""
        return document(self.table, self._data())

    def written(self, head: Iterable[str]) -> str:
        """The file, laid out as `fmt` does."""
        return lay_out(self._data(), Remarks(head=list(head)))

    def is_said_by(self, document: Document) -> bool:
        """Whether a file that was read says the same."""
        return is_same(self._data(), document.data)

    def without(self, rows: Collection[int], beside: Collection[int] = ()) -> "Draft":
        """Whoever has one of the rows is left out, but for what they are out of.

        Where an opt-out itself is refused, its identities and those of rows `beside` it are named
        apart before it is given up.
        """
        kept, gone = [], list(self.refused)
        for one in self.people:
            if any(part.number in rows for part in (*one.rows, *one.heard)):
                gone += one.rows
            else:
                kept.append(one)
        refused = tuple(sorted(gone, key=lambda one: one.number))
        heard = {
            (channel, key)
            for one in kept
            for channel in (channel for row in one.heard for channel in row.outs)
            for key in (key for row in one.rows for key in row.keys)
        }
        blamed = {*rows, *beside}
        apart = {one.row for one in self.outs if one.row in blamed and len(one.keys) > 1}
        unwritten = () if apart else [one for one in self.outs if one.row in rows]
        lost = self.lost.union((one.channel, key) for one in unwritten for key in one.keys)
        apart |= self.apart
        return replace(
            self,
            people=tuple(kept),
            refused=refused,
            outs=tuple(_outs(refused, apart, lost | heard)),
            lost=lost,
            apart=frozenset(apart),
        )

    @property
    def opt_outs_kept(self) -> tuple[int, ...]:
        """The refused rows of which every opt-out is written."""
        return tuple(one.number for one in self.refused if one.outs and not self._loses(one))

    @property
    def opt_outs_lost(self) -> tuple[int, ...]:
        """The refused rows with an opt-out that is not written of all whom they name."""
        return tuple(one.number for one in self.refused if one.outs and self._loses(one))

    def _loses(self, row: Row) -> bool:
        said = ((channel, key) for channel in row.outs for key in row.keys)
        return not row.keys or any(one in self.lost for one in said)

    def same_as(self, other: "Draft") -> bool:
        """Whether both write the same."""
        mine, theirs = (self.apart, self.lost), (other.apart, other.lost)
        return mine == theirs and self.people == other.people

    @property
    def left_out(self) -> tuple[int, ...]:
        return tuple(sorted({*self.broken, *(one.number for one in self.refused)}))

    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"store": self.store}
        if self.people:
            data["customers"] = [one.entry for one in self.people]
        if self.outs:
            data["consents"] = [one.entry for one in self.outs]
        return data


def draft(
    table: Table, columns: tuple[Column, ...], store: str, region: str | None
) -> tuple[Draft, tuple[Diagnostic, ...]]:
    """With every complaint that needs no other file."""
    wrong: list[Diagnostic] = []
    rows: list[Row] = []
    broken: list[int] = []
    for cells in table.rows():
        if isinstance(cells, Diagnostic):
            wrong.append(cells)
            broken.append(cells.mark.line)
            continue
        made, told = row(table.name, cells, columns, region)
        rows.append(made)
        wrong += told
    people: list[Person] = []
    refused: list[Row] = []
    apart: set[int] = set()
    for group in groups(rows):
        if len(group) > 1:
            apart.update(one.number for one in group)
        sound = [one for one in group if one.sound]
        told = list(contradictions(table.name, group)) if len(group) > 1 else []
        wrong += told
        if told:
            refused += group
            continue
        unsound = [one for one in group if not one.sound]
        refused += unsound
        if sound:
            people.append(person(sound, unsound))
    made_of = Draft(
        table=table.name,
        store=store,
        rows=len(rows) + len(broken),
        people=tuple(people),
        refused=tuple(refused),
        broken=tuple(broken),
        apart=frozenset(apart),
    )
    return made_of.without(()), tuple(wrong)


def _outs(
    refused: Iterable[Row], apart: Collection[int], settled: Collection[tuple[Channel, Key]]
) -> Iterator[OptOut]:
    """Each identity once a channel, and those of a row together where they may be; none of what is
    settled.
    """
    seen = set(settled)
    for one in sorted(refused, key=lambda one: (-len(one.keys), one.keys)):
        for channel in one.outs:
            fresh = [key for key in one.keys if (channel, key) not in seen]
            seen.update((channel, key) for key in fresh)
            together = len(fresh) == len(one.keys) and one.number not in apart
            for keys in [fresh] if together else [[key] for key in fresh]:
                if keys:
                    yield _opt_out(one, channel, keys)


def _opt_out(row: Row, channel: Channel, keys: Sequence[Key]) -> OptOut:
    """Without evidence, which may be what the row was refused for: less is told, and no less is
    asked.
    """
    customer = {kind.value: row.data[kind.value] for kind, _ in keys}
    data = {"customer": customer, "channel": channel.value, "state": OUT}
    places: dict[Pointer, int] = {("customer", kind): row.entry.value((kind,)) for kind in customer}
    return OptOut(
        row=row.number, channel=channel, keys=tuple(keys), entry=item(data, places, row.number)
    )
