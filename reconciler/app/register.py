"""A store's register of opt-outs: where it is, under which keys, and whether it can be asked."""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.app.environment import Environment, siblings
from reconciler.errors import BlockedPlanError, JournalError
from reconciler.model.settings import DesiredState, RiskClass, StoreSettings

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from reconciler.desired.suppression_list import Row
    from reconciler.model.access import Access
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.approved import ApprovedPlan, ApprovedStore
    from reconciler.state.register import Place, RegisterFile, Saying


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAtHand:
    """`access` says whether it can be asked, and what to do where it cannot."""

    file: "RegisterFile"
    access: "Access"


class Registers:
    """The registers of some stores. Those of one controller are read together, and once."""

    def __init__(
        self,
        environment: Environment,
        pseudonyms: "Pseudonyms",
        state: DesiredState,
        *,
        proven: bool = False,
    ) -> None:
        """`proven` takes no line whose seal is not right."""
        self._environment = environment
        self._pseudonyms = pseudonyms
        self._state = state
        self._proven = proven
        self._lock = Lock()
        self._read: dict[str, RegisterFile] = {}
        self._gone: dict[tuple[str, bool], bool] = {}
        self._left: tuple[str, ...] | None = None

    def for_plan(self, store: StoreSettings) -> RegisterAtHand:
        """A plan without the key for what is missing is made all the same, and says so."""
        from reconciler.model.access import Access
        from reconciler.state.chain import NOTHING
        from reconciler.state.key import has_register_key
        from reconciler.state.trail import last_register

        file, access = self._of(store)
        holds = file.known.is_askable
        if access is Access.MISSING:
            named = last_register(self._environment.folder, store.name)
            holds = (
                has_register_key(self._environment.variables)
                or (named is not None and named.key in file.place.keys)
                or (holds and (file.head != NOTHING or self._has_kept_key))
            )
        elif access is Access.ASKED and file.head == NOTHING:
            holds = self._came_along(store, file)
        return RegisterAtHand(file=file, access=access if holds else Access.NOT_ASKED)

    def _came_along(self, store: StoreSettings, file: "RegisterFile") -> bool:
        """Whether the state folder of a store of which no register is here is, or a key: a pipeline
        that has neither knows of nothing that was forgotten.
        """
        from reconciler.state.key import has_register_key
        from reconciler.state.trail import trail_path

        variables = self._environment.variables
        if not variables.get("CI") or has_register_key(variables) or file.known.knows_anybody:
            return True
        return trail_path(self._environment.folder, store.name).exists()

    @property
    def _has_kept_key(self) -> bool:
        """Whether the key is the random one of the state folder; a job made its own just now."""
        from reconciler.state.key import KEY_VARIABLE, read_key

        environment = self._environment
        if environment.variables.get("CI") or KEY_VARIABLE in environment.variables:
            return False
        return read_key(environment.folder, environment.variables) is not None

    def for_apply(self, store: StoreSettings) -> RegisterAtHand:
        """An apply always asks, and what was noted before it began."""
        file, access = self._of(store)
        for one in (store.name, *(other.name for other in siblings(store, self._state))):
            self._read[one].take_in_news()
        return RegisterAtHand(file=file, access=access)

    def _of(self, store: StoreSettings) -> "tuple[RegisterFile, Access]":
        from reconciler.model.access import Access

        with self._lock:
            if store.name not in self._read:
                self._read_together(store)
            file = self._read[store.name]
            gone = self._gone[file.place.controller, store.controller is None]
        required = self._state.policy.register_required
        if gone or (required and (file.head.count == 0 or file.stands_in)):
            return file, Access.MISSING
        return file, Access.KEY_MISSING if file.known.missing_keys else Access.ASKED

    def _read_together(self, store: StoreSettings) -> None:
        """What a store gave outlives it: where there is a controller, every file is looked into."""
        from reconciler.model.register import Register
        from reconciler.state.register import RegisterFile

        members = (store.name, *(one.name for one in siblings(store, self._state)))
        others: set[str] = set()
        if store.controller is not None:
            folder = register_folder(self._environment)
            others = {one.name.removesuffix(".jsonl") for one in folder.glob("*.jsonl")}
        left = self._left_behind()
        names = (*members, *sorted(others.union(left).difference(members)))
        places = [
            register_place(self._environment, name, self._pseudonyms, store.controller)
            for name in names
        ]
        known = Register(places[0].controller, places[0].keys, members, left)
        clock = self._environment.clock
        for place in places:
            file = RegisterFile(
                place,
                clock,
                known,
                proven=self._proven,
                required=self._state.policy.register_required,
            )
            if place.store in members:
                self._read[place.store] = file
        self._gone[places[0].controller, store.controller is None] = any(
            map(self._is_gone, members)
        )

    def _left_behind(self) -> tuple[str, ...]:
        """A store that has another name by now, and no controller that tells so, must not forget:
        what this folder has of stores that are not there counts in all that are.
        """
        if self._left is None:
            from reconciler.state.left_registers import left_behind
            from reconciler.state.register import FOLDER
            from reconciler.state.trail import trail_path

            folder, state = register_folder(self._environment), self._environment.folder
            stores = self._state.settings.stores
            found = {one.name.removesuffix(".jsonl") for one in folder.glob("*.jsonl")}
            found -= {one.name for one in stores}
            if folder != state / FOLDER:  # others may share it, and theirs are not ours
                found = {name for name in found if trail_path(state, name).exists()}
            controllers = {one.controller or one.name for one in stores}
            self._left = tuple(left_behind(folder, found, controllers))
        return self._left

    def _is_gone(self, name: str) -> bool:
        from reconciler.state.trail import last_register

        named = last_register(self._environment.folder, name)
        return named is not None and not self._read[name].place.goes_on(named)


