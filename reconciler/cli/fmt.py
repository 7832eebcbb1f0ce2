"""`reconciler fmt`."""

from pathlib import Path

import click

from reconciler.cli import options, progress
from reconciler.cli.codes import FAILED, OK
from reconciler.diagnostics import Diagnostic
from reconciler.report.plain import counted


@click.command("fmt")
@options.paths
@options.state_dir
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a file would change.")
@options.hushing
def command(
    paths: tuple[Path, ...],
    specs: Path,
    state_dir: Path | None,
    check: bool,
    quiet: bool,
    no_color: bool,  # noqa: ARG001
) -> int:
    """Write specs in the one order and layout, comments kept.

    PATHS are files or folders. Sections and keys come in the order of the schema; lists keep
    theirs, those of customers, members and tags too. What fits on a line and holds nothing
    nested stands between brackets, texts in quotes only where some reader would need them.
    Comments stay with what they stand beside or above, and so do empty lines between entries.

    A `previously` is dropped once the trail at hand shows that the rename was carried out in
    every store of the file, which needs the key that the plan was made with.

    The names of the files that change are printed. A file is replaced only where what is written
    was read again and says the same; one with errors is left alone, and the exit code is 1.

    \b
    reconciler fmt                      # all files below specs/
    reconciler fmt --check specs/eu     # for a pipeline: names those that are not so yet
    """
    from reconciler import app

    environment = app.environment_of(specs, state_dir)
    sound = changed = failed = 0
    with progress.shown(environment.watch, quiet=quiet):
        for one in app.formatted(list(paths) or [specs], environment):
            wrong = one if isinstance(one, Diagnostic) else None
            if not isinstance(one, Diagnostic) and one.changed and not check:
                wrong = one.replace()
            if wrong is not None:
                failed += 1
                click.echo(str(wrong), err=True)
            elif not isinstance(one, Diagnostic) and one.changed:
                changed += 1
                click.echo(one.name)
            else:
                sound += 1
    if not quiet:
        click.echo(_summary(changed, sound, failed, check=check), err=True)
    return FAILED if failed or (check and changed) else OK


def _summary(changed: int, sound: int, failed: int, *, check: bool) -> str:
    word = "would change" if check else "changed"
    told = f"{counted(changed, 'file')} {word}, {sound} as they should be"
    return f"{told}; {counted(failed, 'complaint')}" if failed else told
