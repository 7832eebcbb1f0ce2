"""`reconciler audit`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from reconciler.cli import options
from reconciler.cli.bundle import export
from reconciler.cli.codes import FAILED, OK
from reconciler.cli.commands import Commands
from reconciler.errors import ConfigError
from reconciler.report.lines import as_json

if TYPE_CHECKING:
    from reconciler.app import Environment
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.state.proof import Proof


@click.group("audit", cls=Commands)
def command(**shared: object) -> None:
    """Read the record of all applies, or prove that nobody changed it."""


command.add_command(export)


@command.command("log")
@options.specs
@options.state_dir
@click.option("--plan", metavar="ID", help="Only this plan: the beginning of its id.")
@click.option("--customer", metavar="ALIAS", help="Only this customer, as plans call it.")
@click.option("--store", metavar="NAME", help="Only this store.")
@click.option(
    "--since",
    type=options.INSTANT,
    metavar="TIME",
    help="Only what is as new: a day (from its begin in UTC), or a time with its offset.",
)
@options.text_or_json("Form of what is told.")
def log(
    specs: Path,
    state_dir: Path | None,
    plan: str | None,
    customer: str | None,
    store: str | None,
    since: datetime | None,
    form: str,
) -> int:
    """Who applied what, when, and what became of each change. No personal data is in it.

    Of a customer or a store, the lines that say who began each apply are told as well. Exit codes:
    0 told, 1 the trail does not know this plan, customer or store.
    """
    from reconciler import app
    from reconciler.report.trail import Wanted, selected
    from reconciler.report.trail import line as told
    from reconciler.state.log import every_line
    from reconciler.state.trail import FOLDER, trail_paths

    if "" in (plan, customer, store):
        raise click.UsageError("--plan, --customer and --store need something to look for")
    environment = app.environment_of(specs, state_dir)
    wanted = Wanted(plan=plan, customer=customer, store=store, since=since)
    found = False
    for one in selected(every_line(environment.folder), wanted):
        found = found or one is not None
        click.echo(as_json(one, indent=None) if form == "json" else told(one))
    _warn_of_flaws(environment)
    if found:
        return OK
    if not trail_paths(environment.folder):
        click.echo(f"there is no audit trail at {environment.folder / FOLDER} yet", err=True)
    else:
        click.echo(f"the trail has no line {wanted}", err=True)
    return FAILED if plan or customer or store else OK


def _warn_of_flaws(environment: "Environment") -> None:
    """What is read here may have been written by anybody; with the key that is told at once."""
    from reconciler import app
    from reconciler.state.proof import prove_all

    keys = app.record_keys_for(environment)
    flawed = [one for one in prove_all(environment.folder, keys) if one.flaws] if keys else []
    if flawed and not all(one.ends_under_another_key for one in flawed):
        click.echo("this trail has flaws: see `reconciler audit verify`", err=True)
    elif flawed or not keys:
        click.echo("not verified: the key of this trail is not here", err=True)


@command.command("silence")
@options.specs
@options.state_dir
@click.option("--store", metavar="NAME", help="Only this store.")
@options.text_or_json("Form of what is told.")
def silence(specs: Path, state_dir: Path | None, store: str | None, form: str) -> int:
    """How long after each person's opt-out the last store of the controller had it.

    One number for each opt-out, by a pseudonym that is the same in all stores, the slowest first;
    and what waited when the last plan of each store was applied.
    """
    from reconciler import app
    from reconciler.report.silence import Silences, told
    from reconciler.state.log import every_line
    from reconciler.state.trail import trail_paths

    environment = app.environment_of(specs, state_dir)
    if not trail_paths(environment.folder):
        raise _no_trail(environment)
    lines = every_line(environment.folder)
    found = Silences(one for one in lines if one is not None and store in (None, one.get("store")))
    if form == "json":
        click.echo(as_json(found.as_json()))
    else:
        for line in told(found):
            click.echo(line)
        if not found.seconds:
            click.echo("no opt-out with a known time was carried out yet")
    _warn_of_flaws(environment)
    return OK


@command.command("verify")
@options.specs
@options.state_dir
@click.argument("bundle", required=False, type=options.FILE)
@click.option(
    "--head",
    "heads",
    metavar="SEAL",
    multiple=True,
    help="A head that an apply printed, noted elsewhere: proves that the end of that store's trail "
    "was not cut off. May be given for each store.",
)
@click.option(
    "--signer",
    type=options.FILE,
    metavar="PUBLIC_KEY",
    help="The .pub file of whoever has to have signed BUNDLE.",
)
@click.option(
    "--allowed-signers",
    type=options.FILE,
    metavar="FILE",
    help="The same of several, as ssh-keygen takes it.",
)
def verify(
    specs: Path,
    state_dir: Path | None,
    bundle: Path | None,
    heads: tuple[str, ...],
    signer: Path | None,
    allowed_signers: Path | None,
) -> int:
    """Prove offline, with the key, that no line was edited, removed or reordered.

    Of a BUNDLE of `audit export` what can be proven without any key too: that it is whole, that the
    plans are those of the trail, and with a public key who made it. What was not proven is told.
    """
    if any(len(head) < 8 for head in heads):
        raise click.UsageError("give at least 8 characters of the head")
    if bundle is None:
        if signer is not None or allowed_signers is not None:
            raise click.UsageError("--signer and --allowed-signers are about a BUNDLE: name it")
        return _verify_trails(specs, state_dir, heads)
    from reconciler.bundle import key_file
    from reconciler.cli import bundle as bundles

    if signer is not None and allowed_signers is not None:
        raise click.UsageError("give --signer or --allowed-signers, not both")
    trusted = None
    if signer is not None:
        trusted = key_file.trusted_key(signer)
    elif allowed_signers is not None:
        trusted = key_file.allowed_signers(allowed_signers)
    return bundles.verify(bundle, _named_folder(specs, state_dir), heads, trusted)


def _named_folder(specs: Path, state_dir: Path | None) -> Path | None:
    """The state folder that somebody has named: one that only stands where a bundle is looked at
    may be anybody's, and its key has proven nothing about others.
    """
    from reconciler import app

    source = click.get_current_context().get_parameter_source
    if source("specs") is ParameterSource.DEFAULT and state_dir is None:
        return None
    return app.environment_of(specs, state_dir).folder


def _verify_trails(specs: Path, state_dir: Path | None, heads: tuple[str, ...]) -> int:
    from reconciler import app
    from reconciler.state.proof import has_head, prove_all

    environment = app.environment_of(specs, state_dir)
    found = prove_all(environment.folder, _keys(environment))
    if not found:
        raise _no_trail(environment)
    for one in found:
        _check_key(one)
    lost = [head for head in heads if not any(has_head(one.path, head) for one in found)]
    where = found[0].path if len(found) == 1 else environment.folder
    for head in lost:
        told = f"the head {head[:16]} that was noted is not in it: its end was cut off"
        click.echo(f"{where}: {told}", err=True)
    for one in found:
        for flaw in one.flaws:
            click.echo(f"{one.path}:{flaw.line}: {flaw.what}", err=True)
    if lost or any(one.flaws for one in found):
        return FAILED
    for one in found:
        name = one.store or one.path.name
        told = f"{one.head.count} lines, whole and in order; head {one.head.seal}"
        click.echo(f"{name}: {told}")
    return OK


@command.command("merge")
@options.specs
@options.state_dir
@click.argument("copy", type=click.Path(path_type=Path, exists=True, file_okay=False))
def merge(specs: Path, state_dir: Path | None, copy: Path) -> int:
    """Add what only COPY, another state folder, has of the trails: where two jobs went on apart.

    A line that names both heads closes what was apart. Nothing is merged where one of the two has
    a flaw.
    """
    from reconciler import app
    from reconciler.state.folder import check
    from reconciler.state.merge import merge as merged
    from reconciler.state.trail import trail_path, trail_paths

    check(copy)
    environment = app.environment_of(specs, state_dir)
    keys = _keys(environment)
    theirs = {store: path for store, path in trail_paths(copy).items() if store}
    if not theirs:
        raise ConfigError(f"there is no audit trail in {copy}", hint="name a state folder")
    for store, path in theirs.items():
        ours = trail_path(environment.folder, store)
        done = merged(ours, path, store, keys, environment.clock)
        told = f"{done.added} lines added" if done.added else "nothing to add"
        click.echo(f"{store}: {told}; head {done.head.seal}")
    return OK


def _keys(environment: "Environment") -> "tuple[Pseudonyms, ...]":
    from reconciler import app

    keys = app.record_keys_for(environment)
    if not keys:
        raise ConfigError(
            "the key of this trail is not here",
            hint="give the RECONCILER_REGISTER_KEY or RECONCILER_KEY it was written with",
        )
    return keys


def _no_trail(environment: "Environment") -> ConfigError:
    from reconciler.state.trail import FOLDER

    where = environment.folder / FOLDER
    return ConfigError(f"there is no audit trail at {where}", hint="name its --state-dir")


def _check_key(proof: "Proof") -> None:
    """Where no line at all is right, it is the key that is wrong."""
    flaws = proof.flaws
    if len(flaws) == proof.head.count > 1 and len({flaw.what for flaw in flaws}) == 1:
        raise ConfigError(
            f"none of the {proof.head.count} lines of {proof.path} is sealed with a key that is at "
            "hand",
            hint="give the RECONCILER_REGISTER_KEY or RECONCILER_KEY it was written with",
        )
