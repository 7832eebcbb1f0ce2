"""A CSV to a spec file that is valid beside the others, with a report of every row."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.app.digest import NO_DIGESTS
from reconciler.app.environment import Environment, mask_of
from reconciler.app.loading import resolved
from reconciler.diagnostics import Diagnostic, Severity, has_errors, sort_by_place
from reconciler.errors import ConfigError, SpecError
from reconciler.platforms.registry import CHECKS, TABLES

if TYPE_CHECKING:
    from reconciler.desired.document import Document
    from reconciler.desired.files import SpecFile
    from reconciler.desired.table.draft import Draft
    from reconciler.desired.table.mapping import Column
    from reconciler.desired.table.text import Table
    from reconciler.model.settings import Settings, StoreSettings

# What a plan holds of a grant, as far as it can be told without the store.
HELD: Final = ("consent.no-evidence", "consent.level", "consent.implied-basis", "consent.lapsed")
_SPEAKING: Final = ("customers", "tags", "consents")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """`columns` and `drop` are what flags say of columns; they count before the `mapping`."""

    table: Path
    specs: Path
    store: str | None = None
    out: Path | None = None
    mapping: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    delimiter: str | None = None
    skip_refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """`held` counts grants by the rule that holds them; one may be held by several."""

    rows: int = 0
    customers: int = 0
    grants: int = 0
    grants_held: int = 0
    held: tuple[tuple[str, int], ...] = ()
    pending: int = 0
    opt_outs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """`text` is the file, or None where nothing is to be written. `opt_outs_kept` are rows that are
    left out but for an opt-out, `opt_outs_lost` those whose opt-out cannot be written.
    """

    table: str
    sha256: str
    store: str
    diagnostics: tuple[Diagnostic, ...]
    totals: Totals = field(default_factory=Totals)
    left_out: tuple[int, ...] = ()
    opt_outs_kept: tuple[int, ...] = ()
    opt_outs_lost: tuple[int, ...] = ()
    merged: tuple[tuple[int, ...], ...] = ()
    text: str | None = field(default=None, repr=False)


class _Folder(NamedTuple):
    """What stands in the specs beside the file that is to be written."""

    documents: "tuple[Document, ...]"
    settings: "Settings"
    name: str
    environment: Environment

    def complaints(self, document: "Document") -> tuple[Diagnostic, ...]:
        return self._of((*self.documents, document))

    def alone(self, document: "Document", known: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        """What is said of it where no other says anything of a customer; `known` is what is said
        of it beside the others.
        """
        beside = any(one.data.get(name) for one in self.documents for name in _SPEAKING)
        return self._of((document,)) if beside else tuple(known)

    def _of(self, documents: "Sequence[Document]") -> tuple[Diagnostic, ...]:
        environment, digest = self.environment, NO_DIGESTS.customer
        return resolved(documents, self.settings, self.name, environment, digest).complaints


def import_table(request: ImportRequest, environment: Environment, head: Iterable[str]) -> Imported:
    """Reads, checks and lays out; writes nothing. `head` are comments for the top of the file.

    Raises `SpecError` where the specs at hand have errors of their own, and `ConfigError`.
    """
    from reconciler.desired.table import draft, mapping, text

    file = _read(request.table, environment, text.LARGEST)
    folder = _folder(request, environment)
    store = _chosen(folder.settings, request.store)
    sha256 = hashlib.sha256(file.content).hexdigest()
    wrong: list[Diagnostic] = []
    told = mapping.ColumnMapping()
    if request.mapping is not None:
        told, found = mapping.read(_read(request.mapping, environment, text.LARGEST))
        wrong += found
    told = told.with_flags(request.columns, request.drop, request.delimiter)
    table, found = text.table(file, told.delimiter)
    wrong += found
    columns: tuple[Column, ...] = ()
    if table is not None and not wrong:
        columns, found = mapping.columns(table, told)
        wrong += found
    if table is None or wrong:
        return Imported(
            table=file.name, sha256=sha256, store=store.name, diagnostics=sort_by_place(wrong)
        )
    made, found = draft.draft(table, columns, store.name, store.phone_region)
    broken = any(one.rule == text.BROKEN for one in found)
    checked = _checked(made, folder, found, skip=request.skip_refused and not broken)
    lines = (*head, f"# Rows of {file.name}, sha256 {sha256}")
    return _imported(checked, folder, table, store, sha256, lines)


class _Checked(NamedTuple):
    draft: "Draft"
    diagnostics: tuple[Diagnostic, ...]
    sound: bool


def _checked(
    draft: "Draft", folder: _Folder, told: Sequence[Diagnostic], *, skip: bool
) -> _Checked:
    """Beside the other files; where rows may be skipped, until what is left has no errors."""
    from reconciler.desired.table.draft import rows_of

    gathered = list(told)
    while True:
        found = folder.complaints(draft.document())
        errors = [one for one in found if one.severity is Severity.ERROR]
        others = [one for one in errors if not rows_of(one, draft.table)]
        if others:
            raise SpecError(
                sort_by_place(others), hint="mend the specs at hand first; nothing was written"
            )
        gathered += errors
        if not errors or not skip:
            about = (one for one in found if rows_of(one, draft.table))
            gathered += (one for one in about if one.severity is not Severity.ERROR)
            sound = not errors if skip else not has_errors(gathered)
            left = draft.without(errors) if errors else draft
            return _Checked(left, sort_by_place(gathered), sound)
        before, draft = draft, draft.without(errors)
        if before.same_as(draft):
            raise AssertionError("a complaint about a table is of none of its rows")


def _imported(
    checked: _Checked,
    folder: _Folder,
    table: "Table",
    store: "StoreSettings",
    sha256: str,
    head: Sequence[str],
) -> Imported:
    draft = checked.draft
    text = None
    if checked.sound and (draft.people or draft.outs):
        text = draft.written(head)
        _prove(text, draft)
    return Imported(
        table=table.name,
        sha256=sha256,
        store=store.name,
        diagnostics=checked.diagnostics,
        totals=_totals(draft, folder.alone(draft.document(), checked.diagnostics)),
        left_out=draft.left_out,
        opt_outs_kept=draft.opt_outs_kept,
        opt_outs_lost=draft.opt_outs_lost,
        merged=tuple(
            tuple(row.number for row in one.rows) for one in draft.people if len(one.rows) > 1
        ),
        text=text,
    )


def _totals(draft: "Draft", told: Iterable[Diagnostic]) -> Totals:
    states = Counter(
        told if isinstance(told, str) else told["state"]
        for one in draft.people
        for told in (one.entry.data().get("consent") or {}).values()
    )
    kept = {row.number for one in draft.people for row in one.rows}
    held = [one for one in told if one.rule in HELD and one.mark.line in kept]
    by_rule = Counter(rule for rule, _ in {(one.rule, one.mark) for one in held})
    return Totals(
        rows=draft.rows,
        customers=len(draft.people),
        grants=states["subscribed"],
        grants_held=len({one.mark for one in held}),
        held=tuple(sorted(by_rule.items())),
        pending=states["pending"],
        opt_outs=states["unsubscribed"] + len(draft.outs),
    )


def _prove(text: str, draft: "Draft") -> None:
    """What is written says, to the reader of specs, what was checked beside the other files.

    Raises `ConfigError` where that reader would not take it.
    """
    from reconciler.desired import schema_errors
    from reconciler.desired.files import LARGEST_FILE, SpecFile

    content = text.encode()
    if len(content) > LARGEST_FILE:
        raise ConfigError(
            f"the spec would be larger than {LARGEST_FILE // 1024**2} MiB, which is not read",
            hint="split the table, header and all",
        )
    read, wrong = schema_errors.read(SpecFile(name="", content=content))
    if wrong or read is None or not draft.is_said_by(read):
        raise AssertionError("a table was not written as it was checked")


def _folder(request: ImportRequest, environment: Environment) -> _Folder:
    from reconciler.desired import files, schema_errors, settings

    found, diagnostics = files.find([request.specs], mask_of(environment))
    wrong = list(diagnostics)
    documents = []
    for one in found:
        file = one.read()
        if request.out is not None and _is_same(one.path, request.out):
            _refuse_settings(file)
            continue
        if isinstance(file, Diagnostic):
            wrong.append(file)
            continue
        document, told = schema_errors.read(file)
        wrong += told
        if document is not None:
            documents.append(document)
    declared, told = settings.declare(documents, TABLES, CHECKS)
    errors = [one for one in (*wrong, *told) if one.severity is Severity.ERROR]
    if errors:
        raise SpecError(
            sort_by_place(errors), hint="mend the specs at hand first; nothing was written"
        )
    return _Folder(tuple(documents), declared, str(request.specs), environment)


def _refuse_settings(file: "SpecFile | Diagnostic") -> None:
    """Of the file that is to be replaced: what is in force must not go by an import."""
    from reconciler.desired import schema_errors
    from reconciler.desired.files import SpecFile

    if isinstance(file, SpecFile):
        kept, wrong = schema_errors.read_sections(file, ("stores", "policy", "approvals"))
        if kept is not None or wrong:
            raise ConfigError(
                f"{file.name} may hold stores, policy or approvals, and is not replaced",
                hint="write to a file of its own",
            )


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _chosen(settings: "Settings", name: str | None) -> "StoreSettings":
    known = {one.name: one for one in settings.stores}
    names = ", ".join(sorted(known))
    if not known:
        raise ConfigError(
            "no store is defined in the specs", hint="add a section `stores` to a file there"
        )
    if name is None and len(known) > 1:
        raise ConfigError("several stores are defined", hint=f"choose one with --store: {names}")
    if name is not None and name not in known:
        raise ConfigError(f"there is no store {name!r} in the specs", hint=f"defined are {names}")
    return known[name] if name is not None else settings.stores[0]


def _read(path: Path, environment: Environment, most: int) -> "SpecFile":
    from reconciler.desired.files import SpecFile, shown

    name = shown(path, mask_of(environment))
    try:
        if not path.is_file():
            raise ConfigError(f"{name} is no regular file", hint="name a file")
        if path.stat().st_size > most:
            raise ConfigError(
                f"{name} is larger than {most // 1024**2} MiB", hint="split it, header and all"
            )
        return SpecFile(name=name, content=path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{name} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint="check the path and its permissions",
        ) from error
