"""One store's steps to outcomes: re-read, write, read back, journal, step by step.

Every write is decided on a record read just before. What a lost answer did is found out by reading,
never assumed; a loss that our own write caused stops the store before the next write.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event as Flag
from threading import Lock
from typing import Final

from reconciler.apply.journal import Consents, Event, Journal, Own, Past, consents_json
from reconciler.apply.readback import ReadBack, compare, taken
from reconciler.apply.recheck import Recheck, recheck
from reconciler.clock import Clock
from reconciler.errors import (
    CustomerNotFound,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    StoreStopped,
    Unavailable,
)
from reconciler.model.consent import Channel, ConsentState, Evidence
from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import Identity
from reconciler.model.patch import ConsentWrite, Patch
from reconciler.model.tags import TagDelta
from reconciler.plan.changes import (
    AddressChange,
    ConsentChange,
    FieldChange,
    ScalarChange,
    TagChange,
)
from reconciler.plan.commitment import field_digest
from reconciler.plan.examine import Judge, examine
from reconciler.plan.match import keys_of, meets
from reconciler.plan.outcome import State, StepOutcome, StoreOutcome
from reconciler.plan.steps import Step, StepKind
from reconciler.platforms.base import LookupImpossible, Writer

TRIES: Final = 3
LATEST_SIGHT: Final = 10.0
SECOND_LOOK: Final = 3.0
MOST_THREADS: Final = 8


@dataclass(slots=True)
class Control:
    """Shared by all stores of one apply: Ctrl-C, and how many failures are allowed."""

    interrupted: Flag = field(default_factory=Flag)
    max_failures: int | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a run works: the store's client, its rules, and its record."""

    client: Writer
    judge: Judge
    journal: Journal
    past: Past
    clock: Clock
    requests: Callable[[], int]


class _Stop(Exception):
    """The rest of this store is left; the reason is told once."""


