"""One cell to the value that its field has in an entry, or why it is doubtful.

What a spreadsheet may have done to it is looked for here; whether a spec may hold the value is the
schema's to say, as of every entry.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from reconciler.desired.table.mapping import OUT, Column
from reconciler.desired.table.target import Kind

_BLANKS: Final = " \t\r\n"
_ERROR: Final = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#+)")
_FORMULA: Final = re.compile(r"=|[+@-][0-9.+-]*[A-Za-z][A-Za-z0-9.+-]*[(|]")
_ESCAPED: Final = re.compile(r"'[=+@0-9-]")
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?E\+?[0-9]+")
_POINT: Final = re.compile(r"[0-9]+[.,]0+")
_NUMERIC_DATE: Final = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}\b.*")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SERIAL: Final = re.compile(r"[0-9]{1,12}(?:[.,][0-9]+)?")
_NOTHING_WORDS: Final = frozenset(
    ("NULL", "null", r"\N", "NaN", "nan", "None", "N/A", "n/a", "undefined", "(null)")
)
_OTHER_SEPARATORS: Final = re.compile("[;|\n]")
_FIVE_DIGITS: Final = re.compile(r"[0-9]{3,4}")


class _Left(Enum):
    OUT = "out"


LEFT_OUT: Final = _Left.OUT
"""Of an empty cell: the field is not managed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Without what stands in the cell."""

    rule: str
    message: str
    hint: str


_WORDS_HINT: Final = "say in the mapping which word means what; until then it counts as no consent"
_FORMAT_HINT: Final = "have the column formatted as text before it is saved, and look at the source"


def value(cell: str, column: Column) -> Any:
    """The value in an entry, `LEFT_OUT`, or a `Fault`."""
    text = cell.strip(_BLANKS).replace("\r\n", "\n")
    if says_out(cell, column):
        return OUT
    if not text or (column.nothing is not None and text in column.nothing):
        return _empty(column)
    kind = column.target.kind
    fault = _damage(text, column)
    if fault is not None:
        return fault
    if kind is Kind.STATE:
        return _state(text, column)
    if kind is Kind.FLAG:
        told = column.words.get(text)
        return _no_word(column) if told is None else told == "true"
    if kind is Kind.TAGS:
        return _tags(text, column)
    return text


def says_out(cell: str, column: Column) -> bool:
    """Whether it surely says that somebody is out, however the rest of the row is."""
    if column.target.kind is not Kind.STATE:
        return False
    return bool(_state(cell.strip(_BLANKS), column) == OUT)


def _empty(column: Column) -> Any:
    if not column.clears:
        return LEFT_OUT
    return [] if column.target.kind is Kind.TAGS else None


def _state(text: str, column: Column) -> Any:
    """A grant to the letter, an opt-out in any case of letters."""
    told = column.words.get(text)
    if told is not None:
        return told
    return OUT if text.casefold() in column.outs else _no_word(column)


def _no_word(column: Column) -> Fault:
    name = column.target.name
    hint = _WORDS_HINT if column.target.kind is Kind.STATE else "say in the mapping what it means"
    return Fault("import.word", f"nobody has said what this word means for `{name}`", hint)


def _tags(text: str, column: Column) -> Any:
    if column.separator is None and _OTHER_SEPARATORS.search(text):
        message = "this cell may hold several tags, parted by a sign that is no comma"
        return Fault("import.cell", message, "say which with `separator` in the mapping")
    found = (one.strip(_BLANKS) for one in text.split(column.separator or ","))
    return list(dict.fromkeys(one for one in found if one))


def _damage(text: str, column: Column) -> Fault | None:
    """What a spreadsheet or a program has left in the cell in place of what was meant."""
    name, kind = column.target.name, column.target.kind
    if _ERROR.fullmatch(text):
        return Fault("import.cell", f"`{name}` is an error of a spreadsheet", _FORMAT_HINT)
    is_number = kind is Kind.CONTACT and text[0] in "+-"
    if _FORMULA.match(text) and not (is_number and "=" not in text):
        return Fault("import.cell", f"`{name}` is a formula, and not its result", _FORMAT_HINT)
    if column.nothing is None and text in _NOTHING_WORDS:
        message = f"`{name}` is a word that programs write for nothing"
        return Fault("import.cell", message, "say with `nothing` in the mapping whether it is")
    if kind in (Kind.NOTE, Kind.STATE, Kind.FLAG):
        return None
    if _ESCAPED.match(text) and name != "phone":
        message = f"`{name}` begins with the apostrophe of a spreadsheet"
        return Fault("import.cell", message, "take it out")
    if kind is Kind.TIME:
        return _no_time(text, name)
    if name != "phone" and _SCIENTIFIC.fullmatch(text):
        message = f"`{name}` is a number as spreadsheets write long ones, which has lost digits"
        return Fault("import.cell", message, _FORMAT_HINT)
    if name != "phone" and kind is not Kind.TAGS and _POINT.fullmatch(text):
        message = f"`{name}` is a number with a decimal point, as spreadsheets add one"
        return Fault("import.cell", message, _FORMAT_HINT)
    return None


def _no_time(text: str, name: str) -> Fault | None:
    """Times that look like some, and cannot be read for sure."""
    hint = "write it with its offset, like 2026-03-01T09:12:00+00:00"
    if _NUMERIC_DATE.fullmatch(text):
        return Fault("import.cell", f"day and month of `{name}` cannot be told apart", hint)
    if _DAY.fullmatch(text):
        return Fault("import.cell", f"`{name}` is a day without its time and offset", hint)
    if _SERIAL.fullmatch(text):
        return Fault("import.cell", f"`{name}` is a bare number, and no time", hint)
    return None


def lost_zero(country: object, code: object) -> bool:
    """Whether a postal code is surely shorter than any of its country, as without its first 0."""
    return (
        country in ("DE", "ES", "FR", "IT", "US", "MX", "FI", "EE", "HR", "TR", "MY", "TH")
        and isinstance(code, str)
        and _FIVE_DIGITS.fullmatch(code) is not None
    )
