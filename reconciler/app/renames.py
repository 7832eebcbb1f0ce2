"""Whether the trail shows that a rename was carried out, so that `previously` is of no more use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reconciler.app.environment import Environment, record_keys_for
from reconciler.errors import JournalError

if TYPE_CHECKING:
    from reconciler.model.pseudonyms import Pseudonyms

_MOST: Final = 1_000_000
"""How often an entry is compared with a customer of the trail, where none tells which it is."""


@dataclass(slots=True)
class Renames:
    """What the trails at hand prove. Without the key that a plan was made with, that is nothing."""

    environment: Environment
    pseudonyms: "Pseudonyms | None"
    _changes: dict[str, dict[tuple[str, str], str]] = field(default_factory=dict)
    _compared: int = 0

    @classmethod
    def of(cls, environment: Environment) -> "Renames":
        from reconciler.model.pseudonyms import Pseudonyms
        from reconciler.state.key import read_key

        key = read_key(environment.folder, environment.variables)
        return cls(environment=environment, pseudonyms=None if key is None else Pseudonyms(key))

    def is_spent(self, stores: tuple[str, ...], entry: Mapping[str, Any]) -> bool:
        """Whether in each of the stores, or the only one where none is named, somebody had every
        contact that `previously` names, was given the entry's own instead, was read back with it,
        and was given no other since.
        """
        if self.pseudonyms is None:
            return False
        stores = stores or self._only_store()
        before = entry["previously"].items()
        return bool(stores) and all(
            self._is_done(self.pseudonyms, store, kind, was, entry.get(kind))
            for store in stores
            for kind, was in before
        )

    def _is_done(
        self, pseudonyms: "Pseudonyms", store: str, kind: str, was: str, becomes: str | None
    ) -> bool:
        if becomes is None:
            return False
        told = [one for one in self._of(store).items() if one[0][1] == kind]
        self._compared += len(told)
        if self._compared > _MOST:
            return False
        return any(
            digest == _digest(pseudonyms, (store, alias), kind, was, becomes)
            for (alias, _), digest in told
        )

    def _of(self, store: str) -> dict[tuple[str, str], str]:
        from reconciler.state.contacts import last_changes

        if store not in self._changes:
            keys = record_keys_for(self.environment)
            try:
                self._changes[store] = last_changes(self.environment.folder, store, keys)
            except JournalError:  # what cannot be read proves nothing
                self._changes[store] = {}
        return self._changes[store]

    def _only_store(self) -> tuple[str, ...]:
        from reconciler.state.trail import trail_paths

        names = tuple(name for name in trail_paths(self.environment.folder) if name)
        return names if len(names) == 1 else ()


def _digest(
    pseudonyms: "Pseudonyms", customer: tuple[str, str], kind: str, was: str, becomes: str
) -> str | None:
    """What the trail calls this change of the customer, a store and an alias in it; None where a
    number can be read only with the region of the store.
    """
    from reconciler.model.field_path import FieldPath
    from reconciler.model.identity import IdentityKind, identity
    from reconciler.model.personal import Personal
    from reconciler.model.settings import RiskClass
    from reconciler.plan.approved import field_digest
    from reconciler.plan.changes import ScalarChange

    old = identity(IdentityKind(kind), was, None)
    new = identity(IdentityKind(kind), becomes, None)
    if old is None or new is None:
        return None
    change = ScalarChange(
        path=FieldPath(kind),
        risk=RiskClass.PROFILE,
        before=Personal(old.key),
        after=Personal(new.read_back),
        written=new,
    )
    return field_digest(pseudonyms, *customer, change)
