"""`reconciler schema`."""

import click

from reconciler.cli.codes import OK


@click.command("schema")
@click.argument(
    "name",
    type=click.Choice(["spec", "plan", "journal", "audit", "register", "doctor", "bundle"]),
    default="spec",
)
def command(name: str) -> int:
    """Print a JSON Schema. `spec` is what you write; editors check and complete with it."""
    from reconciler import schemas
    from reconciler.platforms import registry  # noqa: F401 -- it knows the platforms

    click.echo(schemas.current(name), nl=False)
    return OK
