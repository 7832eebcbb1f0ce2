"""What grows with its size and no faster, counted in steps."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from benchmarks.crowd import Crowd
from benchmarks.data import STORE, entry
from reconciler.desired.files import SpecFile
from reconciler.desired.yaml_reader import parse
from reconciler.model.customer import ReadReceipt
from reconciler.plan.match import Index
from reconciler.plan.plan import Basis, Plan, StorePlan
from reconciler.plan.planner import LiveCounts, StoreReading, compute
from reconciler.planfile.encode import encode
from reconciler.planfile.save import save
from tests.builders import NOW, desired, live, rules, tags
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


@pytest.mark.parametrize("work", [reading, comparing, encoding])
def test_it_grows_with_its_size(work: Callable[[int], Callable[[], object]]) -> None:
    grows_with_its_size(work, SIZE)


def test_what_grows_with_the_square_is_seen() -> None:
    def square(size: int) -> Callable[[], object]:
        return lambda: [one + other for one in range(size) for other in range(size)]

    assert growth(square, 50) > 3.5
