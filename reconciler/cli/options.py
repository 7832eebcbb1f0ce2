"""Options that several commands share, and how their values are read."""

import os
import re
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from reconciler.model.settings import Release, RiskClass

F = TypeVar("F", bound=Callable[..., Any])

FILE: Final = click.Path(path_type=Path, dir_okay=False)


class _RaiseType(click.ParamType[Any]):
    name = "CLASS=N"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[RiskClass, int]:
        risk, _, number = str(value).partition("=")
        if risk not in list(RiskClass) or not re.fullmatch("[1-9][0-9]{0,8}", number):
            classes = ", ".join(RiskClass)
            self.fail(f"write CLASS=N with a class of {classes} and a whole number", param, ctx)
        return RiskClass(risk), int(number)


class _ReleaseType(click.ParamType[Any]):
    name = "RULE[:ALIAS]"

    def convert(self, value: Any, param: Any, ctx: Any) -> Release:
        from reconciler.model.rules import RELEASABLE

        rule, _, alias = str(value).partition(":")
        if rule not in RELEASABLE:
            self.fail(f"rules that a release lifts are {', '.join(RELEASABLE)}", param, ctx)
        if alias and not alias.startswith("cus_"):
            self.fail("write a rule like consent.undated-opt-out, or RULE:cus_…", param, ctx)
        return Release(rule=rule, alias=alias or None)


class _OnlyType(click.ParamType[Any]):
    name = "CLASS,…"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[RiskClass, ...]:
        names = [part.strip() for part in str(value).split(",") if part.strip()]
        unknown = [one for one in names if one not in list(RiskClass)]
        if unknown or not names:
            self.fail(f"classes are {', '.join(RiskClass)}", param, ctx)
        return tuple(RiskClass(one) for one in names)


class _InstantType(click.ParamType[Any]):
    name = "TIME"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is not None and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)):
            return found.replace(tzinfo=UTC)
        if found is None or found.tzinfo is None:
            self.fail("write a day like 2026-05-02, or 2026-05-02T10:00:00+02:00", param, ctx)
        return found


RAISE: Final = _RaiseType()
RELEASE: Final = _ReleaseType()
ONLY: Final = _OnlyType()
INSTANT: Final = _InstantType()


def specs(function: F) -> F:
    return _specs("Folder of the specs.")(function)


def _specs(told: str) -> Callable[[F], F]:
    return click.option(
        "--specs",
        type=click.Path(path_type=Path),
        default=Path("specs"),
        show_default=True,
        envvar="RECONCILER_SPECS",
        metavar="DIR",
        help=told,
    )


def paths(function: F) -> F:
    """Files or folders, or else the folder of the specs."""
    chosen = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
    return chosen(_specs("Folder of the specs, where no PATHS are given.")(function))


def state_dir(function: F) -> F:
    return click.option(
        "--state-dir",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Where journals and the key are kept. [default: .reconciler beside the specs]",
    )(function)


def base(function: F) -> F:
    """Where stores, policy and approvals are taken from; the function gets a revision or None."""
    return click.option(
        "--base",
        metavar="REV",
        callback=_base,
        help="Take stores, policy and approvals from this revision of the folder: the tip of the "
        "protected branch. `none`: those at hand are the protected ones. `applied`: they are, and "
        "the files are compared with the revision last applied. Needed where CI is set.",
    )(function)


