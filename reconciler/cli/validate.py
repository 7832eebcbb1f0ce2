"""`reconciler validate`."""

import os
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options, progress, voice
from reconciler.cli.codes import FAILED, OK
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.report.plain import counted

if TYPE_CHECKING:
    from reconciler.report.lines import Line


@click.command("validate")
@options.paths
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "gitlab", "junit", "sarif"]),
    default="text",
    show_default=True,
)
@options.hushing
def command(paths: tuple[Path, ...], specs: Path, form: str, quiet: bool, no_color: bool) -> int:
    """Check specs without asking any store.

    PATHS are files or folders; every complaint of every file comes at once, as
    file:line:column, at a terminal with the line (values as dots). Warnings do not fail.
    """
    from reconciler import app

    environment = app.environment_of(specs, None)
    with progress.shown(environment.watch, quiet=quiet):
        state, diagnostics = app.load(list(paths) or [specs], environment)
    if quiet:
        diagnostics = tuple(one for one in diagnostics if one.severity is Severity.ERROR)
    if form == "json":
        from reconciler.report import complaint
        from reconciler.report.lines import as_json

        click.echo(as_json([complaint.as_json(one) for one in diagnostics]))
    elif form == "junit":
        from reconciler.report.junit import junit

        click.echo(
            junit(diagnostics, app.spec_names(list(paths) or [specs], environment)), nl=False
        )
    elif form in ("github", "gitlab", "sarif"):
        _annotate(diagnostics, form)
    elif sys.stdout.isatty() and not os.environ.get("CI"):
        from reconciler.cli import screen

        screen.show(_with_lines(diagnostics), no_color=no_color)
        _summary(diagnostics, (state is not None and state.files) or 0, quiet=quiet)
    else:
        for one in diagnostics:
            click.echo(str(one))
        _summary(diagnostics, (state is not None and state.files) or 0, quiet=quiet)
    return OK if state is not None else FAILED


def _annotate(diagnostics: Iterable[Diagnostic], form: str) -> None:
    from reconciler import __version__
    from reconciler.cli.rendering import at_root
    from reconciler.report import annotations
    from reconciler.report.lines import as_json

    found = at_root(annotations.of_diagnostics(diagnostics))
    if form == "github":
        voice.command(annotations.github(found))
    elif form == "gitlab":
        from reconciler.report.code_quality import code_quality

        click.echo(as_json(list(code_quality(found))))
    else:
        click.echo(as_json(annotations.sarif(found, __version__)))


def _with_lines(diagnostics: Iterable[Diagnostic]) -> "Iterator[Line]":
    """For a person who looks for the place: the line itself, and a caret below it."""
    import shutil

    from reconciler.report.excerpt import Vocabulary, excerpt
    from reconciler.report.lines import Line, Style
    from reconciler.report.plain import plain
    from reconciler.schemas import keys_and_words

    lines = lru_cache(maxsize=8)(_lines_of)
    width = shutil.get_terminal_size().columns
    known = Vocabulary(*keys_and_words())
    for one in diagnostics:
        error = one.severity is Severity.ERROR
        style = Style.BAD if error else Style.WARN
        yield Line(f"{one.mark}: {one.severity}[{one.rule}]: {plain(one.message)}", style)
        found = lines(one.mark.file)
        if one.mark.line <= len(found):
            shown, caret = excerpt(
                found[one.mark.line - 1], one.mark.line, one.mark.column, width, known
            )
            yield Line(shown, Style.DIM)
            yield Line(caret, style)
        if one.hint:
            yield Line(f"  hint: {plain(one.hint)}")
        yield Line()


def _lines_of(file: str) -> list[str]:
    """As complaints count them; nothing of what cannot be read any more, or is no file."""
    from reconciler.state.disk import regular

    try:
        with regular(Path(file)) as stream:
            return stream.read().decode("utf-8-sig", "replace").split("\n")
    except OSError:
        return []


def _summary(diagnostics: tuple[Diagnostic, ...], files: int, *, quiet: bool) -> None:
    errors = sum(one.severity is Severity.ERROR for one in diagnostics)
    warnings = len(diagnostics) - errors
    told = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    if errors:
        click.echo(told, err=True)
    elif not quiet:
        click.echo(f"{counted(files, 'file')} checked: {told}", err=True)
