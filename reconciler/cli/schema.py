"""`reconciler schema`."""

import click

from reconciler.cli.codes import OK

# Those of `reconciler.schemas`, which takes long to load; a test holds them together.
NAMES = ("spec", "plan", "journal", "audit", "register", "doctor", "bundle", "mapping", "import")


@click.command("schema")
@click.argument(
    "name",
    type=click.Choice(NAMES),
    default="spec",
)
def command(name: str) -> int:
    """Print a JSON Schema. `spec` is what you write; editors check and complete with it."""
    from reconciler import schemas
    from reconciler.platforms import registry  # noqa: F401 -- it knows the platforms

    click.echo(schemas.current(name), nl=False)
    return OK
