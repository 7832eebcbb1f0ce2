"""A saved plan in words; every rendering speaks with these."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.model.consent import Actor, Channel, ConsentState
from reconciler.model.customer import ReadReceipt
from reconciler.model.provenance import Provenance
from reconciler.model.settings import RiskClass
from reconciler.plan.effort import Effort
from reconciler.plan.plan import Audience
from reconciler.plan.verdicts import Level
from reconciler.planfile.saved import SavedPlan, SavedStore, SavedVerdict
from reconciler.planfile.saved_change import (
    ConsentRecord,
)
from reconciler.report.plain import counted

RISKS: Final = {
    RiskClass.WITHDRAW: "opt-outs",
    RiskClass.DELETE: "deletes",
    RiskClass.GRANT: "opt-ins",
    RiskClass.CREATE: "new customers",
    RiskClass.PROFILE: "profiles",
    RiskClass.TAG: "tags",
}
"""The risk classes in the order of reading: what cannot be undone stands before what can."""
CHANNELS: Final = {Channel.EMAIL: "e-mail", Channel.SMS: "SMS"}
NAMED_AT_MOST: Final = 3
READY: Final = "ready"
NO_CHANGES: Final = "no changes"
STATES: Final = {
    ConsentState.SUBSCRIBED: "subscribed",
    ConsentState.UNSUBSCRIBED: "unsubscribed",
    ConsentState.PENDING: "pending",
    ConsentState.NOT_SUBSCRIBED: "never subscribed",
    ConsentState.REDACTED: "redacted",
    ConsentState.INVALID: "invalid",
    ConsentState.UNKNOWN: "unknown",
    ConsentState.MASKED: "hidden",
}


_GRADED: Final = (ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED, ConsentState.PENDING)
GRADES: Final = (
    "Grades of consents in the store: A confirmed, B by the person, C beside an order, "
    "D by staff, an app or an import, E not recorded"
)


def since(live: ConsentRecord) -> str:
    """A live state with who acted, when, and how good the store's record of it is."""
    parts = [STATES[live.state]]
    if live.actor is not Actor.NOT_TOLD:
        parts.append("by the person" if live.actor is Actor.PERSON else "by staff")
    if live.at:
        parts.append(live.at.date().isoformat())
    if live.state in _GRADED:
        parts.append(f"grade {live.grade}")
    return parts[0] if len(parts) == 1 else f"{parts[0]} ({', '.join(parts[1:])})"


def place(mark: SourceMark | None) -> str:
    """File and line; empty where no line stands for it."""
    return f"{mark.file}:{mark.line}" if mark else ""


def receipt(store: SavedStore) -> str:
    """How well a store was read, in one line."""
    return "not read" if store.receipt is None else _reading(store.receipt)


