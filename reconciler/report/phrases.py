"""One change in words, from the plan's JSON form; every rendering speaks with these words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reconciler.model.field_path import ADDRESSES, CUSTOMER, TAGS, FieldPath
from reconciler.model.fields import BY_NAME
from reconciler.model.personal import MASK

Json = Mapping[str, Any]
Reveal = Mapping[tuple[str, str], str]
"""Alias and field to `before → after` in clear; only ever filled for a person at a terminal."""

RISKS: Final = {
    "withdraw": "opt-outs",
    "delete": "deletes",
    "grant": "opt-ins",
    "create": "new customers",
    "profile": "profiles",
    "tag": "tags",
}
"""The risk classes in the order of reading: what cannot be undone stands before what can."""
CHANNELS: Final = {"email": "e-mail", "sms": "SMS"}
NAMED_AT_MOST: Final = 3
READY: Final = "ready"
NO_CHANGES: Final = "no changes"
SIGNS: Final = {"create": "+", "update": "~", "delete": "-"}
STATES: Final = {
    "subscribed": "subscribed",
    "unsubscribed": "unsubscribed",
    "pending": "pending",
    "not_subscribed": "never subscribed",
    "redacted": "redacted",
    "invalid": "invalid",
    "unknown": "unknown",
    "masked": "hidden",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one customer gets in one risk class; items with the same `what` can be folded.

    `evidence` is what the specs say of how a consent came about, beyond what `what` tells;
    `reason` is why somebody goes, which `what` tells too.
    """

    store: str
    risk: str
    sign: str
    what: str
    customer: str
    source: str
    line: int
    cause: str
    fields: tuple[str, ...]
    evidence: str
    reason: str


def items(body: Json, reveal: Reveal) -> tuple[Item, ...]:
    """The plan's changes, split by risk class."""
    found: list[Item] = []
    for change in body["changes"]:
        for risk in change["classes"]:
            fields = [one for one in change["fields"] if one["class"] == risk]
            reason = _reason(risk, change)
            told = [*_words(fields, change, reveal), *([f"reason: {reason}"] if reason else [])]
            found.append(
                Item(
                    store=change["store"],
                    risk=risk,
                    sign=SIGNS[change["action"]],
                    what=", ".join(told) or change["action"],
                    customer=_customer(change, reveal),
                    source=fields[0]["source"]["file"],
                    line=fields[0]["source"]["line"],
                    cause=change["cause"] or "",
                    fields=tuple(one["field"] for one in fields),
                    evidence=_evidence(fields),
                    reason=reason,
                )
            )
    return tuple(found)


def _reason(risk: str, change: Json) -> str:
    """Why somebody goes, or is opted out where nobody can be deleted; empty for other things."""
    tells = change["reason"] and (risk == "delete" or "delete" not in change["classes"])
    return str(change["reason"]) if tells else ""


def _evidence(fields: Sequence[Json]) -> str:
    told = [
        f"{name} {one['after'][name]}"
        for one in fields
        if isinstance(one.get("after"), Mapping)
        for name in ("at", "source", "method", "level", "basis", "wording", "evidence")
        if name in one["after"]
    ]
    return f"evidence: {', '.join(told)}" if told else ""


def _words(fields: Sequence[Json], change: Json, reveal: Reveal) -> list[str]:
    """What each field gets; the values of a new customer are named together."""
    if change["action"] != "create":
        return [_field(one, change, reveal) for one in fields]
    hidden = [
        one
        for one in fields
        if one.get("personal") and (change["customer"], one["field"]) not in reveal
    ]
    others = [_field(one, change, reveal) for one in fields if one not in hidden]
    names = ", ".join(BY_NAME[FieldPath.parse(one["field"]).table].title for one in hidden)
    return [*([f"with {names}"] if names else []), *(one for one in others if one)]


def _customer(change: Json, reveal: Reveal) -> str:
    alias: str = change["customer"]
    named = reveal.get((alias, ""))
    return f"{alias} ({named})" if named else alias


def _field(field: Json, change: Json, reveal: Reveal) -> str:
    path = FieldPath.parse(field["field"])
    shown = reveal.get((change["customer"], field["field"]))
    if path == CUSTOMER:
        return "" if change["action"] == "create" else "delete the customer"
    if path.name == TAGS.name:
        signs = [*(f"+{tag}" for tag in field["added"]), *(f"-{tag}" for tag in field["removed"])]
        tail = f" (feeds {field['channel']})" if "channel" in field else ""
        return " ".join(signs) + tail
    title = BY_NAME[path.table].title
    if path.is_consent:
        return _consent(title, field)
    if path == ADDRESSES:
        return f"addresses: {', '.join(field['paths'])}"
    if not field.get("personal"):
        before = "" if change["action"] == "create" else f"{_value(field['before'])} → "
        return f"{title} {before}{_value(field['after'])}"
    if shown:
        return f"{title} {shown}"
    return (
        f"{title} {field['effect']}" if field["effect"] != "changed" else f"{title} {MASK} → {MASK}"
    )


