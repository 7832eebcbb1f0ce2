"""A plan in the form that was asked for, to stdout or a file; shared by plan, show and apply."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import forge
from reconciler.cli import options, voice
from reconciler.report.lines import as_json, plain

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.planfile.saved import SavedPlan
    from reconciler.report.annotations import Finding
    from reconciler.report.items import Reveal


def render(
    plan: "SavedPlan",
    form: str,
    *,
    output: Path | None,
    verbose: bool,
    no_color: bool,
    reveal: "Reveal",
) -> None:
    from reconciler.report import annotations, markdown, text

    if form == "text" and output is None:
        options.show(text.render(plan, every=verbose, reveal=reveal), no_color=no_color)
        return
    if form == "text":
        lines = text.render(plan, every=verbose, reveal={})
        content = "".join(f"{plain(one.text)}\n" for one in lines)
    elif form == "markdown":
        content = markdown.render(plan, links())
    elif form == "github":
        found = annotations.github(at_root(annotations.of_plan(plan)))
        if output is None:
            voice.command(found)
            return
        content = "".join(f"{line}\n" for line in found)
    elif form == "html":
        from reconciler.report import html

        content = html.render(plan, links())
    else:
        from reconciler.planfile.encode import encode

        content = as_json(encode(plan)) + "\n"
    if output is None:
        click.echo(content, nl=False)
    else:
        options.write_private(output, content)


def annotate(diagnostics: "Iterable[Diagnostic]", output: Path | None) -> None:
    """The complaints that keep a plan from being made, on file and line."""
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
