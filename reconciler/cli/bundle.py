"""`reconciler audit export`, and `audit verify` of what it has written."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.codes import FAILED, OK
from reconciler.report.plain import plain

if TYPE_CHECKING:
    from reconciler.bundle.key_file import Trusted
    from reconciler.bundle.manifest import PlanEntry
    from reconciler.bundle.verify import Verified


@click.command("export")
@options.specs
@options.state_dir
@click.option(
    "--out",
    type=options.FILE,
    metavar="FILE",
    required=True,
    help="The bundle, a tar; for its owner only.",
)
@click.option(
    "--store",
    "stores",
    multiple=True,
    metavar="NAME",
    help="Only this store; may be given several times.",
)
@click.option(
    "--sign",
    type=options.FILE,
    metavar="KEYFILE",
    help="Sign with this private Ed25519 key of OpenSSH, which nobody else may read.",
)
def export(
    specs: Path, state_dir: Path | None, out: Path, stores: tuple[str, ...], sign: Path | None
) -> int:
    """Write a bundle for an auditor, which `audit verify BUNDLE` proves without this folder.

    It has the trails, the registers of opt-outs, the plans that are still kept and their pages.
    People stand in it by alias and keyed identity alone: it is pseudonymous personal data.

    Exit codes: 0 written, 1 not written, or written with flaws that the state folder has.
    """
    from reconciler import app
    from reconciler.app.bundling import export_bundle
    from reconciler.bundle.key_file import signer

    key = None if sign is None else signer(sign, _passphrase())
    found = export_bundle(app.environment_of(specs, state_dir), out, stores, key)
    for chain in _chains(found):
        click.echo(plain(f"{chain.what} of {chain.lines} lines; head {chain.head}"))
    for plan in found.contents.plans:
        click.echo(plain(_plan(plan)))
    by = f"signed by {found.signed_by}" if found.signed_by else "not signed"
    click.echo(plain(f"wrote {out}: {found.members} files, {by}"))
    return _tell(out, found)


def _passphrase() -> "Callable[[], str] | None":
    """Asked for at a terminal, and never taken from a variable or a pipe."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda: str(click.prompt("passphrase of the signing key", hide_input=True, err=True))


def verify(
    bundle: Path,
    folder: Path | None,
    heads: tuple[str, ...],
    trusted: "tuple[Trusted, ...] | None",
) -> int:
    """Every finding; where there is none, what was proven and what was not."""
    from reconciler.app.bundling import verify_bundle

    found = verify_bundle(bundle, os.environ, folder, heads=heads, trusted=trusted)
    if _tell(bundle, found) != OK:
        return FAILED
    for line in _proven(bundle, found):
        click.echo(plain(line))
    for one in found.unproven:
        click.echo(plain(f"not proven: {one}"))
    return OK


def _tell(path: Path, found: "Verified") -> int:
    for one in found.findings:
        where = f"{path}: {one.where}" if one.where else str(path)
        click.echo(plain(f"{where}: {one.what}"), err=True)
    return FAILED if found.findings else OK


def _proven(path: Path, found: "Verified") -> Iterator[str]:
    at = f"made {found.made_at} by version {found.tool}"
    yield f"{path}: {at}; {found.members} files, each as its manifest says"
    if found.signed_by:
        yield f"signed by {found.signed_by}"
    for chain in _chains(found):
        how = "whole" if chain.member in found.sealed else "each naming the one before"
        yield f"{chain.what} of {chain.lines} lines, {how} and in order; head {chain.head}"
    for plan in found.contents.plans:
        yield _plan(plan) + (
            "; each step in the trail is one of its changes" if plan.id in found.plans else ""
        )


@dataclass(frozen=True, slots=True)
class _Chain:
    """A trail or a register, as it is told of."""

    member: str
    what: str
    lines: int
    head: str


def _chains(found: "Verified") -> Iterator[_Chain]:
    from reconciler.bundle.archive import register_member, trail_member

    former = found.contents.former
    if former is not None:
        name = "all stores, formerly: trail"
        yield _Chain(trail_member(""), name, former.lines, former.head)
    for one in found.contents.stores:
        trail, register = one.trail, one.register
        if trail is not None:
            yield _Chain(trail_member(one.name), f"{one.name}: trail", trail.lines, trail.head)
        if register is not None:
            name = f"{one.name}: register"
            yield _Chain(register_member(one.name), name, register.lines, register.head)


def _plan(one: "PlanEntry") -> str:
    made = one.made_from
    approvers = sorted({name for run in one.runs for name in run.approvers})
    commits = sorted({run.commit[:12] for run in one.runs if run.commit})
    stores = sorted({run.store for run in one.runs})
    parts = [
        f"applied to {', '.join(stores)}",
        *([f"at commit {', '.join(commits)}"] if commits else []),
        *([f"base {one.base[:12]}"] if one.base else []),
        *([f"pull request {made.pull_request}"] if made.pull_request else []),
        *([f"approved by {', '.join(approvers)}"] if approvers else []),
        *([] if one.kept else ["it is kept no more"]),
    ]
    return f"plan {one.id}: {', '.join(parts)}"
