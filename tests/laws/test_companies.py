"""Law over histories of a company with two stores, one controller, and a person who changes her mind.

Whoever said no last is subscribed nowhere; nobody's own later yes is taken back, where the store
shows that it is theirs, and, without what another job noted, where stores date what they show; and every opt-out is in every store once a plan was applied, or is told to
wait. Over creates, deletes, renames, reverts, lists of opt-outs, lost registers and state folders,
rotated keys, compacted registers, jobs that go on apart with copies of all, and stores that are away.
"""

import random
import shutil
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.errors import BlockedPlanError
from reconciler.model.settings import RiskClass
from tests.company import Company, Days, company
from tests.harness import KEY, consent, grant, person, told
from tests.program import run

Json = dict[str, Any]
ADA: Final = "ada@example.com"
NEW: Final = "new@example.com"
START: Final = datetime(2026, 3, 1, tzinfo=UTC)
OLD: Final = "2026-01-01T00:00:00+00:00"
YES: Final = {
    "email": consent("subscribed", "2026-02-01T00:00:00+00:00", "person"),
    "sms": consent(),
}
PLATFORMS: Final = ("genstore", "shoplazza", "shopline")
WANTED: Final[tuple[Json, ...]] = (
    {"email": ADA},
    {"email": ADA, "consent": {"email": grant(given_at=OLD)}},
    {"email": ADA, "consent": {"email": "unsubscribed"}},
    {"email": ADA, "tags": {"add": ["vip"]}},
    {"email": ADA, "state": "absent", "reason": "left"},
    {"email": NEW, "previously": {"email": ADA}},
    {"email": ADA, "previously": {"email": NEW}, "consent": {"email": grant(given_at=OLD)}},
)


