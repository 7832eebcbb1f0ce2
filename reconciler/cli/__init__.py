"""The command line: commands are loaded when called, and this is the one place that exits."""

import sys
from typing import Final

import click

from reconciler import __version__
from reconciler.cli.codes import BLOCKED, FAILED, INTERRUPTED, OK, STALE, USAGE
from reconciler.cli.commands import Commands
from reconciler.cli.voice import behind, harmless
from reconciler.errors import (
    BlockedPlanError,
    ReconcilerError,
    SpecError,
    StalePlanError,
)

_COMMANDS: Final = {
    "init": "Write the first files: stores, specs, pipeline, hooks; then validate passes.",
    "doctor": "Look at what plan and apply rest on: tokens, stores, clock, keys, records.",
    "validate": "Check the specs; every complaint at once, with its place.",
    "fmt": "Write the specs in the one order and layout, comments kept.",
    "plan": "Compare the specs with the stores and show what would change.",
    "apply": "Carry out a plan: read again, write, read back.",
    "show": "Show a saved plan, or the steps it would be carried out in.",
    "export": "Write a store's customers as a spec.",
    "import": "Write the customers of a CSV as a spec, each row checked like an entry.",
    "adopt": "Take what people changed in the stores into the files, comments kept.",
    "explain": "Why one customer is as planned: wanted, live, line, commit, verdicts.",
    "audit": "Read the record of all applies, or prove that nobody changed it.",
    "register": "Read, prove or fill the register of who opted out.",
    "stores": "List the stores of the specs and what their platforms can do.",
    "rules": "What a rule means, what it does, and what lifts it.",
    "schema": "Print a JSON Schema: what specs, plans and reports look like.",
    "sandbox": "Run local stores that behave like the real ones.",
    "completion": "Print what completes commands and options in a shell.",
    "demo": "See it all happen on local stores: plan, apply, plan again.",
}


@click.group(
    cls=Commands,
    summaries=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with `reconciler demo`; then `reconciler init` and `reconciler plan`.",
)
@click.version_option(__version__, prog_name="reconciler")
def cli(**shared: object) -> None:
    """Keep the customers, tags and marketing consent of Genstore, Shoplazza and SHOPLINE stores as
    YAML says they should be.
    """


def main() -> None:
    """Runs a command and exits with the code that the README's table promises."""
    with harmless():
        code = _run()
    sys.exit(code)


def _run() -> int:
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        _complain(error)
        code = USAGE if isinstance(error, click.UsageError) else FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except ReconcilerError as error:
        code = _tell(error)
    except BrokenPipeError:
        behind(sys.stderr).close()
        code = FAILED
    except Exception as error:
        from reconciler.cli.crash import report

        code = report(error)
    return code if isinstance(code, int) else OK


def _complain(error: click.ClickException) -> None:
    """What click says, in the form of every other error."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    click.echo(f"error: {_in_our_words(error)}", err=True)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(f"  hint: see `{context.command_path} --help`", err=True)


def _in_our_words(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        import difflib

        if error.ctx is not None and isinstance(error.ctx.command, Commands):
            owners = error.ctx.command.owners(error.ctx, error.option_name)
            if owners:
                return f"{error.option_name} stands after the command: {', '.join(owners)} take it"
        near = difflib.get_close_matches(error.option_name, _options(error.ctx), n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]}?" if near else ""
        return f"there is no option {error.option_name}{meant}"
    text = error.format_message()
    return f"{text[:1].lower()}{text[1:]}".rstrip(".")


def _options(context: click.Context | None) -> list[str]:
    if context is None:
        return []
    return [name for one in context.command.get_params(context) for name in one.opts]


def _tell(error: ReconcilerError) -> int:
    if isinstance(error, SpecError):
        for one in error.diagnostics:
            click.echo(str(one), err=True)
    click.echo(f"error: {error}", err=True)
    match error:
        case StalePlanError():
            return STALE
        case BlockedPlanError():
            return BLOCKED
        case _:
            return FAILED
