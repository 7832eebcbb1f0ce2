"""A table on its way into a spec: who is to be written, which rows are refused, and what of them is
written all the same, because somebody in them is out.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reconciler.desired.document import Document
from reconciler.desired.item import Item
from reconciler.desired.layout.formatted import is_same
from reconciler.desired.layout.lay_out import lay_out
from reconciler.desired.layout.remarks import Remarks
from reconciler.desired.table.mapping import OUT, Column
from reconciler.desired.table.person import Person, contradictions, groups, person
from reconciler.desired.table.row import Key, Row, document, item, row
from reconciler.desired.table.text import Table
from reconciler.diagnostics import Diagnostic, Pointer, SourceMark
from reconciler.model.consent import Channel
from reconciler.model.customer import CONTACT_OF
from reconciler.model.marks import marked

_REPEATED: Final = "identity.repeated"


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

    `outs` are the opt-outs of refused rows, `lost` are those that cannot be written, and `said`
    those that another says already. The identities of a row that is `apart` are not said to be of
    one person.
    """

    table: str
    store: str
    rows: int
    people: tuple[Person, ...]
    refused: tuple[Row, ...]
    broken: tuple[int, ...]
    outs: tuple[OptOut, ...] = ()
    lost: frozenset[tuple[Channel, Key]] = field(default=frozenset(), repr=False)
    said: frozenset[tuple[Channel, Key]] = field(default=frozenset(), repr=False)
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

    def without(self, errors: Collection[Diagnostic]) -> "Draft":
        """Whoever has a row that is complained of is left out, but for what they are out of.

        Where an opt-out itself is refused, the identities of all rows in the complaint are named
        apart before it is given up. One that another says already goes, and is not lost.
        """
        blamed = [_blamed(one, self.table) for one in errors]
        rows = {mark.line for mark in blamed if mark is not None}
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
        beside = {mark for one in errors for mark in (one.mark, one.also)}
        apart = {one.row for one in self.outs if len(one.keys) > 1 and self._mark(one) in beside}
        lost, said = (set(), set()) if apart else self._unwritten(errors, rows)
        return replace(
            self,
            people=tuple(kept),
            refused=refused,
            outs=tuple(
                _outs(refused, self.apart | apart, self.lost | self.said | lost | said | heard)
            ),
            lost=self.lost | lost,
            said=self.said | said,
            apart=self.apart | apart,
        )

    def _unwritten(
        self, errors: Collection[Diagnostic], rows: Collection[int]
    ) -> tuple[set[tuple[Channel, Key]], set[tuple[Channel, Key]]]:
        """What of the opt-outs cannot be written, and what is said twice."""
        rules: dict[SourceMark | None, set[str]] = {}
        for one in errors:
            rules.setdefault(_blamed(one, self.table), set()).add(one.rule)
        places = Counter(map(self._mark, self.outs))
        lost: set[tuple[Channel, Key]] = set()
        said: set[tuple[Channel, Key]] = set()
        for out in self.outs:
            mark = self._mark(out)
            told = {(out.channel, key) for key in out.keys}
            if rules.get(mark) == {_REPEATED} and places[mark] == 1:
                said |= told
            elif mark in rules:
                lost |= told
        if not lost | said:
            lost = {(out.channel, key) for out in self.outs if out.row in rows for key in out.keys}
        return lost, said

    def _mark(self, out: OptOut) -> SourceMark:
        return marked(self.table, out.entry.place)

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
        mine = (self.people, self.apart, self.lost, self.said)
        return mine == (other.people, other.apart, other.lost, other.said)

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


def _blamed(one: Diagnostic, table: str) -> SourceMark | None:
    """The place in the table; of two places in it the first one is not to blame."""
    return next((mark for mark in (one.mark, one.also) if mark and mark.file == table), None)


def rows_of(one: Diagnostic, table: str) -> list[int]:
    """Which rows a complaint is about."""
    mark = _blamed(one, table)
    return [] if mark is None else [mark.line]


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
    own = CONTACT_OF[channel].value
    # Each at a place of its own, by which a complaint tells which one it is about.
    said_at = [
        row.entry.value(("consent", channel.value) if kind == own else (kind,)) for kind in customer
    ]
    places: dict[Pointer, int] = {("customer", kind): row.entry.value((kind,)) for kind in customer}
    return OptOut(
        row=row.number, channel=channel, keys=tuple(keys), entry=item(data, places, said_at[0])
    )
