"""A plan in the form that was asked for, to stdout or a file; shared by plan, show and apply."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler import forge
from reconciler.cli import options, screen, voice
from reconciler.errors import SpecError
from reconciler.report.lines import as_json
from reconciler.report.plain import plain

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.planfile.saved import SavedPlan
    from reconciler.report.annotations import Finding
    from reconciler.report.items import Reveal


def _markdown(plan: "SavedPlan") -> str:
    from reconciler.report import markdown

    return markdown.render(plan, links())


def _json(plan: "SavedPlan") -> str:
    from reconciler.planfile.encode import encode

    return as_json(encode(plan)) + "\n"


def _html(plan: "SavedPlan") -> str:
    from reconciler.report import html

    return html.render(plan, links())


def _github(plan: "SavedPlan") -> str:
    return "".join(f"{line}\n" for line in _annotations(plan))


def _gitlab(plan: "SavedPlan") -> str:
    from reconciler.report import annotations
    from reconciler.report.code_quality import code_quality

    return as_json(list(code_quality(at_root(annotations.of_plan(plan))))) + "\n"


def _csv(plan: "SavedPlan") -> str:
    from reconciler.report import table

    return table.render(plan)


_CONTENTS: "Final[Mapping[str, Callable[[SavedPlan], str]]]" = {
    "markdown": _markdown,
    "json": _json,
    "html": _html,
    "github": _github,
    "gitlab": _gitlab,
    "csv": _csv,
}
FORMATS: Final = ("text", *_CONTENTS)


def render(
    plan: "SavedPlan",
    form: str,
    *,
    output: Path | None,
    verbose: bool,
    no_color: bool,
    reveal: "Reveal",
) -> None:
    """A terminal and a runner are spoken to line by line, a file gets all at once."""
    if form == "text":
        from reconciler.report import text

        shown = reveal if output is None else {}
        lines = text.render(plan, every=verbose, reveal=shown)
        if output is None:
            screen.show(lines, no_color=no_color)
        else:
            options.write_private(output, "".join(f"{plain(one.text)}\n" for one in lines))
    elif output is not None:
        options.write_private(output, _CONTENTS[form](plan))
    elif form == "github":
        voice.command(_annotations(plan))
    else:
        click.echo(_CONTENTS[form](plan), nl=False)


def _annotations(plan: "SavedPlan") -> "Iterator[str]":
    from reconciler.report import annotations

    return annotations.github(at_root(annotations.of_plan(plan)))


@contextmanager
def annotated(form: str, output: Path | None) -> "Iterator[None]":
    """The complaints that keep a plan from being made stand on file and line too, where the form is
    one of a forge.
    """
    try:
        yield
    except SpecError as error:
        if form == "github":
            _annotate(error.diagnostics, output)
        raise


def _annotate(diagnostics: "Iterable[Diagnostic]", output: Path | None) -> None:
    from reconciler.report import annotations

    found = list(annotations.github(at_root(annotations.of_diagnostics(diagnostics))))
    if output is None:
        voice.command(found)
    else:
        options.write_private(output, "".join(f"{line}\n" for line in found))


def links() -> dict[str, str]:
    """Where files of this commit can be seen, for renderings that link to them."""
    base = forge.files_base(os.environ)
    return {} if base is None else {"base": base}


def at_root(findings: "Iterable[Finding]") -> "Iterator[Finding]":
    """The same with files as the forge calls them: below the root of the repository."""
    below = forge.below_root(os.environ)
    for one in findings:
        inside = below and one.file and not one.file.startswith(("/", ".."))
        yield replace(one, file=f"{below}/{one.file}") if inside else one
