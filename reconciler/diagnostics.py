"""Complaints as values: what is wrong, where, and what to do about it.

They are gathered, sorted by place and shown all at once; raising is for whoever must stop.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Pointer: TypeAlias = tuple[str | int, ...]
"""Where a value stands inside a document: `("customers", 0, "email")`."""


class Severity(StrEnum):
    """An error keeps the specs from being used; a warning only tells."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class SourceMark:
    """A place in a file as people count: the first line and the first column are 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One complaint. `message` and `hint` never hold a personal value.

    `also` names the other place of a contradiction.
    """

    rule: str
    message: str
    mark: SourceMark
    hint: str = ""
    severity: Severity = Severity.ERROR
    also: SourceMark | None = None

    def __str__(self) -> str:
        text = f"{self.mark}: {self.severity}[{self.rule}]: {self.message}"
        return f"{text}. hint: {self.hint}" if self.hint else text


def sort_by_place(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sorted by file, line and column, each complaint once."""
    return tuple(sorted(set(diagnostics), key=lambda one: (one.mark, one.rule, one.message)))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(one.severity is Severity.ERROR for one in diagnostics)
