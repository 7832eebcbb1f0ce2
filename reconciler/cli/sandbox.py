"""`reconciler sandbox`."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import click

from reconciler.cli.codes import OK
from reconciler.cli.commands import Commands
from reconciler.errors import ConfigError
from reconciler.sandbox.local import FIRST_PORT


@click.group("sandbox", cls=Commands)
def command(**shared: object) -> None:
    """Local stores that behave like the real ones, to try specs and policies on.

    They need the extra `sandbox` and listen on this machine only.
    """


def _switches(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    from reconciler.sandbox import SWITCHES

    found: dict[str, dict[str, str]] = {platform: {} for platform in SWITCHES}
    for value in values:
        name, _, choice = value.partition("=")
        platform, _, switch = name.partition(".")
        if not choice or switch not in SWITCHES.get(platform, {}):
            raise click.BadParameter(
                "write PLATFORM.NAME=VALUE; `sandbox switches` lists them", ctx, param
            )
        found[platform][switch] = choice
    return found


@command.command("serve")
@click.option(
    "--port",
    default=FIRST_PORT,
    show_default=True,
    type=click.IntRange(1024, 65533),
    help="Port of the first store; the others follow it.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the stores here between runs. [default: in memory]",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    callback=_switches,
    metavar="PLATFORM.NAME=VALUE",
    help="How a store shall behave where documents are silent.",
)
@click.option("--fast", is_flag=True, help="Without the platforms' rate limits.")
@click.option("--empty", is_flag=True, help="Without the demo's customers.")
def serve(
    port: int, data: Path | None, switches: dict[str, dict[str, str]], fast: bool, empty: bool
) -> int:
    """Serve the three stores of the demo until Ctrl-C.

    Prints the variables to export, and the `stores.yaml` to use. What `reconciler init --sandbox`
    writes needs neither: its stores have their tokens beside them.
    """
    boxes = stores_of_the_demo()
    from reconciler.app.beginning import local_stores
    from reconciler.desired.first_files import stores_section
    from reconciler.sandbox import serve_forever
    from reconciler.sandbox.local import address

    made = boxes.make(
        switches=switches, folder=data, rate="off" if fast else None, seeded=not empty
    )
    for number, box in enumerate(made):
        click.echo(
            f"export {boxes.TOKENS[box.platform][0]}={boxes.TOKENS[box.platform][1]}"
            f"  # {box.platform} on {address(port + number)}"
        )
    stores = (replace(one, token=None) for one in local_stores(port))
    click.echo("\n# specs/stores.yaml\n" + stores_section(stores))
    try:
        serve_forever(
            [(box, port + number) for number, box in enumerate(made)],
            lambda text: click.echo(text, err=True),
        )
    except OSError as error:
        raise ConfigError(
            f"port {port} or one of the two after it is taken", hint="choose another with --port"
        ) from error
    return OK


@command.command("reset")
@click.option(
    "--port",
    default=FIRST_PORT,
    show_default=True,
    type=click.IntRange(1024, 65533),
    help="Port of the first store.",
)
def reset(port: int) -> int:
    """Put the served stores back to how they began."""
    import httpx

    boxes = stores_of_the_demo()
    for number, (platform, records) in enumerate(boxes.seeds().items()):
        url = f"http://127.0.0.1:{port + number}/_sandbox/reset"
        try:
            httpx.post(url, json={"records": records}, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            raise ConfigError(
                f"no sandbox answers on port {port + number}",
                hint="start one with: reconciler sandbox serve",
            ) from error
        click.echo(f"{platform}: {len(records)} customers")
    return OK


@command.command("switches")
def switches() -> int:
    """List what can be switched: everything that the platforms' documents leave open."""
    from reconciler.sandbox import SWITCHES

    for platform, own in SWITCHES.items():
        for name, one in own.items():
            allowed = "|".join(str(value) for value in one.allowed)
            click.echo(f"{platform}.{name}={allowed}  (default {one.default})  {one.summary}")
    return OK


def stores_of_the_demo() -> ModuleType:
    """The demo's stores; raises `ConfigError` where the extra is not installed."""
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        from reconciler.installation import with_extra

        raise ConfigError(
            "the local stores need two more packages", hint=with_extra("sandbox")
        ) from error
    from reconciler.sandbox import demo

    return demo
