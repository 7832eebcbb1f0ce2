"""The audit trail for people: which lines answer a question, and each in words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reconciler.model.instant import told_at
from reconciler.report.plain import counted, plain

BROKEN: Final = "     ?  this line is no line of a trail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks of the trail; None asks for all. `plan` is the beginning of an id."""

    plan: str | None = None
    customer: str | None = None
    store: str | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        parts = [
            *([f"of a plan {self.plan}"] if self.plan else []),
            *([f"of the customer {self.customer}"] if self.customer else []),
            *([f"of the store {self.store}"] if self.store else []),
            *([f"since {self.since.isoformat()}"] if self.since else []),
        ]
        return " ".join(parts) or "at all"

    def means(self, one: Mapping[str, Any]) -> bool:
        return (
            str(one.get("plan", "")).startswith(self.plan or "")
            and (self.store is None or one.get("store") == self.store)
            and (self.customer is None or self.customer in _customers(one))
            and (self.since is None or told_at(one.get("at")) >= self.since)
        )


def _customers(one: Mapping[str, Any]) -> Iterable[Any]:
    steps = one.get("steps")
    return steps.values() if isinstance(steps, Mapping) else (one.get("customer"),)


def selected(
    lines: Iterable[Mapping[str, Any] | None], wanted: Wanted
) -> Iterator[Mapping[str, Any] | None]:
    """In their order; before the first line of an apply the one that tells who began it. A line
    that cannot be read may be about anything.
    """
    began: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in lines:
        if one is None:
            yield one
            continue
        plan, store = str(one.get("plan")), str(one.get("store", ""))
        if wanted.means(one):
            # A line of the former trail, of all stores, names none.
            first = began.pop((plan, store), None) or began.pop((plan, ""), None)
            if first is not None and one.get("event") != "began":
                yield first
            yield one
        elif one.get("event") == "began":
            began[plan, store] = one


def line(one: Mapping[str, Any] | None) -> str:
    """Whatever stands in a trail that somebody has edited."""
    if one is None:
        return BROKEN
    try:
        at = datetime.fromisoformat(one["at"]).isoformat(timespec="seconds")
        return plain(f"{one['number']:>6}  {at}  {_what(one)}")
    except (KeyError, TypeError, AttributeError, ValueError):
        return BROKEN


def _what(one: Mapping[str, Any]) -> str:
    plan = f"plan {one.get('plan', '')}"
    match one.get("event"):
        case "began":
            who = ", ".join(f"{name} {value}" for name, value in (one.get("who") or {}).items())
            told = "".join(f", {part}" for part in _made_from(one))
            lifts = "; ".join(_lift(each) for each in one.get("lifts") or ())
            lifted = f"; lifted or not the default: {lifts}" if lifts else ""
            version = one.get("tool")
            return (
                f"{plan} began: {who or 'nobody told'}, version {version}{told}{_of(one)}{lifted}"
            )
        case "step":
            fields = ", ".join(_field(each) for each in one.get("fields", ()))
            lost = "".join(f"; lost: {each}" for each in one.get("collateral", ()))
            why = f"; reason: {one['reason']}" if one.get("reason") else ""
            return (
                f"{plan} {one.get('store')} {one.get('customer')} {one.get('kind')}: "
                f"{one.get('state')} ({fields}){why}{lost}"
            )
        case "left":
            steps = one.get("steps") or {}
            return f"{plan} {one.get('store')} did not come to {counted(len(steps), 'step')}"
        case "ended":
            told = ", ".join(f"{count} {state}" for state, count in one.get("states", {}).items())
            told = told or "it had no step"
            left = f"; {one['left']} steps left by --only" if one.get("left") else ""
            how = "" if one.get("complete") else " INCOMPLETE"
            return f"{plan} ended{how}: {told}{left}{_of(one)}"
        case "refused":
            told = "".join(f", {part}" for part in _made_from(one))
            return f"{plan} refused: {one.get('why')}{told}{_of(one)}"
        case "applied":
            return f"{plan} applied all of commit {one.get('commit')}{_of(one)}"
        case "follows":
            former = one.get("former") or {}
            return (
                f"{one.get('store')} goes on after {former.get('lines')} lines of the former trail"
            )
        case "merged":
            other = one.get("other") or {}
            head = str(other.get("head"))[:16]
            return f"{one.get('store')} merged with a copy, whose head met {head}"
        case event:
            return str(event)


def _of(one: Mapping[str, Any]) -> str:
    return f", store {one['store']}" if one.get("store") else ""


def _made_from(one: Mapping[str, Any]) -> Iterator[str]:
    """The commit at the apply, and what the plan tells of its own."""
    if one.get("commit"):
        other = " (files differ from it)" if one.get("committed") is False else ""
        yield f"commit {one['commit']}{other}"
    if one.get("base"):
        yield f"settings of the base {one['base']}"
    plan = one.get("made_from") or {}
    if plan.get("pull_request"):
        yield f"pull request {plan['pull_request']}"
    for name, words in (
        ("commit", "planned at"),
        ("author", "written by"),
        ("actor", "planned by"),
    ):
        if plan.get(name):
            differs = name == "commit" and plan.get("committed") is False
            yield f"{words} {plan[name]}{' (files differ from it)' if differs else ''}"
    if one.get("approvers"):
        yield f"approved by {', '.join(str(each) for each in one['approvers'])}"


def _lift(one: Mapping[str, Any]) -> str:
    used = "used" if one.get("used") else "not used"
    told = [used, f"from {one.get('source') or one.get('origin')}"]
    if one.get("reason"):
        told.append(f"reason: {one['reason']}")
    return f"{one.get('lift')} ({', '.join(told)})"


def _field(one: Mapping[str, Any]) -> str:
    proof = dict(one.get("evidence") or {})
    if one.get("silence"):
        proof["silent after"] = f"{one['silence'].get('seconds')} s"
    told = ", ".join(f"{name} {value}" for name, value in proof.items())
    return f"{one.get('field')} [{told}]" if told else str(one.get("field"))