def check_access(
    register: RegisterAtHand,
    plan: "ApprovedPlan",
    approved: "ApprovedStore",
    only: "Collection[RiskClass]",
) -> None:
    """Raises `BlockedPlanError` where an apply would grant, make or rename somebody unasked."""
    from reconciler.plan.register_access import ASKING, CONTACTS, HINT, TOLD, is_released
    from reconciler.plan.steps import steps

    if register.access not in TOLD:
        return
    rule, message = TOLD[register.access]
    fields = [field for step in steps(approved, only) for field in step.fields]
    asks = any(field.risk in ASKING or field.path in CONTACTS for field in fields)
    if is_released(rule, plan.releases, approved.name) or not asks:
        return
    raise BlockedPlanError(
        f"store {approved.name}: {message}",
        hint=f"{HINT}; `apply --only withdraw` carries out the opt-outs without it",
    )


def begin_anew(register: RegisterAtHand, plan: "ApprovedPlan", store: str) -> None:
    """Where somebody released that there is none, the next plan finds one."""
    from reconciler.model.access import Access
    from reconciler.plan.register_access import MISSING, is_released

    if register.access is Access.MISSING and is_released(MISSING, plan.releases, store):
        register.file.begin()


def may_note(register: RegisterAtHand, environment: Environment) -> bool:
    """Whether a plan adds to a register: where another key is at hand than it has, where it is
    missing, or a pipeline without its own has not brought it along, that is for the apply.
    """
    from reconciler.model.access import Access
    from reconciler.state.key import has_register_key

    if register.access in (Access.MISSING, Access.NOT_ASKED):
        return False
    if register.file.path.exists():
        return True
    return not environment.variables.get("CI") or has_register_key(environment.variables)


def register_place(
    environment: Environment,
    store: str,
    pseudonyms: "Pseudonyms | None" = None,
    controller: str | None = None,
) -> "Place":
    """Where it is; `pseudonyms` stand for its key where none is at hand."""
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.state.key import register_keys
    from reconciler.state.register import Place

    found = register_keys(environment.folder, environment.variables)
    keys = [Pseudonyms(one) for one in found] or ([pseudonyms] if pseudonyms is not None else [])
    return Place(
        folder=register_folder(environment),
        state=environment.folder,
        store=store,
        controller=controller or store,
        keys={one.name: one for one in keys},
    )


def register_folder(environment: Environment) -> Path:
    from reconciler.state.register import FOLDER, FOLDER_VARIABLE

    elsewhere = environment.variables.get(FOLDER_VARIABLE)
    return Path(elsewhere) if elsewhere else environment.folder / FOLDER


def register_end(
    environment: Environment, store: str, plan: "ApprovedPlan"
) -> "dict[str, object] | None":
    """What the trail tells of a register, so that it cannot go away unseen. Another that was begun
    in its place is not told of, unless somebody has released that.
    """
    from reconciler.plan.register_access import MISSING, is_released
    from reconciler.state.chain import NOTHING, end
    from reconciler.state.trail import last_register

    place = register_place(environment, store)
    try:
        head = end(place.path)[0] if place.keys else NOTHING
    except (JournalError, OSError):
        return None
    named = last_register(environment.folder, store)
    goes_on = named is None or place.goes_on(named)
    if head == NOTHING or not (goes_on or is_released(MISSING, plan.releases, store)):
        return None
    return {"lines": head.count, "head": head.seal, "key": place.key.name}


def imported(row: "Row", store: str, now: "datetime") -> "Saying":
    """An opt-out of a list, which nobody but the person can have said."""
    from reconciler.model.act import Act, By, Doer, Said, Sure
    from reconciler.model.register import Person

    sure = Sure.DAY if row.to_the_day else Sure.NOT_TOLD if row.at is None else Sure.SECOND
    act = Act(
        said=Said.OUT,
        at=row.at,
        sure=sure,
        seen=now,
        doer=Doer.PERSON,
        by=By.IMPORT,
        store=store,
    )
    return Person(channel=row.channel, contact=row.contact), act
