"""A spec file to what it should look like, with the proof that it says the same."""

from typing import Any, Final

import yaml

from reconciler.desired import lines, schema_errors
from reconciler.desired.again import Lines, listed
from reconciler.desired.document import Document
from reconciler.desired.files import SpecFile
from reconciler.desired.item import Item
from reconciler.desired.layout.comments import UnclearError
from reconciler.desired.layout.lay_out import lay_out
from reconciler.desired.layout.pieces import remarks
from reconciler.desired.layout.spent import IsSpent, nothing_spent, without_spent
from reconciler.desired.yaml_reader import LOADER
from reconciler.diagnostics import Diagnostic, SourceMark

_RENAME: Final = "previously"
_UNCLEAR: Final = (
    "it cannot be laid out with certainty that it says the same and keeps its comments"
)


def formatted(
    file: SpecFile, is_spent: IsSpent = nothing_spent
) -> tuple[bytes | None, tuple[Diagnostic, ...]]:
    """The bytes that the file should be, or None with the reasons why it is to be left alone."""
    document, wrong = schema_errors.read(file)
    text, _ = lines.decode(file)
    if wrong or text is None:
        return None, wrong
    text = text.replace("\r\n", "\n")
    if document is None:
        return _tidy(text).encode(), ()
    if not document.data:
        return file.content, ()
    anchor = _anchor(text)
    if anchor is not None:
        return None, (
            Diagnostic(
                rule="fmt.anchor",
                message="an anchor stands here, and what it is for may not change places",
                mark=SourceMark(file.name, anchor.line + 1, anchor.column + 1),
                hint="write the content out where its aliases stand",
            ),
        )
    found = _laid_out(file.name, document, text, is_spent)
    if found is None:
        mark = SourceMark(file.name)
        hint = "lay it out by hand; the comments in unusual places are what to look at"
        return None, (Diagnostic(rule="fmt.unclear", message=_UNCLEAR, mark=mark, hint=hint),)
    return found, ()


def _laid_out(name: str, document: Document, text: str, is_spent: IsSpent) -> bytes | None:
    """None where what was written does not say the same to our reader, or lacks a comment."""
    try:
        before = remarks(document, text)
        data = listed(document.data)
        if _RENAME in text:
            data = without_spent(data, before, is_spent)
        found = lay_out(data, before)
        again, wrong = schema_errors.read(SpecFile(name=name, content=found.encode()))
        if again is None or wrong or not is_same(data, again.data):
            return None
        return found.encode() if remarks(again, found).texts() == before.texts() else None
    except UnclearError:
        return None


def is_same(one: Any, other: Any) -> bool:
    """The order of keys means nothing, and that of lists does."""
    one, other = _opened(one), _opened(other)
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def _opened(value: Any) -> Any:
    if isinstance(value, Lines):
        return list(value)
    return value.data() if isinstance(value, Item) else value


def _anchor(text: str) -> Any:
    """The mark of the first one."""
    if "&" not in text:
        return None
    events = yaml.parse(text, Loader=LOADER)
    return next((one.start_mark for one in events if getattr(one, "anchor", None)), None)


def _tidy(text: str) -> str:
    """What holds comments alone."""
    found: list[str] = []
    for line in text.split("\n"):
        shown = line.strip()
        if shown or found[-1:] not in ([], [""]):
            found.append(shown)
    while found[-1:] == [""]:
        found.pop()
    return "".join(f"{line}\n" for line in found)
