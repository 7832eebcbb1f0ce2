"""Law over histories of a company with two stores, one controller, and people who change their minds.

Whoever said no last is subscribed nowhere; nobody's own later yes is taken back, where the store
shows that it is theirs, and, without what another job noted, where stores date what they show; and
every opt-out is in every store once a plan was applied, or is told to wait. That holds for each
address and each number by itself: what was said of one says nothing of another. Over creates,
deletes, renames, reverts, lists of opt-outs, lost registers and state folders, rotated keys,
compacted registers, jobs that go on apart with copies of all, and stores that are away.
"""

import random
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from reconciler.errors import BlockedPlanError
from reconciler.model.settings import Release, RiskClass
from tests.company import Company, Days, company
from tests.harness import KEY, consent, grant, person, told
from tests.program import run

Json = dict[str, Any]
Contact: TypeAlias = tuple[str, str]
ADA: Final = "ada@example.com"
CY: Final = "cy@example.com"
NUMBER: Final = "+8613800000001"
MOVED: Final = {"email": "new@example.com", "phone": "+8613800000002"}
START: Final = datetime(2026, 3, 1, tzinfo=UTC)
OLD: Final = "2026-01-01T00:00:00+00:00"
YES: Final = consent("subscribed", "2026-02-01T00:00:00+00:00", "person")
PLATFORMS: Final = ("genstore", "shoplazza", "shopline")
CHANNELS: Final = {"email": "email", "phone": "sms"}
"""What a consent is for, by the contact."""
CASTS: Final[tuple[tuple[Json, ...], ...]] = (
    ({"email": ADA},),
    ({"email": ADA, "phone": NUMBER},),
    ({"phone": NUMBER},),
    ({"email": ADA, "phone": NUMBER}, {"email": CY, "phone": NUMBER}),
)
"""Who is in both stores, by all that they are called; two people may share a number."""


def _record(contacts: Json) -> Json:
    consents = {
        channel: YES if kind in contacts else consent() for kind, channel in CHANNELS.items()
    }
    return person(contacts.get("email"), phone=contacts.get("phone"), consent=consents)


@dataclass
class _Word:
    """What was said for one address or number. `out_at` is when they said no last, `gave` names the
    stores that showed it, and `records` those of theirs; `back` the store where they said yes after
    that; `came_back` says that they may have, somewhere; `buried` is the store that erased them, if
    that was last. Of whoever was erased `stood` are the records that still stand, by store. Where the record that said yes first still stands, and nothing else was
    said, the store is among the `quiet`.
    """

    quiet: set[str]
    out_at: datetime | None = None
    gave: set[str] = field(default_factory=set)
    back: str | None = None
    came_back: bool = False
    withdrawn: bool = False
    buried: str | None = None
    records: set[tuple[str, str]] = field(default_factory=set)
    stood: dict[str, set[str]] = field(default_factory=dict)

    @property
    def is_out(self) -> bool:
        """Whether a no of theirs is the last that they said."""
        return self.out_at is not None and self.back is None and not self.came_back

    def says_no(self, at: datetime, where: str, record: tuple[str, str] | None = None) -> None:
        self.out_at, self.back, self.came_back, self.buried = at, None, False, None
        self.gave.add(where)
        if record is not None:
            self.records.add(record)
        self.quiet.clear()

    def may_be_back(self) -> None:
        self.came_back, self.back = True, None


