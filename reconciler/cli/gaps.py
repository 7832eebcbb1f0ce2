"""Stores of which a plan knows nothing, or not all: told on stderr, and by the exit code."""

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.codes import FAILED, INTERRUPTED, OK

if TYPE_CHECKING:
    from reconciler.plan.plan import Plan


def tell_of_gaps(made: "Plan", body: dict[str, Any]) -> None:
    """Once for each store, with what to do where that is known."""
    from reconciler.report import phrases

    for part in made.failed:
        click.echo(f"error: {part.error}", err=True)
    for name, what, why in phrases.partly_read(body):
        click.echo(f"error: store {name}: {what}: {why}", err=True)


def tell_of_saved_gaps(body: dict[str, Any]) -> None:
    from reconciler.report import phrases

    for name, what, why in phrases.gaps(body):
        click.echo(f"error: store {name} {what} for this plan: {why}", err=True)


def with_gaps(code: int, body: dict[str, Any]) -> int:
    """The exit code of an apply whose plan has gaps: never good, and not less than what it was."""
    from reconciler.report import phrases

    if phrases.not_read(body) and code != INTERRUPTED:
        return FAILED
    return FAILED if phrases.partly_read(body) and code == OK else code
