"""What `doctor` sees without asking a store: the specs, git, the state folder, keys and records."""

import platform
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler import __version__, forge, repository
from reconciler.app.environment import Environment, record_keys_for
from reconciler.app.loading import load
from reconciler.app.register import register_folder, register_place
from reconciler.diagnostics import Severity
from reconciler.errors import ReconcilerError
from reconciler.installation import DISTRIBUTION, FOREIGN, has_foreign
from reconciler.model.finding import Finding, Level, Purpose
from reconciler.report.plain import counted, plain

if TYPE_CHECKING:
    from reconciler.state.register import Place

_Look: TypeAlias = Callable[[Path, Environment], Iterator[Finding]]
_OTHERS: Final = 0o077


def folder_findings(specs: Path, environment: Environment, purpose: Purpose) -> tuple[Finding, ...]:
    """Never raises what a check raises: that is a finding."""
    found: list[Finding] = []
    checks: dict[str, _Look] = {
        **_OF_FOLDER,
        "trail": partial(_trail, purpose),
        "register": _register,
    }
    for check, look in checks.items():
        try:
            found.extend(look(specs, environment))
        except ReconcilerError as error:
            found.append(failed(check, error))
        except OSError as error:
            told = f"it cannot be looked at: {(error.strerror or 'unknown').lower()}"
            found.append(Finding(check=check, level=Level.FAIL, message=told))
    return tuple(found)


def failed(check: str, error: ReconcilerError) -> Finding:
    return Finding(
        check=check, level=Level.FAIL, message=plain(error.message), advice=plain(error.hint)
    )


def _versions(specs: Path, environment: Environment) -> Iterator[Finding]:  # noqa: ARG001
    python = platform.python_version()
    yield Finding(
        check="versions", level=Level.OK, message=f"reconciler {__version__} on Python {python}"
    )
    if has_foreign():
        yield Finding(
            check="versions",
            level=Level.WARN,
            message=f"the distribution `{FOREIGN}` is installed too, and is somebody else's",
            advice=f"remove it (`pip uninstall {FOREIGN}`), see that nobody's tokens were at hand "
            f"where it ran, and install `{DISTRIBUTION}` again",
        )


def _specs(specs: Path, environment: Environment) -> Iterator[Finding]:
    state, diagnostics = load([specs], environment)
    errors = sum(one.severity is Severity.ERROR for one in diagnostics)
    warnings = len(diagnostics) - errors
    if state is None:
        yield Finding(
            check="specs",
            level=Level.FAIL,
            message=f"{counted(errors, 'error')} and {counted(warnings, 'warning')}",
            advice="see `reconciler validate`",
        )
    else:
        told = f"{counted(state.files, 'file')}, {counted(warnings, 'warning')}"
        yield Finding(check="specs", level=Level.OK, message=told)


def _git(specs: Path, environment: Environment) -> Iterator[Finding]:
    if not repository.is_inside(specs):
        yield Finding(
            check="git",
            level=Level.WARN,
            message="the specs stand in no git repository, so nobody reviews them, and nothing "
            "tells what they said before",
            advice="keep them in one: git init",
        )
        return
    refused = repository.refusal(specs)
    if refused:
        yield Finding(check="git", level=Level.WARN, message=plain(refused))
    elif repository.commit_at_hand(specs) is None:
        yield Finding(
            check="git",
            level=Level.WARN,
            message="git tells no commit here",
            advice="commit the specs, and see that git is installed",
        )
    else:
        yield Finding(check="git", level=Level.OK, message="the specs stand in a repository")
    public = forge.is_public(environment.variables)
    if public is None:
        yield Finding(
            check="visibility",
            level=Level.UNTOLD,
            message="whether everybody can read the repository cannot be told from here",
            advice="specs are personal data: see that it is private",
        )
    elif public:
        yield Finding(
            check="visibility",
            level=Level.WARN,
            message="the repository is public",
            advice="specs are personal data: make it private, and renew what stood in it",
        )
    else:
        yield Finding(check="visibility", level=Level.OK, message="the repository is not public")


def _state_folder(specs: Path, environment: Environment) -> Iterator[Finding]:  # noqa: ARG001
    from reconciler.state.folder import check

    folder = environment.folder
    check(folder)
    shown = plain(str(folder))
    if not folder.exists():
        told = f"there is no {shown} yet; the first plan makes it"
        yield Finding(check="state folder", level=Level.OK, message=told)
        return
    if repository.is_tracked(folder):
        yield Finding(
            check="state folder",
            level=Level.FAIL,
            message=f"files of {shown} came with a commit, so they are not what this program kept",
            advice="take them out of the repository (git rm -r --cached), and have it ignored",
        )
        return
    if any(repository.would_be_committed(one) for one in (folder / "key", folder / "audit.jsonl")):
        yield Finding(
            check="state folder",
            level=Level.WARN,
            message=f"git does not ignore {shown}, so a commit may take the key along",
            advice="put .reconciler/ into .gitignore",
        )
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & _OTHERS:
        yield Finding(
            check="state folder",
            level=Level.WARN,
            message=f"others may look into {shown} or change it (mode {mode:04o})",
            advice=f"chmod 700 {shown}",
        )
    else:
        yield Finding(check="state folder", level=Level.OK, message=f"{shown}, for its owner only")


