"""`reconciler show`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.codes import OK
from reconciler.cli.rendering import FORMATS
from reconciler.errors import PlanFileError

if TYPE_CHECKING:
    from reconciler.planfile.encode import Json
    from reconciler.planfile.saved import SavedPlan


@click.command("show")
@click.argument("plan", type=options.FILE)
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
@click.option("--steps", is_flag=True, help="The steps in the order of carrying out.")
@options.specs
@options.state_dir
@options.speaking
def command(
    plan: Path,
    form: str,
    output: Path | None,
    steps: bool,
    specs: Path,
    state_dir: Path | None,
    verbose: bool,
    quiet: bool,
    no_color: bool,
) -> int:
    """Show the saved plan PLAN. No store is asked, and no personal data is in it.

    Where the key is at hand, it is also checked that nobody changed the file.
    """
    from reconciler import app
    from reconciler.cli.rendering import render
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.planfile.verify import verified
    from reconciler.state.key import read_key
    from reconciler.state.plans import read

    body = read(plan)
    environment = app.environment_of(specs, state_dir)
    key = read_key(environment.folder, environment.variables)
    if key is not None:
        saved = verified(body, Pseudonyms(key))
    else:
        if not quiet:
            click.echo("not verified: the key of this plan is not here", err=True)
        saved = _decoded(plan, body)
    if steps and (form != "text" or output is not None):
        raise click.UsageError("--steps are text on stdout; leave out --format and --output")
    if steps:
        for line in _steps(saved):
            click.echo(line)
    else:
        render(saved, form, output=output, verbose=verbose, no_color=no_color, reveal={})
    return OK


def _decoded(path: Path, body: "Json") -> "SavedPlan":
    from reconciler.planfile.decode import decode

    try:
        return decode(body)
    except PlanFileError as error:
        raise PlanFileError(f"{path} is a damaged plan", hint="plan again") from error


def _steps(plan: "SavedPlan") -> list[str]:
    from reconciler.plan.steps import steps
    from reconciler.planfile.approve import approve

    found = []
    for store in approve(plan).stores:
        for number, step in enumerate(steps(store, ()), start=1):
            fields = ", ".join(str(one.path) for one in step.fields)
            found.append(
                f"{store.name} {number:>4}  {step.kind:<8}  {step.change.alias}  {fields}  "
                f"{step.change.mark.file}:{step.change.mark.line}"
                f"{f'  reason: {step.change.reason}' if step.change.reason else ''}"
            )
    return found
