"""A table on its way into a spec: who is to be written, which rows are refused, and what of them is
written all the same, because somebody in them is out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reconciler.desired.document import Document
from reconciler.desired.item import Item
from reconciler.desired.layout.formatted import is_same
from reconciler.desired.layout.lay_out import lay_out
from reconciler.desired.layout.remarks import Remarks
from reconciler.desired.table.mapping import OUT, Column
from reconciler.desired.table.person import Person, contradictions, groups, person
from reconciler.desired.table.row import Row, document, item, row
from reconciler.desired.table.text import Table
from reconciler.diagnostics import Diagnostic
from reconciler.model.customer import CONTACT_OF
from reconciler.model.identity import IdentityKind

_KINDS: Final = tuple(IdentityKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """Of a row that is refused; `entry` is None where the row names nobody for sure."""

    row: int
    channel: str
    entry: Item | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`rows` counts all that were read, `broken` are those that could not even be told apart."""

    table: str
    store: str
    rows: int
    people: tuple[Person, ...]
    refused: tuple[Row, ...]
    broken: tuple[int, ...]
    outs: tuple[OptOut, ...] = ()
    lost: tuple[OptOut, ...] = ()

    def document(self) -> Document:
        """What would be written, each place of it a cell of the table."""
        return document(self.table, self._data())

    def written(self, head: Iterable[str]) -> str:
        """The file, laid out as `fmt` does."""
        return lay_out(self._data(), Remarks(head=list(head)))

    def is_said_by(self, document: Document) -> bool:
        """Whether a file that was read says the same."""
        return is_same(self._data(), document.data)

    def without(self, rows: Collection[int]) -> "Draft":
        """Whoever has one of the rows is left out, but for what they are out of."""
        kept, gone = [], list(self.refused)
        for one in self.people:
            if any(part.number in rows for part in one.rows):
                gone += one.rows
            else:
                kept.append(one)
        refused = tuple(sorted(gone, key=lambda one: one.number))
        found = tuple(_outs(refused))
        lost = {(one.row, one.channel) for one in self.lost}
        lost |= {(one.row, one.channel) for one in self.outs if one.row in rows}
        return replace(
            self,
            people=tuple(kept),
            refused=refused,
            outs=tuple(one for one in found if one.entry and (one.row, one.channel) not in lost),
            lost=tuple(one for one in found if one.entry is None or (one.row, one.channel) in lost),
        )

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
    for group in groups(rows):
        sound = [one for one in group if one.sound]
        told = list(contradictions(table.name, group)) if len(group) > 1 else []
        wrong += told
        if told:
            refused += group
            continue
        refused += [one for one in group if not one.sound]
        if sound:
            people.append(person(sound))
    made_of = Draft(
        table=table.name,
        store=store,
        rows=len(rows) + len(broken),
        people=tuple(people),
        refused=tuple(refused),
        broken=tuple(broken),
    )
    return made_of.without(()), tuple(wrong)


def _outs(refused: Iterable[Row]) -> Iterator[OptOut]:
    """Each person once a channel, by the contact that the channel is about where the row has it."""
    seen: set[tuple[str, str]] = set()
    for one in refused:
        for channel in one.outs:
            contacts = {kind.value: key for kind, key in one.keys}
            kinds = (CONTACT_OF[channel].value, *(kind.value for kind in _KINDS))
            chosen = next((kind for kind in kinds if kind in contacts), None)
            if chosen is None:
                yield OptOut(row=one.number, channel=channel.value, entry=None)
            elif (channel.value, contacts[chosen]) not in seen:
                seen.add((channel.value, contacts[chosen]))
                yield OptOut(
                    row=one.number,
                    channel=channel.value,
                    entry=_entry(one, channel.value, {chosen: one.data[chosen]}),
                )


def _entry(row: Row, channel: str, customer: Mapping[str, str]) -> Item:
    """Without evidence, which may be what the row was refused for: less is told, and no less is
    asked.
    """
    data = {"customer": dict(customer), "channel": channel, "state": OUT}
    kind = next(iter(customer))
    place = row.entry.value((kind,))
    return item(data, {("customer",): place, ("customer", kind): place}, row.number)