class _History:
    """`words` is what was said for each contact, `doubted` that nobody can tell any more which
    store gave a no.
    """

    def __init__(self, both: Company, days: Days, cast: tuple[Json, ...], seed: object) -> None:
        self.both = both
        self.days = days
        self.cast = cast
        self.random = random.Random(str(seed))
        self.words = {contact: _Word(set(both.stores)) for one in cast for contact in one.items()}
        self.doubted = False
        self.buried: list[tuple[_Word, datetime, str]] = []
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
                ("released", self._releases),
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

    def _contact(self) -> Contact:
        return self.random.choice(sorted(self.words))

    def _says_no(self) -> None:
        name, contact = self._store(), self._contact()
        self.log.append(f"{name} {contact}")
        # Whoever is out already shows nothing new.
        there = [
            one for one in self._records(name, contact) if _state(one, contact) != "unsubscribed"
        ]
        if there:
            one = self.random.choice(there)
            self._clicks(name, one, contact, "unsubscribed")
            self.words[contact].says_no(self.days.at, name, (name, one["id"]))
            self.both.plan()

    def _says_yes(self) -> None:
        """Only what its store can show to be theirs counts: who acted and when, or that they came
        back where they had left.
        """
        name, contact = self._store(), self._contact()
        self.log.append(f"{name} {contact}")
        there = self._records(name, contact)
        if not there:
            return
        one = self.random.choice(there)
        self._clicks(name, one, contact, "subscribed")
        word, platform = self.words[contact], self.both.stores[name][0].platform
        word.records.discard((name, one["id"]))
        if word.out_at is not None and platform != "shopline" and self.doubted:
            word.came_back = True  # or not: nobody can tell by now which store gave the no
        elif platform != "shopline" and any((name, other["id"]) in word.records for other in there):
            pass  # another record of theirs goes on saying no
        elif word.out_at is not None and (platform == "shopline" or word.gave == {name}):
            word.back = name
            if platform == "shopline":
                word.out_at, word.gave = None, set()
        self.both.plan()

    def _clicks(self, name: str, one: Json, contact: Contact, state: str) -> None:
        self.both.stores[name][0].person(one["id"], CHANNELS[contact[0]], state)

    def _wants(self) -> None:
        name = self._store()
        who = self.random.choice(self.cast)
        kinds = self.random.sample(sorted(who), self.random.randint(1, len(who)))
        named = {kind: who[kind] for kind in sorted(kinds)}
        wish = self.random.choice((self._plain, self._asks, self._asks, self._gone, self._moves))
        wanted = wish(name, who, named)
        self.log.append(f"{name} {wanted}")
        self.both.want(**{name: [wanted]})

    def _plain(self, _name: str, _who: Json, named: Json) -> Json:
        return named | self.random.choice(({}, {"tags": {"add": ["vip"]}}))

    def _asks(self, _name: str, _who: Json, named: Json) -> Json:
        """Out of any channel; in by evidence of before or of now, where the contact is named."""
        kinds = self.random.sample(sorted(CHANNELS), self.random.randint(1, 2))
        consents: Json = {}
        for kind in sorted(kinds):
            if kind not in named or self.random.random() < 0.3:
                consents[CHANNELS[kind]] = "unsubscribed"
                self._withdraws(kind)
                continue
            at = self.random.choice((OLD, self.days.at.isoformat()))
            consents[CHANNELS[kind]] = grant(given_at=at)
            if at != OLD:
                self.words[kind, named[kind]].may_be_back()
        return named | {"consent": consents}

    def _gone(self, _name: str, _who: Json, named: Json) -> Json:
        for kind in CHANNELS:
            self._withdraws(kind)
        reason = self.random.choice(("left", "erasure request 418", "erasure request 418"))
        return named | {"state": "absent", "reason": reason}

    def _moves(self, name: str, _who: Json, named: Json) -> Json:
        """To another address or number, or back; at times with the consent of old for it."""
        kind, held = self.random.choice(sorted(named.items()))
        one, other = self.random.choice(((held, MOVED[kind]), (MOVED[kind], held)))
        consents = self.random.choice(({}, {"consent": {CHANNELS[kind]: grant(given_at=OLD)}}))
        for word in self.words.values():
            word.quiet.discard(name)
        return {**named, kind: other, "previously": {kind: one}, **consents}

    def _withdraws(self, kind: str) -> None:
        for (one, _), word in self.words.items():
            if one == kind:
                word.withdrawn = True
                word.quiet.clear()

    def _releases(self) -> None:
        """The files have a new relation of whoever was erased, and somebody lifts the tombstone."""
        self._buried_are_out()
        erased = sorted(contact for contact, word in self.words.items() if word.stood)
        if not erased:
            return
        name, (kind, text) = self._store(), self.random.choice(erased)
        yes = {CHANNELS[kind]: grant(given_at=self.days.at.isoformat())}
        self.days.at += timedelta(hours=1)
        self.both.want(**{name: [{kind: text, "consent": yes}]})
        body = self.both.plan(releases=(Release(rule="register.erased"),))
        self.words[kind, text].stood.clear()
        self.words[kind, text].may_be_back()
        self._carry_out(body)

    def _removed(self) -> None:
        self.both.plan()
        name = self._store()
        self.log.append(name)
        box = self.both.stores[name][0]
        for one in box.customers():
            box.remove(one["id"])
        for word in self.words.values():
            word.quiet.discard(name)
            if word.back == name:
                word.may_be_back()

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
        for word in self.words.values():
            word.came_back, word.back = word.came_back or word.back is not None, None
            if word.quiet != {*self.both.stores}:  # a record of ours may look like a no
                word.quiet.clear()
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
        self._check_out(other)

    def _is_listed(self) -> None:
        """A letter: no more mails, or no more texts, from anybody of you."""
        kind, text = contact = self._contact()
        table = self.both.folder / "list.csv"
        table.write_text(f"{kind},date\n{text.upper()},{self.days.at.isoformat()}\n")
        self.log.append(f"{contact}")
        assert self._register("import", table, "--store", self._store()).code == 0, self.log
        self.words[contact].says_no(self.days.at, "a list")

    def _loses_registers(self) -> None:
        """The trail stays, and tells that there were some; then they are found again."""
        self._loses(self._registers())

    def _loses_all(self) -> None:
        self._loses(self.both.state_folder)

    def _loses(self, folder: Path) -> None:
        if not list(self._registers().glob("*.jsonl")):
            return
        untold, self.buried = self.buried, []  # only what is lost knows of them
        kept = self.both.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self._registers(), kept)
        shutil.rmtree(folder)
        for _ in range(2):
            self._wants()
            self._reconcile()
            self._check_erased()
            for name in self.both.stores:
                self._check_out(name)
            self._doubts()
        assert self._register("merge", kept).code == 0, self.log
        self.buried += untold

    def _registers(self, folder: Path | None = None) -> Path:
        return (folder or self.both.state_folder) / "opt-outs"

    def _register(self, *words: object) -> Any:
        return self._run("register", *words)

    def _run(self, *words: object) -> Any:
        env = {"RECONCILER_KEY": KEY.decode(), **self.both.told}
        folder = self.both.state_folder
        return run(*words, "--specs", self.both.specs, "--state-dir", folder, env=env)

    def _reconcile(self) -> None:
        self._buried_are_out()
        body = self.both.plan()
        assert not any(one["error"] for one in body["stores"]), self.log
        self._carry_out(body)

    def _buried_are_out(self) -> None:
        """The plan after the one that erased somebody takes them out of the other stores."""
        for word, at, name in self.buried:
            word.says_no(at, name)
            word.buried = name
        self.buried.clear()

    def _carry_out(self, body: Json) -> None:
        before = {name: box.customers() for name, (box, _) in self.both.stores.items()}
        only = [RiskClass.WITHDRAW]
        try:
            result = self.both.apply(body, only=only if body["summary"]["blocked"] else [])
        except BlockedPlanError:  # the plan had no key of its own, and said that it did not ask
            result = self.both.apply(body, only=only)
        if any("register of opt-outs is not here" in store.stopped for store in result.stores):
            result = self.both.apply(self.both.plan(), only=only)  # one store is kept, others not
        assert not any(store.stopped for store in result.stores), (self.log, told(result))
        if list(self._registers().glob("*.jsonl")):
            assert self._register("verify").code == 0, self.log
        for name, those in before.items():
            self._bury(name, those)

    def _bury(self, name: str, before: list[Json]) -> None:
        """Whom an apply has just erased, by all that their record was called and their entry says."""
        entries = [one for one in self.both.wanted[name] if "erasure" in one.get("reason", "")]
        there = {one["id"] for one in self.both.stores[name][0].customers()}
        for entry in entries:
            called = [(kind, entry[kind]) for kind in CHANNELS if kind in entry]
            gone = [
                one
                for one in before
                if one["id"] not in there and any(_is_for(one, contact) for contact in called)
            ]
            for contact, word in self.words.items():
                if gone and (contact in called or any(_is_for(one, contact) for one in gone)):
                    self.buried.append((word, self.days.at, name))
                    word.stood = {store: self._ids(store, contact) for store in self.both.stores}

    def _ids(self, name: str, contact: Contact) -> set[str]:
        return {one["id"] for one in self._records(name, contact)}

    def _check_erased(self) -> None:
        """Nobody is made again, or put in the place of another; who stood in a store may stay."""
        for contact, word in self.words.items():
            for name, stood in word.stood.items():
                now = self._ids(name, contact)
                assert now <= stood, f"{name} {contact} {self.log}"
                word.stood[name] = now

    def _check(self) -> None:
        self._check_erased()
        for name in self.both.stores:
            self._check_out(name)
            for contact, word in self.words.items():
                states = [_state(one, contact) for one in self._records(name, contact)]
                if word.back == name and not word.withdrawn and states:
                    assert "subscribed" in states, f"{name} {contact} {self.log}"
                if name in word.quiet:
                    assert {*states} == {"subscribed"}, f"{name} {contact} {self.log}"

    def _check_out(self, name: str) -> None:
        """Of two records with one number both are, whichever said so; of one that was erased the
        other is another person, and stays in that store.
        """
        for contact, word in self.words.items():
            shared = sum(contact in one.items() for one in self.cast) > 1
            if word.is_out and not (shared and word.buried == name):
                states = [_state(one, contact) for one in self._records(name, contact)]
                assert "subscribed" not in states, f"{name} {contact} {self.log}"

    def _records(self, name: str, contact: Contact) -> list[Json]:
        """A consent belongs to its address, or number."""
        every = self.both.stores[name][0].customers()
        return [one for one in every if _is_for(one, contact)]


