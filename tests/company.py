"""Several simulated stores of one controller, with specs of their own, planned and applied."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler import app
from reconciler.apply.cancellation import Cancellation
from reconciler.clock import Clock
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import DesiredState, RiskClass
from reconciler.plan.outcome import ApplyResult
from reconciler.planfile.encode import encode
from reconciler.planfile.save import save
from reconciler.planfile.verify import verified
from reconciler.sandbox import Sandbox
from tests.harness import KEY, quick_clock

Json = dict[str, Any]


class Company:
    """`stores` by name, each with its simulator and its address."""

    def __init__(self, folder: Path, stores: Mapping[str, tuple[Sandbox, str]]) -> None:
        self.folder = folder
        self.specs = folder / "specs"
        self.specs.mkdir(parents=True, exist_ok=True)
        self.stores = dict(stores)
        self.controllers: dict[str, str | None] = dict.fromkeys(stores, "acme")
        self.settings: Json = {}
        self.policy: Json = {}
        self.wanted: dict[str, list[Json]] = {name: [] for name in stores}
        self.told: dict[str, str] = {}
        self.state_folder = folder / ".reconciler"
        self.clock: Clock | None = None
        self.pseudonyms = Pseudonyms(KEY)
        self.want()

    @property
    def environment(self) -> app.Environment:
        tokens = {f"TOKEN_{name.upper()}": box.token for name, (box, _) in self.stores.items()}
        return app.Environment(
            clock=self.clock or quick_clock(None),
            variables={
                **tokens,
                "RECONCILER_KEY": KEY.decode(),
                "CI_COMMIT_SHA": "c0ffee",
                **self.told,
            },
            folder=self.state_folder,
        )

    def want(self, **customers: Iterable[Json]) -> None:
        """What is wanted of each store that is named; the others stay as they were."""
        self.wanted |= {name: list(every) for name, every in customers.items()}
        stores = {name: self._settings(name) for name in self.stores}
        (self.specs / "stores.yaml").write_text(
            json.dumps({"stores": stores} | ({"policy": self.policy} if self.policy else {}))
        )
        for name, every in self.wanted.items():
            document: Json = {"store": name} | ({"customers": every} if every else {})
            (self.specs / f"{name}.yaml").write_text(json.dumps(document))

    def _settings(self, name: str) -> Json:
        box, url = self.stores[name]
        controller = self.controllers[name]
        return {
            "platform": box.platform,
            "shop": box.shop,
            "base_url": url,
            "token": {"env": f"TOKEN_{name.upper()}"},
            "rate": {"per_second": 1000, "burst": 1000},
            "phone_region": "CN",
            "timezone": "UTC",
            "limits": {
                risk: {"percent": 100, "at_least": 100000, "at_most": 100000}
                for risk in ("tag", "profile", "create", "grant", "delete")
            },
            **({} if controller is None else {"controller": controller}),
            **self.settings,
        }

    def state(self, base: str | None = None) -> DesiredState:
        return app.load_or_raise(self.specs, self.environment, lambda _: None, base)

    def plan(self, **choices: Any) -> Json:
        made = app.plan(self.state(), app.PlanOptions(**choices), self.environment, self.pseudonyms)
        return encode(save(made, self.pseudonyms))

    def apply(self, body: Json, *, only: Iterable[RiskClass] = ()) -> ApplyResult:
        plan = verified(body, self.pseudonyms)
        commitment, state = app.check_usable(
            plan, self.state(), self.environment, self.pseudonyms, resume=False, under=self.state
        )
        return app.apply(
            app.ApplyRequest(
                plan=plan,
                commitment=commitment,
                state=state,
                only=tuple(only),
                environment=self.environment,
                pseudonyms=self.pseudonyms,
                control=Cancellation(),
            )
        )

    def consent(self, store: str, email: str, channel: str = "email") -> str:
        (found,) = [one for one in self.stores[store][0].customers() if one["email"] == email]
        return str(found["consent"][channel]["state"])

    def clicks(self, store: str, email: str, state: str, channel: str = "email") -> None:
        """The person's own act in one store."""
        box = self.stores[store][0]
        for one in box.customers():
            if one["email"] == email:
                box.person(one["id"], channel, state)


class Days:
    """A time that the stores and the client share, and that a test moves."""

    def __init__(self, start: datetime) -> None:
        self.at = start

    def now(self) -> datetime:
        """Never the same twice."""
        self.at += timedelta(seconds=1)
        return self.at

    def clock(self) -> Clock:
        quick = quick_clock(None)
        return Clock(now=self.now, monotonic=quick.monotonic, sleep=quick.sleep)


@contextmanager
def company(
    folder: Path,
    platforms: Mapping[str, str],
    records: Mapping[str, Iterable[Json]],
    days: Days | None = None,
) -> Iterator[Company]:
    """`platforms` and `records` by the names of the stores."""
    with ExitStack() as stack:
        stores = {}
        for name, platform in platforms.items():
            now = None if days is None else days.now
            box = Sandbox(platform, rate="off", shop=f"{name}-shop", now=now)
            box.seed(records.get(name, ()))
            stores[name] = (box, stack.enter_context(box.serving()))
        found = Company(folder, stores)
        found.clock = None if days is None else days.clock()
        yield found
