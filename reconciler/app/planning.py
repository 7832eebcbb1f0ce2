"""The desired state and the stores to a plan."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler import __version__
from reconciler.app.collecting import seldom
from reconciler.app.environment import (
    Environment,
    open_store,
    provenance_of,
    rules_for,
)
from reconciler.app.loading import selected
from reconciler.app.register import RegisterAtHand, for_plan, may_note
from reconciler.app.scoping import ALIAS, Scoped, check_known, scoped
from reconciler.errors import ReconcilerError
from reconciler.model.scope import EVERYBODY, Scope
from reconciler.model.settings import Approval, DesiredState, Release, RiskClass, StoreSettings

if TYPE_CHECKING:
    from reconciler.model.customer import DesiredCustomer, LiveCustomer
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.model.redaction import Names
    from reconciler.plan.match import OfPair
    from reconciler.plan.plan import Plan, StorePlan
    from reconciler.plan.planner import StoreReading
    from reconciler.plan.sayings import Sightings
    from reconciler.plan.store_rules import StoreRules

PLAN_LIFE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the caller chose for one plan. Raises and releases also come from the specs."""

    stores: tuple[str, ...] = ()
    read: str = "auto"
    raises: tuple[tuple[RiskClass, int], ...] = ()
    releases: tuple[Release, ...] = ()
    acknowledged: tuple[Release, ...] = ()
    scope: Scope = EVERYBODY


@seldom()
def plan(
    state: DesiredState, choices: PlanOptions, environment: Environment, pseudonyms: "Pseudonyms"
) -> "Plan":
    """Reads every selected store and computes its part; where one fails, its part says why."""
    from concurrent.futures import ThreadPoolExecutor

    from reconciler.plan.lifts import lifts
    from reconciler.plan.owed import owed_once_merged
    from reconciler.plan.plan import Basis, Plan
    from reconciler.plan.settings_change import changes, settings_digest
    from reconciler.plan.spec_digest import spec_digest

    stores = selected(state, choices.stores)
    flags = (choices.raises, choices.releases)
    choices = with_approvals(state, choices, environment, pseudonyms)
    few = scoped(state, choices.scope, pseudonyms)
    with ThreadPoolExecutor(max_workers=max(1, len(stores))) as pool:
        try:
            planned = list(
                pool.map(
                    lambda one: _plan_store(few, one, choices, environment, pseudonyms), stores
                )
            )
        except KeyboardInterrupt:
            environment.rate_limiters.close()
            raise
    parts = [part for part, _ in planned]
    if all(not part.error for part in parts):
        check_known(few, (read for _, read in planned), pseudonyms)
    names = _all_names(state, (read for _, read in planned))
    now = environment.clock.now()
    basis = Basis(
        tool=__version__,
        created_at=now,
        expires_at=now + PLAN_LIFE,
        spec_digest=spec_digest(state, pseudonyms),
        spec_files=state.files,
        read=choices.read,
        raises=choices.raises,
        releases=choices.releases,
        selected=tuple(store.name for store in stores),
        settings_digest=settings_digest(state.settings, pseudonyms),
        base=state.base,
        changed=changes(state, pseudonyms, names) if state.base is not None else (),
        unmerged=tuple((name, len(state.of(name))) for name in state.unmerged),
        lifts=lifts(state, flags, parts, now, pseudonyms, names),
        provenance=provenance_of(state.folder, environment),
        scope=_scope(choices.scope, pseudonyms),
    )
    waiting = (
        one for name in state.unmerged for one in owed_once_merged(name, state.of(name), pseudonyms)
    )
    return Plan(basis=basis, stores=tuple(parts), waiting=tuple(waiting))


def _scope(scope: Scope, pseudonyms: "Pseudonyms") -> tuple[str, ...]:
    """As it may be shown: of a customer only an alias is."""
    told = ["changed since the base"] if scope.changed else []
    told += [f"tag {pseudonyms.text(tag)}" for tag in sorted(scope.tags)]
    aliases = [one for one in scope.customers if ALIAS.fullmatch(one)]
    told += [f"customer {one}" for one in sorted(aliases)]
    return (*told, *["one customer"] * (len(scope.customers) - len(aliases)))


