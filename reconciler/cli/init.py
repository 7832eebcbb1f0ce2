"""`reconciler init`."""

import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli.codes import OK

if TYPE_CHECKING:
    from reconciler.desired.first_files import FirstStore

_NAME: Final = re.compile("[a-z0-9][a-z0-9_-]{0,62}")
_SHOP: Final = re.compile("[A-Za-z0-9][A-Za-z0-9-]{0,62}")
_VARIABLE: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")
FORGES: Final = ("github", "gitlab", "none")


@click.command("init")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option("--platform", metavar="NAME", help="genstore, shoplazza, shopline, or an added one.")
@click.option("--shop", metavar="NAME", help="The shop: `acme` of acme.genmystore.com.")
@click.option("--forge", type=click.Choice(FORGES), help="Whose pipeline files to write.")
@click.option("--name", metavar="NAME", help="What the specs call the store. [default: the shop]")
@click.option("--token-env", "variable", metavar="NAME", help="The variable for its token.")
@click.option("--timezone", metavar="ZONE", help="The shop's, like Asia/Shanghai.")
@click.option("--phone-region", "region", metavar="CC", help="The shop's country, like CN.")
@click.option(
    "--sandbox", is_flag=True, help="Begin with local stores: `reconciler sandbox serve`."
)
@click.option(
    "--keep", "kept", multiple=True, metavar="FILE", help="Leave this file as it is; may repeat."
)
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
def command(
    folder: Path,
    platform: str | None,
    shop: str | None,
    forge: str | None,
    name: str | None,
    variable: str | None,
    timezone: str | None,
    region: str | None,
    sandbox: bool,
    kept: tuple[str, ...],
    quiet: bool,
) -> int:
    """Write the first files of a repository of specs into DIR, or here.

    The stores and an empty list of customers in specs/, the schema that editors check them with,
    lines for .gitignore, hooks for pre-commit, and for a forge its pipeline and an example of
    CODEOWNERS. What is not given is asked for at a terminal. No token is asked for or written:
    only the name of the variable that will hold it.

    No file is replaced. Where one with other content is in the way, all of them are named,
    nothing is written and the exit code is 1.

    \b
    reconciler init                                                  # asks
    reconciler init --sandbox                                        # local stores, to try it out
    reconciler init shop --platform genstore --shop acme --forge github
    """
    from reconciler.app.beginning import IGNORE, begin, first_contents, names_to_set

    if sandbox:
        given = {"--shop": shop, "--name": name, "--token-env": variable}
        given |= {"--timezone": timezone, "--phone-region": region}
        _refuse_beside_sandbox(given)
        stores = _local(platform)
        forge = forge or "none"
    else:
        platform, shop, forge = _asked(platform, shop, forge)
        stores = (_store(platform, shop, name, variable, timezone, region),)
    contents = first_contents(stores, forge)
    done = begin(folder, contents, _kept(folder, kept, {*contents, IGNORE}))
    for one in done.written:
        click.echo(f"{folder / one}: written")
    for one in done.added_to:
        click.echo(f"{folder / one}: lines added")
    if not (done.written or done.added_to):
        click.echo("nothing to do: all of it is there already")
    if not quiet:
        _note_place(folder, forge)
        _say_next(folder, stores, names_to_set(stores, forge), sandbox=sandbox)
    return OK


def _asked(platform: str | None, shop: str | None, forge: str | None) -> tuple[str, str, str]:
    """The three that have no default, from the flags or from a person."""
    given = {"--platform": platform, "--shop": shop, "--forge": forge}
    lacking = [flag for flag, value in given.items() if value is None]
    if lacking and (os.environ.get("CI") or not sys.stdin.isatty()):
        raise click.UsageError(f"nobody can be asked here: give {', '.join(lacking)}")
    platform = _platform(platform) if platform is not None else _ask("platform", _platform)
    shop = _shop(platform, shop) if shop is not None else _ask_shop(platform)
    if forge is None:
        forge = click.prompt("forge", type=click.Choice(FORGES), default="github", err=True)
    return platform, shop, str(forge)


def _ask(what: str, checked: Callable[[str], str]) -> str:
    from reconciler.platforms.registry import TABLES

    choices = "/".join(TABLES)
    return str(click.prompt(f"{what} ({choices})", value_proc=checked, err=True))


def _ask_shop(platform: str) -> str:
    from reconciler.platforms.registry import TABLES

    domain = TABLES[platform].domains[0]
    asked = f"shop (the NAME of NAME.{domain})"
    return str(click.prompt(asked, value_proc=lambda told: _shop(platform, told), err=True))