def _value(value: str | bool | None) -> str:
    if value is None:
        return "not told"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _consent(title: str, field: Json) -> str:
    after = STATES[field["after"]["state"]]
    before = field["before"]
    if before is None:
        return f"{title} {after}{_proof(field['after'])}"
    moves = " for the new address" if field.get("moves") else ""
    return f"{title} {since(before)} → {after}{moves}{_proof(field['after'])}"


_GRADED: Final = ("subscribed", "unsubscribed", "pending")
GRADES: Final = (
    "Grades of consents in the store: A confirmed, B by the person, C beside an order, "
    "D by staff, an app or an import, E not recorded"
)


def since(live: Json) -> str:
    """A live state with who acted, when, and how good the store's record of it is."""
    parts = [STATES[live["state"]]]
    if live["actor"] != "not told":
        parts.append("by the person" if live["actor"] == "person" else "by staff")
    if live["at"]:
        parts.append(live["at"][:10])
    if live["state"] in _GRADED:
        parts.append(f"grade {live['grade']}")
    return parts[0] if len(parts) == 1 else f"{parts[0]} ({', '.join(parts[1:])})"


def _proof(after: Json) -> str:
    if after["state"] != "subscribed":
        return ""
    told = [after[name] for name in ("source", "level", "evidence") if name in after]
    when = [f"given {after['at'][:10]}"] if "at" in after else []
    return f" [{', '.join([*when, *told])}]" if told or when else ""


def counted(number: int, word: str, many: str = "") -> str:
    return f"{number} {word}" if number == 1 else f"{number} {many or f'{word}s'}"


def receipt(store: Json) -> str:
    """How well a store was read, in one line."""
    told = store["receipt"]
    if told is None:
        return "not read"
    if told["mode"] == "full":
        expected = told["expected"]
        of = f"{told['read']} of " if expected is not None else ""
        seen = counted(told["read"] if expected is None else expected, "customer")
        text = f"read {of}{seen} in {counted(told['requests'], 'request')}"
    else:
        seen = counted(told["read"], "customer")
        text = f"looked up {seen} in {counted(told['requests'], 'request')}"
    if told["masked"]:
        text += f"; {told['masked']} with hidden contacts"
    return text if told["complete"] else f"{text}; INCOMPLETE"


def audience(body: Json, store: str) -> list[str]:
    """`e-mail 900 → 899 (-1)` for each channel; unknown sizes show the change only."""
    found = []
    for channel, one in body["summary"]["audience"].get(store, {}).items():
        size = "" if one["before"] is None else f"{one['before']} → {one['after']} "
        found.append(f"{CHANNELS[channel]} {size}({one['change']:+d})")
    return found


def totals(body: Json) -> str:
    summary = body["summary"]
    text = (
        f"{summary['create']} to create, {summary['update']} to update, "
        f"{summary['delete']} to delete, {summary['unchanged']} unchanged"
    )
    return f"{text}, {summary['held']} held" if summary["held"] else text


def duration(body: Json) -> str:
    """How long the apply will take; empty where there is nothing to carry out."""
    told = [store["apply"] for store in body["stores"]]
    requests = sum(one["requests"] for one in told)
    if not requests:
        return ""
    seconds = max(one["seconds"] for one in told)
    pace = "at the pace of the stores" if len(told) > 1 else "at the pace of the store"
    return f"applying takes about {counted(requests, 'request')}, {_span(seconds)} {pace}"


def _span(seconds: float) -> str:
    if seconds < 10:
        return "some seconds"
    if seconds < 120:
        return f"about {seconds:.0f} seconds"
    minutes = seconds / 60
    return f"about {minutes:.0f} minutes" if minutes < 120 else f"about {minutes / 60:.1f} hours"


def messages(body: Json) -> str:
    """What people would be sent because of the plan; empty where nothing."""
    count = body["summary"]["messages"]
    return f"messages this will send: {counted(count, 'request')} to confirm" if count else ""


