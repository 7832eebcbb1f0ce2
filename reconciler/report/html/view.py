"""What the page shows, as values that the template only has to place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.plan.plan import Audience
from reconciler.planfile.saved import SavedPlan, SavedStore, SavedSummary, SavedVerdict
from reconciler.report import phrases, settings
from reconciler.report.items import items
from reconciler.report.links import source_link
from reconciler.report.phrases import Gap
from reconciler.report.text import LEGEND

TONES: Final = {
    "withdraw": "warn",
    "create": "good",
    "grant": "good",
    "delete": "bad",
    "block": "bad",
    "hold": "warn",
}
Link = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a spec; both are empty where there is none, `link` where its address is unknown."""

    text: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An opt-out or erasure that is asked for and not carried out; `known` where acknowledged."""

    known: bool
    store: str
    customer: str | None
    message: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A setting that would change, or what lifts a limit."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """`under` says what is in force instead of what would change; empty where nothing would."""

    under: str
    changed: tuple[Remark, ...]
    lifted: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the table that says which plan this is."""

    title: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A number of the row on top."""

    title: str
    count: str
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`width` is in percent of the largest audience."""

    kind: str
    width: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One store and channel; no bars where the size is not known."""

    store: str
    channel: str
    change: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """How a store was read."""

    name: str
    platform: str
    reading: str
    tone: str
    notes: tuple[str, ...]
    left_alone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Verdicts that are alike, with the first customers and the first place."""

    state: str
    tone: str
    store: str
    rule: str
    message: str
    lift: str
    who: str
    place: Place
    more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything but the list, by the names that the template knows."""

    id: str
    standing: str
    tone: str
    gaps: tuple[Gap, ...]
    owed: tuple[Owed, ...]
    settings: Remarks
    totals: str
    causes: str
    scope: str
    duration: str
    messages: str
    facts: tuple[Fact, ...]
    cards: tuple[Card, ...]
    audience: tuple[Picture, ...]
    stores: tuple[Store, ...]
    verdicts: tuple[Row, ...]
    legend: str


def page_of(plan: SavedPlan, link: Link) -> Page:
    grades = any("grade " in one.what for one in items(plan, {}))
    changed = settings.changed(plan.settings)
    return Page(
        id=plan.id,
        standing=phrases.standing(plan),
        tone=_tone(phrases.standing(plan)),
        gaps=phrases.gaps(plan),
        owed=tuple(_owed(one, link) for one in plan.owed),
        settings=Remarks(
            under=settings.under(plan) if changed else "",
            changed=tuple(_remark(one, link) for one in changed),
            lifted=tuple(_remark(one, link) for one in settings.lifted(plan.lifts)),
        ),
        totals=phrases.totals(plan),
        causes=_causes(plan),
        scope=phrases.scope(plan),
        duration=phrases.sentence(phrases.duration([store.effort for store in plan.stores])),
        messages=phrases.messages(plan),
        facts=tuple(one for one in _facts(plan) if one.text),
        cards=tuple(_cards(plan.summary)),
        audience=tuple(_pictures(plan.stores)),
        stores=tuple(_store(one) for one in plan.stores),
        verdicts=tuple(_rows(plan.verdicts, link)),
        legend=f"{LEGEND}. {phrases.GRADES}" if grades else LEGEND,
    )


def _causes(plan: SavedPlan) -> str:
    why = phrases.causes(plan)
    return f"Causes, by customers: {why}" if why else ""


def place_of(mark: SourceMark | None, link: Link) -> Place:
    if mark is None or not mark.file:
        return Place()
    return Place(phrases.place(mark), source_link(mark.file, mark.line, link) or "")


def _tone(standing: str) -> str:
    if standing in (phrases.READY, phrases.NO_CHANGES):
        return "good"
    return "warn" if standing.startswith(("incomplete", phrases.NO_CHANGES)) else "bad"


def _owed(one: SavedVerdict, link: Link) -> Owed:
    return Owed(
        known=not one.neglected,
        store=one.store,
        customer=one.alias,
        message=one.message,
        place=place_of(one.mark, link),
    )


def _remark(one: settings.Remark, link: Link) -> Remark:
    return Remark(text=one.text, place=place_of(one.mark, link))


def _facts(plan: SavedPlan) -> Iterator[Fact]:
    """Which plan this is, of which commit, under whose settings, and who had it made."""
    told, base = plan.provenance, plan.spec.base
    commit = told.commit or "not known"
    differs = f"{commit}; NOT COMMITTED: the files differ from it"
    yield Fact("plan", plan.id)
    yield Fact("made", f"{plan.created_at.isoformat()[:16]} UTC by reconciler {plan.tool}")
    yield Fact("valid until", f"{plan.expires_at.isoformat()[:16]} UTC")
    yield Fact("commit", differs, "bad") if told.differs else Fact("commit", commit)
    yield Fact("settings", f"of the base {base}" if base else "at hand")
    yield Fact("causes by", "; ".join(dict.fromkeys(_compared(plan))))
    yield Fact("the clock", phrases.waiting(plan), "bad")
    yield Fact("pull request", phrases.pull_request(told))
    yield Fact("planned by", told.actor or "")
    yield Fact("specs", f"{plan.spec.digest[:16]}, {plan.spec.files} files")


def _compared(plan: SavedPlan) -> Iterator[str]:
    """By what causes are told, and what was last applied to each store."""
    for store in plan.stores:
        if store.compared is not None:
            yield f"{store.compared}"
    for store in plan.stores:
        if store.compared is not None:
            yield f"{store.name}: last applied {store.applied or 'at no known commit'}"


def _cards(summary: SavedSummary) -> Iterator[Card]:
    for risk, title in phrases.RISKS.items():
        count = summary.count(risk)
        yield Card(title, f"{count:,}", TONES.get(risk.value, "") if count else "soft")
    yield Card("held", f"{summary.held:,}")
    yield Card("unchanged", f"{summary.unchanged:,}", "soft")


def _pictures(stores: Iterable[SavedStore]) -> Iterator[Picture]:
    """Two bars for each store and channel."""
    every = [(store.name, one) for store in stores for one in store.audience]
    most = max([1, *(size or 0 for _, one in every for size in (one.before, one.after))])
    for name, one in every:
        yield Picture(
            store=name,
            channel=phrases.CHANNELS[one.channel],
            change=f"{one.change:+,}",
            bars=tuple(_bars(one, most)),
        )


def _bars(one: Audience, most: int) -> Iterator[Bar]:
    if one.before is None or one.after is None:
        return
    moved = f"{one.change:+,}" if one.change else "no change"
    yield _bar("before", one.before, most, "")
    yield _bar("after", one.after, most, f" ({moved})")


def _bar(kind: str, size: int, most: int, moved: str) -> Bar:
    width = max(0.5, 100 * size / most)
    return Bar(kind=kind, width=f"{width:.1f}", text=f"{size:,} {kind}{moved}")


def _store(store: SavedStore) -> Store:
    return Store(
        name=store.name,
        platform=f"{store.platform} {store.api_version}",
        reading="not read" if store.error else phrases.receipt(store),
        tone="bad" if store.error else "",
        notes=(*store.notes, *filter(None, (phrases.departures(store),))),
        left_alone=phrases.left_alone(store),
    )


def _rows(verdicts: Iterable[SavedVerdict], link: Link) -> Iterator[Row]:
    for key, group in phrases.folded(verdicts).items():
        marks = [one.mark for one in group if one.mark]
        yield Row(
            state=key.state,
            tone=TONES.get(key.state, "soft"),
            store=key.store,
            rule=key.rule,
            message=key.message,
            lift=key.lift,
            who=phrases.names([one.alias for one in group if one.alias]),
            place=place_of(marks[0], link) if marks else Place(),
            more=f" and {len(marks) - 1} more" if len(marks) > 1 else "",
        )