def _base(context: click.Context, option: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001
    if value is None and os.environ.get("CI"):
        raise click.UsageError(
            "where CI is set, say whose settings count: --base REV with the tip of the protected "
            "branch on a pull request, --base none or applied on that branch itself"
        )
    if value is not None and (not value or value.startswith("-")):
        raise click.UsageError("--base needs the name of a revision, none or applied")
    return None if value == "none" else value


def again(*words: object) -> str:
    """A command that works where this one was given: with the same folders and base."""
    import shlex

    given = click.get_current_context().params
    plain = (f"./{one}" if isinstance(one, Path) and str(one)[:1] == "-" else one for one in words)
    told = ["reconciler", *map(str, plain)]
    if given.get("specs") not in (None, Path("specs")):
        told += ["--specs", str(given["specs"])]
    if given.get("state_dir") is not None:
        told += ["--state-dir", str(given["state_dir"])]
    if given.get("base") is not None:
        told += ["--base", given["base"]]
    elif os.environ.get("CI"):
        told += ["--base", "none"]
    return shlex.join(told)


def asked() -> str:
    """A customer whom somebody names without leaving it in a history."""
    if sys.stdin.isatty():
        answer: str = click.prompt("customer (alias, e-mail, phone or id)", err=True)
    else:
        answer = sys.stdin.readline()
    if not answer.strip():
        raise click.UsageError("name the customer on stdin: an alias, e-mail, phone or id")
    return answer.strip()


def planning(function: F) -> F:
    """The options that shape a plan."""
    for option in reversed(
        (
            click.option(
                "--store",
                "stores",
                multiple=True,
                metavar="NAME",
                help="Only this store; may be given several times.",
            ),
            click.option(
                "--read",
                type=click.Choice(["auto", "full", "lookup"]),
                default="auto",
                show_default=True,
                help="Read the whole store, or look customers up one by one.",
            ),
            click.option(
                "--raise",
                "raises",
                type=RAISE,
                multiple=True,
                metavar="CLASS=N",
                help="Raise a ceiling for this one plan, e.g. grant=40.",
            ),
            click.option(
                "--release",
                "releases",
                type=RELEASE,
                multiple=True,
                metavar="RULE[:ALIAS]",
                help="Lift a hold for this one plan, for all or for one customer.",
            ),
        )
    ):
        function = option(function)
    return function


def show_personal(function: F) -> F:
    return click.option(
        "--show-personal",
        is_flag=True,
        help="Show personal values; only at a terminal, never where CI is set.",
    )(function)


def speaking(function: F) -> F:
    """The options of how much is said and how."""
    return click.option("-v", "--verbose", is_flag=True, help="Name every customer and step.")(
        hushing(function)
    )


def hushing(function: F) -> F:
    """The same for a command that tells everything anyway."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
    return quiet(
        click.option("--no-color", is_flag=True, help="No colours; so does NO_COLOR.")(function)
    )


def text_or_json(told: str) -> Callable[[F], F]:
    """The form of what a command tells; the function gets it as `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help=told,
    )


def allow_personal() -> None:
    """Personal values are shown to a person who asks at a terminal, and to nobody else."""
    if os.environ.get("CI"):
        raise click.UsageError("--show-personal is refused where CI is set: logs are read by many")
    if not sys.stdout.isatty():
        raise click.UsageError("--show-personal needs a terminal as output")


def write_private(path: Path, content: str | bytes) -> None:
    """Writes a file for its owner only, whole or not at all; nothing but a file is replaced."""
    from reconciler.state.disk import write_whole

    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise click.ClickException(
            f"{path} is no regular file, and only such a file is written or replaced"
        )
    try:
        write_whole(path, content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise click.ClickException(
            f"{path} cannot be written: {(error.strerror or 'unknown').lower()}"
        ) from error


def write_kept(path: Path, content: str | bytes, folder: Path) -> None:
    """The same, where the file may stand in a state folder that is not there yet."""
    from reconciler.state.folder import prepare

    if path.absolute().parent == folder.absolute():
        prepare(folder)
    write_private(path, content)


def modeline(out: Path) -> str:
    """A line for editors, where the schema stands in a folder above, as `init` puts it."""
    from reconciler.desired import first_files

    above = Path(os.path.normpath(out.absolute())).parents
    depth = next((at for at, one in enumerate(above) if (one / first_files.SCHEMA).is_file()), None)
    return "" if depth is None else f"{first_files.modeline(depth)}\n"
