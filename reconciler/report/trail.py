"""A line of the audit trail for people."""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.report.lines import plain

BROKEN: Final = "     ?  this line is no line of a trail"


def line(one: Mapping[str, Any] | None) -> str:
    """Whatever stands in a trail that somebody has edited."""
    if one is None:
        return BROKEN
    try:
        return plain(f"{one['number']:>6}  {str(one['at'])[:19]}  {_what(one)}")
    except (KeyError, TypeError, AttributeError, ValueError):
        return BROKEN


def _what(one: Mapping[str, Any]) -> str:
    plan = f"plan {one.get('plan', '')}"
    match one.get("event"):
        case "began":
            who = ", ".join(f"{name} {value}" for name, value in (one.get("who") or {}).items())
            commit = f", commit {str(one['commit'])[:12]}" if one.get("commit") else ""
            base = f", settings of the base {str(one['base'])[:12]}" if one.get("base") else ""
            lifts = "; ".join(_lift(each) for each in one.get("lifts") or ())
            lifted = f"; lifted or not the default: {lifts}" if lifts else ""
            version = one.get("tool")
            return f"{plan} began: {who or 'nobody told'}, version {version}{commit}{base}{lifted}"
        case "step":
            fields = ", ".join(_field(each) for each in one.get("fields", ()))
            lost = "".join(f"; lost: {each}" for each in one.get("collateral", ()))
            return (
                f"{plan} {one.get('store')} {one.get('customer')} {one.get('kind')}: "
                f"{one.get('state')} ({fields}){lost}"
            )
        case "ended":
            told = ", ".join(f"{count} {state}" for state, count in one.get("states", {}).items())
            return f"{plan} ended{'' if one.get('complete') else ' INCOMPLETE'}: {told}"
        case event:
            return str(event)


def _lift(one: Mapping[str, Any]) -> str:
    used = "used" if one.get("used") else "not used"
    told = [used, f"from {one.get('source') or one.get('origin')}"]
    if one.get("reason"):
        told.append(f"reason: {one['reason']}")
    return f"{one.get('lift')} ({', '.join(told)})"


def _field(one: Mapping[str, Any]) -> str:
    proof = one.get("evidence") or {}
    told = ", ".join(f"{name} {value}" for name, value in proof.items())
    return f"{one.get('field')} [{told}]" if told else str(one.get("field"))
