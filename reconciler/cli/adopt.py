"""`reconciler adopt`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import interrupt, options, progress, screen
from reconciler.cli.codes import CHANGES, FAILED, OK
from reconciler.model.fields import ADOPTABLE
from reconciler.report.plain import counted

if TYPE_CHECKING:
    from reconciler.app.adopting import Adopted


@click.command("adopt")
@click.argument("folder", required=False, metavar="[SPECS]", type=click.Path(path_type=Path))
@options.specs
@options.base
@options.state_dir
@click.option("--write", is_flag=True, help="Change the files; without it they are only named.")
@click.option(
    "--store",
    "stores",
    multiple=True,
    metavar="NAME",
    help="Only from this store; may be given several times.",
)
@click.option(
    "--field",
    "fields",
    type=click.Choice(ADOPTABLE),
    multiple=True,
    metavar="FIELD",
    help=f"This field too; may be given several times: {', '.join(ADOPTABLE)}.",
)
@click.option(
    "--message-file",
    type=options.FILE,
    metavar="FILE",
    help="Put the commit message there instead of on stdout.",
)
@options.hushing
def command(
    folder: Path | None,
    specs: Path,
    base: str | None,
    state_dir: Path | None,
    write: bool,
    stores: tuple[str, ...],
    fields: tuple[str, ...],
    message_file: Path | None,
    quiet: bool,
    no_color: bool,
) -> int:
    """Take what people changed in the stores into the files, comments and layout kept.

    Opt-outs are adopted wherever the files want an opt-in that a plan holds back for one. Any
    other field is, where --field asks for it by its name; an opt-in only if the store shows that it
    is the person's own, and later than the no that the file tells of.

    Nothing but the value changes, and a file is replaced only where it was read anew and says just
    what was adopted. What cannot be changed alone is told with its place. Personal values go into
    the files, and nowhere else. Exit codes: 0 nothing to adopt, or written; 1 a store could not be
    read, or something has to be done by hand; 2 there is something to adopt.

    \b
    reconciler adopt                                    # what is out of date
    reconciler adopt --write --message-file message.txt
    reconciler adopt --store acme-us --field first_name --field tags
    """
    from reconciler import app
    from reconciler.report import adoption as report

    if message_file is not None and not write:
        raise click.UsageError("--message-file goes with --write")
    specs = folder or specs
    environment = app.environment_of(specs, state_dir)
    warn = screen.silent if quiet else screen.warn
    chosen = app.AdoptOptions(stores=stores, fields=tuple(dict.fromkeys(fields)), base=base)
    with interrupt.told(), progress.shown(environment.watch, quiet=quiet):
        made = app.adopt(specs, environment, chosen, warn)
    found = [one for unit in made.units for one in unit.adoptions]
    if message_file is not None and found:
        _check_message_file(message_file, made)
    screen.show(report.render(found, made.unfit), no_color=no_color)
    unwritten = made.write() if write else ()
    for text in (*made.failed, *made.refused, *unwritten):
        click.echo(f"error: {text}" if isinstance(text, str) else str(text), err=True)
    if write and found and not unwritten:
        _message(report.message(found), message_file)
    if not quiet:
        click.echo(_summary(made, write=write, unwritten=bool(unwritten)), err=True)
    if made.failed or made.refused or unwritten:
        return FAILED
    return CHANGES if found and not write else OK


def _check_message_file(file: Path, made: "Adopted") -> None:
    """Before any spec is changed, so that the message is not lost."""
    if any(one.path.resolve() == file.resolve() for one in made.specs):
        raise click.UsageError("--message-file names a spec")
    options.write_private(file, "")


def _message(text: str, file: Path | None) -> None:
    if file is None:
        click.echo(f"\n{text}", nl=False)
    else:
        options.write_private(file, text)


def _summary(made: "Adopted", *, write: bool, unwritten: bool) -> str:
    if not made.units:
        return "nothing to adopt"
    files = counted(len(made.files), "file")
    if write and unwritten:
        return "no file changed"
    return f"{files} {'changed' if write else 'would change with --write'}"
