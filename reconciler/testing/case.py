"""A store of the subject with specs of its own, planned and applied the way of the commands."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import stamina

from reconciler import app
from reconciler.apply.cancellation import Cancellation
from reconciler.clock import Clock
from reconciler.model.capabilities import Capabilities
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import DesiredState, Release
from reconciler.plan.outcome import ApplyResult, State
from reconciler.plan.plan import Plan, StorePlan
from reconciler.planfile.save import save
from reconciler.planfile.saved import SavedPlan
from reconciler.platforms.base import Writer
from reconciler.platforms.registry import TABLES
from reconciler.testing.clock import quick_clock
from reconciler.testing.proxy import Asked, Proxy, serving
from reconciler.testing.subject import Person, Server, Subject

Entry = dict[str, Any]
_KEY: Final = b"a key for tests, longer than 32 bytes"
# A store may tell no times, or blur never asked with opted out, where that is not what is asked.
UNDATED: Final = (Release(rule="consent.undated-opt-out"),)
_HIGH: Final = {"percent": 100, "at_least": 100_000, "at_most": 100_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, and the same as it is saved."""

    plan: Plan
    saved: SavedPlan

    @property
    def store(self) -> StorePlan:
        return self.plan.stores[0]

    def told(self) -> str:
        """For the message of a check that fails; a plan holds no personal data."""
        rules = [f"{one.level} {one.rule}" for one in self.store.verdicts]
        return f"error {self.store.error!r}, {len(self.store.changes)} changes, verdicts {rules}"


class Case:
    """What a check is given."""

    def __init__(self, subject: Subject, server: Server, proxy: Proxy, folder: Path) -> None:
        self.table: Capabilities = TABLES[subject.platform]
        self.server = server
        self.proxy = proxy
        self.folder = folder
        self.examples = subject.examples
        self.clock: Clock = quick_clock()
        self._subject = subject
        self._specs = folder / "specs"
        self._specs.mkdir(parents=True)
        self._pseudonyms = Pseudonyms(_KEY)

    def begin(self, people: Iterable[Person], *customers: Entry) -> None:
        """A store with these people, no memory of earlier runs, and specs of these entries."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        self.proxy.arm(None)
        self.server.reset(people)
        self.want(*customers)
        self.proxy.asked.clear()

    def want(self, *customers: Entry) -> None:
        store = {
            "platform": self._subject.platform,
            "shop": "acme",
            "base_url": self.proxy.url,
            "token": {"env": "TOKEN"},
            "rate": {"per_second": 1000, "burst": 1000},
            "limits": {one: _HIGH for one in ("tag", "profile", "create", "grant", "delete")},
            **self._subject.settings,
        }
        document: Entry = {"stores": {"shop": store}, "store": "shop"}
        if customers:
            document["customers"] = list(customers)
        self.write("all.yaml", json.dumps(document))

    def write(self, name: str, text: str) -> None:
        """A file of the specs. JSON is YAML, so the reader is the real one."""
        (self._specs / name).write_text(text, encoding="utf-8")

    def state(self, base: str | None = None) -> DesiredState:
        return app.load_or_raise(self._specs, self._environment(), lambda _: None, base)

    def plan(self, *, releases: tuple[Release, ...] = ()) -> Planned:
        options = app.PlanOptions(read="full", releases=releases)
        made = app.plan(self.state(), options, self._environment(), self._pseudonyms)
        return Planned(plan=made, saved=save(made, self._pseudonyms))

    def apply(
        self, planned: Planned, *, resume: bool = False, dies_after: int | None = None
    ) -> ApplyResult:
        """`dies_after` counts looks at the clock; dying raises `Killed`."""
        approved, state = app.check_usable(
            planned.saved,
            self.state(),
            self._environment(),
            self._pseudonyms,
            resume=resume,
            under=self.state,
        )
        return app.apply(
            app.ApplyRequest(
                plan=planned.saved,
                commitment=approved,
                state=state,
                only=(),
                environment=self._environment(dies_after),
                pseudonyms=self._pseudonyms,
                control=Cancellation(),
            )
        )

    def people(self) -> dict[str, Person]:
        """The truth, by e-mail address."""
        return {one.email or one.id: one for one in self.server.people()}

    def ever_held(self) -> Iterator[Person]:
        """Everybody as they were after each request since the beginning."""
        for asked in self.proxy.asked:
            yield from asked.after

    def asked_while(self, planned: Planned) -> tuple[ApplyResult, Sequence[Asked]]:
        """Applies, and what was asked for it."""
        before = len(self.proxy.asked)
        result = self.apply(planned)
        return result, self.proxy.asked[before:]

    @contextmanager
    def client(self) -> Iterator[Writer]:
        """The adapter as the program has it, on this store."""
        connection = app.open_store(self.state().stores[0], self._environment())
        try:
            yield connection.client
        finally:
            connection.session.close()

    def _environment(self, dies_after: int | None = None) -> app.Environment:
        return app.Environment(
            clock=self.clock if dies_after is None else quick_clock(dies_after),
            variables={
                "TOKEN": self.server.token,
                "RECONCILER_KEY": _KEY.decode(),
                "CI_COMMIT_SHA": "c0ffee",  # or git would be asked every time
            },
            folder=self.folder / "state",
        )


def told(result: ApplyResult) -> str:
    """What became of every step, for the message of a check that fails."""
    steps = [one for store in result.stores for one in store.outcomes]
    stops = [store.stopped for store in result.stores if store.stopped]
    return str((stops, [(one.step.kind, one.state, one.message, one.collateral) for one in steps]))


def states(result: ApplyResult) -> list[State]:
    return [one.state for store in result.stores for one in store.outcomes]


@contextmanager
def opened(subject: Subject, folder: Path) -> Iterator[Case]:
    """A server, the proxy before it and an empty folder; retries do not wait."""
    waits = not stamina.is_testing()
    stamina.set_testing(True, attempts=5, cap=True)
    try:
        with subject.serve() as server:
            proxy = Proxy(server.url, lambda: tuple(server.people()))
            with serving(proxy):
                yield Case(subject, server, proxy, folder)
    finally:
        if waits:
            stamina.set_testing(False)
