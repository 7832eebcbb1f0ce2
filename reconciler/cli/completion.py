"""`reconciler completion`."""

import click

from reconciler.cli.codes import OK


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print what completes commands and options in a shell; nobody's data is completed."""
    from click.shell_completion import get_completion_class

    from reconciler.cli import cli

    made = get_completion_class(shell)
    assert made is not None, "click knows these three"  # noqa: S101
    click.echo(made(cli, {}, "reconciler", "_RECONCILER_COMPLETE").source())
    return OK