def _is_for(one: Json, contact: Contact) -> bool:
    kind, text = contact
    return one[kind] is not None and str(one[kind]).removeprefix("00").endswith(text.lstrip("+"))


def _state(one: Json, contact: Contact) -> str:
    return str(one["consent"][CHANNELS[contact[0]]]["state"])


def live_through(
    folder: Path, first: str, second: str, seed: int, cast_at: int | None = None
) -> None:
    """Ten steps of the history of a seed."""
    days = Days(START)
    if cast_at is None:
        cast_at = (seed + PLATFORMS.index(first) + PLATFORMS.index(second)) % len(CASTS)
    cast = CASTS[cast_at]
    there = {name: [_record(one) for one in cast] for name in ("us", "eu")}
    with company(folder, {"us": first, "eu": second}, there, days) as both:
        if len(cast) > 1:  # who share a number; else no record of theirs could be written
            for name, (box, _) in both.stores.items():
                box.reset(there[name], {"duplicates": "accepted"})
        both.policy = {"register": "required"}
        entries = [{"email": one["email"]} if "email" in one else one for one in cast]
        both.want(us=entries, eu=entries)
        history = _History(both, days, cast, f"{first} {second} {seed}")
        for _ in range(10):
            history.step()


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(one, marks=pytest.mark.slow) for one in range(1, 40))]
)
@pytest.mark.parametrize(("first", "second"), list(product(PLATFORMS, PLATFORMS)))
def test_an_opt_out_reaches_every_store_and_a_later_yes_of_their_own_stays(
    tmp_path: Path, first: str, second: str, seed: int
) -> None:
    live_through(tmp_path, first, second, seed)
