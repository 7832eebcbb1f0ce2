"""`reconciler export`."""

import os
import sys
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.codes import FAILED, OK
from reconciler.cli.voice import behind
from reconciler.errors import ConfigError
from reconciler.model.capabilities import Capabilities


@click.command("export")
@options.specs
@options.base
@click.option("--store", "name", metavar="NAME", help="The store; needed where there are several.")
@click.option(
    "--out",
    type=options.FILE,
    metavar="FILE",
    help="Write to this file, for its owner only, instead of stdout.",
)
@click.option(
    "--also",
    multiple=True,
    metavar="FIELD",
    help="A field that the store's lists do not tell, and that takes requests more; may repeat.",
)
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
def command(
    specs: Path,
    base: str | None,
    name: str | None,
    out: Path | None,
    also: tuple[str, ...],
    quiet: bool,
) -> int:
    """Write a store's customers as a spec. Planning what was exported is empty.

    The output is personal data, so where CI is set it only goes to a file. That file names the
    schema to editors, where it stands as `init` puts it.
    """
    from reconciler import app
    from reconciler.app.exporting import Export

    if out is None and os.environ.get("CI"):
        raise click.UsageError("where CI is set, give --out: stdout is a log that many can read")
    environment = app.environment_of(specs, None)
    state = app.settings_or_raise(specs, environment, base)
    if name is None and len(state.stores) > 1:
        known = ", ".join(store.name for store in state.stores)
        raise ConfigError("several stores are defined", hint=f"choose one with --store: {known}")
    store = app.selected(state, (name,) if name else ())[0]
    connection = app.open_store(store, environment)
    table = connection.client.capabilities
    made = Export(client=connection.client, store=store, also=_apart(also, table))
    try:
        if out is None:
            for text in made.pieces():
                behind(sys.stdout).write(text)
        else:
            options.write_private(out, options.modeline(out) + "".join(made.pieces()))
    finally:
        connection.session.close()
    if not quiet:
        click.echo(f"{made.customers} customers of {store.name} exported", err=True)
    for what, count in sorted(made.left_out.items()):
        click.echo(f"left out: {count} {what}", err=True)
    if not quiet and (left := sorted(table.apart - set(also))):
        click.echo(f"note: no list tells {', '.join(left)}; --also FIELD asks for it", err=True)
    if table.tags_are_text and not quiet:
        click.echo(
            "note: tags come as one text here; a tag with a comma cannot be told from two", err=True
        )
    if not made.complete:
        click.echo(
            f"error: store {store.name} did not show everybody whom it counts, so some are not in "
            "the export\n  hint: try again; what is exported is good, and not all",
            err=True,
        )
        return FAILED
    return OK


def _apart(also: tuple[str, ...], table: Capabilities) -> frozenset[str]:
    """Raises `click.UsageError` for what is not asked for in another place."""
    unknown = sorted(set(also) - table.apart)
    if unknown:
        known = ", ".join(sorted(table.apart)) or "none"
        raise click.UsageError(f"--also {unknown[0]}: of {table.title} it may be: {known}")
    return frozenset(also)
