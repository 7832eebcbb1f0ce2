"""What the columns of a table mean: read from a file and from flags, and put to a header."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reconciler.desired import schema_errors, yaml_reader
from reconciler.desired.files import SpecFile
from reconciler.desired.table.target import CLEARABLE, TARGETS, Kind, Target, nearest, proposed
from reconciler.desired.table.text import DELIMITERS, Table, shown
from reconciler.diagnostics import Diagnostic, SourceMark
from reconciler.model.consent import ConsentState
from reconciler.model.identity import IdentityKind
from reconciler.schemas import accepts, validator

OUT: Final = ConsentState.UNSUBSCRIBED.value
_STATES: Final = (ConsentState.SUBSCRIBED.value, OUT, ConsentState.PENDING.value)
# What cells may say where a mapping says nothing of it: the words of a spec.
_OF_A_SPEC: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.STATE: {state: state for state in _STATES},
    Kind.FLAG: {word: word.lower() for word in ("true", "True", "TRUE", "false", "False", "FALSE")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """`words` are by field, then by word, what each stands for; `nothing` is None where no word is
    said to be an empty cell.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    delimiter: str | None = None
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    separator: str | None = None
    clear: frozenset[str] = frozenset()
    nothing: frozenset[str] | None = None

    def with_flags(
        self, columns: Mapping[str, str], drop: Collection[str], delimiter: str | None
    ) -> "ColumnMapping":
        """A flag counts before the file."""
        kept = {name: told for name, told in self.columns.items() if name not in drop}
        return replace(
            self,
            columns={**kept, **columns},
            drop=self.drop.difference(columns) | set(drop),
            delimiter=delimiter or self.delimiter,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that is a field; its number counts from 1."""

    number: int
    target: Target
    words: Mapping[str, str]
    outs: frozenset[str]
    separator: str | None
    clears: bool
    nothing: frozenset[str] | None


def read(file: SpecFile) -> tuple[ColumnMapping, tuple[Diagnostic, ...]]:
    """With every complaint about it."""
    document, wrong = yaml_reader.parse(file)
    if document is None or document.data is None:
        return ColumnMapping(), wrong
    if not accepts("mapping", document.data):
        errors = validator("mapping").iter_errors(document.data)
        found = [one for error in errors for one in schema_errors.explain(document, error)]
        return ColumnMapping(), (*wrong, *found)
    data: Mapping[str, Any] = document.data
    words, twice = {}, []
    for name, told in (data.get("words") or {}).items():
        words[name], ambiguous = _by_word(told)
        if ambiguous:
            message = f"a word of `{name}` stands for two things, or for what it does not mean"
            hint = "name each word once; `subscribed` and `unsubscribed` mean what they say"
            mark = document.mark(("words", name))
            twice.append(Diagnostic(rule="import.word", message=message, mark=mark, hint=hint))
    mapping = ColumnMapping(
        columns=data.get("columns") or {},
        drop=frozenset(data.get("drop") or ()),
        delimiter=DELIMITERS[data["delimiter"]] if "delimiter" in data else None,
        words=words,
        separator=data.get("separator"),
        clear=frozenset(data.get("clear") or ()),
        nothing=frozenset(data["nothing"]) if "nothing" in data else None,
    )
    return mapping, (*wrong, *twice)


def _by_word(told: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], bool]:
    """With whether one of them is ambiguous: the words of a spec keep their meaning."""
    found: dict[str, str] = {}
    ambiguous = False
    for meaning, words in told.items():
        for word in map(str.strip, words):
            own = word.casefold() if word.casefold() in _STATES else meaning
            ambiguous = ambiguous or own != meaning or found.setdefault(word, meaning) != meaning
    return found, ambiguous


def columns(
    table: Table, mapping: ColumnMapping
) -> tuple[tuple[Column, ...], tuple[Diagnostic, ...]]:
    """The columns that count, and all that is wrong with any."""
    wrong = [*_absent(table, mapping)]
    found: dict[str, Column] = {}
    for number, name in enumerate(table.header, start=1):
        told = mapping.columns.get(name)
        if told is None and name in mapping.drop:
            continue
        field_name = told if told is not None else name
        target = TARGETS.get(field_name)
        if target is None:
            wrong.append(_unknown(table, number, name, told))
            continue
        first = found.get(target.name)
        if first is not None:
            message = f"{shown(name, number)} is `{target.name}`, and so is column {first.number}"
            wrong.append(_fault(table, number, message, "choose one, and --drop the other"))
            continue
        found[target.name] = _column(number, target, mapping)
    if not wrong:
        wrong += _together(table, found)
    return tuple(found.values()), tuple(wrong)


def _column(number: int, target: Target, mapping: ColumnMapping) -> Column:
    words = mapping.words.get(target.name, _OF_A_SPEC.get(target.kind, {}))
    outs = {word.casefold() for word, meaning in words.items() if meaning == OUT}
    return Column(
        number=number,
        target=target,
        words=words,
        # Whoever is said to be out is, whatever words the others have.
        outs=frozenset({*outs, OUT}) if target.kind is Kind.STATE else frozenset(),
        separator=mapping.separator,
        clears=target.name in mapping.clear and target.name in CLEARABLE,
        nothing=mapping.nothing,
    )


def _absent(table: Table, mapping: ColumnMapping) -> Iterator[Diagnostic]:
    known = dict.fromkeys(table.header)
    for name in sorted({*mapping.columns, *mapping.drop} - known.keys()):
        close = nearest(name, known)
        hint = f"did you mean `{close}`?" if close else "take it out of the mapping"
        yield _fault(table, 1, f"the table has no column `{name}`", hint)


def _unknown(table: Table, number: int, name: str, told: str | None) -> Diagnostic:
    called = shown(name, number)
    if told is not None:
        close = nearest(told, TARGETS)
        hint = f"did you mean `{close}`?" if close else "fields are named as in specs"
        return _fault(table, number, f"{called} is mapped to a field that is none", hint)
    close = proposed(name)
    quoted = f'"{name}' if "`" in called else '"COLUMN'
    hint = f'did you mean --map {quoted}={close}"? or leave it out' if close else "leave it out"
    return _fault(
        table, number, f"{called} is neither mapped nor dropped", f'{hint} with --drop {quoted}"'
    )


def _together(table: Table, found: Mapping[str, Column]) -> Iterator[Diagnostic]:
    """What columns need each other for, or do not stand beside each other."""
    if not any(kind.value in found for kind in IdentityKind):
        yield _fault(
            table,
            1,
            "no column says who it is about: `email`, `phone` or `id`",
            'map one, like --map "E-mail=email"',
        )
    beside = [one for name, one in found.items() if name.startswith("tags.")]
    if "tags" in found and beside:
        message = "`tags` is the whole list, and stands beside `tags.add` or `tags.remove`"
        yield _fault(table, beside[0].number, message, "keep one of the two")
    for name, one in found.items():
        if one.target.way[0] == "consent" and name.count(".") > 1:
            state = name.rpartition(".")[0]
            if state not in found:
                message = f"`{name}` is evidence, and no column is `{state}`"
                yield _fault(table, one.number, message, f"map the state too, or --drop `{name}`")


def _fault(table: Table, column: int, message: str, hint: str) -> Diagnostic:
    mark = SourceMark(table.name, 1, column)
    return Diagnostic(rule="import.column", message=message, mark=mark, hint=hint)
