"""Every command has examples in its help, and each of them is one that the program takes."""

import copy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli import cli
from reconciler.cli.commands import Commands
from reconciler.cli.examples import EXAMPLES
from tests.program import run

SHELLS = ("bash", "zsh", "fish")


def _commands(group: Commands, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        assert one is not None
        if isinstance(one, Commands):
            yield from _commands(one, (*words, name))
        else:
            yield " ".join((*words, name)), one


COMMANDS = dict(_commands(cli))


def test_every_command_has_examples_and_none_is_of_another() -> None:
    assert COMMANDS.keys() == EXAMPLES.keys()


@pytest.mark.parametrize("words", COMMANDS)
def test_the_help_shows_them_as_they_are_typed(words: str) -> None:
    done = run(*words.split(), "--help")

    assert done.code == 0
    for line in EXAMPLES[words]:
        assert f"  {line}\n" in done.out


@pytest.mark.parametrize(
    ("words", "line"), [(words, line) for words, lines in EXAMPLES.items() for line in lines]
)
def test_an_example_is_one_that_its_command_takes(words: str, line: str) -> None:
    order = line.partition("#")[0].partition(" > ")[0].partition(" < ")[0].strip()
    order = order.removeprefix('eval "$(').removesuffix(')"')
    name, *rest = shlex.split(order)
    given = rest[len(words.split()) :]

    assert name == "reconciler"
    assert rest[: len(words.split())] == words.split()
    _without_files(COMMANDS[words]).make_context(words, given)


def _without_files(command: click.Command) -> click.Command:
    """The files of an example need not be there."""
    other = copy.copy(command)
    other.params = [copy.copy(one) for one in command.params]
    for param in other.params:
        if isinstance(param.type, click.Path):
            param.type = click.STRING
    return other


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_what_completes_the_program(shell: str) -> None:
    done = run("completion", shell)

    assert done.code == 0
    assert "_RECONCILER_COMPLETE" in done.out


def test_bash_completes_commands_and_options() -> None:
    program = Path(sys.executable).parent / "reconciler"
    for words, wanted in (("reconciler pl", "plan"), ("reconciler plan --fail", "--fail-on")):
        last = len(words.split()) - 1
        env = {
            "PATH": str(program.parent),
            "_RECONCILER_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(last),
        }
        done = subprocess.run([program], env=env, capture_output=True, text=True, check=False)
        assert f"plain,{wanted}" in done.stdout.splitlines(), done
