"""Bytes to text with the lines that git and editors show."""

import re
from collections.abc import Iterator
from typing import Final

from reconciler.desired.files import SpecFile
from reconciler.diagnostics import Diagnostic, SourceMark

LONGEST_LINE: Final = 1024 * 1024
_BOM: Final = "\ufeff"
_ODD: Final = re.compile("\r(?!\n)|[\u0085\u2028\u2029\ufeff]")
# Embeddings, overrides and isolates: with one, a reader sees another order than is written.
_TURN: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Every character of the two begins with one of these, in UTF-8.
_SIGNS: Final = (b"\r", b"\xc2\x85", b"\xe2\x80", b"\xe2\x81", b"\xef\xbb\xbf")
_COMMENT: Final = re.compile(r"(?:^|[ \t])#")
_BREAK_HINT: Final = "take it out; only a line feed ends a line here"
_ODD_SAYINGS: Final = {
    "\r": ("yaml.line-break", "a lone carriage return stands here", _BREAK_HINT),
    "\u0085": ("yaml.line-break", "a next-line character (U+0085) stands here", _BREAK_HINT),
    "\u2028": ("yaml.line-break", "a line separator (U+2028) stands here", _BREAK_HINT),
    "\u2029": ("yaml.line-break", "a paragraph separator (U+2029) stands here", _BREAK_HINT),
    _BOM: (
        "yaml.bom-inside",
        "a byte order mark stands inside the file",
        "take it out; files that were put together have one at each seam",
    ),
}


def decode(file: SpecFile) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """The text, or None where it is none; complaints may come with a text that is to be read on."""
    text, diagnostic = _text_of(file)
    if diagnostic is not None:
        return None, (diagnostic,)
    if not any(sign in file.content for sign in _SIGNS):
        return text, ()
    return _as_shown(text, file.name)


def place(text: str, position: int) -> tuple[int, int]:
    """Line and column of a position, both from 1."""
    before = text[:position] if position >= 0 else ""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _as_shown(text: str, name: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """The text with the lines that git and editors show, and a complaint for what hides others.

    PyYAML follows YAML 1.1, in which a lone carriage return and three characters of Unicode end a
    line, and with it a comment: what a reader of the diff sees as part of a comment would count.
    """
    if _ODD.search(text) is None and _TURN.search(text) is None:
        return text, ()
    found = list(_turned_comments(text, name))
    line, begins, counted = 1, 0, 0
    for match in _ODD.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        begins = max(begins, text.rfind("\n", begins, counted) + 1)
        column = counted - begins + 1
        rule, message, hint = _ODD_SAYINGS[match[0]]
        mark = SourceMark(name, line, column)
        found.append(Diagnostic(rule=rule, message=message, mark=mark, hint=hint))
    plain = _ODD.sub(lambda match: "" if match[0] == _BOM else " ", text)
    return plain, tuple(found)


def _turned_comments(text: str, name: str) -> Iterator[Diagnostic]:
    """Values with such a character are refused by the schema, which can name the field."""
    for number, line in enumerate(text.split("\n"), start=1):
        comment = _COMMENT.search(line)
        turn = _TURN.search(line, comment.end()) if comment else None
        if turn is not None:
            yield Diagnostic(
                rule="yaml.direction",
                message="a character that turns the direction of text stands in this comment",
                mark=SourceMark(name, number, turn.start() + 1),
                hint="take it out; with it the line reads otherwise than it is",
            )


def _text_of(file: SpecFile) -> tuple[str, Diagnostic | None]:
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        column = error.start - (file.content.rfind(b"\n", 0, error.start) + 1) + 1
        return "", Diagnostic(
            rule="yaml.not-utf8",
            message="this byte is not UTF-8",
            mark=SourceMark(file.name, line, column),
            hint="save the file as UTF-8",
        )
    if len(text) <= LONGEST_LINE:
        return text, None
    for number, length in enumerate(map(len, text.split("\n")), start=1):
        if length > LONGEST_LINE:
            return "", Diagnostic(
                rule="yaml.line-too-long",
                message=f"the line has more than {LONGEST_LINE} characters",
                mark=SourceMark(file.name, number, LONGEST_LINE + 1),
                hint="use a line for each item",
            )
    return text, None
