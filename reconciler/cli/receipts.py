"""Receipts of readings on the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli import options
from reconciler.model.scope import Scope

if TYPE_CHECKING:
    from reconciler.app import Environment, PlanOptions


_NONE: Final = (
    "no store leaves a receipt: it was not read to its end, tells no time, cannot list what "
    "changed, or lists no changed consents"
)


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
    from reconciler.app.since import receipt_at, sealed_receipts

    if since is not None:
        choices = replace(choices, read="since", since=receipt_at(since, environment))
    # A store that leaves none goes on with the one that it has: an older one shows no less.
    found = dict(choices.since or {})
    before = dict(found)
    if keeps is not None:
        choices = replace(choices, keep=found.__setitem__)
    yield choices
    if keeps is None:
        return
    if found == before:
        click.echo(f"note: {_NONE}; nothing was kept", err=True)
        return
    options.write_kept(keeps, sealed_receipts(found, environment), environment.folder)