def with_approvals(
    state: DesiredState, choices: PlanOptions, environment: Environment, pseudonyms: "Pseudonyms"
) -> PlanOptions:
    """Adds the releases and acknowledgements that stand in the specs and have not ended."""
    from reconciler.plan.approval_entries import ApprovalEntries

    now = environment.clock.now()
    named = ApprovalEntries(state)
    releases = list(choices.releases)
    acknowledged = list(choices.acknowledged)
    for approval in state.approvals:
        if approval.until < now:
            continue
        if approval.release is not None:
            releases.extend(
                _releases(state, approval, approval.release, named.of(approval), pseudonyms)
            )
        if approval.acknowledges is not None:
            acknowledged.extend(
                _releases(state, approval, approval.acknowledges, named.of(approval), pseudonyms)
            )
    return replace(
        choices,
        releases=tuple(sorted(set(releases), key=repr)),
        acknowledged=tuple(sorted(set(acknowledged), key=repr)),
    )


def _raises(
    state: DesiredState, choices: PlanOptions, store: str, environment: Environment
) -> tuple[tuple[RiskClass, int], ...]:
    """The caller's and those of the specs that are for this store; the larger number counts."""
    raises = dict(choices.raises)
    for approval in state.approvals:
        if approval.until >= environment.clock.now() and store in (approval.stores or (store,)):
            for name, number in approval.raises:
                raises[RiskClass(name)] = max(number, raises.get(RiskClass(name), 0))
    return tuple(sorted(raises.items()))


def _releases(
    state: DesiredState,
    approval: Approval,
    rule: str,
    entries: "tuple[DesiredCustomer, ...] | None",
    pseudonyms: "Pseudonyms",
) -> list[Release]:
    """The rule for those customers whom the approval names, by their aliases; or for all."""
    if entries is None:
        stores = approval.stores or tuple(store.name for store in state.stores)
        return [Release(rule=rule, store=name) for name in stores]
    return [
        Release(rule=rule, alias=pseudonyms.entry_alias(entry), store=entry.store)
        for entry in entries
    ]


def _plan_store(
    few: Scoped,
    store: StoreSettings,
    choices: PlanOptions,
    environment: Environment,
    pseudonyms: "Pseudonyms",
) -> "tuple[StorePlan, StoreReading | None]":
    from reconciler.plan.owed import owed_unread
    from reconciler.plan.plan import StorePlan

    told, fault, state = "", None, few.state
    try:
        kept = None if few.named is None else few.keeps
        made, read, _ = compute_store(
            state, store, choices, environment, pseudonyms, kept=kept, few=few
        )
        return made, read
    except ReconcilerError as error:
        told = str(error)
    except Exception as error:  # the others are planned all the same
        told = f"store {store.name}: a fault of reconciler itself ({type(error).__name__})"
        fault = error
    unread = StorePlan(
        name=store.name,
        platform=store.platform,
        api_version=store.api_version,
        receipt=None,
        customers=None,
        changes=(),
        verdicts=tuple(
            owed_unread(store.name, state.of(store.name), pseudonyms, choices.acknowledged)
        ),
        audience=(),
        unchanged=0,
        error=told,
        fault=fault,
    )
    return unread, None


def _all_names(state: DesiredState, readings: "Iterable[StoreReading | None]") -> "Names":
    """What everybody is called by whom the specs or the readings know, for texts of approvals."""
    from reconciler.model.redaction import NOBODY
    from reconciler.plan.reason import everybody, names_in

    if not (state.approvals or state.at_hand.approvals):
        return NOBODY
    found = names_in(everybody(state))
    for read in readings:
        if read is not None:
            found |= read.index.names()
    return found


