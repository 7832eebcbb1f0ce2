"""A plan of twice as many renames takes twice the work, however they hang together."""

from collections.abc import Callable

import pytest

from reconciler.model.customer import DesiredCustomer, ReadReceipt
from reconciler.model.former import Before
from reconciler.model.tags import Owned
from reconciler.plan.agreement import asks_nothing
from reconciler.plan.cause import causes
from reconciler.plan.compare import differences
from reconciler.plan.customer import plan_customer
from reconciler.plan.match import Index
from reconciler.plan.ordering import ranked, unmet
from reconciler.plan.pairing import Paired
from reconciler.plan.planner import compute
from reconciler.plan.reading import LiveCounts, StoreReading
from tests.builders import REGION, desired, live, rules, tags
from tests.growth import MOST, growth

pytestmark = pytest.mark.no_cover  # the work is counted here


def _address(one: int) -> str:
    return f"c{one}@example.com"


def _chain(size: int) -> list[DesiredCustomer]:
    """Each takes the address of the next, who gives it up."""
    return [desired(_address(one + 1), id=str(one)) for one in range(size)]


def _circle(size: int) -> list[DesiredCustomer]:
    return [desired(_address((one + 1) % size), id=str(one)) for one in range(size)]


def _swaps(size: int) -> list[DesiredCustomer]:
    return [desired(_address(one ^ 1), id=str(one)) for one in range(size)]


def _swaps_by_name(size: int) -> list[DesiredCustomer]:
    return [desired(_address(one ^ 1), previously={"email": _address(one)}) for one in range(size)]


@pytest.mark.parametrize("entries", [_chain, _circle, _swaps, _swaps_by_name])
def test_twice_as_many_renames_take_twice_the_work(
    entries: Callable[[int], list[DesiredCustomer]],
) -> None:
    def work(size: int) -> Callable[[], object]:
        wanted = entries(size)
        people = [live(str(one), _address(one)) for one in range(size)]

        def planned() -> object:
            index = Index(wanted, REGION)
            for one in people:
                index.offer(one)
            receipt = ReadReceipt(mode="full", complete=True, read=size, expected=size)
            read = StoreReading(index=index, census=LiveCounts(), receipt=receipt, customers=size)
            return compute(read, rules(), ())

        return planned

    assert growth(work, 300) <= MOST


@pytest.mark.parametrize("entries", [_chain, _circle, _swaps])
def test_of_renames_alone_twice_as_many_are_put_in_order_in_twice_the_work(
    entries: Callable[[int], list[DesiredCustomer]],
) -> None:
    """Without the rest of a plan, in which one look at each of the others would not be seen."""
    judged = rules()

    def work(size: int) -> Callable[[], object]:
        index = Index(entries(size), REGION)
        for one in range(size):
            index.offer(live(str(one), _address(one)))
        claiming = [
            (one, (change,))
            for one in index.pairings()
            if isinstance(one, Paired)
            and (change := plan_customer(one.desired, one.live, judged).change) is not None
        ]
        assert len(claiming) == size
        changes = [change for _, (change,) in claiming]
        return lambda: (tuple(unmet(claiming, index, judged)), ranked(changes))

    assert growth(work, 300) <= MOST


def test_twice_as_many_who_are_as_they_shall_be_take_twice_the_work_and_leave_ids_behind() -> None:
    judged = rules()

    def work(size: int) -> Callable[[], object]:
        wanted = [desired(_address(one), first_name="Ada") for one in range(size)]
        people = [live(str(one), _address(one), first_name="Ada") for one in range(size)]

        def dropped() -> object:
            index = Index(wanted, REGION, lambda entry, one: asks_nothing(entry, one, judged))
            for one in people:
                index.offer(one)
            assert not index.remembered()
            return index.pairings()

        return dropped

    assert growth(work, 300) <= MOST


def test_the_cause_of_twice_as_many_tags_is_told_in_twice_the_work() -> None:
    def work(size: int) -> Callable[[], object]:
        wanted = desired(_address(1), tags=tags(*(f"t{one}" for one in range(size))))
        former = desired(_address(1), tags=tags(*(f"t{one}" for one in range(0, size, 2))))
        had = live("1", _address(1), tags=tuple(f"o{one}" for one in range(size)))
        changes = tuple(differences(wanted, had, rules().comparison))
        before = Before(base=lambda _: former, applied=lambda _: former, compared="c")
        assert changes
        return lambda: causes(wanted, changes, before)

    assert growth(work, 300) <= MOST


@pytest.mark.parametrize("form", ["seg{}:*", "*:seg{}", "seg{}:*:x"])
def test_twice_as_many_patterns_and_tags_take_twice_the_work(form: str) -> None:
    def work(size: int) -> Callable[[], object]:
        owned = Owned(form.format(one) for one in range(size))
        borne = [form.format(one).replace("*", "y") for one in range(size)]
        borne += [f"other:{one}" for one in range(size)]

        return lambda: [tag in owned for tag in borne]

    assert growth(work, 2000) <= MOST
