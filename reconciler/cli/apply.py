"""`reconciler apply`."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import fresh, interrupt, options, progress, screen
from reconciler.cli.codes import BLOCKED, FAILED, INCOMPLETE, INTERRUPTED, OK
from reconciler.cli.gaps import tell_of_gaps, tell_of_saved_gaps, with_gaps
from reconciler.cli.unfinished import tell_of_cut_off
from reconciler.cli.voice import behind
from reconciler.model.settings import Release, RiskClass
from reconciler.report.lines import as_json
from reconciler.report.plain import plain

if TYPE_CHECKING:
    from reconciler.app import ApplyRequest, Environment, PlanOptions
    from reconciler.app.history import Compared
    from reconciler.apply.cancellation import Cancellation
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.model.settings import DesiredState
    from reconciler.plan.approved import ApprovedPlan
    from reconciler.plan.outcome import ApplyResult
    from reconciler.plan.plan import Plan
    from reconciler.planfile.saved import SavedPlan


@click.command("apply")
@click.argument("plan", required=False, type=options.FILE)
@options.specs
@options.base
@options.state_dir
@options.planning
@click.option("--yes", is_flag=True, help="Do not ask; for scripts without a plan file.")
@click.option(
    "--only",
    type=options.ONLY,
    metavar="CLASS,…",
    help="Only these classes: withdraw, tag, profile, create, grant, delete.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with a plan whose apply has not ended: PLAN, or else the last one.",
)
@click.option(
    "--once",
    is_flag=True,
    help="For the PLAN of a merged request: begin it or go on with it, unless the trail has it "
    "already; where it is refused as stale, expired or blocked, the trail keeps why, and it is not "
    "tried again.",
)
@click.option(
    "--max-failures", type=click.IntRange(min=1), metavar="N", help="Stop after this many failures."
)
@options.text_or_json("Form of the report.")
@options.speaking
def command(
    plan: Path | None,
    specs: Path,
    base: str | None,
    state_dir: Path | None,
    stores: tuple[str, ...],
    read: str,
    raises: tuple[tuple[RiskClass, int], ...],
    releases: tuple[Release, ...],
    yes: bool,
    only: tuple[RiskClass, ...] | None,
    resume: bool,
    once: bool,
    max_failures: int | None,
    form: str,
    verbose: bool,
    quiet: bool,
    no_color: bool,
) -> int:
    """Carry out PLAN, a file saved by `plan --out`: exactly what was approved in it.

    Without PLAN a plan is made, shown, and asked about first. Before each write the customer is
    read again, after it the record is read back, and only what was read back counts as done.

    Exit codes: 0 all approved is applied, 3 blocked, or an opt-out or erasure is asked for and not
    carried out, 4 something is left (--resume), 5 stale, expired or used, 130 interrupted.
    """
    from reconciler import app
    from reconciler.apply.cancellation import Cancellation
    from reconciler.planfile.verify import verified

    given = plan is not None or resume
    if once and (plan is None or only):
        raise click.UsageError("--once is for all of a PLAN")
    _check_usage(saved=given, chosen=bool(stores or raises or releases or read != "auto"), yes=yes)
    control = Cancellation(max_failures=max_failures)
    environment = _environment(specs, state_dir, control)
    # Whether the plan is what it says is checked once there is a key to do so.
    told = _read(plan, environment) if given else None
    state = fresh.load(specs, environment, base, quiet=quiet, compared=_compared(told))
    pseudonyms = app.pseudonyms_for(environment, state)
    _warn(specs, environment, quiet=quiet)
    if told is None:
        choices = app.PlanOptions(stores=stores, read=read, raises=raises, releases=releases)
        made, saved, commitment = _planned(choices, state, environment, pseudonyms, quiet=quiet)
    else:
        made, saved = None, verified(told, pseudonyms)
        if once and (over := app.over(saved, environment, pseudonyms)):
            click.echo(f"Plan {saved.id} {over}.")
            return OK
        earlier = app.applied_before(saved, environment, only or ()) if resume else None
        if earlier is not None:
            return _nothing_left(earlier, saved, plan, form=form, no_color=no_color)
        commitment, state = _usable(
            saved, state, environment, pseudonyms, specs, resume=resume, once=once, quiet=quiet
        )
    order = app.ApplyRequest(
        plan=saved,
        commitment=commitment,
        state=state,
        only=only or (),
        environment=environment,
        pseudonyms=pseudonyms,
        control=control,
    )
    if made is not None and not _agreed(
        saved, yes=yes, verbose=verbose, no_color=no_color, only=only, form=form
    ):
        return _not_applied(order, made, form)
    return with_gaps(_carry_out(order, form=form, quiet=quiet, no_color=no_color), saved)


def _environment(specs: Path, state_dir: Path | None, control: "Cancellation") -> "Environment":
    """With a pace that an interrupt ends the waiting of."""
    from reconciler import app
    from reconciler.platforms.limiter import RateLimiters

    environment = app.environment_of(specs, state_dir)
    return replace(environment, rate_limiters=RateLimiters(control.interrupted))


def _planned(
    choices: "PlanOptions",
    state: "DesiredState",
    environment: "Environment",
    pseudonyms: "Pseudonyms",
    *,
    quiet: bool,
) -> "tuple[Plan, SavedPlan, ApprovedPlan]":
    from reconciler.planfile.approve import approve
    from reconciler.planfile.save import save

    made = fresh.plan(state, choices, environment, pseudonyms, quiet=quiet)
    saved = save(made, pseudonyms)
    tell_of_gaps(made, saved)
    return made, saved, approve(saved)


def _check_usage(*, saved: bool, chosen: bool, yes: bool) -> None:
    if saved and chosen:
        raise click.UsageError(
            "a saved plan has its own --store, --read, --raise and --release; plan again to change "
            "them"
        )
    if not saved and not yes and not sys.stdin.isatty():
        raise click.UsageError("without a terminal, give a plan file or --yes")


def _warn(specs: Path, environment: "Environment", *, quiet: bool) -> None:
    from reconciler import repository
    from reconciler.forge import APPROVERS, approvers

    if (refused := repository.refusal(specs)) and not quiet:
        click.echo(f"warning: {refused}", err=True)
    _, others = approvers(environment.variables)
    if others:
        click.echo(
            f"warning: {APPROVERS} holds {others} that are no logins; the trail leaves them out",
            err=True,
        )


def _compared(told: dict[str, Any] | None) -> "Compared | None":
    """With what the plan's files were compared, where what it does rests on that."""
    if told is None:
        return None
    from reconciler.app.history import Compared, compared_as
    from reconciler.planfile.decode import decode

    departed = any(one.get("departed") for one in told["changes"])
    return compared_as(decode(told)) if departed else Compared()


