"""What the platforms' documents list, joined with how each field and parameter is treated.

`PLATFORM.toml` has the pages of the documents, `fields/PLATFORM.toml` a row for each path with one
or more kinds, each with its reason:

- `managed`: by the field of that name; a spec can set it where the documents have a write.
- `written`: goes out, and what is read of it decides nothing.
- `carried`: goes back as it was read, and a loss is told.
- `watched`: is never sent, and a write that changes it is told.
- `judged`: is read for a decision, and never sent.
- `derived`: of something else, never sent.
- `unmanaged`: neither read nor sent, with the reason.

A parameter is `sent` or `unsent`. `test` names what shows it, where that is not the check of all.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.platforms.registry import TABLES

HERE: Final = Path(__file__).parent
FIELD_KINDS: Final = (
    "managed",
    "written",
    "carried",
    "watched",
    "judged",
    "derived",
    "unmanaged",
)
PARAMETER_KINDS: Final = ("sent", "unsent")
SHOWN_BY: Final = "tests/documents/test_fields.py::test_a_row_is_what_the_wire_does"
MANAGED_BY: Final = (
    "tests/documents/test_fields.py::test_a_managed_field_is_set_and_then_there_is_nothing_to_do"
)
SENT_BY: Final = "tests/documents/test_fields.py::test_a_parameter_is_sent_or_not"
PLATFORMS: Final = tuple(sorted(path.stem for path in HERE.glob("*.toml")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A path as the documents have it: whether it is shown, and whether a write may have it."""

    read: bool
    create: bool
    update: bool


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def documented(platform: str) -> dict[str, Listed]:
    """The fields that the documents list, by path."""
    found: dict[str, Listed] = {}
    for told in _toml(HERE / f"{platform}.toml").values():
        named = {kind: _named(told, kind) for kind in ("read", "create", "update")}
        for path in dict.fromkeys(one for paths in named.values() for one in paths):
            had = found.get(path, Listed(read=False, create=False, update=False))
            found[path] = Listed(
                read=had.read or path in named["read"],
                create=had.create or path in named["create"],
                update=had.update or path in named["update"],
            )
    return found


def _named(told: dict[str, Any], kind: str) -> list[str]:
    """`*` stands for all that the page shows, `=create` for the create's, `-NAME` takes one out."""
    paths: list[str] = []
    for one in told.get(kind, ()):
        if one == "*":
            paths += told["read"]
        elif one == "=create":
            paths += told["create"]
        elif one.startswith("-"):
            paths.remove(one[1:])
        else:
            paths.append(one)
    return paths


def parameters(platform: str) -> tuple[str, ...]:
    pages = _toml(HERE / f"{platform}.toml").items()
    return tuple(f"{page}.{one}" for page, told in pages for one in told.get("parameters", ()))


def treated(platform: str) -> dict[str, dict[str, str]]:
    fields: dict[str, dict[str, str]] = _toml(HERE / "fields" / f"{platform}.toml")["fields"]
    return fields


def treated_parameters(platform: str) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = _toml(HERE / "fields" / f"{platform}.toml")["parameters"]
    return rows


def kinds(row: dict[str, str]) -> set[str]:
    return row.keys() - {"test"}


def shown_by(row: dict[str, str]) -> str:
    """The test that shows a row."""
    return row.get("test", MANAGED_BY if "managed" in row else SHOWN_BY)


def page() -> str:
    """The table of all platforms, in Markdown."""
    parts = []
    for platform in PLATFORMS:
        table = TABLES[platform]
        parts += [f"## {table.title}", "", "| field | documents | treatment | shown by |"]
        parts.append("|---|---|---|---|")
        rows = treated(platform)
        for path, told in documented(platform).items():
            row = rows[path]
            parts.append(
                f"| `{path}` | {_listed(told)} | {_treatment(platform, row)} "
                f"| `{shown_by(row).rpartition('::')[2]}` |"
            )
        parts += ["", "| parameter | treatment |", "|---|---|"]
        for name, row in treated_parameters(platform).items():
            ((kind, why),) = row.items()
            parts.append(f"| `{name}` | {'sent' if kind == 'sent' else 'not sent'}: {why} |")
        parts.append("")
    return "\n".join([counted(), "", *parts])


def counted() -> str:
    every = [one for platform in PLATFORMS for one in documented(platform).values()]
    shown = sum(one.read for one in every)
    asked = sum(len(parameters(one)) for one in PLATFORMS)
    return f"{shown} fields of answers, {len(every) - shown} that are only written, {asked} parameters."


def _listed(one: Listed) -> str:
    told = {"read": one.read, "create": one.create, "update": one.update}
    return ", ".join(name for name, does in told.items() if does)


_SAID: Final = {
    "written": "sent: {}",
    "carried": "goes back as read: {}",
    "watched": "watched: {}",
    "judged": "read for judging: {}",
    "derived": "never sent: derived {}",
    "unmanaged": "not managed: {}",
}


def _treatment(platform: str, row: dict[str, str]) -> str:
    said = []
    for kind, why in row.items():
        if kind == "managed":
            said.append(f"managed as `{why}`{_how(platform, why)}")
        elif kind in _SAID:
            said.append(_SAID[kind].format(why))
    return "; ".join(said)


def _how(platform: str, name: str) -> str:
    table = TABLES[platform]
    if name in table.tries:
        return ", tried"
    return "" if name in table.updates else ", on create"
