"""A complaint for a program."""

from reconciler.diagnostics import Diagnostic


def as_json(one: Diagnostic, *, line: str = "line") -> dict[str, object]:
    """`line` is what a line of the file is called: of a table it is a row."""
    return {
        "file": one.mark.file,
        line: one.mark.line,
        "column": one.mark.column,
        "severity": one.severity.value,
        "rule": one.rule,
        "message": one.message,
        "hint": one.hint,
        "also": str(one.also) if one.also else None,
    }
