"""The command line: commands are loaded when called, and this is the one place that exits."""

import importlib
import sys
from typing import Final

import click

from reconciler import __version__
from reconciler.cli.voice import behind, harmless
from reconciler.errors import (
    BlockedPlanError,
    Interrupted,
    ReconcilerError,
    SpecError,
    StalePlanError,
)

OK, FAILED, CHANGES, BLOCKED, INCOMPLETE, STALE = 0, 1, 2, 3, 4, 5
USAGE, BUG, INTERRUPTED = 64, 70, 130

_COMMANDS: Final = {
    "validate": "Check the specs; every complaint at once, with its place.",
    "plan": "Compare the specs with the stores and show what would change.",
    "apply": "Carry out a plan: read again, write, read back.",
    "show": "Show a saved plan, or the steps it would be carried out in.",
    "export": "Write a store's customers as a spec.",
    "explain": "Why one customer is as planned: wanted, live, line, commit, verdicts.",
    "audit": "Read the record of all applies, or prove that nobody changed it.",
    "stores": "List the stores of the specs and what their platforms can do.",
    "schema": "Print a JSON Schema: spec, plan, journal or audit.",
    "sandbox": "Run local stores that behave like the real ones.",
    "demo": "See it all happen on local stores: plan, apply, plan again.",
}


class _Lazy(click.Group):
    """Knows its commands by name and loads one when it is called, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with `reconciler demo`; then `reconciler validate` and `reconciler plan`.",
)
@click.version_option(__version__, prog_name="reconciler")
def cli() -> None:
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
        error.show()
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
        case Interrupted():
            return INTERRUPTED
        case _:
            return FAILED
