"""A plan in the form that was asked for, to stdout or a file; shared by plan, show and apply."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from reconciler.cli import options, voice
from reconciler.report.describe import Reveal
from reconciler.report.lines import as_json

if TYPE_CHECKING:
    from reconciler.report.annotations import Finding


def render(
    body: dict[str, Any],
    form: str,
    *,
    output: Path | None,
    verbose: bool,
    no_color: bool,
    reveal: Reveal,
) -> None:
    from reconciler.report import annotations, html, markdown, text

    if form == "text" and output is None:
        options.show(text.render(body, every=verbose, reveal=reveal), no_color=no_color)
        return
    if form == "text":
        content = "".join(f"{one.text}\n" for one in text.render(body, every=verbose, reveal={}))
    elif form == "markdown":
        content = markdown.render(body, link_base(dict(os.environ)))
    elif form == "github":
        found = annotations.github(at_root(annotations.of_plan(body), dict(os.environ)))
        if output is None:
            voice.command(found)
            return
        content = "".join(f"{line}\n" for line in found)
    elif form == "html":
        content = html.render(body, link_base(dict(os.environ)))
    else:
        content = as_json(body) + "\n"
    if output is None:
        click.echo(content, nl=False)
    else:
        options.write_private(output, content)


def link_base(environment: dict[str, str]) -> dict[str, str]:
    """Where the files of this commit can be seen, as GitHub's and GitLab's pipelines tell it."""
    if environment.get("GITHUB_SHA") and environment.get("GITHUB_REPOSITORY"):
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        repository, commit = environment["GITHUB_REPOSITORY"], environment["GITHUB_SHA"]
        base = f"{server}/{repository}/blob/{commit}"
    elif environment.get("CI_PROJECT_URL") and environment.get("CI_COMMIT_SHA"):
        base = f"{environment['CI_PROJECT_URL']}/-/blob/{environment['CI_COMMIT_SHA']}"
    else:
        return {}
    return {"base": f"{base}{_below_root(environment)}"}


def at_root(findings: "Iterable[Finding]", environment: dict[str, str]) -> "Iterator[Finding]":
    """The same with files as the forge calls them: below the root of the repository."""
    below = _below_root(environment).removeprefix("/")
    for one in findings:
        inside = below and one.file and not one.file.startswith(("/", ".."))
        yield replace(one, file=f"{below}/{one.file}") if inside else one


def _below_root(environment: dict[str, str]) -> str:
    """Where in the repository the command runs, as the pipeline tells its root; `` at the root."""
    root = environment.get("GITHUB_WORKSPACE") or environment.get("CI_PROJECT_DIR")
    if not root:
        return ""
    below = os.path.relpath(Path.cwd(), root).replace(os.sep, "/")
    return "" if below == "." or below.startswith("..") else f"/{quote(below)}"
