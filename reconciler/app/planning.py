"""The desired state and the stores to a plan."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler import __version__
from reconciler.app.at_once import each_store
from reconciler.app.choices import PlanOptions, with_approvals
from reconciler.app.collecting import seldom
from reconciler.app.environment import Environment, provenance_of
from reconciler.app.hearing import circles
from reconciler.app.loading import selected
from reconciler.app.register import Registers
from reconciler.app.remembering import leave
from reconciler.app.scoping import ALIAS, check_known, scoped
from reconciler.app.since import check_receipt
from reconciler.app.store_plan import PlanRequest, plan_store
from reconciler.errors import ReconcilerError
from reconciler.model.scope import Scope
from reconciler.model.settings import DesiredState, StoreSettings

if TYPE_CHECKING:
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.model.redaction import Names
    from reconciler.plan.plan import Plan, StorePlan
    from reconciler.plan.reading import StoreReading

PLAN_LIFE: Final = timedelta(days=7)


@seldom()
def plan(
    state: DesiredState, choices: PlanOptions, environment: Environment, pseudonyms: "Pseudonyms"
) -> "Plan":
    """Reads every selected store and computes its part; where one fails, its part says why."""
    from reconciler.plan.lifts import lifts
    from reconciler.plan.owed import owed_once_merged
    from reconciler.plan.plan import Basis, Plan
    from reconciler.plan.settings_change import changes, settings_digest
    from reconciler.plan.spec_digest import spec_digest

    stores = selected(state, choices.stores)
    flags = (choices.raises, choices.releases)
    choices = with_approvals(state, choices, environment, pseudonyms)
    if choices.since is not None:
        check_receipt(choices.since, state, stores, environment, pseudonyms)
    few = scoped(state, choices.scope, pseudonyms)
    request = PlanRequest(
        few=few,
        choices=choices,
        environment=environment,
        pseudonyms=pseudonyms,
        registers=Registers(environment, pseudonyms, state),
        circles=circles(stores),
        memory=environment.cache,
    )
    limiters = environment.rate_limiters
    begun = each_store(stores, lambda one: _plan_store(request, one), limiters)
    planned = [one.result() for one in begun]
    parts = [
        _with_what_may_wait(part, store, request) if part.error else part
        for store, (part, _) in zip(stores, planned, strict=True)
    ]
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
    made = Plan(basis=basis, stores=tuple(parts), waiting=tuple(waiting))
    leave(environment)
    return made


def _scope(scope: Scope, pseudonyms: "Pseudonyms") -> tuple[str, ...]:
    """As it may be shown: of a customer only an alias is."""
    told = ["changed since the base"] if scope.changed else []
    told += [f"tag {pseudonyms.text(tag)}" for tag in sorted(scope.tags)]
    aliases = [one for one in scope.customers if ALIAS.fullmatch(one)]
    told += [f"customer {one}" for one in sorted(aliases)]
    return (*told, *["one customer"] * (len(scope.customers) - len(aliases)))


def _plan_store(
    request: PlanRequest, store: StoreSettings
) -> "tuple[StorePlan, StoreReading | None]":
    from reconciler.plan.owed import owed_unread
    from reconciler.plan.plan import StorePlan

    told, fault = "", None
    try:
        made, read, _ = plan_store(request, store)
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
            owed_unread(
                store.name,
                request.state.of(store.name),
                request.pseudonyms,
                request.choices.acknowledged,
            )
        ),
        audience=(),
        unchanged=0,
        error=told,
        fault=fault,
    )
    return unread, None


def _with_what_may_wait(
    part: "StorePlan", store: StoreSettings, request: PlanRequest
) -> "StorePlan":
    """A store that was not read, with what is known when all the others have been."""
    from reconciler.plan.waiting import unread

    try:
        register = request.registers.for_plan(store).file.known
    except Exception:  # its own part tells of it
        register = None
    return replace(part, verdicts=(*unread(store, register), *part.verdicts))


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
