"""A plan in the form that was asked for, to stdout or a file; shared by plan, show and apply."""

import json
import os
from pathlib import Path
from typing import Any

import click

from reconciler.cli import options
from reconciler.report.describe import Reveal


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
        found = annotations.github(annotations.of_plan(body))
        content = "".join(f"{line}\n" for line in found)
    elif form == "html":
        content = html.render(body, link_base(dict(os.environ)))
    else:
        content = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(content, nl=False)
    else:
        options.write_private(output, content)


def link_base(environment: dict[str, str]) -> dict[str, str]:
    """Where the files of this commit can be seen, as GitHub's and GitLab's pipelines tell it."""
    if environment.get("GITHUB_SHA") and environment.get("GITHUB_REPOSITORY"):
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        repository, commit = environment["GITHUB_REPOSITORY"], environment["GITHUB_SHA"]
        return {"base": f"{server}/{repository}/blob/{commit}"}
    if environment.get("CI_PROJECT_URL") and environment.get("CI_COMMIT_SHA"):
        return {"base": f"{environment['CI_PROJECT_URL']}/-/blob/{environment['CI_COMMIT_SHA']}"}
    return {}
