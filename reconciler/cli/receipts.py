"""Receipts of readings on the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.model.scope import Scope

if TYPE_CHECKING:
    from reconciler.app import Environment, PlanOptions


def check(read: str, scope: Scope, *, keeps: Path | None, since: Path | None) -> None:
    """Raises `UsageError` for what does not go together."""
    if keeps is None and since is None:
        return
    if scope:
        raise click.UsageError("a receipt is for all customers: leave --changed, --tag, --customer")
    if read == "lookup" or (since is not None and read != "auto"):
        raise click.UsageError("a receipt says how a store is read: leave --read")


@contextmanager
def kept(
    choices: "PlanOptions", keeps: Path | None, since: Path | None, environment: "Environment"
) -> "Iterator[PlanOptions]":
    """The choices with the receipts; what the plan leaves is written where nothing was raised."""
    from reconciler import app
    from reconciler.app.since import receipt_at, sealed_receipts

    if since is not None:
        choices = replace(choices, read="since", since=receipt_at(since, environment))
    if keeps is None:
        yield choices
        return
    # A store that leaves none goes on with the one that it has: an older one shows no less.
    before = dict(choices.since or {})
    kept = app.Kept()
    yield replace(choices, keep=kept)
    for name, why in sorted(kept.why_not.items()):
        goes_on = "; the one before goes on" if name in before else ""
        click.echo(f"note: no receipt of {name}: {why}{goes_on}", err=True)
    if kept.receipts:
        content = sealed_receipts(before | kept.receipts, environment)
        options.write_kept(keeps, content, environment.folder)
    else:
        click.echo(f"note: nothing was kept in {keeps}", err=True)
