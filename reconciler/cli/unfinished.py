"""What plan and apply tell of other applies: those that write now, and those that were cut off."""

import shlex
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.errors import ConfigError, JournalError, PlanFileError

if TYPE_CHECKING:
    from reconciler.app import Environment
    from reconciler.model.settings import DesiredState
    from reconciler.state.journal import Unfinished


def tell_of_running(state: "DesiredState", environment: "Environment") -> None:
    """A plan may be made while somebody applies another; whoever reads it has to know."""
    from reconciler.app.environment import shop_of
    from reconciler.state.lock import writing

    for store in state.stores:
        try:
            holder = writing(environment.folder, store.name, shop_of(store, environment))
        except ConfigError:
            continue  # its own error says so where the store is opened
        if holder is not None:
            click.echo(
                f"warning: an apply is writing to the shop of store {store.name} {holder}; plan "
                "again when it has ended",
                err=True,
            )


def tell_of_cut_off(environment: "Environment", *, apart_from: str | None = None) -> None:
    """A plan cannot see what an apply that was cut off still owes: its journal can. `apart_from`
    is the plan that is being applied.
    """
    from reconciler.state.journal import unfinished

    try:
        found = [one for one in unfinished(environment.folder) if one.plan != apart_from]
    except JournalError as error:
        click.echo(f"warning: {error}", err=True)
        return
    owing = [one for one in found if one.owing]
    cut_off = [one for one in found if one.cut_off and not one.owing]
    for one in owing[-1:]:
        click.echo(
            "warning: an apply was cut off, and what its last writes did is not known; "
            f"{_way_on(one, environment)}",
            err=True,
        )
    for one in cut_off[-1:] if not owing else ():
        click.echo(
            f"note: an apply of plan {one.plan} to store {one.store} was cut off; "
            f"{_way_on(one, environment)}",
            err=True,
        )


def _way_on(one: "Unfinished", environment: "Environment") -> str:
    from reconciler.cli.show import read_plan
    from reconciler.plan.codec import expires_at

    words = ("reconciler", "apply", str(one.kept), "--resume", *options.base_words())
    way = f"end it first: {shlex.join(words)}"
    try:
        expired = expires_at(read_plan(one.kept)) < environment.clock.now()
    except (PlanFileError, ValueError):
        return f"{way} (its copy there is gone: name the file that was applied)"
    return "its plan has expired, so a new plan says what is left" if expired else way
