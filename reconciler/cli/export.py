"""`reconciler export`."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.codes import FAILED, OK
from reconciler.cli.voice import behind
from reconciler.errors import ConfigError
from reconciler.model.capabilities import Capabilities
from reconciler.model.fields import BY_NAME

if TYPE_CHECKING:
    from reconciler.app.exporting import Export


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
    metavar="FIELD[:PART]",
    help="A field that the store's lists do not tell, and that takes requests more; may repeat. "
    "metafields:NAMESPACE and metafields:NAMESPACE.KEY take some of them.",
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
    asked = _apart(also, table)
    parts = {name: wanted for name, wanted in asked.items() if wanted}
    made = Export(client=connection.client, store=store, also=frozenset(asked), parts=parts)
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
    if not quiet:
        for text in _notes(made, table):
            click.echo(f"note: {text}", err=True)
    if not made.complete:
        click.echo(
            f"error: store {store.name} did not show everybody whom it counts, so some are not in "
            "the export\n  hint: try again; what is exported is good, and not all",
            err=True,
        )
        return FAILED
    return OK


def _notes(made: "Export", table: Capabilities) -> Iterator[str]:
    if left := sorted(table.apart - made.also):
        yield f"no list tells {', '.join(left)}; --also FIELD asks for it"
    for name in sorted(made.also - made.parts.keys()):
        if BY_NAME[name].several is not None:
            yield (
                f"an entry manages the {name} that it names, and those of apps are among them; "
                f"{_some(name)} takes some"
            )
    for name, part in made.unmet:
        yield f"--also {name}:{part}: no customer has such a one"
    if table.tags_are_text:
        yield "tags come as one text here; a tag with a comma cannot be told from two"


def _some(name: str) -> str:
    return f"{name}:NAMESPACE"


def _apart(also: tuple[str, ...], table: Capabilities) -> dict[str, frozenset[str]]:
    """By field the parts that are wanted of it, none where all are. Raises `click.UsageError` for
    what is not asked for in another place.
    """
    found: dict[str, set[str]] = {}
    for word in also:
        name, colon, part = word.partition(":")
        parted = name in table.apart and BY_NAME[name].several is not None
        if name not in table.apart or (colon and not (parted and part)):
            known = ", ".join(_ways(table)) or "none"
            raise click.UsageError(f"--also {word}: of {table.title} it may be: {known}")
        found.setdefault(name, set()).add(part)
    return {name: frozenset() if "" in parts else frozenset(parts) for name, parts in found.items()}


def _ways(table: Capabilities) -> Iterator[str]:
    for name in sorted(table.apart):
        yield name
        if BY_NAME[name].several is not None:
            yield from (_some(name), f"{_some(name)}.KEY")
