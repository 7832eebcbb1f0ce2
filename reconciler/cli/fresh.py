"""A plan made now, for the commands that begin with one, and what is told meanwhile."""

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import interrupt, progress, screen
from reconciler.cli.unfinished import tell_of_cut_off, tell_of_running

if TYPE_CHECKING:
    from reconciler.app import Environment, PlanOptions
    from reconciler.app.history import Compared
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.model.settings import DesiredState
    from reconciler.plan.plan import Plan


def load(
    specs: Path,
    environment: "Environment",
    base: str | None,
    *,
    quiet: bool,
    compared: "Compared | None" = None,
) -> "DesiredState":
    """The files are `compared` with what they were compared with before, if anybody says so."""
    from reconciler import app

    warn = screen.silent if quiet else screen.warn
    with progress.shown(environment.watch, quiet=quiet):
        return app.load_or_raise(specs, environment, warn, base, compared)


def plan(
    state: "DesiredState",
    choices: "PlanOptions",
    environment: "Environment",
    pseudonyms: "Pseudonyms",
    *,
    quiet: bool,
) -> "Plan":
    from reconciler import app

    if not quiet:
        running = tell_of_running(state, environment)
        tell_of_cut_off(environment, apart_from=running)
    with interrupt.told(), progress.shown(environment.watch, quiet=quiet):
        return app.plan(state, choices, environment, pseudonyms)
