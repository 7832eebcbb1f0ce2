"""A simulated store with specs of its own, planned and applied over a real loopback socket."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler import app
from reconciler.apply.cancellation import Cancellation
from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import DesiredState, RiskClass
from reconciler.plan.outcome import ApplyResult, State
from reconciler.planfile.encode import encode
from reconciler.planfile.save import save
from reconciler.planfile.saved import SavedPlan
from reconciler.planfile.verify import verified
from reconciler.sandbox import Sandbox
from reconciler.testing import clock
from reconciler.testing.check import GRANT

PLATFORMS = ("genstore", "shoplazza", "shopline")
VARIANTS = (*PLATFORMS, "shoplazza-2022")
KEY = b"a key for tests, longer than 32 bytes"

Json = dict[str, Any]


Killed = clock.Killed
quick_clock = clock.quick_clock


class Shop:
    """`plan` and `apply` go the way of the commands, without the command line."""

    def __init__(self, folder: Path, box: Sandbox, url: str, variant: str) -> None:
        self.box = box
        self.folder = folder
        self.specs = folder / "specs"
        self.specs.mkdir(parents=True, exist_ok=True)
        self.variant = variant
        self.url = url
        self.settings: Json = {}
        self.policy: Json = {}
        self.told: dict[str, str] = {}  # what a pipeline's environment would tell
        self.pseudonyms = Pseudonyms(KEY)
        self.clock: Clock | None = None  # set for a test that needs real waiting, or another day
        self.warnings: list[Diagnostic] = []
        self.want()

    @property
    def environment(self) -> app.Environment:
        return self.mortal(None)

    def mortal(self, dies_after: int | None) -> app.Environment:
        return app.Environment(
            clock=self.clock or quick_clock(dies_after),
            variables={
                "TOKEN": self.box.token,
                "RECONCILER_KEY": KEY.decode(),
                "CI_COMMIT_SHA": "c0ffee",  # or git would be asked every time
                **self.told,
            },
            folder=self.folder / ".reconciler",
        )

    def want(
        self,
        *customers: Json,
        tags: Sequence[Json] = (),
        consents: Sequence[Json] = (),
        approvals: Sequence[Json] = (),
    ) -> None:
        """Writes the specs. JSON is YAML, so the reader is the real one."""
        store: Json = {
            "platform": self.box.platform,
            "shop": self.box.shop,
            "base_url": self.url,
            "token": {"env": "TOKEN"},
            "rate": {"per_second": 1000, "burst": 1000},
            "phone_region": "CN",
            "timezone": "UTC",
            "limits": {
                risk: {"percent": 100, "at_least": 100000, "at_most": 100000}
                for risk in ("tag", "profile", "create", "grant", "delete")
            },
            **({"api_version": "2022-01"} if self.variant == "shoplazza-2022" else {}),
            **self.settings,
        }
        told = {name: value for name, value in store.items() if value is not None}
        document: Json = {"stores": {"shop": told}, "store": "shop"}
        sections = {
            "policy": self.policy,
            "customers": list(customers),
            "tags": list(tags),
            "consents": list(consents),
            "approvals": list(approvals),
        }
        document |= {name: value for name, value in sections.items() if value}
        text = json.dumps(document, indent=1, ensure_ascii=False)
        (self.specs / "all.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")

    def reset(self, records: Iterable[Json], switches: Mapping[str, object] | None = None) -> None:
        """Another store and another folder of state, at the same address."""
        shutil.rmtree(self.folder / ".reconciler", ignore_errors=True)
        self.box.reset(records, switches)

    def state(self, base: str | None = None) -> DesiredState:
        self.warnings = []
        return app.load_or_raise(self.specs, self.environment, self.warnings.append, base)

    def plan(self, *, base: str | None = None, **choices: Any) -> Json:
        """The content of the plan's file."""
        return encode(self.saved(base=base, **choices))

    def saved(self, *, base: str | None = None, **choices: Any) -> SavedPlan:
        made = app.plan(
            self.state(base), app.PlanOptions(**choices), self.environment, self.pseudonyms
        )
        return save(made, self.pseudonyms)

    def apply(
        self,
        body: Json,
        *,
        only: Iterable[RiskClass] = (),
        resume: bool = False,
        control: Cancellation | None = None,
        dies_after: int | None = None,
    ) -> ApplyResult:
        """`dies_after` counts journal lines; dying raises `Killed`."""
        state = self.state()
        plan = verified(body, self.pseudonyms)
        commitment, state = app.check_usable(
            plan, state, self.environment, self.pseudonyms, resume=resume, under=self.state
        )
        order = app.ApplyRequest(
            plan=plan,
            commitment=commitment,
            state=state,
            only=tuple(only),
            environment=self.mortal(dies_after),
            pseudonyms=self.pseudonyms,
            control=control or Cancellation(),
        )
        return app.apply(order)

    def converge(self) -> ApplyResult:
        """Plan and apply; whatever was planned must be done, and planning again be empty."""
        body = self.plan()
        assert not any(store["error"] for store in body["stores"])
        assert not body["summary"]["blocked"], body["verdicts"]
        result = self.apply(body)
        assert result.complete, told(result)
        assert self.plan()["changes"] == []
        return result

    def live(self, email: str) -> Json:
        """The truth about the customer with this address."""
        found = [one for one in self.box.customers() if one["email"] == email]
        assert len(found) == 1, f"{len(found)} customers have this address"
        return found[0]

    def journal(self) -> str:
        return "".join(
            path.read_text() for path in sorted((self.folder / ".reconciler").rglob("*.jsonl"))
        )


def told(result: ApplyResult) -> list[Any]:
    return [
        (
            store.stopped,
            [(one.step.kind, one.state, one.message, one.collateral) for one in store.outcomes],
        )
        for store in result.stores
    ]


def states(result: ApplyResult) -> list[State]:
    return [one.state for store in result.stores for one in store.outcomes]


def verdicts(body: Json) -> list[tuple[str, str]]:
    return [(one["level"], one["rule"]) for one in body["verdicts"]]


@contextmanager
def opened(
    folder: Path,
    variant: str,
    records: Iterable[Json] = (),
    switches: Mapping[str, object] | None = None,
) -> Iterator[Shop]:
    box = Sandbox(variant.partition("-")[0], switches=switches, rate="off")
    box.seed(records)
    with box.serving() as url:
        yield Shop(folder, box, url, variant)


def consent(state: str = "not_subscribed", at: str | None = None, actor: str | None = None) -> Json:
    return {"state": state, "at": at, "actor": actor}


def person(email: str | None = "ada@example.com", /, **fields: Any) -> Json:
    """A live customer, never asked for consent unless told otherwise."""
    return {
        "email": email,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "tags": [],
        "consent": {"email": consent(), "sms": consent()},
        **fields,
    }


def grant(**evidence: Any) -> Json:
    """A consent with all the evidence that any policy may ask for."""
    return {**GRANT, **evidence}