def _read(plan: Path | None, environment: "Environment") -> dict[str, Any]:
    """The plan that was named, or the last one whose apply has not ended."""
    from reconciler import app
    from reconciler.state.plans import read

    return read(plan if plan is not None else app.last_begun(environment))


def _nothing_left(
    earlier: "ApplyResult", saved: "SavedPlan", plan: Path | None, *, form: str, no_color: bool
) -> int:
    resuming = options.again("apply", plan, "--resume") if plan is not None else ""
    code = _told(earlier, saved, resuming, form=form, no_color=no_color)
    tell_of_saved_gaps(saved)
    return with_gaps(code, saved)


def _usable(
    saved: "SavedPlan",
    at_hand: "DesiredState",
    environment: "Environment",
    pseudonyms: "Pseudonyms",
    specs: Path,
    *,
    resume: bool,
    once: bool,
    quiet: bool,
) -> "tuple[ApprovedPlan, DesiredState]":
    """A saved plan, and the state that it is carried out for; raises what says why it is not."""
    from reconciler import app

    usable = partial(
        app.check_usable,
        saved,
        at_hand,
        environment,
        pseudonyms,
        resume=resume or once,
        under=lambda commit: app.load_or_raise(
            specs, environment, screen.silent, commit, app.compared_as(saved)
        ),
    )
    commitment, state = (
        app.refused_for_good(usable, saved, at_hand.folder, environment, pseudonyms)
        if once
        else usable()
    )
    if app.has_moved_on(commitment, state, pseudonyms) and not quiet:
        click.echo(
            "note: the specs have moved on since this plan was made: what they no longer ask for "
            "is skipped, and what nobody approved is left for the next plan",
            err=True,
        )
    _tell_of_saved(saved, under_base=state is not at_hand, quiet=quiet)
    if not quiet:
        tell_of_cut_off(environment, apart_from=(commitment.id,))
    return commitment, state


