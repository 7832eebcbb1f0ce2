"""Groups of commands: loaded when called, forgiving of typos, with the options that all share.

What every command takes may stand before its name or after it.
"""

import importlib
import keyword
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click


def shared() -> tuple[click.Option, ...]:
    """Options of every command; those that hold nothing for it are taken and do nothing."""
    return (
        click.Option(["-q", "--quiet"], is_flag=True, help="Only results and errors."),
        click.Option(["-v", "--verbose"], is_flag=True, help="Name every customer and step."),
        click.Option(["--no-color"], is_flag=True, help="No colours; so does NO_COLOR."),
    )


def _placed() -> tuple[click.Option, ...]:
    """Options that may stand before the name of those commands that know them."""
    return (
        click.Option(["--specs"], type=click.Path(), metavar="DIR", help="Folder of the specs."),
        click.Option(
            ["--state-dir"],
            type=click.Path(),
            metavar="DIR",
            help="Where journals and the key are kept.",
        ),
    )


_FLAGS: Final = ("quiet", "verbose", "no_color")


class Commands(click.Group):
    """`summaries` name the commands of modules of this package that are loaded when called."""

    def __init__(
        self, *given: Any, summaries: Mapping[str, str] | None = None, **named: Any
    ) -> None:
        super().__init__(*given, **named)
        self._summaries = dict(summaries or {})
        self.params = [*self.params, *shared(), *_placed()]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self._summaries, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if cmd_name in self._summaries:
            module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
            command = importlib.import_module(f"reconciler.cli.{module}").command
        if command is not None and command.epilog is None:
            words = cmd_name if self._summaries else f"{self.name} {cmd_name}"
            command.epilog = _examples(words)
        if command is not None and not isinstance(command, Commands):
            known = {one.name for one in command.params}
            for option in shared():
                if option.name not in known:
                    option.expose_value = False
                    option.hidden = True
                    command.params.append(option)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Hands on what stood before the name."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            raise click.UsageError(f"there is no command {name!r}{self._meant(ctx, name)}", ctx)
        return name, command, [*_handed_on(ctx.params, command, ctx), *args[1:]]

    def _meant(self, ctx: click.Context, name: str) -> str:
        import difflib

        near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
        return f"; did you mean {near[0]!r}?" if near else ""

    def owners(self, ctx: click.Context, option: str) -> list[str]:
        """The commands that take an option."""
        every = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        return [
            name
            for name, one in every.items()
            if one is not None and any(option in param.opts for param in one.params)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not self._summaries:
            super().format_commands(ctx, formatter)
            return
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))


def _examples(words: str) -> str | None:
    """Nobody who asks for the version waits for them."""
    from reconciler.cli.examples import epilog

    return epilog(words)


def _handed_on(
    given: Mapping[str, Any], command: click.Command, ctx: click.Context
) -> Iterator[str]:
    known = {one.name for one in command.params}
    for name in _FLAGS:
        if given.get(name):
            yield f"--{name.replace('_', '-')}"
    for name in ("specs", "state_dir"):
        if given.get(name) is None:
            continue
        option = f"--{name.replace('_', '-')}"
        if name not in known:
            raise click.UsageError(f"the command {command.name!r} takes no {option}", ctx)
        yield from (option, str(given[name]))
