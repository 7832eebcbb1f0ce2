"""An approved plan to what became of it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Final

from reconciler.app.at_once import MOST_STORES
from reconciler.app.attempt import attempt
from reconciler.app.barrier import check_blocked, check_frozen
from reconciler.app.brought_to import brought_to, has_moved_on
from reconciler.app.environment import (
    Environment,
    open_store,
    record_keys_for,
    rules_for,
    shop_of,
)
from reconciler.app.register import (
    RegisterAtHand,
    Registers,
    begin_anew,
    check_access,
    register_end,
)
from reconciler.app.siblings import asked_before_opt_ins
from reconciler.app.usable import left_by
from reconciler.errors import ReconcilerError
from reconciler.model.customer import DesiredCustomer
from reconciler.model.settings import DesiredState, RiskClass, StoreSettings

if TYPE_CHECKING:
    from reconciler.apply.cancellation import Cancellation
    from reconciler.apply.reread import Rereads
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.approved import ApprovedPlan, ApprovedStore
    from reconciler.plan.outcome import ApplyResult, StepOutcome, StoreOutcome, TrailEnd
    from reconciler.plan.store_rules import StoreRules
    from reconciler.planfile.saved import SavedPlan
    from reconciler.platforms.connect import Connection
    from reconciler.state.recorder import Record


_APPLYING: Final = "applying"
_A_LOOK: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """Everything that one apply needs; `only` empty means all classes. the `plan` is
    kept, so that a resume needs nothing else.
    """

    plan: "SavedPlan"
    commitment: "ApprovedPlan"
    state: DesiredState
    only: Collection[RiskClass]
    environment: Environment
    pseudonyms: "Pseudonyms"
    control: "Cancellation"
    progress: "Callable[[StepOutcome], None]" = lambda outcome: None  # noqa: ARG005


def apply(order: ApplyRequest) -> "ApplyResult":
    """Carries out what was approved. A blocked store lets only withdrawals through."""
    from concurrent.futures import ThreadPoolExecutor, wait

    from reconciler.plan.outcome import ApplyResult
    from reconciler.planfile.encode import encode
    from reconciler.report.lines import as_json
    from reconciler.state.finished import forget
    from reconciler.state.plans import keep

    check_blocked(order.commitment, order.only)
    for one in order.commitment.stores:
        check_frozen(order, one)
    keep(order.environment.folder, order.commitment.id, f"{as_json(encode(order.plan))}\n")
    busy = [store for store in order.commitment.stores if store.changes]
    records = _begun(order)
    commits = brought_to(order)
    order = replace(order, progress=_watched(order, busy))
    registers = Registers(order.environment, order.pseudonyms, order.state, proven=True)
    with ThreadPoolExecutor(max_workers=max(1, min(len(busy), MOST_STORES))) as pool:
        begun = [
            pool.submit(_apply_or_tell, order, one, records[one.name], registers) for one in busy
        ]
        # Ctrl-C is heard by this thread alone, and may have been caught by one that is at work.
        while wait(begun, timeout=_A_LOOK).not_done:
            continue
        ended = [one.result() for one in begun]
    result = ApplyResult(
        plan_digest=order.commitment.digest,
        stores=tuple(outcome for outcome, _ in ended),
        interrupted=order.control.interrupted.is_set(),
        left=left_by(order.commitment, order.only, order.environment.folder),
    )
    order.environment.watch.ended(_APPLYING)
    result = replace(result, trails=tuple(_ended(order, result, records, commits)))
    with suppress(OSError):  # what is of no more use may as well stay
        forget(order.environment.folder, order.environment.clock.now())
    failures = [error for _, error in ended if error is not None]
    if failures and len(failures) == len(ended):
        raise failures[0]
    return result


def _begun(order: ApplyRequest) -> "dict[str, Record]":
    """The records of all stores that the plan knows, each with its beginning noted."""
    from reconciler.state import journal
    from reconciler.state.folder import journal_path

    folder, plan = order.environment.folder, order.commitment.id
    about = _about(order)
    records = {
        one.name: _record_of(order, one.name, about | _waiting(order, one.name))
        for one in order.commitment.stores
        if one.was_read
    }
    for name, record in records.items():
        record.begin(resumes=journal.is_begun(journal_path(folder, plan, name)))
    return records


def _ended(
    order: ApplyRequest,
    result: "ApplyResult",
    records: "Mapping[str, Record]",
    commits: Mapping[str, str],
) -> "Iterator[TrailEnd]":
    from reconciler.plan.outcome import StoreOutcome, TrailEnd
    from reconciler.state.applied import Applied, applied_event

    outcomes = {one.store: one for one in result.stores}
    left = Counter(step.change.store for step in result.left)
    for name, record in records.items():
        outcome = outcomes.get(name, StoreOutcome(store=name, outcomes=()))
        head = record.end(
            outcome,
            interrupted=result.interrupted,
            left=left[name],
            register=register_end(order.environment, name, order.commitment),
        )
        commit = commits.get(name)
        if commit is not None and outcome.complete:
            one = Applied(
                store=name,
                commit=commit,
                spec=order.commitment.spec_digest,
                plan=order.commitment.id,
                when=order.environment.clock.now().isoformat(),
            )
            head = record.add(applied_event(one, order.pseudonyms)) or head
        yield TrailEnd(store=name, lines=head.count, head=head.seal)


def _watched(
    order: ApplyRequest, busy: "Iterable[ApprovedStore]"
) -> "Callable[[StepOutcome], None]":
    """Counts the steps that have ended, of all stores together."""
    from reconciler.plan.steps import steps

    total = sum(len(steps(store, order.only)) for store in busy)
    done = count(1)

    def advance(outcome: "StepOutcome") -> None:
        order.environment.watch.at(_APPLYING, "steps", next(done), total)
        order.progress(outcome)

    order.environment.watch.at(_APPLYING, "steps", 0, total)
    return advance


def _waiting(order: ApplyRequest, store: str) -> "dict[str, object]":
    """The opt-outs that the store did not have when the plan was made."""
    found = next((one.waiting for one in order.plan.stores if one.name == store), None)
    if found is None or not found.opt_outs:
        return {}
    oldest = None if found.oldest is None else found.oldest.isoformat()
    return {"waiting": {"opt_outs": found.opt_outs, "oldest": oldest}}


def _record_of(order: ApplyRequest, store: str, about: "Mapping[str, object]") -> "Record":
    from reconciler.state.recorder import Record
    from reconciler.state.trail import Trail

    environment = order.environment
    pseudonyms, *former = record_keys_for(environment) or (order.pseudonyms,)
    return Record(
        trail=Trail(environment.folder, store, pseudonyms, environment.clock, former),
        plan=order.commitment.id,
        about=about,
    )


def _about(order: ApplyRequest) -> "dict[str, object]":
    """What the trail tells of a run: who, from which commit, and what lifted limits."""
    commitment = order.commitment
    return {
        **attempt(commitment, order.state.folder, order.environment, order.pseudonyms),
        "base": commitment.base,
        "lifts": [
            {
                "lift": one.title,
                "origin": one.origin,
                "source": one.source,
                "reason": one.reason,
                "used": one.used,
            }
            for one in commitment.lifts
        ],
    }


def _apply_or_tell(
    order: ApplyRequest, approved: "ApprovedStore", record: "Record", registers: Registers
) -> "tuple[StoreOutcome, Exception | None]":
    """One store; what keeps it from being begun at all does not stop the others."""
    from reconciler.plan.outcome import State, StepOutcome, StoreOutcome
    from reconciler.plan.steps import steps

    failure: Exception
    try:
        return _apply_store(order, approved, record, registers), None
    except ReconcilerError as error:
        why, failure = str(error), error
    except Exception as error:  # the others go on; told with its kind, since texts may be personal
        why, failure = f"a fault of reconciler itself ({type(error).__name__})", error
    left = tuple(
        StepOutcome(step=step, state=State.NOT_REACHED, message=why)
        for step in steps(approved, order.only)
    )
    return StoreOutcome(store=approved.name, outcomes=left, stopped=why), failure


def _apply_store(
    order: ApplyRequest, approved: "ApprovedStore", record: "Record", registers: Registers
) -> "StoreOutcome":
    from reconciler.apply.circuit import Circuit
    from reconciler.apply.customers import Customers
    from reconciler.apply.notes import Notes
    from reconciler.apply.pace import Pace
    from reconciler.apply.proofs import Proofs
    from reconciler.apply.store_run import StoreRun
    from reconciler.plan.steps import steps
    from reconciler.state import journal
    from reconciler.state.finished import created_lately, put_away, take_back
    from reconciler.state.lock import one_writer

    check_frozen(order, approved)
    environment, pseudonyms = order.environment, order.pseudonyms
    store = next(one for one in order.state.stores if one.name == approved.name)
    folder = environment.folder
    began = environment.clock.now()
    shop, plan = shop_of(store, environment), order.commitment.id
    with one_writer(folder, store.name, shop, plan=plan, since=began):
        path = take_back(folder, plan, store.name)
        past = journal.read(path)
        register = registers.for_apply(store)
        check_access(register, order.commitment, approved, order.only)
        begin_anew(register, order.commitment, store.name)
        kept = journal.Journal(path, environment.clock, past)
        try:
            connection = open_store(store, environment, approved.learned)
            others: list[Connection] = []
            try:
                rules = _rules(order, store, approved, register)
                circuit = Circuit(cancellation=order.control, trail_stands=record.trail.stands)
                run = StoreRun(
                    client=connection.client,
                    session=connection.session,
                    rules=rules,
                    siblings=asked_before_opt_ins(
                        order.state, order.commitment, store, environment, rules, others
                    ),
                    clock=environment.clock,
                    circuit=circuit,
                    notes=Notes(
                        plan=plan,
                        register=register.file,
                        journal=kept,
                        audit=record,
                        circuit=circuit,
                    ),
                    past=past,
                    customers=Customers(journal=kept, past=past),
                    rereads=_rereads(connection, environment),
                    pace=Pace(store.rate),
                    proofs=Proofs(),
                    entries=_entries(order.state, approved, rules),
                    made_before=created_lately(folder, store.name, began, apart_from=path),
                    only=order.only,
                    progress=order.progress,
                    whole=steps(approved, ()),
                    moved_on=has_moved_on(order.commitment, order.state, pseudonyms),
                )
                return run.run(steps(approved, order.only))
            finally:
                for one in (connection, *others):
                    one.session.close()
        finally:
            kept.close()
            with suppress(OSError):  # plans read it again; nothing is lost
                put_away(folder, store.name)


def _rules(
    order: ApplyRequest,
    store: StoreSettings,
    approved: "ApprovedStore",
    register: RegisterAtHand,
) -> "StoreRules":
    return rules_for(
        order.state,
        store,
        order.commitment.releases,
        order.environment,
        order.pseudonyms,
        learned=approved.learned,
        register=register,
    )


def _rereads(connection: "Connection", environment: Environment) -> "Rereads":
    from reconciler.apply.reread import Rereads

    return Rereads(
        client=connection.client,
        clock=environment.clock,
        reserve_turn=connection.session.reserve_turn,
    )


def _entries(
    state: DesiredState, approved: "ApprovedStore", rules: "StoreRules"
) -> dict[str, DesiredCustomer]:
    """Those that asked for what was approved; what documents ask of others is found by number."""
    from reconciler.plan.everybody_else import entry_for

    pseudonyms = rules.pseudonyms
    wanted = {one.entry for one in approved.changes}
    found = entries(state, approved.name, pseudonyms, wanted)
    for change in approved.changes:
        if change.entry in found or change.remote_id is None:
            continue
        unnamed = entry_for(change.remote_id, rules)
        if unnamed is not None and pseudonyms.entry_alias(unnamed) == change.entry:
            found[change.entry] = unnamed
    return found


def entries(
    state: DesiredState, store: str, pseudonyms: "Pseudonyms", wanted: Collection[str]
) -> dict[str, DesiredCustomer]:
    """Those of a store's spec entries that are wanted, by the aliases that plans call them."""
    named = ((pseudonyms.entry_alias(one), one) for one in state.of(store))
    return {alias: one for alias, one in named if alias in wanted}
