"""`reconciler plan`."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.app.scoping import ALIAS
from reconciler.cli import fresh, options, receipts
from reconciler.cli.codes import BLOCKED, CHANGES, FAILED, OK
from reconciler.cli.gaps import tell_of_gaps
from reconciler.cli.rendering import FORMATS
from reconciler.model.cause import Cause
from reconciler.model.scope import Scope
from reconciler.model.settings import Release, RiskClass
from reconciler.report.lines import as_json

if TYPE_CHECKING:
    from reconciler.plan.plan import Plan
    from reconciler.planfile.saved import SavedPlan


_OVERDUE: Final = "consent.overdue"
_CAUSES: Final = {"drift": Cause.DRIFT, "left-over": Cause.LEFT_OVER}


@click.command("plan")
@options.specs
@options.base
@options.state_dir
@options.planning
@click.option(
    "--out",
    type=options.FILE,
    metavar="FILE",
    help="Save the plan; it holds no personal data, and `apply FILE` does just that.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
)
@click.option(
    "--output",
    type=options.FILE,
    metavar="FILE",
    help="Write the rendering to a file instead of stdout.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["hold", "warn", "drift", "left-over", "overdue"]),
    multiple=True,
    help="Exit 3 where something is held, warned of, edited in the store (drift), or was merged "
    "earlier and never applied (left-over), which need a --base; or where an opt-out waits for "
    "longer than policy.consent.opt_out_max_age (overdue).",
)
@click.option(
    "--changed",
    is_flag=True,
    help="Only customers whose entries changed since the --base.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    help="Only customers whose entries name this tag.",
)
@click.option(
    "--customer",
    "customers",
    multiple=True,
    metavar="ALIAS",
    help="Only this customer, by the alias of a plan; `-` asks for a contact or id, or reads it "
    "from stdin.",
)
@click.option(
    "--keep-receipt",
    type=options.FILE,
    metavar="FILE",
    help="Read the whole stores, and keep in FILE what --since-receipt needs; it holds no personal "
    "data.",
)
@click.option(
    "--since-receipt",
    type=options.FILE,
    metavar="FILE",
    help="Read only what changed since a receipt that --keep-receipt has kept. Nobody is created, "
    "deleted or opted in by such a plan.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where changes are pending.")
@options.show_personal
@options.speaking
def command(
    specs: Path,
    base: str | None,
    state_dir: Path | None,
    stores: tuple[str, ...],
    read: str,
    raises: tuple[tuple[RiskClass, int], ...],
    releases: tuple[Release, ...],
    out: Path | None,
    form: str,
    output: Path | None,
    fail_on: tuple[str, ...],
    changed: bool,
    tags: tuple[str, ...],
    customers: tuple[str, ...],
    keep_receipt: Path | None,
    since_receipt: Path | None,
    detailed_exitcode: bool,
    show_personal: bool,
    verbose: bool,
    quiet: bool,
    no_color: bool,
) -> int:
    """Compare the specs with the stores and show what would change. Writes nothing to any store.

    Personal values are masked. Exit codes: 0 planned, 1 a store could not be read, 2 changes
    are pending (with --detailed-exitcode), 3 blocked by a policy, or an opt-out or erasure is asked
    for and not carried out.

    What was found is kept, without personal values, in the user's cache folder, and the next plan
    is made sooner for it; RECONCILER_CACHE=off keeps nothing, and where CI is set only
    RECONCILER_CACHE=on does.
    """
    from reconciler import app
    from reconciler.cli.rendering import annotated, render
    from reconciler.planfile.encode import encode
    from reconciler.planfile.save import save
    from reconciler.report.reveal import revealed

    if show_personal:
        options.allow_personal()
        if output is not None or form != "text":
            raise click.UsageError("--show-personal goes with the text on the terminal only")
    scope = _scope(base, tags, customers, changed=changed)
    receipts.check(read, scope, keeps=keep_receipt, since=since_receipt)
    environment = app.with_cache(app.environment_of(specs, state_dir), specs)
    with annotated(form, output):
        state = fresh.load(specs, environment, base, quiet=quiet)
    pseudonyms = app.pseudonyms_for(environment, state)
    choices = app.PlanOptions(
        stores=stores, read=read, raises=raises, releases=releases, scope=scope
    )
    with receipts.kept(choices, keep_receipt, since_receipt, environment) as choices:
        made = fresh.plan(state, choices, environment, pseudonyms, quiet=quiet)
    saved = save(made, pseudonyms)
    if out is not None:
        options.write_kept(out, as_json(encode(saved)) + "\n", environment.folder)
    render(
        saved,
        form,
        output=output,
        verbose=verbose,
        no_color=no_color,
        reveal=revealed(made) if show_personal else {},
    )
    if out is not None and not quiet:
        _tell_of_saved(out, saved)
    tell_of_gaps(made, saved)
    code = _code(made, met=_met(saved, fail_on))
    return CHANGES if code == OK and detailed_exitcode and not made.empty else code


def _scope(
    base: str | None, tags: tuple[str, ...], customers: tuple[str, ...], *, changed: bool
) -> Scope:
    if changed and base is None:
        raise click.UsageError("--changed needs a --base to compare with")
    if any(ALIAS.fullmatch(one) is None for one in customers if one != "-"):
        raise click.UsageError(
            "--customer takes the alias of a plan, or `-` and the contact or id on stdin: command "
            "lines are kept in histories"
        )
    named = tuple(options.asked() if one == "-" else one for one in customers)
    return Scope(changed=changed, tags=tags, customers=named)


def _code(made: "Plan", *, met: bool) -> int:
    from reconciler.cli.crash import report

    for part in made.failed:
        if part.fault is not None:
            return report(part.fault)
    if made.failed:
        return FAILED
    if made.blocked or made.owes or met:
        return BLOCKED
    return OK if made.complete else FAILED


def _tell_of_saved(out: Path, saved: "SavedPlan") -> None:
    """With how to go on, where nothing stands in the way of that."""
    from reconciler.report import phrases
    from reconciler.repository import would_be_committed
    from reconciler.state.folder import FOLDER

    told = f"saved as {out}"
    if phrases.standing(saved) == phrases.READY:
        told += f"; carry it out with: {options.again('apply', out)}"
    click.echo(told, err=True)
    if would_be_committed(out):
        click.echo(
            f"note: git does not ignore {out}; a place that it does is below {FOLDER}/", err=True
        )


def _met(saved: "SavedPlan", fail_on: tuple[str, ...]) -> bool:
    """Settings that would change count as a warning."""
    if saved.settings.changed and "warn" in fail_on:
        return True
    asked = {_CAUSES[name] for name in fail_on if name in _CAUSES}
    if any(count and cause in asked for cause, count in saved.summary.causes):
        return True
    if "overdue" in fail_on and any(one.rule == _OVERDUE for one in saved.verdicts):
        return True
    return any(one.level in fail_on and not one.released for one in saved.verdicts)
