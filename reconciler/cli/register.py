"""`reconciler register`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.codes import FAILED, OK
from reconciler.cli.commands import Commands
from reconciler.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.app import Environment
    from reconciler.model.act import Standing
    from reconciler.model.register import Register
    from reconciler.state.register import Place

_STORE = click.option("--store", metavar="NAME", help="Only this store.")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only tell what would be noted.")


@click.group("register", cls=Commands)
def command(**shared: object) -> None:
    """Read, prove or fill the register of who opted out, which outlives everything else.

    People stand in it by keyed identity alone: it is pseudonymous personal data.
    """


@command.command("verify")
@options.specs
@options.state_dir
@_STORE
def verify(specs: Path, state_dir: Path | None, store: str | None) -> int:
    """Prove offline that no line was edited, removed or reordered; keys that lack are told.

    Exit codes: 0 whole, 1 a flaw, or lines that a key that is not here has sealed.
    """
    from reconciler import app
    from reconciler.state.register_proof import prove

    failed = False
    for place in _places(app.environment_of(specs, state_dir), store):
        proof = prove(place.path, place.keys)
        for flaw in proof.flaws:
            click.echo(f"{place.path}:{flaw.line}: {flaw.what}", err=True)
        for name, count in sorted(proof.missing.items()):
            told = f"{count} lines under the key {name}, which is not here: not proven"
            click.echo(f"{place.path}: {told}", err=True)
        if proof.former:
            told = f"{proof.former} lines of a version before it had seals: not proven"
            click.echo(f"{place.path}: {told}", err=True)
        if proof.flaws or proof.missing:
            failed = True
        else:
            told = f"{proof.lines} lines, whole and in order; head {proof.head.seal}"
            click.echo(f"{place.store}: {told}")
    return FAILED if failed else OK


@command.command("show")
@options.specs
@options.state_dir
@_STORE
@click.option("--person", is_flag=True, help="Ask on stdin for an address or number, and tell.")
def show(specs: Path, state_dir: Path | None, store: str | None, person: bool) -> int:
    """Tell how many people are out, and with --person what is known of one.

    The contact is read from stdin, so that it stands in no list of commands. A number begins with
    + and its country.
    """
    from reconciler import app
    from reconciler.clock import system_clock
    from reconciler.model.register import Register
    from reconciler.state.register import RegisterFile

    environment = app.environment_of(specs, state_dir)
    places = _places(environment, store)
    asked = _asked() if person else None
    controllers = _controllers(specs, environment)
    names = [place.store for place in places]
    for place in places:
        controller = controllers.get(place.store) or place.controller
        known = Register(controller, place.keys, names)
        file = RegisterFile(place, system_clock(), known, proven=True)
        if asked is not None:
            click.echo(f"{place.store}: {_told_of(file.known, asked)}")
            continue
        counts = ", ".join(f"{count} {said}" for said, count in file.known.counts()) or "nobody"
        click.echo(f"{place.store}: {counts}; {file.head.count} is the number of the last line")
        for name in sorted(file.known.missing_keys):
            click.echo(f"{place.store}: the key {name} is not here", err=True)
    return OK


def _asked() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("address or number", hide_input=True, err=True))
    return sys.stdin.readline()


def _told_of(known: "Register", asked: str) -> str:
    from reconciler.model.consent import Channel
    from reconciler.model.customer import CONTACT_OF
    from reconciler.model.identity import identity

    channel = Channel.EMAIL if "@" in asked else Channel.SMS
    kind = CONTACT_OF[channel]
    one = identity(kind, asked.strip(), None)
    if one is None:
        raise click.UsageError("this is neither an address nor a number with + and its country")
    found = known.of(channel, one.key)
    lacking = "; keys are missing, so more may be known" if known.missing_keys else ""
    return (_told(channel.value, found) if found else f"nothing of {channel}") + lacking


def _told(channel: str, found: "Standing") -> str:
    since = "since" if found.dated else "no time told, first seen"
    who = ", by the person" if found.by_person else ""
    at = found.since.isoformat(timespec="seconds")
    return f"{channel} {found.said}, {since} {at}{who}; told by {found.by} in store {found.store}"


@command.command("import")
@options.specs
@options.state_dir
@click.option("--store", metavar="NAME", required=True, help="The store whose register it is.")
@click.argument("table", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_DRY_RUN
def import_(specs: Path, state_dir: Path | None, store: str, table: Path, dry_run: bool) -> int:
    """Note that everybody in TABLE, a CSV, opted out: a suppression list.

    Its columns are email, phone and date; the date is a day or an instant with its offset, or
    empty. Nothing of it is kept in clear. A faulty row refuses the whole of it.
    """
    from reconciler import app
    from reconciler.desired.suppression_list import read
    from reconciler.state.key import key, register_keys
    from reconciler.state.register import RegisterFile

    environment = app.environment_of(specs, state_dir)
    if not register_keys(environment.folder, environment.variables):
        key(environment.folder, environment.variables)
    controllers = _controllers(specs, environment)
    if controllers and store not in controllers:
        raise ConfigError(
            f"the specs have no store {store}, so nobody would ask this list",
            hint=f"name one of {', '.join(sorted(controllers))}",
        )
    place = replace(_place(environment, store), controller=controllers.get(store) or store)
    now = environment.clock.now()
    try:
        rows, faults = read(table, now)
    except OSError as error:
        raise ConfigError(
            f"{table} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint="check its permissions",
        ) from error
    for fault in faults:
        click.echo(f"{table}:{fault.line}: {fault.what}", err=True)
    if faults:
        click.echo("nothing was noted", err=True)
        return FAILED
    file = RegisterFile(place, environment.clock)
    sayings = [app.imported(row, store, now) for row in rows]
    new = file.new(sayings)
    if not dry_run:
        file.begin()
        file.note(sayings)
    told = "would be noted" if dry_run else "noted"
    click.echo(f"{store}: {len(rows)} opt-outs, {len(new)} of them {told}, the others known")
    if controllers and controllers[store] is None:
        click.echo(
            f"store {store} has no controller, so this keeps people from being opted in, and "
            "withdraws nobody who is in: give it a `controller`, or say it in the files",
            err=True,
        )
    return OK


@command.command("compact")
@options.specs
@options.state_dir
@_STORE
def compact(specs: Path, state_dir: Path | None, store: str | None) -> int:
    """Leave out lines that no longer decide anything; the chain goes on after them.

    Of each person the line that decides is kept, and what says that an opt-out was their own.
    """
    from reconciler import app
    from reconciler.clock import system_clock
    from reconciler.state.register_proof import compact as compacted

    for place in _places(app.environment_of(specs, state_dir), store):
        before, after = compacted(place, system_clock())
        click.echo(f"{place.store}: {before} lines, {after} now")
    return OK


@command.command("merge")
@options.specs
@options.state_dir
@click.argument("copy", type=click.Path(path_type=Path, exists=True, file_okay=False))
def merge(specs: Path, state_dir: Path | None, copy: Path) -> int:
    """Add what only COPY, a folder with registers of others, has: where two jobs went on apart.

    A line that names both heads closes what was apart. Nothing is merged where one of the two has
    a flaw.
    """
    from reconciler import app
    from reconciler.clock import system_clock
    from reconciler.state.register_proof import merge as merged

    environment = app.environment_of(specs, state_dir)
    theirs = sorted(copy.glob("*.jsonl"))
    if not theirs:
        raise ConfigError(f"there is no register of opt-outs in {copy}", hint="name its folder")
    for path in theirs:
        store = path.name.removesuffix(".jsonl")
        done = merged(_place(environment, store), path, system_clock())
        told = f"{done.added} lines added" if done.added else "nothing to add"
        click.echo(f"{store}: {told}; head {done.head.seal}")
    return OK


def _controllers(specs: Path, environment: "Environment") -> "Mapping[str, str | None]":
    """By store, as the specs say; empty where there are none that can be read."""
    from reconciler import app
    from reconciler.errors import SpecError

    try:
        stores = app.settings_or_raise(specs, environment).stores
    except SpecError:
        return {}
    return {one.name: one.controller for one in stores}


def _places(environment: "Environment", store: str | None) -> "Iterable[Place]":
    from reconciler import app

    folder = app.register_folder(environment)
    names = [one.name.removesuffix(".jsonl") for one in sorted(folder.glob("*.jsonl"))]
    if store is not None:
        names = [one for one in names if one == store]
    if not names:
        whose = "" if store is None else f" of a store {store}"
        raise ConfigError(
            f"there is no register of opt-outs{whose} in {folder}",
            hint="name its --state-dir, or set RECONCILER_REGISTER",
        )
    return [_place(environment, name) for name in names]


def _place(environment: "Environment", store: str) -> "Place":
    from reconciler import app

    place = app.register_place(environment, store)
    if not place.keys:
        raise ConfigError(
            "no key of the register of opt-outs is here",
            hint="give the RECONCILER_REGISTER_KEY or RECONCILER_KEY it was written with",
        )
    return place
