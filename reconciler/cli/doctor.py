"""`reconciler doctor`."""

import os
from pathlib import Path

import click

from reconciler import __version__
from reconciler.cli import options, screen
from reconciler.cli.codes import FAILED, OK
from reconciler.report.lines import as_json


@click.command("doctor")
@options.specs
@options.state_dir
@options.base
@click.option(
    "--store", "stores", multiple=True, metavar="NAME", help="Only this store; may repeat."
)
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["plan", "apply", "both"]),
    default="both",
    show_default=True,
    help="What the tokens at hand are for: one for plan need not write, and should not.",
)
@options.text_or_json("Form of what is told.")
@options.hushing
def command(
    specs: Path,
    state_dir: Path | None,
    base: str | None,
    stores: tuple[str, ...],
    purpose: str,
    form: str,
    quiet: bool,
    no_color: bool,
) -> int:
    """Look at what plan and apply rest on, and say in plain words what to mend.

    Of each store: its token (never shown), whether it can be reached, what the token may do as far
    as the platform tells, whether personal fields are readable, its clock, how it counts requests,
    and whether time zone and phone region fit its first page. Of the folder: specs, git, the state
    folder and its key, whether trail and register are whole. A store gets three requests at most,
    more only where it does not answer; all of them read, and nothing is written.

    Exit codes: 1 where plan or apply would fail, or trail or register are not whole; 0 otherwise,
    warnings included.

    \b
    reconciler doctor --for plan             # before the first plan, with a token that only reads
    reconciler doctor --store acme-us
    reconciler doctor --base none --format json      # in a pipeline of the protected branch
    """
    from reconciler.app.doctor import examine
    from reconciler.app.environment import Environment
    from reconciler.clock import system_clock
    from reconciler.model.finding import Purpose
    from reconciler.report import checkup
    from reconciler.state.folder import folder_beside

    folder = state_dir if state_dir is not None else folder_beside(specs)
    environment = Environment(clock=system_clock(), variables=dict(os.environ), folder=folder)
    found = examine(specs, environment, stores=stores, base=base, purpose=Purpose(purpose))
    if form == "json":
        click.echo(as_json(checkup.as_data(found, __version__)))
    else:
        screen.show(checkup.lines(found, quiet=quiet), no_color=no_color)
    return FAILED if found.failed else OK
