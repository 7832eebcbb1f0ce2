"""One store of a plan: read, heard, judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.app.choices import PlanOptions, raises_for
from reconciler.app.environment import Environment, open_store, rules_for, siblings
from reconciler.app.hearing import Circle, Hearing
from reconciler.app.register import Registers
from reconciler.app.remembering import known_records
from reconciler.app.scoping import Scoped
from reconciler.app.since import Since
from reconciler.model.settings import DesiredState, StoreSettings

if TYPE_CHECKING:
    from reconciler.cache.cache import Cache
    from reconciler.live.read import StoreReader
    from reconciler.model.customer import DesiredCustomer, LiveCustomer
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.match import OfPair
    from reconciler.plan.plan import StorePlan
    from reconciler.plan.reading import StoreReading
    from reconciler.plan.store_rules import StoreRules


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """Everything that the plan of a store needs. Records that are as they shall be are not among
    what is read, but for those that are `kept`, of whom everything is asked. Whom an earlier plan
    left in the `memory` need not be among what is read at all.
    """

    few: Scoped
    choices: PlanOptions
    environment: Environment
    pseudonyms: "Pseudonyms"
    registers: Registers
    circles: Mapping[str, Circle] = field(default_factory=dict)
    kept: "OfPair | None" = None
    memory: "Cache | None" = None

    @property
    def state(self) -> DesiredState:
        """Of those whom the plan is for."""
        return self.few.state

    @property
    def keeps(self) -> "OfPair | None":
        if self.kept is not None or self.few.named is None:
            return self.kept
        return self.few.keeps


def plan_store(
    request: PlanRequest, store: StoreSettings
) -> "tuple[StorePlan, StoreReading, StoreRules]":
    """One store's part of the plan, with what was read and how it was judged.

    Raises `PlatformError`, `ConfigError` and `JournalError`.
    """
    circle = request.circles.get(store.controller or "")
    try:
        return _planned(request, store, circle)
    finally:
        if circle is not None:
            circle.leave(store.name)


def _planned(
    request: PlanRequest, store: StoreSettings, circle: Circle | None
) -> "tuple[StorePlan, StoreReading, StoreRules]":
    from reconciler.live.read import StoreReader
    from reconciler.plan.match import never
    from reconciler.plan.planner import compute
    from reconciler.plan.standing import is_erased
    from reconciler.plan.tag_watch import TagWatch

    environment, choices, few = request.environment, request.choices, request.few
    whom = few.of(store.name)
    register = request.registers.for_plan(store)
    rules = rules_for(
        few.state,
        store,
        choices.releases,
        environment,
        request.pseudonyms,
        choices.acknowledged,
        register=register,
    )
    rules = replace(rules, siblings=siblings(store, few.whole))
    raises = raises_for(few.state, choices, store.name, environment)
    since = Since.of(store, request, register)
    # Whoever keeps what is as it shall be looks at all of it, and so does whoever keeps a receipt.
    cache = request.memory if request.keeps is None and not since.is_asked else None
    known = known_records(cache, few.state, rules, register, environment)
    erases = store.name in few.state.reasoned
    sayers = None if known is None else known.sayers
    hearing = Hearing(rules, register, environment, circle, sayers, erases=erases)
    recall = None if known is None else known.recall
    connection = open_store(store, environment, heard=since.dated.hear, recall=recall)
    title = f"reading {store.name}"
    environment.watch.at(title)
    try:
        reading = StoreReader(
            client=connection.client,
            store=store.name,
            desired=few.state.of(store.name),
            region=store.phone_region,
            requests=lambda: connection.session.requests,
            settles=_settling(rules, request.keeps, hearing),
            watch=TagWatch(rules.comparison.owned, store.ownership, rules.whole_tags),
            hears=since.heard_by(hearing.hears),
            told_of=request.kept or never,
            gone=lambda desired: is_erased(desired, rules),
            remember=None if known is None else known.remember,
            progress=lambda done, of: environment.watch.at(title, "customers", done, of),
        )
        begun = since.read(reading, connection.client.changed, rules)
        read = hearing.heard(begun or _read(reading, choices.read, rules), reading)
        rules = _with_what_was_read(rules, read)
        made = compute(read, rules, raises, whom)
        by_look_up = choices.read == "auto" and read.receipt.mode == "lookup"
        if by_look_up and (why := _why_whole(made, rules)):
            if known is not None:
                known.heed()
            again = reading.whole(f"{why}, after {read.receipt.requests} requests")
            read = hearing.heard(again, reading)
            rules = _with_what_was_read(rules, read)
            made = compute(read, rules, raises, whom)
    finally:
        connection.session.close()
        environment.watch.ended(title)
    if known is not None:
        known.leave(hearing)
    since.keep(read, lost=hearing.lost)
    return made, read, rules


def _read(reading: "StoreReader", mode: str, rules: "StoreRules") -> "StoreReading":
    if mode == "auto" and (why := rules.about_everybody()):
        return reading.whole(why)
    return reading.read(mode)


def _why_whole(made: "StorePlan", rules: "StoreRules") -> str:
    """Why look-ups were not enough for a plan; empty where they were."""
    from reconciler.plan.planner import rests_on_doubt, rests_on_size

    if rests_on_size(made):
        return "a ceiling needs the store's size"
    if rules.awaits_a_word() and rests_on_doubt(made):
        return "the store's word for opt-outs was not seen"
    return ""


def _settling(rules: "StoreRules", kept: "OfPair | None", hearing: Hearing) -> "OfPair":
    """Whoever is dropped with the page is seen for the register before."""
    from reconciler.plan.agreement import asks_nothing

    def settles(desired: "DesiredCustomer", live: "LiveCustomer") -> bool:
        if not asks_nothing(desired, live, rules) or (kept and kept(desired, live)):
            return False
        hearing.settled(desired, live)
        return True

    return settles


def _with_what_was_read(rules: "StoreRules", read: "StoreReading") -> "StoreRules":
    """Where no reason is told, it need not be known who is called what."""
    from reconciler.model.redaction import NOBODY

    names = rules.names if rules.names is NOBODY else rules.names | read.index.names()
    return replace(rules, learned=read.receipt.learned, names=names)