class StoreRun:
    """Carries out the steps of one store; `run` may be called once."""

    def __init__(
        self,
        site: Site,
        entries: Mapping[str, DesiredCustomer],
        control: Control,
        progress: Callable[[StepOutcome], None],
    ) -> None:
        self._site = site
        self._client = site.client
        self._judge = site.judge
        self._entries = entries
        self._control = control
        self._progress = progress
        self._created = dict(site.past.created)
        self._own = dict(site.past.own)
        self._lock = Lock()
        self._stopped = ""

    def run(self, steps: Iterable[Step]) -> StoreOutcome:
        steps = tuple(steps)
        self._site.journal.write(Event.OPENED, steps=len(steps))
        outcomes: list[StepOutcome] = []
        rate = self._judge.store.rate
        threads = max(1, min(MOST_THREADS, round(rate.per_second) + 1 if rate else 1))
        with ThreadPoolExecutor(max_workers=threads) as pool:
            for kind in StepKind:
                group = [step for step in steps if step.kind is kind]
                for rank in sorted({step.change.rank for step in group}):
                    batch = [step for step in group if step.change.rank == rank]
                    outcomes.extend(pool.map(self._outcome, batch))
        good = all(one.state.good and not one.collateral for one in outcomes)
        self._site.journal.write(Event.CLOSED, finished=good and not self._stopped)
        return StoreOutcome(
            store=self._judge.store.name,
            outcomes=tuple(outcomes),
            stopped=self._stopped,
            requests=self._site.requests(),
        )

    def _outcome(self, step: Step) -> StepOutcome:
        earlier = self._site.past.ended.get(step.id)
        if earlier is not None and earlier.good:
            outcome = StepOutcome(step=step, state=earlier, message="done in an earlier run")
            self._progress(outcome)
            return outcome
        if self._over():
            return StepOutcome(step=step, state=State.NOT_REACHED, message=self._stopped)
        try:
            outcome = self._perform(step)
        except _Stop:
            return StepOutcome(step=step, state=State.NOT_REACHED, message=self._stopped)
        except PlatformError as error:
            if isinstance(error, StoreStopped):
                self._stop(error.message)
            unknown = isinstance(error, OutcomeUnknown)
            outcome = StepOutcome(
                step=step, state=State.UNKNOWN if unknown else State.FAILED, message=error.message
            )
        self._end(outcome)
        return outcome

    def _over(self) -> bool:
        control = self._control
        if control.interrupted.is_set():
            return True
        if control.max_failures is not None and control.failures >= control.max_failures:
            self._stop(f"{control.failures} failures, as many as --max-failures allows")
        return bool(self._stopped)

    def _stop(self, why: str) -> None:
        with self._lock:
            self._stopped = self._stopped or why

    def _end(self, outcome: StepOutcome) -> None:
        step = outcome.step
        self._site.journal.write(
            Event.ENDED,
            step=step.id,
            customer=step.change.alias,
            state=outcome.state.value,
            created=outcome.remote_id if step.kind is StepKind.CREATE else None,
            collateral=list(outcome.collateral),
        )
        if not outcome.state.good:
            with self._lock:
                self._control.failures += 1
        self._progress(outcome)

    def _perform(self, step: Step) -> StepOutcome:
        desired = self._entries.get(step.change.entry)
        if desired is None:
            return StepOutcome(step=step, state=State.STALE, message="its entry is gone")
        if step.kind is StepKind.CREATE:
            return self._create(step, desired)
        remote_id = step.change.remote_id or self._created.get(step.change.alias)
        if remote_id is None:
            return StepOutcome(
                step=step, state=State.NOT_REACHED, message="the customer was not created"
            )
        if step.kind is StepKind.DELETE:
            return self._delete(step, desired, remote_id)
        return self._update(step, desired, remote_id)

    # -- updates: withdraw, identity, update, grant -------------------------------------------

    def _update(self, step: Step, desired: DesiredCustomer, remote_id: str) -> StepOutcome:
        wrote = False
        for attempt in range(1, TRIES + 1):
            live = self._client.read(remote_id)
            if live is None:
                return StepOutcome(step=step, state=State.STALE, message="the customer is gone")
            found = recheck(step, desired, live, self._own.get(step.change.alias), self._judge)
            if not found.write:
                return self._nothing_to_write(step, found, wrote=wrote)
            try:
                self._send(step, live, found.write)
            except RateLimited as error:
                if attempt == TRIES:
                    raise
                self._site.clock.sleep(error.retry_after or float(attempt))
            except (OutcomeUnknown, Unavailable) as error:
                wrote = wrote or isinstance(error, OutcomeUnknown)
                if attempt == TRIES:
                    raise
            else:
                return self._verified(step, desired, live, found)
        raise AssertionError("the last try returns or raises")

    def _nothing_to_write(self, step: Step, found: Recheck, *, wrote: bool) -> StepOutcome:
        """All settled before a write; after a lost answer *already* means that it was done."""
        fields = tuple(
            (name, State.DONE if wrote and state is State.ALREADY else state)
            for name, state in found.settled
        )
        return StepOutcome(step=step, state=_worst(fields), fields=fields)

    def _send(self, step: Step, live: LiveCustomer, changes: tuple[FieldChange, ...]) -> None:
        if self._over():
            raise _Stop
        self._site.journal.write(Event.INTENDED, step=step.id, customer=step.change.alias)
        self._client.update(live, self._patch(step, changes, live))

    def _verified(
        self, step: Step, desired: DesiredCustomer, live: LiveCustomer, found: Recheck
    ) -> StepOutcome:
        """Read back; a write that was answered well but cannot be read back is not called done."""
        try:
            return self._read_back(step, desired, live, found)
        except PlatformError as error:
            if isinstance(error, StoreStopped):
                self._stop(error.message)
            return StepOutcome(
                step=step, state=State.UNVERIFIED, remote_id=live.remote_id, message=error.message
            )

    def _read_back(
        self, step: Step, desired: DesiredCustomer, live: LiveCustomer, found: Recheck
    ) -> StepOutcome:
        remote_id = live.remote_id
        back = self._client.read(remote_id)
        if back is None:
            return StepOutcome(
                step=step,
                state=State.UNVERIFIED,
                remote_id=remote_id,
                message="the customer was gone when it was read back",
            )
        seen = compare(live, back, found.write, desired, self._judge, step.kind)
        if any(_is_consent(name) and not state.good for name, state in seen.fields):
            self._site.clock.sleep(SECOND_LOOK)
            back = self._client.read(remote_id) or back
            seen = compare(live, back, found.write, desired, self._judge, step.kind)
        self._remember(step, live, back)
        fields = (*found.settled, *seen.fields)
        if seen.collateral:
            self._stop(f"our own write changed what it should not: {'; '.join(seen.collateral)}")
        return StepOutcome(
            step=step,
            state=_worst(fields),
            remote_id=remote_id,
            fields=fields,
            message=_told(fields, seen),
            collateral=seen.collateral,
            noticed=seen.noticed,
        )

    def _remember(self, step: Step, live: LiveCustomer, back: LiveCustomer) -> None:
        """Continues the chain of our own writes, or begins it anew where others acted between."""
        alias = step.change.alias
        earlier = self._own.get(alias)
        now = dict(live.consents)
        unbroken = earlier is not None and dict(earlier.after) == now
        before: Consents | None = earlier.before if earlier is not None and unbroken else now
        self._own[alias] = Own(before=before, after=dict(back.consents))
        self._site.journal.write(
            Event.WRITTEN,
            step=step.id,
            customer=alias,
            before=consents_json(before),
            after=consents_json(dict(back.consents)),
        )

    def _patch(
        self, step: Step, changes: tuple[FieldChange, ...], live: LiveCustomer | None
    ) -> Patch:
        del live
        contacts: list[Identity] = []
        patch = Patch()
        added: list[str] = []
        removed: list[str] = []
        for change in changes:
            if isinstance(change, ScalarChange) and change.written is not None:
                contacts.append(change.written)
            elif isinstance(change, ScalarChange):
                patch = replace(patch, scalars=(*patch.scalars, (change.field, change.after)))
            elif isinstance(change, TagChange):
                added.extend(change.delta.added)
                removed.extend(change.delta.removed)
            elif isinstance(change, AddressChange):
                patch = replace(patch, addresses=change.after)
            elif isinstance(change, ConsentChange):
                write = self._consent_write(step, change)
                patch = replace(patch, consents=(*patch.consents, (change.channel, write)))
        return replace(
            patch,
            contacts=tuple(contacts),
            tags=TagDelta(added=tuple(added), removed=tuple(removed)),
        )

    def _consent_write(self, step: Step, change: ConsentChange) -> ConsentWrite:
        """A withdrawal is dated now: an older date might lose against what the store knows."""
        if step.kind is StepKind.WITHDRAW or change.withdraws:
            evidence = Evidence(at=self._site.clock.now(), source=change.wanted.evidence.source)
            return ConsentWrite(state=ConsentState.UNSUBSCRIBED, evidence=evidence)
        return ConsentWrite(state=change.wanted.state, evidence=change.wanted.evidence)

    # -- creates ------------------------------------------------------------------------------

    def _create(self, step: Step, desired: DesiredCustomer) -> StepOutcome:
        changes = self._planned(step, desired)
        if len(changes) != len(step.fields):
            return StepOutcome(step=step, state=State.STALE, message="its entry asks otherwise now")
        known = self._created.get(step.change.alias)
        if known is not None:
            return self._created_as(step, desired, changes, known)
        there = self._look_up(desired)
        if there:
            if step.id in self._site.past.intended and len(there) == 1:
                return self._created_as(step, desired, changes, there[0].remote_id)
            return StepOutcome(
                step=step, state=State.STALE, message="a customer with this identity exists by now"
            )
        for attempt in (1, 2):
            if self._over():
                raise _Stop
            self._site.journal.write(Event.INTENDED, step=step.id, customer=step.change.alias)
            try:
                remote_id = self._client.create(self._patch(step, changes, None))
                return self._created_as(step, desired, changes, remote_id)
            except Rejected as error:
                if self._look_up(desired):
                    return StepOutcome(
                        step=step,
                        state=State.STALE,
                        message="a customer with this identity exists by now",
                    )
                raise error from None
            except RateLimited as error:
                if attempt == 2:
                    raise
                self._site.clock.sleep(error.retry_after or 1.0)
            except OutcomeUnknown:
                found = self._wait_for(desired)
                if found:
                    return self._created_as(step, desired, changes, found[0].remote_id)
                if attempt == 2:
                    raise
        raise AssertionError("the second try returns or raises")

    def _planned(self, step: Step, desired: DesiredCustomer) -> tuple[FieldChange, ...]:
        examination = examine(desired, None, self._judge)
        if examination.change is None:
            return ()
        wanted = {one.digest for one in step.fields}
        store, alias = step.change.store, step.change.alias
        return tuple(
            one
            for one in examination.change.fields
            if field_digest(self._judge.keyed, store, alias, one) in wanted
        )

    def _created_as(
        self, step: Step, desired: DesiredCustomer, changes: tuple[FieldChange, ...], remote_id: str
    ) -> StepOutcome:
        """Reads a new customer back, and takes out again whoever the store subscribed by itself."""
        with self._lock:
            self._created[step.change.alias] = remote_id
        back = self._client.read(remote_id)
        if back is None:
            return StepOutcome(
                step=step,
                state=State.UNVERIFIED,
                remote_id=remote_id,
                message="the new customer could not be read back",
            )
        noticed: tuple[str, ...] = ()
        collateral: tuple[str, ...] = ()
        risen = tuple(
            channel
            for channel, consent in back.consents
            if consent.state in (ConsentState.SUBSCRIBED, ConsentState.PENDING)
        )
        if risen:
            back, left = self._take_out(step, back, risen)
            noticed = (
                f"the store subscribes new customers to {' and '.join(risen)} by itself; "
                "that was taken back",
            )
            if left:
                collateral = (f"the store subscribed a new customer to {' and '.join(left)}",)
                self._stop(collateral[0])
        owed = tuple(
            one
            for one in changes
            if isinstance(one, ConsentChange)
            and one.withdraws
            and not taken(one, None, back, desired, self._judge, StepKind.WITHDRAW).good
        )
        if owed:
            back, _ = self._take_out(step, back, tuple(one.channel for one in owed))
        self._own[step.change.alias] = Own(before=None, after=dict(back.consents))
        self._site.journal.write(
            Event.WRITTEN,
            step=step.id,
            customer=step.change.alias,
            created=remote_id,
            before=None,
            after=consents_json(dict(back.consents)),
        )
        fields = tuple(
            (one.field, taken(one, None, back, desired, self._judge, step.kind)) for one in changes
        )
        return StepOutcome(
            step=step,
            state=_worst(fields),
            remote_id=remote_id,
            fields=fields,
            message=_told(fields, None),
            noticed=noticed,
            collateral=collateral,
        )

    def _take_out(
        self, step: Step, back: LiveCustomer, channels: tuple[Channel, ...]
    ) -> tuple[LiveCustomer, tuple[Channel, ...]]:
        """Unsubscribes right away; the record after it, and the channels that would not go."""
        evidence = Evidence(at=self._site.clock.now())
        write = ConsentWrite(state=ConsentState.UNSUBSCRIBED, evidence=evidence)
        for _ in range(TRIES):
            try:
                self._client.update(back, Patch(consents=tuple((one, write) for one in channels)))
            except (OutcomeUnknown, RateLimited, Unavailable):
                self._site.clock.sleep(1.0)
            except Rejected:
                pass
            back = self._client.read(back.remote_id) or back
            subscribed = (ConsentState.SUBSCRIBED, ConsentState.PENDING)
            left = tuple(one for one in channels if back.consent(one).state in subscribed)
            if not left:
                break
        return back, left

    def _look_up(self, desired: DesiredCustomer) -> tuple[LiveCustomer, ...]:
        """Whoever bears an identity of the entry, by look-up or, where that fails, by a full scan."""
        found: dict[str, LiveCustomer] = {}
        try:
            for one in desired.identities:
                for live in self._client.find(one):
                    found[live.remote_id] = live
        except LookupImpossible:
            for page in self._client.scan():
                for live in page.customers:
                    if meets(desired, live, self._judge.rules.region):
                        found[live.remote_id] = live
        return tuple(found.values())

    def _wait_for(self, desired: DesiredCustomer) -> tuple[LiveCustomer, ...]:
        """A create whose answer was lost may show up late: look for it for ten seconds."""
        end = self._site.clock.monotonic() + LATEST_SIGHT
        while True:
            found = self._look_up(desired)
            if found or self._site.clock.monotonic() >= end:
                return found
            self._site.clock.sleep(1.0)

    # -- deletes ------------------------------------------------------------------------------

    def _delete(self, step: Step, desired: DesiredCustomer, remote_id: str) -> StepOutcome:
        state = State.DONE
        for attempt in range(1, TRIES + 1):
            live = self._client.read(remote_id)
            if live is None:
                state = State.ALREADY if attempt == 1 else State.DONE
                break
            if not self._still_named(desired, live):
                return StepOutcome(
                    step=step, state=State.STALE, message="the customer has another identity now"
                )
            if self._over():
                raise _Stop
            self._site.journal.write(Event.INTENDED, step=step.id, customer=step.change.alias)
            try:
                self._client.delete(remote_id)
            except CustomerNotFound:
                break
            except Rejected:
                return StepOutcome(
                    step=step,
                    state=State.FAILED,
                    remote_id=remote_id,
                    message="the store refused the delete; customers with orders cannot be deleted",
                )
            except RateLimited as error:
                if attempt == TRIES:
                    raise
                self._site.clock.sleep(error.retry_after or float(attempt))
                continue
            except (OutcomeUnknown, Unavailable):
                if attempt == TRIES:
                    raise
                continue
            gone = self._client.read(remote_id) is None
            state = State.DONE if gone else State.NOT_APPLIED
            break
        return StepOutcome(
            step=step, state=state, remote_id=remote_id, fields=(("customer", state),)
        )

    def _still_named(self, desired: DesiredCustomer, live: LiveCustomer) -> bool:
        """Every identity that the entry gives and the store can tell must still agree."""
        keys = dict(keys_of(live, self._judge.rules.region))
        told = [one for one in desired.identities if one.kind in keys]
        return bool(told) and all(keys[one.kind] == one.key for one in told)


def _is_consent(field_name: str) -> bool:
    return field_name.startswith("consent.")


_BAD_FIRST: Final = (
    State.UNKNOWN,
    State.FAILED,
    State.UNVERIFIED,
    State.NOT_APPLIED,
    State.OPTED_OUT,
    State.STALE,
    State.NOT_REACHED,
    State.PENDING,
    State.DONE,
    State.ALREADY,
)


def _worst(fields: Iterable[tuple[str, State]]) -> State:
    return min((state for _, state in fields), key=_BAD_FIRST.index, default=State.DONE)


def _told(fields: Iterable[tuple[str, State]], seen: ReadBack | None) -> str:
    """In words: which fields did not take, and what our write cost."""
    parts = [f"{name}: {state}" for name, state in fields if not state.good]
    if seen is not None and seen.collateral:
        parts.append(f"lost by our write: {'; '.join(seen.collateral)}")
    return ", ".join(parts)
