"""`reconciler import`."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import options, progress
from reconciler.cli.codes import BLOCKED, FAILED, OK
from reconciler.cli.voice import behind
from reconciler.diagnostics import Severity
from reconciler.errors import ConfigError
from reconciler.report.plain import counted

if TYPE_CHECKING:
    from reconciler.app.importing import Imported

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_MOST_NAMED = 20


@click.command("import")
@click.argument("table", metavar="FILE.csv", type=options.FILE)
@options.specs
@click.option("--store", metavar="NAME", help="The store; needed where there are several.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="What a column is, like `E-mail=email`; may repeat.",
)
@click.option(
    "--mapping",
    type=options.FILE,
    metavar="FILE.yaml",
    help="What columns are and words mean; `reconciler schema mapping` says how.",
)
@click.option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out; may repeat.")
@click.option(
    "--delimiter",
    type=click.Choice(list(_DELIMITERS)),
    help="What parts the columns, where the header alone does not tell.",
)
@click.option(
    "--out",
    type=options.FILE,
    metavar="FILE.yaml",
    help="Write to this file, for its owner only, instead of stdout.",
)
@click.option("--replace", is_flag=True, help="Replace the file where it is there already.")
@click.option(
    "--skip-refused",
    is_flag=True,
    help="Write the other rows where some are refused, and the opt-outs of those.",
)
@options.text_or_json("Of the report; json goes to stdout.")
@click.option(
    "--report",
    type=options.FILE,
    metavar="FILE.json",
    help="Write the report as JSON too.",
)
@click.option("-q", "--quiet", is_flag=True, help="Only errors.")
def command(
    table: Path,
    specs: Path,
    store: str | None,
    maps: tuple[str, ...],
    mapping: Path | None,
    drop: tuple[str, ...],
    delimiter: str | None,
    out: Path | None,
    replace: bool,
    skip_refused: bool,
    form: str,
    report: Path | None,
    quiet: bool,
) -> int:
    """Write the customers of FILE.csv as a spec, each row checked like an entry.

    Every column is a field, named like it or mapped to it, or is dropped. A consent is taken from
    words that the mapping explains, and from the specs' own; any other word refuses its row. An
    empty cell leaves its field out. Rows of one person are joined where they agree.

    Where a row is refused nothing is written, unless --skip-refused is given: then the others are,
    and of those left out the opt-outs, for which nobody is created. The report names rows and
    columns, never what stands in them.

    Exit codes: 0 written, 1 not, 3 written, but for an opt-out that cannot be.
    """
    from reconciler import app
    from reconciler.app.importing import ImportRequest, import_table

    _check_out(out, form, replace=replace)
    _refuse_same(out, report, read=(table, mapping))
    environment = app.environment_of(specs, None)
    request = ImportRequest(
        table=table,
        specs=specs,
        store=store,
        out=out,
        mapping=mapping,
        columns=_columns(maps, drop),
        drop=drop,
        delimiter=None if delimiter is None else _DELIMITERS[delimiter],
        skip_refused=skip_refused,
    )
    head = options.modeline(out).splitlines() if out is not None else []
    with progress.shown(environment.watch, quiet=quiet):
        done = import_table(request, environment, head)
    if done.text is not None:
        if out is not None:
            options.write_private(out, done.text)
        else:
            behind(sys.stdout).write(done.text)
    for line in _told(done, out, specs, quiet=quiet):
        click.echo(line, err=True)
    _write_report(done, form, report)
    if done.text is None:
        return FAILED
    return BLOCKED if done.opt_outs_lost else OK


def _check_out(out: Path | None, form: str, *, replace: bool) -> None:
    from reconciler.desired.files import is_hidden, is_spec

    if out is None:
        if os.environ.get("CI"):
            raise click.UsageError(
                "where CI is set, give --out: stdout is a log that many can read"
            )
        if form == "json":
            raise click.UsageError("stdout is for one of the two: give --out, or --report")
        return
    if not is_spec(out.name) or is_hidden(out.name):
        raise click.UsageError("--out takes the name of a spec file, which ends in .yaml")
    if os.path.lexists(out) and not replace:
        raise ConfigError(
            f"{out} is there already, and nothing was written",
            hint="choose another name, or give --replace",
        )


def _refuse_same(out: Path | None, report: Path | None, read: Iterable[Path | None]) -> None:
    """Nothing that is read is written over, and nothing is written twice."""
    taken = {os.path.realpath(one) for one in read if one is not None}
    for option, one in (("--out", out), ("--report", report)):
        if one is not None:
            if os.path.realpath(one) in taken:
                raise click.UsageError(f"{option} names a file that is used otherwise here")
            taken.add(os.path.realpath(one))


def _columns(maps: Iterable[str], drop: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in maps:
        name, sign, field = one.rpartition("=")
        if not sign or not name or not field:
            raise click.UsageError("--map takes COLUMN=FIELD, like E-mail=email")
        if found.setdefault(name.strip(), field.strip()) != field.strip() or name in drop:
            raise click.UsageError(f"the column {name.strip()!r} is mapped or dropped twice")
    return found


def _told(done: "Imported", out: Path | None, specs: Path, *, quiet: bool) -> Iterator[str]:
    for one in done.diagnostics:
        if not quiet or one.severity is Severity.ERROR:
            yield str(one)
    if not quiet and done.totals.rows:
        yield from _totals(done)
    if done.text is None:
        yield "nothing was written"
        return
    if done.opt_outs_lost:
        yield f"error: opt-outs that cannot be written: {_rows(done.opt_outs_lost)}"
        yield "  hint: find out whom they are of, and carry them out by hand"
    if quiet or out is None:
        return
    yield f"{out}: written"
    if not Path(os.path.realpath(out)).is_relative_to(os.path.realpath(specs)):
        yield f"note: {out} is not below {specs}, so no plan reads it there"


def _totals(done: "Imported") -> Iterator[str]:
    totals = done.totals
    yield f"{done.table}: {counted(totals.rows, 'row')}, {counted(totals.customers, 'customer')}"
    by_rule = ", ".join(f"{rule} {count}" for rule, count in totals.held)
    held = f"; {totals.grants_held} would be held ({by_rule})" if by_rule else ""
    carry = totals.grants - totals.grants_held
    yield f"  {counted(totals.grants, 'grant')}, {carry} with the evidence they need{held}"
    if totals.pending:
        yield f"  {totals.pending} pending, which a plan holds"
    yield f"  {counted(totals.opt_outs, 'opt-out')}"
    if done.merged:
        yield f"  {counted(len(done.merged), 'customer')} in several rows that agree"
    if done.left_out:
        yield f"  left out: {_rows(done.left_out)}"
    if done.opt_outs_kept and done.text is not None:
        yield f"  of these written as opt-outs alone: {_rows(done.opt_outs_kept)}"


def _rows(rows: tuple[int, ...]) -> str:
    named = ", ".join(map(str, rows[:_MOST_NAMED]))
    more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
    return f"row {named}" if len(rows) == 1 else f"rows {named}{more}"


def _write_report(done: "Imported", form: str, report: Path | None) -> None:
    from reconciler.report.lines import as_json

    if form == "json":
        click.echo(as_json(_as_json(done)))
    if report is not None:
        options.write_private(report, f"{as_json(_as_json(done))}\n")


def _as_json(done: "Imported") -> dict[str, Any]:
    from reconciler import __version__
    from reconciler.report import complaint

    totals = done.totals
    return {
        "format_version": "1",
        "tool": {"name": "reconciler", "version": __version__},
        "table": done.table,
        "sha256": done.sha256,
        "store": done.store,
        "written": done.text is not None,
        "totals": {
            "rows": totals.rows,
            "customers": totals.customers,
            "grants": totals.grants,
            "grants_held": totals.grants_held,
            "held": dict(totals.held),
            "pending": totals.pending,
            "opt_outs": totals.opt_outs,
            "left_out": len(done.left_out),
        },
        "left_out": list(done.left_out),
        "opt_outs_kept": list(done.opt_outs_kept),
        "opt_outs_lost": list(done.opt_outs_lost),
        "merged": [list(one) for one in done.merged],
        "findings": [complaint.as_json(one, line="row") for one in done.diagnostics],
    }