def _tell_of_saved(saved: "SavedPlan", *, under_base: bool, quiet: bool) -> None:
    """What a saved plan was made under, and could not read."""
    if under_base and not quiet:
        click.echo(
            f"note: carried out under the settings of the base {saved.spec.short_base}, which "
            "differ from those at hand by what the plan showed",
            err=True,
        )
    tell_of_saved_gaps(saved)


def _not_applied(order: "ApplyRequest", made: "Plan", form: str) -> int:
    """The stores may be as they shall be: then the trail is told of which commit they are."""
    from reconciler import app
    from reconciler.planfile.encode import encode

    saved = order.plan
    if form == "json":
        click.echo(as_json(encode(saved)))
    if made.empty:
        if not made.blocked and app.revision_to_name(order) is not None:
            app.apply(order)
        return with_gaps(BLOCKED if made.blocked or made.owes else OK, saved)
    click.echo("nothing was applied", err=True)
    return BLOCKED if made.blocked else FAILED


def _agreed(
    saved: "SavedPlan",
    *,
    yes: bool,
    verbose: bool,
    no_color: bool,
    only: tuple[RiskClass, ...] | None,
    form: str,
) -> bool:
    from reconciler.cli.rendering import render

    if form == "text":
        render(saved, "text", output=None, verbose=verbose, no_color=no_color, reveal={})
    if saved.empty:
        return False
    if saved.summary.blocked and set(only or ()) != {RiskClass.WITHDRAW}:
        return False
    return yes or click.confirm("Apply this plan?", default=False, err=True)


def _carry_out(order: "ApplyRequest", *, form: str, quiet: bool, no_color: bool) -> int:
    from reconciler import app
    from reconciler.state.plans import copy_path

    kept = copy_path(order.environment.folder, order.commitment.id)
    resuming = options.again("apply", kept, "--resume")
    with (
        _signals(order.control, resuming),
        progress.shown(order.environment.watch, quiet=quiet or form == "json"),
    ):
        done = app.apply(order)
    return _told(done, order.plan, resuming, form=form, no_color=no_color)


def _told(
    done: "ApplyResult", saved: "SavedPlan", resuming: str, *, form: str, no_color: bool
) -> int:
    """Prints the report, and gives the exit code that it stands for."""
    from reconciler.report import phrases
    from reconciler.report import result as report

    try:
        if form == "json":
            click.echo(as_json(report.as_json(done, resuming, saved)))
        else:
            lines = report.render(done, resuming, saved.owed, phrases.gaps(saved))
            screen.show(lines, no_color=no_color)
        behind(sys.stdout).flush()
    except BrokenPipeError:
        # What was done was done, whoever still listens; nothing more can be told there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if done.interrupted and not done.complete:
        return INTERRUPTED
    if not done.complete:
        return INCOMPLETE
    return BLOCKED if any(one.neglected for one in saved.owed) else OK


@contextmanager
def _signals(control: "Cancellation", resuming: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM let the requests in flight end; a second one breaks off at once, which
    the journal withstands like any other death.
    """
    going_on = plain(resuming).encode("utf-8", "backslashreplace")

    def ask(number: int, frame: object) -> None:  # noqa: ARG001
        if control.interrupted.is_set():
            interrupt.break_off(b"\nbroken off; go on with: " + going_on + b"\n")
        control.interrupted.set()
        os.write(2, interrupt.TOLD)

    before = {one: signal.signal(one, ask) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