def _minute(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def _reading(told: ReadReceipt) -> str:
    if told.mode == "full":
        of = f"{told.read} of " if told.expected is not None else ""
        seen = counted(told.read if told.expected is None else told.expected, "customer")
        text = f"read {of}{seen} in {counted(told.requests, 'request')}"
    elif told.since is not None:
        seen = counted(told.read, "customer")
        asked = counted(told.requests, "request")
        text = f"read what changed since {_minute(told.since)}: {seen} in {asked}"
    else:
        seen = counted(told.read, "customer")
        text = f"looked up {seen} in {counted(told.requests, 'request')}"
    if told.masked:
        text += f"; {told.masked} with hidden contacts"
    return text if told.complete else f"{text}; INCOMPLETE"


def audience(store: SavedStore) -> tuple[str, ...]:
    """`e-mail 900 → 899 (-1)` for each channel; unknown sizes show the change only."""
    return tuple(f"{CHANNELS[one.channel]} {_size(one)}({one.change:+d})" for one in store.audience)


def _size(one: Audience) -> str:
    return "" if one.before is None else f"{one.before} → {one.after} "


def left_alone(store: SavedStore) -> str:
    """The tags that are not ours, of those who were read; empty where there are none."""
    found = store.foreign_tags
    if not found.tags:
        return ""
    are = counted(found.tags, "tag that is not ours", "tags that are not ours")
    return f"left alone: {are}, on {counted(found.customers, 'customer')}"


def totals(plan: SavedPlan) -> str:
    summary = plan.summary
    text = (
        f"{summary.create} to create, {summary.update} to update, "
        f"{summary.delete} to delete, {summary.unchanged} unchanged"
    )
    return f"{text}, {summary.held} held" if summary.held else text


def causes(plan: SavedPlan) -> str:
    """`2 from this change, 1 drift`: customers by why they change; empty where nobody can tell."""
    told = [f"{count} {cause.value}" for cause, count in plan.summary.causes if count]
    return ", ".join(told)


def waiting(plan: SavedPlan) -> str:
    """The opt-outs that are not everywhere yet, with the age of the oldest; empty for none."""
    count = sum(store.waiting.opt_outs for store in plan.stores)
    if not count:
        return ""
    told = [store.waiting.oldest for store in plan.stores if store.waiting.oldest is not None]
    are = counted(count, "opt-out is", "opt-outs are")
    if not told:
        return f"{are} not in every store yet, of no known age"
    return f"{are} not in every store yet, the oldest for {age(plan.created_at - min(told))}"


def age(one: timedelta) -> str:
    """In the largest unit that says enough."""
    seconds = int(one.total_seconds())
    for unit, size, enough in (("day", 86_400, 3), ("hour", 3600, 2), ("minute", 60, 2)):
        if seconds >= size * enough:
            return counted(seconds // size, unit)
    return counted(max(seconds, 0), "second")


def departures(store: SavedStore) -> str:
    """Who is managed no more, in one line; empty where nobody is."""
    found = store.departures
    if not found:
        return ""
    who = names([f"{one.alias} {place(one.mark)}" for one in found])
    told = "customer is" if len(found) == 1 else "customers are"
    return f"{len(found)} {told} no longer managed, since {found[0].commit[:12]}: {who}"


def duration(efforts: Sequence[Effort]) -> str:
    """How long the apply of some stores will take; empty where there is nothing to carry out."""
    requests = sum(one.requests for one in efforts)
    if not requests:
        return ""
    seconds = max(one.seconds for one in efforts)
    pace = "at the pace of the stores" if len(efforts) > 1 else "at the pace of the store"
    return f"applying takes about {counted(requests, 'request')}, {_span(seconds)} {pace}"


def _span(seconds: float) -> str:
    if seconds < 10:
        return "some seconds"
    if seconds < 120:
        return f"about {seconds:.0f} seconds"
    minutes = seconds / 60
    return f"about {minutes:.0f} minutes" if minutes < 120 else f"about {minutes / 60:.1f} hours"


def messages(plan: SavedPlan) -> str:
    """What people would be sent because of the plan; empty where nothing."""
    count = plan.summary.messages
    return f"messages this will send: {counted(count, 'request')} to confirm" if count else ""


def lift(verdict: SavedVerdict) -> str:
    """What lifts a block or a hold, at a terminal and in a pipeline; empty for what needs none."""
    if verdict.level is Level.WARN or verdict.released:
        return ""
    if verdict.approval is None:
        return verdict.lifted_by or "nothing"
    return f"`{verdict.lifted_by}`, or the approval `{verdict.approval}` on the protected branch"


@dataclass(frozen=True, slots=True)
class Alike:
    """What verdicts have in common that are told in one row."""

    state: str
    store: str
    rule: str
    message: str
    lift: str


def folded(verdicts: Iterable[SavedVerdict]) -> dict[Alike, list[SavedVerdict]]:
    groups: dict[Alike, list[SavedVerdict]] = {}
    for one in verdicts:
        key = Alike(state(one), one.store, one.rule, one.message, lift(one))
        groups.setdefault(key, []).append(one)
    return groups


def state(verdict: SavedVerdict) -> str:
    return "released" if verdict.released else verdict.level.value


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


def made_from(told: Provenance) -> str:
    """The commit at hand, and for whom it was planned, as far as git and the forge tell."""
    return ", ".join((_commit(told), *_people(told)))


def _commit(told: Provenance) -> str:
    if told.commit is None:
        return "from files of no known commit"
    if told.differs:
        return f"from files that are NOT COMMITTED: they differ from commit {told.commit}"
    return f"from commit {told.commit}"


def _people(told: Provenance) -> Iterator[str]:
    if told.pull_request:
        yield f"pull request {pull_request(told)}"
    if told.actor:
        yield f"planned by {told.actor}"


def pull_request(told: Provenance) -> str:
    """Its number, by whom and at which commit; empty where there is none."""
    if not told.pull_request:
        return ""
    by = f" by {told.author}" if told.author else ""
    at = f" at {told.head}" if told.head else ""
    return f"{told.pull_request}{by}{at}"


def in_one_line(text: str) -> str:
    """An error with its hint, which stands in a line of its own elsewhere."""
    return "; ".join(part.strip() for part in text.split("\n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A store of which nothing is known, or not all; `why`, or how far it was read."""

    store: str
    unread: bool
    why: str

    @property
    def what(self) -> str:
        return "was not read" if self.unread else "was read in part only"


def not_read(plan: SavedPlan) -> tuple[Gap, ...]:
    return tuple(
        Gap(
            store=one.name,
            unread=True,
            why=in_one_line(one.error.removeprefix(f"store {one.name}: ")),
        )
        for one in plan.stores
        if one.error
    )


def partly_read(plan: SavedPlan) -> tuple[Gap, ...]:
    return tuple(
        Gap(store=one.name, unread=False, why=receipt(one))
        for one in plan.stores
        if one.receipt is not None and not one.complete
    )


def gaps(plan: SavedPlan) -> tuple[Gap, ...]:
    """The stores of which nothing is known, then those of which not all is."""
    return not_read(plan) + partly_read(plan)


def scope(plan: SavedPlan) -> str:
    """Whom the plan is limited to, or what was read for it; empty for a plan of everybody."""
    if told := plan.options.scope:
        return f"a PARTIAL plan, only for: {', '.join(told)}; nobody else was looked at"
    since = [
        f"{one.name} since {_minute(one.receipt.since)}"
        for one in plan.stores
        if one.receipt is not None and one.receipt.since is not None
    ]
    if not since:
        return ""
    return (
        f"a PARTIAL plan, of what changed in {', '.join(since)}; whom a store deleted since, and "
        "opt-outs that it counts as no change, are not in it"
    )


def standing(plan: SavedPlan) -> str:
    """What stands in the way of the plan, the worst of it; `ready` or `no changes` for nothing."""
    if not_read(plan):
        return "not every store was read"
    if any(one.neglected for one in plan.verdicts):
        return "not all opt-outs and erasures are carried out"
    if plan.summary.blocked:
        rest = "only opt-outs" if plan.summary.count(RiskClass.WITHDRAW) else "nothing"
        return f"blocked: {rest} would be carried out"
    if not plan.summary.complete:
        return "incomplete: not every store was read well"
    if not plan.empty:
        return READY
    if plan.options.scope:
        return f"{NO_CHANGES} for those whom this partial plan is for"
    if scope(plan):
        return f"{NO_CHANGES} among what changed since the receipt"
    left_out = sum(one.released and one.rule == "capability.unsupported" for one in plan.verdicts)
    if left_out:
        return f"{NO_CHANGES}, {left_out} asked for and left out"
    return f"{NO_CHANGES}, {plan.summary.held} held" if plan.summary.held else NO_CHANGES
