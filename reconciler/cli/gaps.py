"""Stores of which a plan knows nothing, or not all: told on stderr, and by the exit code."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.codes import FAILED, INTERRUPTED, OK

if TYPE_CHECKING:
    from reconciler.plan.plan import Plan
    from reconciler.planfile.saved import SavedPlan


def tell_of_gaps(made: "Plan", saved: "SavedPlan") -> None:
    """Once for each store, with what to do where that is known."""
    from reconciler.report import phrases

    for part in made.failed:
        click.echo(f"error: {part.error}", err=True)
    for gap in phrases.partly_read(saved):
        click.echo(f"error: store {gap.store}: {gap.what}: {gap.why}", err=True)


def tell_of_saved_gaps(plan: "SavedPlan") -> None:
    from reconciler.report import phrases

    for gap in phrases.gaps(plan):
        click.echo(f"error: store {gap.store} {gap.what} for this plan: {gap.why}", err=True)


def with_gaps(code: int, plan: "SavedPlan") -> int:
    """The exit code of an apply whose plan has gaps: never good, and not less than what it was."""
    from reconciler.report import phrases

    if phrases.not_read(plan) and code != INTERRUPTED:
        return FAILED
    return FAILED if phrases.partly_read(plan) and code == OK else code