class _History:
    """`out_at` is when the person said no last, `back` the store where they said yes after that."""

    def __init__(self, both: Company, days: Days, seed: int) -> None:
        self.both = both
        self.days = days
        self.random = random.Random(seed)
        self.out_at: datetime | None = None
        self.gave: set[str] = set()
        self.back: str | None = None
        self.came_back = self.doubted = False
        self.withdrawn = False
        self.log: list[str] = []
        table = both.folder / "none.csv"
        table.write_text("email,date\n")
        for name in both.stores:
            assert self._register("import", table, "--store", name).code == 0

    def step(self) -> None:
        self.days.at += timedelta(hours=self.random.choice((2, 30)))
        name, deed = self.random.choice(
            (
                ("no", self._says_no),
                ("no", self._says_no),
                ("yes", self._says_yes),
                ("yes", self._says_yes),
                ("wants", self._wants),
                ("wants", self._wants),
                ("wants", self._wants),
                ("removed", self._removed),
                ("rotates", self._rotates),
                ("journals", self._loses_journals),
                ("compacts", self._compacts),
                ("apart", self._goes_on_apart),
                ("apart", self._goes_on_apart),
                ("away", self._is_away),
                ("listed", self._is_listed),
                ("register", self._loses_registers),
                ("all", self._loses_all),
            )
        )
        self.log.append(name)
        deed()
        self.days.at += timedelta(hours=2)
        self._reconcile()
        self._check()

    def _store(self) -> str:
        return self.random.choice(sorted(self.both.stores))

    def _says_no(self) -> None:
        name = self._store()
        self.log.append(name)
        if set(self._states(name)) - {"unsubscribed"}:  # who is out already shows nothing new
            self.both.clicks(name, ADA, "unsubscribed")
            self.out_at, self.back, self.came_back = self.days.at, None, False
            self.gave.add(name)
            self.both.plan()

    def _says_yes(self) -> None:
        """Only what its store can show to be theirs counts: who acted and when, or that they came
        back where they had left.
        """
        name = self._store()
        self.log.append(name)
        if not self._records(name):
            return
        self.both.clicks(name, ADA, "subscribed")
        platform = self.both.stores[name][0].platform
        if self.out_at is not None and platform != "shopline" and self.doubted:
            self.came_back = True  # or not: nobody can tell by now which store gave the no
        elif self.out_at is not None and (platform == "shopline" or self.gave == {name}):
            self.back = name
            if platform == "shopline":
                self.out_at, self.gave = None, set()
        self.both.plan()

    def _wants(self) -> None:
        name = self._store()
        wanted = self.random.choice(WANTED)
        box = self.both.stores[name][0]
        if "state" in wanted and box.platform == "shoplazza":
            return
        self.log.append(f"{name} {wanted}")
        self.both.want(**{name: [wanted]})
        if wanted.get("consent") == {"email": "unsubscribed"} or "state" in wanted:
            self.withdrawn = True

    def _removed(self) -> None:
        self.both.plan()
        name = self._store()
        box = self.both.stores[name][0]
        for one in box.customers():
            box.remove(one["id"])
        if self.back == name:
            self.came_back, self.back = True, None

    def _rotates(self) -> None:
        before = [self.both.told.get("RECONCILER_REGISTER_KEY", KEY.decode())]
        before += self.both.told.get("RECONCILER_REGISTER_KEYS_BEFORE", "").split("\n")
        self.both.told = {
            "RECONCILER_REGISTER_KEY": f"{self.random.getrandbits(256):064x}",
            "RECONCILER_REGISTER_KEYS_BEFORE": "\n".join(one for one in before if one),
        }

    def _loses_journals(self) -> None:
        shutil.rmtree(self.both.folder / ".reconciler" / "journals", ignore_errors=True)

    def _compacts(self) -> None:
        if list(self._registers().glob("*.jsonl")):
            assert self._register("compact").code == 0

    def _goes_on_apart(self) -> None:
        """Two jobs go on from one state, each with a copy of its own, and their lines are merged."""
        there, here = self.both.folder / "there", self.both.state_folder
        shutil.rmtree(there, ignore_errors=True)
        if not here.exists():
            return
        shutil.copytree(here, there)
        for folder in (there, here):
            deed = self.random.choice((self._says_no, self._says_yes, lambda: None))
            self.both.state_folder = folder
            deed()
            self.days.at += timedelta(hours=1)
            self._reconcile()
        self._doubts()
        if list(self._registers(there).glob("*.jsonl")):
            assert self._register("merge", self._registers(there)).code == 0, self.log
        if (there / "audit").exists():
            assert self._run("audit", "merge", there).code == 0, self.log
            assert self._run("audit", "verify").code == 0, self.log

    def _doubts(self) -> None:
        """Whoever does not have what we noted cannot tell our noes from theirs, where a store does
        not date them, and doubt goes to the opt-out.
        """
        if {box.platform for box, _ in self.both.stores.values()} == {"shopline"}:
            return
        self.came_back, self.back = self.came_back or self.back is not None, None
        self.doubted = True

    def _is_away(self) -> None:
        """A store cannot be reached, and what waits there is told."""
        name = self._store()
        box, url = self.both.stores[name]
        self.both.stores[name] = (box, "http://127.0.0.1:9")
        self.both.want()
        body = self.both.plan()
        rules = [(one["rule"], one["store"]) for one in body["verdicts"]]
        assert ("controller.unread", name) in rules, self.log
        self._carry_out(body)
        self.both.stores[name] = (box, url)
        self.both.want()
        (other,) = {*self.both.stores} - {name}
        if self._is_out:
            assert "subscribed" not in self._states(other), f"{other} {self.log}"

    def _is_listed(self) -> None:
        """A letter: no more mails, from anybody of you."""
        table = self.both.folder / "list.csv"
        table.write_text(f"email,date\n{ADA.upper()},{self.days.at.isoformat()}\n")
        assert self._register("import", table, "--store", self._store()).code == 0, self.log
        self.out_at, self.back, self.came_back = self.days.at, None, False
        self.gave.add("a list")

    def _loses_registers(self) -> None:
        """The trail stays, and tells that there were some; then they are found again."""
        self._loses(self._registers())

    def _loses_all(self) -> None:
        self._loses(self.both.state_folder)

    def _loses(self, folder: Path) -> None:
        if not list(self._registers().glob("*.jsonl")):
            return
        kept = self.both.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self._registers(), kept)
        shutil.rmtree(folder)
        for _ in range(2):
            self._wants()
            self._reconcile()
            if self._is_out:
                assert not any("subscribed" in self._states(name) for name in self.both.stores), (
                    self.log
                )
        self._doubts()
        assert self._register("merge", kept).code == 0, self.log

    def _registers(self, folder: Path | None = None) -> Path:
        return (folder or self.both.state_folder) / "opt-outs"

    def _register(self, *words: object) -> Any:
        return self._run("register", *words)

    def _run(self, *words: object) -> Any:
        env = {"RECONCILER_KEY": KEY.decode(), **self.both.told}
        folder = self.both.state_folder
        return run(*words, "--specs", self.both.specs, "--state-dir", folder, env=env)

    def _reconcile(self) -> None:
        body = self.both.plan()
        assert not any(one["error"] for one in body["stores"]), self.log
        self._carry_out(body)

    def _carry_out(self, body: Json) -> None:
        only = [RiskClass.WITHDRAW]
        try:
            result = self.both.apply(body, only=only if body["summary"]["blocked"] else [])
        except BlockedPlanError:  # the plan had no key of its own, and said that it did not ask
            result = self.both.apply(body, only=only)
        assert not any(store.stopped for store in result.stores), (self.log, told(result))
        if list(self._registers().glob("*.jsonl")):
            assert self._register("verify").code == 0, self.log

    @property
    def _is_out(self) -> bool:
        """Whether a no of theirs is the last that they said."""
        return self.out_at is not None and self.back is None and not self.came_back

    def _check(self) -> None:
        for name in self.both.stores:
            subscribed = "subscribed" in self._states(name)
            if self._is_out:
                assert not subscribed, f"{name} {self.log}"
            if self.back == name and not self.withdrawn and self._records(name):
                assert subscribed, f"{name} {self.log}"

    def _records(self, name: str) -> list[Json]:
        every = self.both.stores[name][0].customers()
        return [one for one in every if one["email"] == ADA]  # a consent belongs to its address

    def _states(self, name: str) -> list[str]:
        return [one["consent"]["email"]["state"] for one in self._records(name)]


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(one, marks=pytest.mark.slow) for one in range(2, 40))]
)
@pytest.mark.parametrize(("first", "second"), list(product(PLATFORMS, PLATFORMS)))
def test_an_opt_out_reaches_every_store_and_a_later_yes_of_their_own_stays(
    tmp_path: Path, first: str, second: str, seed: int
) -> None:
    days = Days(START)
    there = {"us": [person(ADA, consent=YES)], "eu": [person(ADA, consent=YES)]}
    with company(tmp_path, {"us": first, "eu": second}, there, days) as both:
        both.policy = {"register": "required"}
        both.want(us=[{"email": ADA}], eu=[{"email": ADA}])
        history = _History(both, days, seed)
        for _ in range(10):
            history.step()
