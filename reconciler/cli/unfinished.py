"""What plan and apply tell of other applies: those that write now, and those that were cut off."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli import options
from reconciler.errors import ConfigError, JournalError, PlanFileError

if TYPE_CHECKING:
    from reconciler.app import Environment
    from reconciler.model.settings import DesiredState
    from reconciler.state.unfinished import Unfinished

_MOST_TOLD: Final = 5


def tell_of_running(state: "DesiredState", environment: "Environment") -> frozenset[str]:
    """A plan may be made while somebody applies another; whoever reads it has to know.

    Gives the ids of the plans that are being applied.
    """
    from reconciler.app.environment import shop_of
    from reconciler.state.lock import writing

    running = set()
    for store in state.stores:
        try:
            holder = writing(environment.folder, store.name, shop_of(store, environment))
        except ConfigError:
            continue  # its own error says so where the store is opened
        if holder is not None:
            running.add(holder.plan)
            click.echo(
                f"warning: an apply is writing to the shop of store {store.name} {holder}; plan "
                "again when it has ended",
                err=True,
            )
    return frozenset(running)


def tell_of_cut_off(environment: "Environment", *, apart_from: Collection[str] = ()) -> None:
    """A plan cannot see what an apply that was cut off still owes: its journal can. `apart_from`
    are plans that are being applied.
    """
    from reconciler.state.folder import journals

    if not journals(environment.folder):
        return
    from reconciler.state.unfinished import unfinished

    try:
        found = list(unfinished(environment.folder, apart_from=apart_from))[::-1]
    except JournalError as error:
        click.echo(f"warning: {error}", err=True)
        return
    for one in _once(one for one in found if one.rest.owing):
        click.echo(
            "warning: an apply was cut off, and what its last writes did is not known; "
            f"{_way_on(one, environment)}",
            err=True,
        )
    for one in _once(one for one in found if one.rest.cut_off and not one.rest.owing):
        click.echo(
            f"note: an apply of plan {one.plan} to store {one.store} was cut off; "
            f"{_way_on(one, environment)}",
            err=True,
        )


def _once(found: "Iterable[Unfinished]") -> "list[Unfinished]":
    """The latest of each plan, and no more of them than somebody reads."""
    return list({one.plan: one for one in found}.values())[-_MOST_TOLD:]


def _way_on(one: "Unfinished", environment: "Environment") -> str:
    from reconciler.planfile.decode import decode
    from reconciler.state.plans import read

    way = f"end it first: {options.again('apply', one.kept, '--resume')}"
    try:
        expired = decode(read(one.kept)).expires_at < environment.clock.now()
    except PlanFileError:
        return f"{way} (its copy there is gone: name the file that was applied)"
    return "its plan has expired, so a new plan says what is left" if expired else way
