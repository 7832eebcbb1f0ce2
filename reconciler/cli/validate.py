"""`reconciler validate`."""

from pathlib import Path

import click

from reconciler.cli import FAILED, OK, progress, voice
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.report.lines import as_json


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--specs",
    type=click.Path(path_type=Path),
    default=Path("specs"),
    envvar="RECONCILER_SPECS",
    metavar="DIR",
    show_default=True,
    help="Folder of the specs, where no PATHS are given.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
)
@click.option("-q", "--quiet", is_flag=True, help="Only errors.")
def command(paths: tuple[Path, ...], specs: Path, form: str, quiet: bool) -> int:
    """Check specs without asking any store.

    PATHS are files or folders; every complaint of every file comes at once, as
    file:line:column. Warnings do not fail.
    """
    from reconciler import __version__, app
    from reconciler.cli.rendering import at_root
    from reconciler.report import annotations

    world = app.ambient(specs, None)
    with progress.shown(world.watch, quiet=quiet):
        state, diagnostics = app.load(list(paths) or [specs], world)
    if quiet:
        diagnostics = tuple(one for one in diagnostics if one.severity is Severity.ERROR)
    if form == "json":
        click.echo(as_json([_as_json(one) for one in diagnostics]))
    elif form == "github":
        found = at_root(annotations.of_diagnostics(diagnostics))
        voice.command(annotations.github(found))
    elif form == "sarif":
        found = at_root(annotations.of_diagnostics(diagnostics))
        log = annotations.sarif(found, __version__)
        click.echo(as_json(log))
    else:
        for one in diagnostics:
            click.echo(str(one))
        _summary(diagnostics, (state is not None and state.files) or 0, quiet=quiet)
    return OK if state is not None else FAILED


def _summary(diagnostics: tuple[Diagnostic, ...], files: int, *, quiet: bool) -> None:
    errors = sum(one.severity is Severity.ERROR for one in diagnostics)
    warnings = len(diagnostics) - errors
    told = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    if errors:
        click.echo(told, err=True)
    elif not quiet:
        click.echo(f"{_count(files, 'file')} checked: {told}", err=True)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _as_json(one: Diagnostic) -> dict[str, object]:
    return {
        "file": one.mark.file,
        "line": one.mark.line,
        "column": one.mark.column,
        "severity": one.severity.value,
        "rule": one.rule,
        "message": one.message,
        "hint": one.hint,
        "also": str(one.also) if one.also else None,
    }
