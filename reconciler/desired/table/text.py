"""A CSV as it stands in a file: its text, its header, and its rows by number.

Rows are counted as a spreadsheet does, the header being the first, whatever lines a cell holds.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from reconciler.desired.files import SpecFile
from reconciler.diagnostics import Diagnostic, SourceMark
from reconciler.model.shapes import shape_of
from reconciler.model.spelling import text_fault

LARGEST: Final = 64 * 1024 * 1024
MOST_COLUMNS: Final = 1000
DELIMITERS: Final[Mapping[str, str]] = {"comma": ",", "semicolon": ";", "tab": "\t"}
# Of a row after which nothing can be told apart any more.
BROKEN: Final = "import.broken"
_LONGEST_NAME: Final = 60
_TEXTS: Final = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_OTHERS: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_SAVE: Final = "save it as CSV UTF-8, as spreadsheets call that, and look at a name with accents"
_NOTE: Final = re.compile(r'"?sep=.?"?\r?\n', re.IGNORECASE)
_DIGITS: Final = re.compile(r"[\d ().,:+/-]+")


class Cells(NamedTuple):
    """A row with its number."""

    row: int
    cells: list[str]


Row: TypeAlias = Cells | Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`header` are the names of its columns, without blanks around them."""

    name: str
    text: str = field(repr=False)
    delimiter: str
    header: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Each below the header that has anything in it, or why it is none; what follows a row
        that cannot be told from the next is not read.
        """
        for one in _rows(self.name, self.text, self.delimiter):
            if isinstance(one, Diagnostic):
                yield one
            elif one.row > 1 and any(map(str.strip, one.cells)):
                count, wanted = len(one.cells), len(self.header)
                yield one if count == wanted else _ragged(self.name, one.row, count, wanted)


def table(
    file: SpecFile, delimiter: str | None = None
) -> tuple[Table | None, tuple[Diagnostic, ...]]:
    """The table, or None with the reasons. Where no `delimiter` is given the header has to tell."""
    text = _text(file)
    if isinstance(text, Diagnostic):
        return None, (text,)
    if _NOTE.match(text):
        message = "the first line is a note to a spreadsheet, and no header"
        return None, (_fault(file.name, 1, 1, "import.table", message, "take the line out"),)
    chosen = delimiter if delimiter is not None else _delimiter(file.name, text)
    if isinstance(chosen, Diagnostic):
        return None, (chosen,)
    first = next(_rows(file.name, text, chosen), None)
    if first is None:
        return None, (_fault(file.name, 1, 1, "import.table", "there is no row", "look at it"),)
    if isinstance(first, Diagnostic):
        return None, (first,)
    if len(first.cells) > MOST_COLUMNS:
        message = f"the header has more than {MOST_COLUMNS} columns"
        return None, (_fault(file.name, 1, 1, "import.table", message, "take some out"),)
    header = tuple(one.strip() for one in first.cells)
    wrong = tuple(_names(file.name, header))
    if wrong:
        return None, wrong
    return Table(name=file.name, text=text, delimiter=chosen, header=header), ()


def shown(name: str, column: int) -> str:
    """A column as it may be named: by its number alone where the name may be somebody's."""
    if not name or len(name) > _LONGEST_NAME or _is_data(name) or text_fault(name) is not None:
        return f"column {column}"
    return f"column {column}, `{name.replace('`', '')}`"


def _text(file: SpecFile) -> str | Diagnostic:
    content, name = file.content, file.name
    if content.startswith(_OTHERS):
        return _fault(name, 1, 1, "import.encoding", "this is UTF-32, which is not read", _SAVE)
    encoding, called = "utf-8", "UTF-8"
    begins = 0
    for mark, codec, title in _TEXTS:
        if content.startswith(mark):
            encoding, called, begins = codec, title, len(mark)
            break
    try:
        text = content[begins:].decode(encoding)
    except UnicodeDecodeError as error:
        at = begins + error.start
        row = content.count(b"\n", 0, at) + 1
        return _fault(
            name, row, 1, "import.encoding", f"byte {at + 1} of the file is not {called}", _SAVE
        )
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        hint = "it may be UTF-16 without its mark; save it as CSV UTF-8"
        return _fault(name, row, 1, "import.encoding", "a NUL stands in this row", hint)
    return text


def _delimiter(name: str, text: str) -> str | Diagnostic:
    """The one that parts the header; where none does there is one column."""
    found = []
    for title, one in DELIMITERS.items():
        first = next(_rows(name, text, one), None)
        # Where it stands inside of quotes, these are parted too.
        cells = first.cells if isinstance(first, Cells) else []
        if len(cells) > 1 and not any('"' in cell for cell in cells):
            found.append((title, one))
    if len(found) > 1:
        titles = " and ".join(title for title, _ in found)
        return _fault(
            name,
            1,
            1,
            "import.delimiter",
            f"the header does not tell what parts the columns: there are {titles} in it",
            f"say --delimiter {found[0][0]} or {found[1][0]}",
        )
    return found[0][1] if found else ","


def _rows(name: str, text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 0
    try:
        for row, cells in enumerate(reader, start=1):
            yield Cells(row, cells)
    except csv.Error:
        message = "a quotation mark here neither begins nor ends a cell, or the cell has no end"
        hint = 'put cells with quotation marks in quotes, and write the marks in them twice: ""'
        yield _fault(name, row + 1, 1, BROKEN, message, hint)


def _ragged(name: str, row: int, count: int, wanted: int) -> Diagnostic:
    message = f"this row has {count} cells, and the header has {wanted}"
    hint = "put cells that hold the delimiter in quotes"
    return _fault(name, row, min(count, wanted) + 1, "import.table", message, hint)


def _names(name: str, header: tuple[str, ...]) -> Iterator[Diagnostic]:
    if any(map(_is_data, header)):
        message = "the first row holds what looks like a person's data, and no names of columns"
        yield _fault(name, 1, 1, "import.column", message, "give the columns names in a first row")
        return
    seen: dict[str, int] = {}
    for column, one in enumerate(header, start=1):
        if not one:
            hint = "give it one, or take the column out"
            yield _fault(name, 1, column, "import.column", f"column {column} has no name", hint)
        elif one in seen:
            message = f"{shown(one, column)} is named like column {seen[one]}"
            yield _fault(name, 1, column, "import.column", message, "rename one, or take it out")
        seen.setdefault(one, column)


def _is_data(name: str) -> bool:
    """Whether it is a contact or a number rather than the name of a column."""
    return bool(name) and (
        "@" in name or _DIGITS.fullmatch(name) is not None or shape_of(name) is not None
    )


def _fault(name: str, row: int, column: int, rule: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(rule=rule, message=message, mark=SourceMark(name, row, column), hint=hint)
