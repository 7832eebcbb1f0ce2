"""`reconciler audit`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.codes import FAILED, OK
from reconciler.cli.commands import Commands
from reconciler.errors import ConfigError
from reconciler.report.lines import as_json

if TYPE_CHECKING:
    from reconciler.app import Environment


@click.group("audit", cls=Commands)
def command(**shared: object) -> None:
    """Read the record of all applies, or prove that nobody changed it."""


@command.command("log")
@options.specs
@options.state_dir
@click.option("--plan", metavar="ID", help="Only this plan: the beginning of its id.")
@click.option("--customer", metavar="ALIAS", help="Only this customer, as plans call it.")
@click.option("--store", metavar="NAME", help="Only this store.")
@click.option(
    "--since",
    type=options.INSTANT,
    metavar="TIME",
    help="Only what is as new: a day (from its begin in UTC), or a time with its offset.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def log(
    specs: Path,
    state_dir: Path | None,
    plan: str | None,
    customer: str | None,
    store: str | None,
    since: datetime | None,
    form: str,
) -> int:
    """Who applied what, when, and what became of each change. No personal data is in it.

    Of a customer or a store, the lines that say who began each apply are told as well. Exit codes:
    0 told, 1 the trail does not know this plan, customer or store.
    """
    from reconciler import app
    from reconciler.report.trail import Wanted, selected
    from reconciler.report.trail import line as told
    from reconciler.state.trail import NAME, lines

    if "" in (plan, customer, store):
        raise click.UsageError("--plan, --customer and --store need something to look for")
    environment = app.environment_of(specs, state_dir)
    wanted = Wanted(plan=plan, customer=customer, store=store, since=since)
    found = False
    for one in selected(lines(environment.folder / NAME), wanted):
        found = found or one is not None
        click.echo(as_json(one, indent=None) if form == "json" else told(one))
    _warn_of_flaws(environment)
    if found:
        return OK
    if not (environment.folder / NAME).exists():
        click.echo(f"there is no audit trail at {environment.folder / NAME} yet", err=True)
    else:
        click.echo(f"the trail has no line {wanted}", err=True)
    return FAILED if plan or customer or store else OK


def _warn_of_flaws(environment: "Environment") -> None:
    """What is read here may have been written by anybody; with the key that is told at once."""
    from reconciler import app
    from reconciler.state import trail

    keys = app.record_keys_for(environment)
    if not keys:
        click.echo("not verified: the key of this trail is not here", err=True)
    elif trail.verify(environment.folder / trail.NAME, keys, None)[1]:
        click.echo("this trail has flaws: see `reconciler audit verify`", err=True)


@command.command("verify")
@options.specs
@options.state_dir
@click.option(
    "--head",
    metavar="SEAL",
    help="A head that an apply printed, noted elsewhere: proves that the end was not cut off.",
)
def verify(specs: Path, state_dir: Path | None, head: str | None) -> int:
    """Prove offline, with the key, that no line was edited, removed or reordered."""
    from reconciler import app
    from reconciler.state import trail

    if head is not None and len(head) < 8:
        raise click.UsageError("give at least 8 characters of the head")
    environment = app.environment_of(specs, state_dir)
    keys = app.record_keys_for(environment)
    path = environment.folder / trail.NAME
    if not keys:
        raise ConfigError(
            "the key of this trail is not here",
            hint="give the RECONCILER_REGISTER_KEY or RECONCILER_KEY it was written with",
        )
    if not path.exists():
        raise ConfigError(f"there is no audit trail at {path}", hint="name its --state-dir")
    end, flaws = trail.verify(path, keys, head)
    if len(flaws) == end.count > 1 and len({flaw.what for flaw in flaws}) == 1:
        raise ConfigError(
            f"none of the {end.count} lines of {path} is sealed with a key that is at hand",
            hint="give the RECONCILER_REGISTER_KEY or RECONCILER_KEY it was written with",
        )
    for flaw in flaws:
        where = f"{path}:{flaw.line}" if flaw.line else str(path)
        click.echo(f"{where}: {flaw.what}", err=True)
    if flaws:
        return FAILED
    click.echo(f"{end.count} lines, whole and in order; head {end.seal}")
    return OK
