"""`reconciler demo`."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options, screen
from reconciler.cli.codes import FAILED, OK
from reconciler.report.lines import Line, Style

if TYPE_CHECKING:
    from reconciler.app import Environment
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.model.settings import DesiredState


@click.command("demo")
@options.speaking
def command(verbose: bool, quiet: bool, no_color: bool) -> int:
    """Start local stores, validate the demo's specs, plan, apply, and plan again.

    Nothing outside this machine is asked, and nothing is kept.
    """
    from reconciler import app
    from reconciler.cli.sandbox import stores_of_the_demo
    from reconciler.clock import system_clock

    demo = stores_of_the_demo()
    specs = _specs()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reconciler-demo-")))
        boxes = demo.make(switches={}, folder=None, rate=(40.0, 40), seeded=True)
        urls = {box.platform: stack.enter_context(box.serving()) for box in boxes}
        _say("reconciler sandbox serve", quiet=quiet)
        for platform, url in urls.items():
            click.echo(f"{platform} on {url}")
        _say(f"reconciler validate --specs {specs}", quiet=quiet)
        clock = system_clock()
        environment = app.Environment(
            clock=clock, variables=dict(demo.TOKENS.values()), folder=folder
        )
        state = app.load_or_raise(specs, environment, screen.warn)
        click.echo(f"{state.files} files are valid")
        state = _moved(state, urls)
        pseudonyms = app.pseudonyms_for(environment, state)
        return _tour(
            state, environment, pseudonyms, verbose=verbose, quiet=quiet, no_color=no_color
        )


def _specs() -> Path:
    """The specs of the checkout it is started in, or those that came with the package."""
    here = Path("specs")
    if (here / "stores.yaml").exists() and (here / "acme-us").exists():
        return here
    packaged = Path(str(files("reconciler").joinpath("_specs")))
    return packaged if packaged.exists() else Path(__file__).resolve().parents[2] / "specs"


def _moved(state: "DesiredState", urls: dict[str, str]) -> "DesiredState":
    """The same stores on the ports that were free, and as fast as the local stores allow."""
    stores = tuple(
        replace(
            store,
            base_url=urls[store.platform],
            rate=replace(store.rate, per_second=35.0, burst=30) if store.rate else None,
        )
        for store in state.stores
    )
    return replace(state, stores=stores)


def _tour(
    state: "DesiredState",
    environment: "Environment",
    pseudonyms: "Pseudonyms",
    *,
    verbose: bool,
    quiet: bool,
    no_color: bool,
) -> int:
    from reconciler import app
    from reconciler.apply.cancellation import Cancellation
    from reconciler.planfile.approve import approve
    from reconciler.planfile.save import save
    from reconciler.report import result, text

    _say("reconciler plan --out plan.json", quiet=quiet)
    saved = save(app.plan(state, app.PlanOptions(), environment, pseudonyms), pseudonyms)
    screen.show(text.render(saved, every=verbose, reveal={}), no_color=no_color)
    _say("reconciler apply plan.json", quiet=quiet)
    order = app.ApplyRequest(
        plan=saved,
        commitment=approve(saved),
        state=state,
        only=(),
        environment=environment,
        pseudonyms=pseudonyms,
        control=Cancellation(),
    )
    done = app.apply(order)
    resume = "reconciler apply plan.json --resume"
    screen.show(result.render(done, resume, saved.owed), no_color=no_color)
    _say("reconciler plan", quiet=quiet)
    again = save(app.plan(state, app.PlanOptions(), environment, pseudonyms), pseudonyms)
    screen.show(text.render(again, every=False, reveal={}), no_color=no_color)
    return OK if done.complete and again.empty else FAILED


def _say(words: str, *, quiet: bool) -> None:
    if not quiet:
        screen.show(_titled(words), no_color=False)


def _titled(words: str) -> Sequence[Line]:
    return (Line(), Line(f"$ {words}", Style.TITLE))
