"""`reconciler schema`."""

import json

import click

from reconciler.cli.codes import OK


@click.command("schema")
@click.argument(
    "name", type=click.Choice(["spec", "plan", "journal", "audit", "register"]), default="spec"
)
def command(name: str) -> int:
    """Print a JSON Schema. `spec` is what you write; editors check and complete with it."""
    from reconciler import schemas
    from reconciler.platforms import registry  # noqa: F401 -- it knows the platforms

    written = schemas.text(name)
    known = schemas.load(name)
    same = json.loads(written) == known
    click.echo(written if same else f"{json.dumps(known, indent=2)}\n", nl=False)
    return OK