def _platform(told: str) -> str:
    from reconciler.platforms.registry import TABLES

    if told.strip().lower() not in TABLES:
        raise click.UsageError(f"there is no platform of that name; there are {', '.join(TABLES)}")
    return told.strip().lower()


def _shop(platform: str, told: str) -> str:
    """The shop's own part, also of its host name or address."""
    from reconciler.platforms.registry import TABLES

    host = re.sub("^https?://", "", told.strip()).partition("/")[0].lower()
    ends = [f".{domain}" for domain in TABLES[platform].domains if host.endswith(f".{domain}")]
    shop = host.removesuffix(ends[0]) if ends else host
    if not _SHOP.fullmatch(shop):
        raise click.UsageError(
            "the shop is the first part of its host name: letters, digits and -, like acme"
        )
    return shop


def _store(
    platform: str,
    shop: str,
    name: str | None,
    variable: str | None,
    timezone: str | None,
    region: str | None,
) -> "FirstStore":
    from reconciler.desired.first_files import FirstStore, variable_for
    from reconciler.platforms.credentials import KEYS

    name = name or shop
    variable = variable or variable_for(name)
    _check(bool(_NAME.fullmatch(name)), "--name takes lower-case letters, digits, - and _")
    _check(bool(_VARIABLE.fullmatch(variable)), "--token-env takes the name of a variable")
    _check(variable not in KEYS, "--token-env names a key of reconciler, which is no token")
    _check_value("timezone", timezone, "--timezone takes the name of a zone, like Asia/Shanghai")
    _check_value("phone_region", region, "--phone-region takes two capitals, like CN")
    return FirstStore(
        name=name,
        platform=platform,
        shop=shop,
        variable=variable,
        timezone=timezone,
        phone_region=region,
    )


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise click.UsageError(otherwise)


def _check_value(key: str, value: str | None, otherwise: str) -> None:
    from reconciler import schemas

    store: dict[str, Any] = {"platform": "shopline", "shop": "acme", "token": {"env": "T"}}
    _check(value is None or schemas.fits("store", {**store, key: value}), otherwise)


def _refuse_beside_sandbox(given: dict[str, str | None]) -> None:
    there = [flag for flag, value in given.items() if value is not None]
    if there:
        raise click.UsageError(f"the local stores are what they are: leave out {', '.join(there)}")


def _local(platform: str | None) -> "tuple[FirstStore, ...]":
    """The local stores, or that of one platform."""
    from reconciler.app.beginning import local_stores

    found = local_stores()
    chosen = tuple(one for one in found if platform in (None, one.platform))
    if not chosen:
        known = ", ".join(one.platform for one in found)
        raise click.UsageError(f"there is no local store of that platform; there are {known}")
    return chosen


def _kept(folder: Path, given: Sequence[str], known: Collection[str]) -> set[str]:
    """Names below the folder, of what may be named from here as well."""
    found = set()
    for one in given:
        plain = os.path.normpath(one)
        name = next(
            (name for name in known if plain in (name, os.path.normpath(folder / name))), None
        )
        if name is None:
            raise click.UsageError(f"--keep {one}: no such file would be written")
        found.add(name)
    return found


def _note_place(folder: Path, forge: str) -> None:
    from reconciler.repository import top_of

    top = top_of(folder)
    if forge != "none" and top is not None and top != Path(os.path.normpath(folder.absolute())):
        click.echo(
            f"note: a forge reads pipeline files at the top of a repository, which is {top}",
            err=True,
        )


def _say_next(
    folder: Path, stores: "Sequence[FirstStore]", names: Sequence[str], *, sandbox: bool
) -> None:
    first = stores[0]
    lines = [] if folder == Path() else [shlex.join(["cd", str(folder)])]
    if sandbox:
        lines += [
            "reconciler sandbox serve     # in another terminal",
            "reconciler plan",
            f"reconciler export --store {first.name} --out specs/{first.name}/everybody.yaml",
        ]
    else:
        lines += [
            f"export {first.variable}=...  # the token of the shop's app; it stands in no file",
            "reconciler doctor --for plan",
            f"reconciler export --store {first.name} --out specs/{first.name}/customers.yaml",
            "reconciler plan",
        ]
    if names:
        lines.append(f"# and give the pipeline what it asks for: {', '.join(names)}")
    click.echo("\nnext:", err=True)
    for line in lines:
        click.echo(f"  {line}", err=True)