def owed(body: Json) -> tuple[Json, ...]:
    """The verdicts on opt-outs and erasures that are asked for and not carried out."""
    return tuple(one for one in body["verdicts"] if "acknowledged" in one)


def lift(verdict: Json) -> str:
    """What lifts a block or a hold, at a terminal and in a pipeline; empty for what needs none."""
    if verdict["level"] == "warn" or verdict["released"]:
        return ""
    if verdict["approval"] is None:
        return verdict["lifted_by"] or "nothing"
    return (
        f"`{verdict['lifted_by']}`, or the approval `{verdict['approval']}` on the protected branch"
    )


@dataclass(frozen=True, slots=True)
class Alike:
    """What verdicts have in common that are told in one row."""

    state: str
    store: str
    rule: str
    message: str
    lift: str


def folded(verdicts: Iterable[Json]) -> dict[Alike, list[Json]]:
    groups: dict[Alike, list[Json]] = {}
    for one in verdicts:
        state = "released" if one["released"] else one["level"]
        key = Alike(state, one["store"], one["rule"], one["message"], lift(one))
        groups.setdefault(key, []).append(one)
    return groups


def names(every: Sequence[str]) -> str:
    """The first of some customers, and how many more there are."""
    more = f" and {len(every) - NAMED_AT_MOST} more" if len(every) > NAMED_AT_MOST else ""
    return f"{', '.join(every[:NAMED_AT_MOST])}{more}"


def sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}" if text else ""


def not_planned(count: int) -> str:
    if count == 1:
        return "An opt-out or erasure is asked for and not carried out."
    return f"{count} opt-outs or erasures are asked for and not carried out."


def plan_id(body: Json) -> str:
    """How journals and the trail call the plan."""
    return str(body["seal"][:16])


def made_from(body: Json) -> str:
    """The commit at hand, and for whom it was planned, as far as git and the forge tell."""
    told = body["provenance"]
    return ", ".join((_commit(told), *_people(told)))


def is_uncommitted(body: Json) -> bool:
    """Whether the files are known to be others than those of the commit."""
    return body["provenance"]["committed"] is False


def _commit(told: Json) -> str:
    if told["commit"] is None:
        return "from files of no known commit"
    if told["committed"] is False:
        return f"from files that are NOT COMMITTED: they differ from commit {told['commit']}"
    return f"from commit {told['commit']}"


def _people(told: Json) -> Iterator[str]:
    if told["pull_request"]:
        by = f" by {told['author']}" if told["author"] else ""
        at = f" at {told['head']}" if told["head"] else ""
        yield f"pull request {told['pull_request']}{by}{at}"
    if told["actor"]:
        yield f"planned by {told['actor']}"


def is_empty(body: Json) -> bool:
    return not body["changes"]


def in_one_line(text: str) -> str:
    """An error with its hint, which stands in a line of its own elsewhere."""
    return "; ".join(part.strip() for part in text.split("\n"))


def not_read(body: Json) -> tuple[tuple[str, str], ...]:
    """The stores of which nothing is known, each with why."""
    return tuple(
        (one["name"], in_one_line(one["error"].removeprefix(f"store {one['name']}: ")))
        for one in body["stores"]
        if one["error"]
    )


def gaps(body: Json) -> tuple[tuple[str, str, str], ...]:
    """The stores of which nothing or not all is known: name, what happened, and why or how far."""
    unread = tuple((name, "was not read", why) for name, why in not_read(body))
    return unread + partly_read(body)


def partly_read(body: Json) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (one["name"], "was read in part only", receipt(one))
        for one in body["stores"]
        if one["receipt"] is not None and not one["receipt"]["complete"]
    )


def standing(body: Json) -> str:
    """What stands in the way of the plan, the worst of it; `ready` or `no changes` for nothing."""
    summary = body["summary"]
    if not_read(body):
        return "not every store was read"
    if any(not one["acknowledged"] for one in owed(body)):
        return "not all opt-outs and erasures are carried out"
    if summary["blocked"]:
        rest = "only opt-outs" if summary["classes"]["withdraw"] else "nothing"
        return f"blocked: {rest} would be carried out"
    if not summary["complete"]:
        return "incomplete: not every store was read well"
    left_out = sum(
        one["released"] and one["rule"] == "capability.unsupported" for one in body["verdicts"]
    )
    if is_empty(body) and left_out:
        return f"{NO_CHANGES}, {left_out} asked for and left out"
    if is_empty(body) and summary["held"]:
        return f"{NO_CHANGES}, {summary['held']} held"
    return NO_CHANGES if is_empty(body) else READY
