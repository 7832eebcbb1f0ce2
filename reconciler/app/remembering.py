"""What one run leaves for the next, where a cache is kept: it saves work and changes no plan."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app.environment import Environment
from reconciler.app.register import may_note
from reconciler.model.redaction import NOBODY
from reconciler.platforms.registry import is_ours

if TYPE_CHECKING:
    from reconciler.app.hearing import Hearing
    from reconciler.app.register import RegisterAtHand
    from reconciler.cache.cache import Cache
    from reconciler.cache.records import Records
    from reconciler.cache.specs import Entries, Specs
    from reconciler.model.settings import DesiredState, Policy, StoreSettings
    from reconciler.plan.remembered import Remember
    from reconciler.plan.sayers import Sayers
    from reconciler.plan.store_rules import StoreRules
    from reconciler.platforms.base import Recall
    from reconciler.state.register import RegisterFile


def known_specs(environment: Environment) -> "Specs | None":
    """What is known of spec files; None where nothing is kept."""
    if environment.cache is None:
        return None
    from reconciler.cache.specs import Specs

    return Specs(environment.cache, environment.clock.now())


def known_entries(
    known: "Specs | None", store: "StoreSettings", policy: "Policy"
) -> "Entries | None":
    """What is known of the entries of a store."""
    return None if known is None or not is_ours(store.platform) else known.of(store, policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecords:
    """What is remembered of the records of one store: those that were as they shall be, and had
    nothing to say that `register` did not know, to the byte as it is now.
    """

    records: "Records"
    register: "RegisterFile"
    sayers: "Sayers"
    cache: "Cache"
    store: str
    rests_on: str

    @property
    def recall(self) -> "Recall | None":
        return self.records.recall if self.records.knows else None

    @property
    def remember(self) -> "Remember":
        return self.records.remember

    def heed(self) -> None:
        """Before a store is read again in the same run."""
        if self.sayers.has_noted:
            self.records.forget()

    def leave(self, hearing: "Hearing") -> None:
        """For the next run, once this one has noted all it saw. Whoever speaks of a contact of
        which something was noted is judged anew, but for the only one that speaks of it.

        Where the register has not all of it, or others wrote into it, nothing new is left.
        """
        if hearing.lost or hearing.seen.turns or self.register.met_others:
            return
        sayers = self.sayers
        touched = sayers.noted if self.records.knows else set()
        kept = self.records.kept(touched, sayers.noted_and_shared, sayers.noted_without_time)
        rules = _rules(self.cache, self.rests_on, self.register)
        self.cache.keep_records(self.store, rules, kept)


def known_records(
    cache: "Cache | None",
    state: "DesiredState",
    rules: "StoreRules",
    register: "RegisterAtHand",
    environment: Environment,
) -> KnownRecords | None:
    """What is known of the records of a store, as these rules settle them.

    None where somebody may be asked for more than an entry says, or for less, where everybody is
    heard, or where the register cannot be asked: then everybody is judged anew.
    """
    store = rules.store
    entries = state.of(store.name)
    if register.file.known.left:  # what they say is not in the file that a memory rests on
        return None
    asks_alone = entries.meanings.size and not rules.whole_tags and store.controller is None
    if cache is None or not asks_alone or not is_ours(store.platform) or not _is_whole(register):
        return None
    from reconciler.cache.specs import facts
    from reconciler.plan.sayers import Sayers

    file, notes = register.file, may_note(register, environment)
    told = facts(store, rules.policy, state.owned_by(store.name))
    rests_on = repr((told, tuple(file.place.keys), notes))
    named = rules.names is not NOBODY or bool(state.approvals or state.at_hand.approvals)
    known = cache.records(store.name, _rules(cache, rests_on, file), named=named)
    return KnownRecords(
        records=known,
        register=file,
        sayers=Sayers(entries.mark),
        cache=cache,
        store=store.name,
        rests_on=rests_on,
    )


def _is_whole(register: "RegisterAtHand") -> bool:
    """Whether its file says all that is known: what came of journals may stand in none yet."""
    from reconciler.model.access import Access

    file = register.file
    return register.access is Access.ASKED and not (
        file.head.count == 0 and file.known.knows_records
    )


def _rules(cache: "Cache", rests_on: str, register: "RegisterFile") -> bytes:
    return cache.digest(register.content + rests_on.encode("utf-8", "surrogatepass"))


def leave(environment: Environment) -> None:
    """Keeps what this run has found."""
    if environment.cache is not None:
        environment.cache.save()
