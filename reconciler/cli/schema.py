"""`reconciler schema`."""

import click

from reconciler.cli import OK


@click.command("schema")
@click.argument("name", type=click.Choice(["spec", "plan", "journal", "audit"]), default="spec")
def command(name: str) -> int:
    """Print a JSON Schema. `spec` is what you write; editors check and complete with it."""
    from reconciler import schemas

    click.echo(schemas.text(name), nl=False)
    return OK
