"""The generated parts of the README; cog asks for them, and `make readme` fails when they are old."""

from collections.abc import Callable

from reconciler.cli import _COMMANDS
from reconciler.model.capabilities import Capabilities
from reconciler.model.fields import FIELDS
from reconciler.platforms.tables import TABLES


def commands() -> str:
    return "".join(f"- `reconciler {name}` — {line}\n" for name, line in _COMMANDS.items())


def platforms() -> str:
    rows = [_row("", lambda one: one.title), "|---" * (len(TABLES) + 1) + "|"]
    rows.append(_row("versions (first is the oldest)", lambda one: ", ".join(one.versions)))
    rows.append(_row("default version", lambda one: one.default_version))
    rows.extend(_row(f"write {field.title}", _writes(field.name)) for field in FIELDS)
    rows.append(_row("delete", lambda one: "yes" if one.deletes else "no"))
    rows.append(_row("look up by", lambda one: ", ".join(sorted(one.looks_up))))
    rows.append(_row("requests a second", lambda one: f"{one.rate.per_second:g}"))
    notes = [f"- {one.title}: {note}" for one in TABLES.values() for note in one.notes]
    return "\n".join([*rows, "", *notes]) + "\n"


def _row(title: str, cell: Callable[[Capabilities], str]) -> str:
    return f"| {title} | " + " | ".join(cell(one) for one in TABLES.values()) + " |"


def _writes(name: str) -> Callable[[Capabilities], str]:
    def cell(one: Capabilities) -> str:
        if name in one.updates:
            return "yes"
        return "on create" if name in one.creates else "no"

    return cell
