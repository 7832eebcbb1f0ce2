"""`reconciler stores`."""

from pathlib import Path
from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.codes import OK
from reconciler.report.lines import as_json


@click.command("stores")
@options.specs
@click.option(
    "--base", metavar="REV", help="The stores of this revision of the folder, as `plan` has them."
)
@options.text_or_json(
    "json fits the matrix of a pipeline: stores that share opt-outs have one `controller`, "
    "and belong into one job."
)
def command(specs: Path, base: str | None, form: str) -> int:
    """List the stores of the specs, and what their platforms can hold and do."""
    from reconciler import app

    state = app.settings_or_raise(specs, app.environment_of(specs, None), base)
    found = [_describe(store) for store in state.stores]
    if form == "json":
        click.echo(as_json(found))
        return OK
    for one in found:
        click.echo(f"{one['name']}: {one['title']} {one['api_version']}, shop {one['shop']}")
        click.echo(f"  writes on update: {', '.join(one['updates'])}")
        only = [name for name in one["creates"] if name not in one["updates"]]
        if only:
            click.echo(f"  only when creating: {', '.join(only)}")
        click.echo(f"  deletes: {'yes' if one['deletes'] else 'no'}")
        click.echo(f"  pace: {one['rate']['per_second']:g} requests a second")
        for note in one["notes"]:
            click.echo(f"  - {note}")
    return OK


def _describe(store: Any) -> dict[str, Any]:
    from reconciler.platforms.registry import TABLES

    table = TABLES[store.platform]
    return {
        "name": store.name,
        "platform": store.platform,
        "title": table.title,
        "shop": store.shop,
        "controller": store.controller or store.name,
        "api_version": store.api_version,
        "creates": sorted(table.creates),
        "updates": sorted(table.updates),
        "deletes": table.deletes,
        "looks_up": sorted(table.looks_up),
        "consent_states": sorted(table.consent_states),
        "tags_at_most": table.tags_at_most,
        "tag_length": table.tag_length,
        "rate": {"per_second": store.rate.per_second, "burst": store.rate.burst},
        "notes": list(table.notes),
    }
