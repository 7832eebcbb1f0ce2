"""`reconciler explain`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options, progress, screen
from reconciler.cli.codes import FAILED, OK
from reconciler.errors import ConfigError, PlatformError

if TYPE_CHECKING:
    from reconciler.diagnostics import SourceMark


@click.command("explain")
@click.argument("customer", required=False)
@options.specs
@options.base
@options.state_dir
@click.option("--store", "stores", multiple=True, metavar="NAME", help="Only this store.")
@options.show_personal
@options.hushing
def command(
    customer: str | None,
    specs: Path,
    base: str | None,
    state_dir: Path | None,
    stores: tuple[str, ...],
    show_personal: bool,
    quiet: bool,
    no_color: bool,
) -> int:
    """Tell why CUSTOMER is as planned: each managed field with what is wanted and from which line,
    the commit that last touched it, what the store has and who acted, and what was judged.

    CUSTOMER is an alias of a plan, an e-mail address, a phone number or the store's id. Leave it
    out, and it is asked for or read from stdin: command lines are kept in histories.
    """
    from reconciler import app
    from reconciler.report import explain as report

    if show_personal:
        options.allow_personal()
    text = customer.strip() if customer else options.asked()
    environment = app.environment_of(specs, state_dir)
    state = app.load_or_raise(specs, environment, screen.silent if quiet else screen.warn, base)
    pseudonyms = app.pseudonyms_for(environment, state)
    if state.settings != state.at_hand and not quiet:
        click.echo(
            f"settings.changed: explained under those of the base {(state.base or '')[:12]}, which "
            "differ from those at hand: `plan` names each",
            err=True,
        )
    found = False
    failed = False
    for store in app.selected(state, stores):
        try:
            with progress.shown(environment.watch, quiet=quiet):
                told = app.explain(text, state, store, environment, pseudonyms)
        except (PlatformError, ConfigError) as error:
            click.echo(f"error: {error}", err=True)
            failed = True
            continue
        found = found or bool(told)
        show = _revealed if show_personal else report.masked
        screen.show(
            report.render(told, pseudonyms=pseudonyms, commit=_commit, show=show), no_color=no_color
        )
    if not found:
        click.echo("no entry of the specs speaks of this customer", err=True)
    return OK if found and not failed else FAILED


def _commit(mark: "SourceMark") -> str:
    from reconciler.repository import last_touch, refusal

    touched = last_touch(mark.file, mark.line)
    if touched is None:
        return refusal(Path(mark.file)) or "no commit known"
    return f"commit {touched.commit[:12]} of {touched.at.date().isoformat()}"


def _revealed(value: object) -> str:
    from reconciler.report.reveal import in_clear

    return in_clear(value)
