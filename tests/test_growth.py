"""What grows with its size and no faster, counted in steps."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.crowd import Crowd
from benchmarks.data import STORE, entry
from reconciler.cache.receipt import (
    KnownReading,
    Marks,
    StoreReceipt,
    opened,
    packed,
    row_of,
    sealed,
)
from reconciler.clock import system_clock
from reconciler.desired.files import SpecFile
from reconciler.desired.yaml_reader import parse
from reconciler.diagnostics import SourceMark
from reconciler.model.customer import ReadReceipt
from reconciler.model.entries import Entries
from reconciler.model.settings import Approval, DesiredState, Settings
from reconciler.plan.lift import LiftState
from reconciler.plan.lifts import lifts
from reconciler.plan.match import Index
from reconciler.plan.plan import Basis, Plan, StorePlan
from reconciler.plan.planner import compute
from reconciler.plan.reading import LiveCounts, StoreReading
from reconciler.plan.verdicts import Level, Verdict
from reconciler.planfile.encode import encode
from reconciler.planfile.save import save
from reconciler.state.journal import Event, Journal, JournalState, read
from tests.builders import MARK, NOW, desired, live, rules, tags
from tests.growth import grows_with_its_size, growth

pytestmark = pytest.mark.no_cover  # the work is counted here

SIZE = 200
RULES = rules()


def reading(size: int) -> Callable[[], object]:
    crowd = Crowd(size=size)
    people = "".join(entry(crowd.person(number)) for number in range(size))
    file = SpecFile(name="all.yaml", content=f"store: {STORE}\ncustomers:\n{people}".encode())
    return lambda: parse(file)


def comparing(size: int) -> Callable[[], StorePlan]:
    """Half of them differ."""
    entries = [
        desired(f"c{one}@example.com", first_name="New", tags=tags("vip")) for one in range(size)
    ]
    store = [
        live(str(one), f"c{one}@example.com", first_name="Old" if one % 2 else "New", tags=("vip",))
        for one in range(size)
    ]
    index, census = Index(entries, "CN"), LiveCounts()

    def work() -> StorePlan:
        for one in store:
            census.see(one)
            index.offer(one)
        receipt = ReadReceipt(mode="full", complete=True, read=size)
        read = StoreReading(index=index, census=census, receipt=receipt, customers=size)
        return compute(read, RULES, ())

    return work


def encoding(size: int) -> Callable[[], object]:
    part = comparing(size)()
    basis = Basis(
        tool="0",
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
        spec_digest="d" * 64,
        spec_files=1,
        read="full",
        raises=(),
        releases=(),
        selected=("shop",),
        settings_digest="e" * 64,
    )
    plan = Plan(basis=basis, stores=(part,))
    return lambda: encode(save(plan, RULES.pseudonyms))


def approving(size: int) -> Callable[[], object]:
    """Each customer is held, and each has an approval that releases this."""
    marks = [SourceMark("all.yaml", number + 1) for number in range(size)]
    entries = tuple(
        replace(desired(f"c{number}@example.com"), mark=mark) for number, mark in enumerate(marks)
    )
    approvals = tuple(
        Approval(
            raises=(),
            release="consent.undated-opt-out",
            acknowledges=None,
            identities=one.identities,
            reason="asked for",
            until=NOW + timedelta(days=1),
            stores=(),
            mark=MARK,
        )
        for one in entries
    )
    held = tuple(
        Verdict(
            rule="consent.undated-opt-out",
            level=Level.HOLD,
            store="shop",
            alias=f"cus_{number}",
            message="held",
            mark=mark,
            released=True,
        )
        for number, mark in enumerate(marks)
    )
    settings = Settings(stores=(RULES.store,), policy=RULES.policy, approvals=approvals)
    state = DesiredState(
        stores=settings.stores,
        policy=settings.policy,
        customers=(("shop", Entries.of(entries)),),
        meanings=(),
        reasoned=frozenset(),
        owned=(),
        approvals=approvals,
        files=1,
        at_hand=settings,
        folder="",
    )
    part = replace(comparing(1)(), verdicts=held)

    def work() -> None:
        found = lifts(state, ((), ()), (part,), NOW, RULES.pseudonyms)
        assert [one.state for one in found] == [LiftState.USED] * size

    return work


def keeping(size: int) -> Callable[[], object]:
    """A receipt sealed, opened, and asked for everybody."""
    entries = [desired(f"p{number}@example.com", tags=tags("vip")) for number in range(size)]
    marks = Marks(b"k" * 32, "shop")

    def work() -> None:
        rows = packed(
            (marks.names(one), row_of(one, str(number), marks, settled=True))
            for number, one in enumerate(entries)
        )
        receipt = StoreReceipt(rests_on="x", began=NOW, at=NOW, runs=0, noted="", rows=rows)
        again = opened(sealed({"shop": receipt}, b"k" * 32), b"k" * 32)["shop"]
        assert len(again.rows) == 40 * size
        known = KnownReading(again, marks)
        assert all(known.stands(one) for one in entries)

    return work


@pytest.mark.parametrize("work", [reading, comparing, encoding, approving, keeping])
def test_it_grows_with_its_size(work: Callable[[int], Callable[[], object]]) -> None:
    grows_with_its_size(work, SIZE)


def test_a_resume_grows_with_its_journal(tmp_path: Path) -> None:
    """One of a run that a kill cut off, read and ended."""

    def make(size: int) -> Callable[[], object]:
        path = tmp_path / f"{size}.shop.jsonl"
        journal = Journal(path, system_clock(), JournalState())
        for number in range(size):
            told = {"step": f"s{number}", "customer": f"c{number}"}
            journal.add(Event.INTENDED, **told, said_no=["email"])
            journal.add(Event.WRITTEN, **told, before=None, after={})
            journal.add(Event.ENDED, **told, state="done", fields=["f"], collateral=[])
        journal.close()

        def work() -> None:
            again = Journal(path, system_clock(), read(path))
            again.write(Event.CLOSED, finished=False)
            again.close()

        return work

    grows_with_its_size(make, SIZE)


def test_what_grows_with_the_square_is_seen() -> None:
    def square(size: int) -> Callable[[], object]:
        return lambda: [one + other for one in range(size) for other in range(size)]

    assert growth(square, 50) > 3.5
