"""A fault of ours: a report with places but without values, which may be a person's."""

import sys
import tempfile
import traceback

import click

from reconciler import __version__
from reconciler.cli.codes import BUG


def report(error: Exception) -> int:
    """Writes the report, names it on stderr, and gives the exit code for a bug."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"reconciler {__version__}, Python {sys.version.split()[0]}",
        f"{type(error).__module__}.{type(error).__qualname__}",
        *(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames),
    ]
    with tempfile.NamedTemporaryFile(
        "w", prefix="reconciler-fault-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("\n".join(lines) + "\n")
    click.echo(
        f"error: a fault of reconciler itself ({type(error).__name__})\n"
        f"  hint: please report it with {file.name}, which holds no personal data",
        err=True,
    )
    return BUG
