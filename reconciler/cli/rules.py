"""`reconciler rules`."""

import difflib

import click

from reconciler.cli import options, screen
from reconciler.cli.codes import OK
from reconciler.model.rule import Rule
from reconciler.model.rules import RULES
from reconciler.report.lines import Line, Style, as_json

_STYLES = {"error": Style.BAD, "block": Style.BAD, "warning": Style.WARN, "hold": Style.WARN}


@click.command("rules")
@click.argument("rule", required=False)
@options.text_or_json("Form of what is told.")
@options.hushing
def command(rule: str | None, form: str, quiet: bool, no_color: bool) -> int:  # noqa: ARG001
    """Tell what a rule means, what it does, and what lifts it; without RULE, all of them.

    An error or a warning comes from `validate`. In a plan, a block stops the apply, a hold takes
    one item out, a warn only tells.
    """
    if rule is not None and rule not in RULES:
        near = difflib.get_close_matches(rule, RULES, n=1)
        raise click.UsageError(
            f"there is no rule {rule!r}{f'; did you mean {near[0]!r}?' if near else ''}"
        )
    chosen = RULES if rule is None else {rule: RULES[rule]}
    if form == "json":
        click.echo(as_json([_as_json(name, one) for name, one in chosen.items()]))
        return OK
    for name, one in chosen.items():
        screen.show(_told(name, one), no_color=no_color)
    return OK


def _told(name: str, one: Rule) -> list[Line]:
    ways = [one.lifted_by or "nothing"]
    if one.releasable:
        ways = [f"`--release {name}`, or the approval `release: {name}` on the protected branch"]
    lines = [
        Line(f"{name}  {one.level}", _STYLES.get(one.level, Style.TITLE)),
        Line(f"  {one.means}"),
        *([Line(f"  lifted by: {'; '.join(ways)}", Style.DIM)] if one.level != "note" else []),
    ]
    if one.acknowledgeable:
        lines.append(Line("  an opt-out or erasure that it holds can be acknowledged", Style.DIM))
    return lines


def _as_json(name: str, one: Rule) -> dict[str, object]:
    return {
        "rule": name,
        "level": one.level.value,
        "means": one.means,
        "lifted_by": one.lifted_by or None,
        "releasable": one.releasable,
        "acknowledgeable": one.acknowledgeable,
    }
