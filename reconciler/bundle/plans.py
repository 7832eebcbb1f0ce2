"""Whether the plans of a bundle are those that its trails name, and its pages are theirs."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.bundle.archive import Archive, page_member, plan_member
from reconciler.bundle.finding import Finding
from reconciler.bundle.manifest import Contents
from reconciler.errors import PlanFileError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.plan.plan import FORMAT_VERSION
from reconciler.planfile.decode import decode
from reconciler.planfile.saved import SavedPlan
from reconciler.planfile.verify import verify
from reconciler.report import html
from reconciler.state.chain import Line
from reconciler.state.plans import LARGEST_PLAN, parsed

_ID: Final = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan that was read: what the trail has to say of it, and the fields that it approves, by
    the digest of their change; `steps` is what the names of its steps begin with.
    """

    digest: str
    spec: str
    base: str | None
    approved: Mapping[str, frozenset[str]]
    steps: frozenset[str]

    def has_steps(self, told: object) -> bool:
        return isinstance(told, dict) and {str(one).partition("-")[0] for one in told} <= self.steps


def saved(content: bytes, name: str) -> tuple[Mapping[str, object], SavedPlan] | None:
    """A plan as it stands in its file, and what it says; None for what this version cannot read."""
    try:
        body = parsed(content, Path(name))
        return body, decode(body)
    except PlanFileError:
        return None


def _format(content: bytes) -> str | None:
    """None where it is ours, or none at all."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    told = body.get("format_version") if isinstance(body, dict) else None
    return told if isinstance(told, str) and told.isdecimal() and told != FORMAT_VERSION else None


def page(plan: SavedPlan) -> bytes:
    """The same for everybody: without links to a forge, which the place of making would tell."""
    return html.render(plan, {}).encode("utf-8", "backslashreplace")


@dataclass(slots=True, kw_only=True)
class PlansRead:
    """`kept` are the plans by id, `formats` those that another version wrote in a format of its
    own.
    """

    kept: dict[str, KeptPlan] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_plans(archive: Archive, keys: Sequence[Pseudonyms], *, pages: bool) -> PlansRead:
    """With what is wrong with each plan and its page. `keys` are those that a plan may be sealed
    with, none where that of plans is not at hand; `pages` asks for each page to be made again,
    which its own version alone can.
    """
    read = PlansRead()
    for name in sorted(archive.members):
        folder, _, rest = name.partition("/")
        plan = rest.partition(".")[0]
        if folder == "plans":
            read.findings += _read_plan(archive, plan, keys, read, pages=pages)
        elif folder == "pages" and plan_member(plan) not in archive:
            read.findings.append(Finding(name, "is the page of no plan in the bundle"))
    return read


def unnamed(archive: Archive, contents: Contents) -> Iterator[Finding]:
    """The plans that no trail names."""
    named = {plan_member(one.id) for one in contents.plans}
    for name in sorted(archive.members):
        if name.startswith("plans/") and name not in named:
            yield Finding(name, "is named by no trail")


def _read_plan(
    archive: Archive,
    plan: str,
    keys: Sequence[Pseudonyms],
    into: PlansRead,
    *,
    pages: bool,
) -> Iterator[Finding]:
    name = plan_member(plan)
    content = archive.content(name, LARGEST_PLAN) or b""
    read = saved(content, name)
    if read is None:
        form = _format(content)
        if form is None:
            yield Finding(name, "is no whole plan")
        else:
            into.formats[plan] = form
        return
    body, told = read
    into.kept[plan] = KeptPlan(
        digest=told.digest,
        spec=told.spec.digest,
        base=told.spec.base,
        approved={
            one.digest: frozenset(each.digest for each in one.fields) for one in told.changes
        },
        steps=frozenset(one.digest[:16] for one in told.changes),
    )
    if told.id != plan:
        yield Finding(name, f"is the plan {told.id[:16]}, under the name of another")
    if keys and not any(_is_sealed(body, key) for key in keys):
        yield Finding(name, "was changed, or is sealed with another key than is at hand")
    shown = page_member(plan)
    if shown not in archive:
        yield Finding(shown, "is missing: each plan has its page")
    elif pages and archive.content(shown, LARGEST_PLAN) != page(told):
        yield Finding(shown, "is not the page of its plan")


def _is_sealed(body: Mapping[str, object], key: Pseudonyms) -> bool:
    try:
        verify(body, key)
    except PlanFileError:
        return False
    return True


def plan_of(line: Line) -> str | None:
    """The plan that a line is about."""
    plan = line.get("plan")
    return plan if isinstance(plan, str) and _ID.fullmatch(plan) else None


def differs(line: Line, plan: KeptPlan) -> str:
    """How a line speaks of another plan than the one that is in the bundle; empty where not."""
    event = line.get("event")
    if event == "began":
        told = (line.get("digest"), line.get("spec"), line.get("base"))
        if told != (plan.digest, plan.spec, plan.base):
            return "names another digest, specs or base than its plan has"
    if event == "step":
        fields = line.get("fields")
        found = [one for one in fields if isinstance(one, dict)] if isinstance(fields, list) else []
        approved = plan.approved.get(str(line.get("change")))
        if approved is None or not {str(one.get("digest")) for one in found} <= approved:
            return "tells of a change that its plan does not have"
    if event == "left" and not plan.has_steps(line.get("steps")):
        return "tells of a step that its plan does not have"
    return ""