def compute_store(
    state: DesiredState,
    store: StoreSettings,
    choices: PlanOptions,
    environment: Environment,
    pseudonyms: "Pseudonyms",
    kept: "OfPair | None" = None,
    few: Scoped | None = None,
) -> "tuple[StorePlan, StoreReading, StoreRules]":
    """One store's part of the plan, with what was read and how it was judged.

    Records that are as they shall be are not among what was read, but for those that are `kept`.
    Of a plan for `few`, the state is theirs.
    Raises `PlatformError`, `ConfigError` and `JournalError`.
    """
    from reconciler.live.read import StoreReader
    from reconciler.plan.planner import compute, rests_on_doubt, rests_on_size
    from reconciler.plan.sayings import Sightings
    from reconciler.plan.tag_watch import TagWatch

    whom = None if few is None else few.of(store.name)
    register = for_plan(environment, store.name, pseudonyms, state.policy)
    rules = rules_for(
        state,
        store,
        choices.releases,
        environment,
        pseudonyms,
        choices.acknowledged,
        register=register,
    )
    raises = _raises(state, choices, store.name, environment)
    seen, erasing = Sightings(rules), store.name in state.reasoned
    connection = open_store(store, environment)
    title = f"reading {store.name}"
    environment.watch.at(title)
    try:
        reading = StoreReader(
            client=connection.client,
            store=store.name,
            desired=state.of(store.name),
            region=store.phone_region,
            requests=lambda: connection.session.requests,
            settles=_settling(rules, kept, seen),
            watch=TagWatch(rules.comparison.owned, store.ownership, rules.whole_tags),
            progress=lambda done, of: environment.watch.at(title, "customers", done, of),
        )
        if rules.whole_tags and choices.read == "auto":
            read = reading.whole("a tag document is about the whole store")
        else:
            read = reading.read(choices.read)
        _note(read, seen, rules, register, environment, erasing=erasing)
        rules = _with_what_was_read(rules, read)
        made = compute(read, rules, raises, whom)
        if choices.read == "auto" and read.receipt.mode == "lookup":
            why = ""
            if rests_on_size(made):
                why = "a ceiling needs the store's size"
            elif rules.awaits_a_word() and rests_on_doubt(made):
                why = "the store's word for opt-outs was not seen"
            if why:
                read = reading.whole(f"{why}, after {read.receipt.requests} requests")
                _note(read, seen, rules, register, environment, erasing=erasing)
                rules = _with_what_was_read(rules, read)
                made = compute(read, rules, raises, whom)
    finally:
        connection.session.close()
        environment.watch.ended(title)
    return made, read, rules


def _settling(rules: "StoreRules", kept: "OfPair | None", seen: "Sightings") -> "OfPair":
    """Whoever is dropped with the page is seen for the register before."""
    from reconciler.plan.agreement import asks_nothing

    def settles(desired: "DesiredCustomer", live: "LiveCustomer") -> bool:
        if not asks_nothing(desired, live, rules) or (kept and kept(desired, live)):
            return False
        seen.see(live)
        return True

    return settles


def _note(
    read: "StoreReading",
    seen: "Sightings",
    rules: "StoreRules",
    register: RegisterAtHand,
    environment: Environment,
    *,
    erasing: bool,
) -> None:
    """What a reading shows of those whom the specs name is kept; a plan on a disk that cannot be
    written sees it again, and so does the apply.
    """
    from reconciler.errors import JournalError
    from reconciler.plan.pairing import Missing
    from reconciler.plan.sayings import erasures

    for live in read.index.remembered():
        seen.see(live)
    if read.receipt.proves_absence and erasing:
        gone = [one.desired for one in read.index.pairings() if isinstance(one, Missing)]
        for desired in gone:
            if desired.erases:
                seen.new.extend(erasures(desired, None, rules))
    if seen.new and may_note(register, environment):
        with suppress(JournalError):
            register.file.note(seen.new)


def _with_what_was_read(rules: "StoreRules", read: "StoreReading") -> "StoreRules":
    """Where no reason is told, it need not be known who is called what."""
    from reconciler.model.redaction import NOBODY

    names = rules.names if rules.names is NOBODY else rules.names | read.index.names()
    return replace(rules, learned=read.receipt.learned, names=names)