def _key(specs: Path, environment: Environment) -> Iterator[Finding]:  # noqa: ARG001
    from reconciler.state.key import KEY_VARIABLE, read_key, register_keys

    variables = environment.variables
    known = read_key(environment.folder, variables)
    register_keys(environment.folder, variables)
    if known is not None:
        where = f"in {KEY_VARIABLE}" if KEY_VARIABLE in variables else "in the state folder"
        yield Finding(check="key", level=Level.OK, message=where)
    elif variables.get("CI"):
        yield Finding(
            check="key",
            level=Level.WARN,
            message=f"{KEY_VARIABLE} is not set, and a key that one job makes is unknown to others",
            advice=f"give {KEY_VARIABLE} as a secret to the jobs that plan and apply",
        )
    else:
        yield Finding(check="key", level=Level.OK, message="there is none yet; a plan makes one")


def _trail(
    purpose: Purpose,
    specs: Path,  # noqa: ARG001
    environment: Environment,
) -> Iterator[Finding]:
    """An apply goes on with a trail only under the key of its last line."""
    from reconciler.state.proof import prove_all
    from reconciler.state.trail import trail_paths

    if not trail_paths(environment.folder):
        yield Finding(check="trail", level=Level.OK, message="nothing was applied yet")
        return
    keys = record_keys_for(environment)
    if not keys:
        yield _without_key("trail", applies=purpose is not Purpose.PLAN)
        return
    proofs = prove_all(environment.folder, keys)
    flaws = sum(len(one.flaws) for one in proofs)
    count = sum(one.head.count for one in proofs)
    flawed = [one for one in proofs if one.flaws]
    if flawed and all(one.ends_under_another_key for one in flawed):
        applies = purpose is not Purpose.PLAN
        yield Finding(
            check="trail",
            level=Level.FAIL if applies else Level.UNTOLD,
            message=f"the last {flaws} of {count} lines are sealed with a key that is not here, or "
            "were edited",
            advice="see `reconciler audit verify` where RECONCILER_REGISTER_KEY is; an apply needs "
            "it to go on",
        )
    elif flaws:
        yield Finding(
            check="trail",
            level=Level.FAIL,
            message=f"it is not whole: {counted(flaws, 'flaw')} in {counted(count, 'line')}",
            advice="see `reconciler audit verify`, and restore it from a copy",
        )
    else:
        yield Finding(check="trail", level=Level.OK, message=f"whole: {counted(count, 'line')}")


def _without_key(check: str, *, applies: bool) -> Finding:
    return Finding(
        check=check,
        level=Level.FAIL if applies else Level.UNTOLD,
        message="whether it is whole cannot be told: its key is not here",
        advice="the apply job has it: RECONCILER_REGISTER_KEY, or RECONCILER_KEY",
    )


def _register(specs: Path, environment: Environment) -> Iterator[Finding]:  # noqa: ARG001
    from reconciler.state.trail import trail_paths

    folder = register_folder(environment)
    written = {one.name.removesuffix(".jsonl") for one in folder.glob("*.jsonl")}
    known = {name for name in trail_paths(environment.folder) if name}
    if not written | known:
        yield Finding(check="register", level=Level.OK, message="nobody was seen to opt out yet")
        return
    places = [register_place(environment, name) for name in sorted(written | known)]
    if not places[0].keys:
        yield _without_key("register", applies=False)
        return
    yield from _proven(places, environment)


def _proven(places: "list[Place]", environment: Environment) -> Iterator[Finding]:
    from reconciler.state.register_proof import prove
    from reconciler.state.trail import last_register

    lines = 0
    whole = True
    for place in places:
        name = plain(place.store)
        named = last_register(environment.folder, place.store)
        if named is not None and not place.goes_on(named):
            whole = False
            yield Finding(
                check="register",
                level=Level.FAIL,
                message=f"{name}: the trail knows of one that is not here, so opt-ins and new "
                "customers are blocked",
                advice="restore it from a copy, or from where the apply job keeps it",
            )
            continue
        proof = prove(place.path, place.keys)
        lines += proof.lines
        if proof.flaws:
            whole = False
            yield Finding(
                check="register",
                level=Level.FAIL,
                message=f"{name}: it is not whole: {counted(len(proof.flaws), 'flaw')}",
                advice="see `reconciler register verify`, and restore it from a copy",
            )
        if proof.missing:
            whole = False
            count = sum(proof.missing.values())
            yield Finding(
                check="register",
                level=Level.WARN,
                message=f"{name}: {count} lines under a key that is not here cannot be asked",
                advice="give former keys in RECONCILER_REGISTER_KEYS_BEFORE",
            )
    if whole:
        yield Finding(check="register", level=Level.OK, message=f"whole: {counted(lines, 'line')}")


_OF_FOLDER: Final[dict[str, _Look]] = {
    "versions": _versions,
    "specs": _specs,
    "git": _git,
    "state folder": _state_folder,
    "key": _key,
}
