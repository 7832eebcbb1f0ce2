"""How many writers there are, and that no more than those are at work."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest

from reconciler.apply.pace import MOST_WRITERS, Pace
from reconciler.apply.spread import spread
from reconciler.model.settings import Rate


def test_one_writer_begins() -> None:
    assert Pace(Rate(per_second=200, burst=10)).writers() == 1


@pytest.mark.parametrize(
    ("per_second", "seconds", "each"), [(3.88, 0.05, 1 / 3.88), (4, 2.0, 2.5), (200, 0.05, 0.065)]
)
def test_a_writer_waits_for_the_others_between_two_requests(
    per_second: float, seconds: float, each: float
) -> None:
    pace = Pace(Rate(per_second=per_second, burst=10))
    pace.met(1, seconds)

    assert pace.each() == pytest.approx(each)


@pytest.mark.parametrize(
    ("per_second", "seconds", "writers"),
    [
        (200, 0.05, 13),
        (2, 0.05, 1),
        (2, 0.5, 2),
        (4, 1.0, 5),
        (0.4, 0.005, 1),
        (1000, 0.05, MOST_WRITERS),
    ],
)
def test_writers_fill_the_rate_at_the_latency_met(
    per_second: float, seconds: float, writers: int
) -> None:
    pace = Pace(Rate(per_second=per_second, burst=10))
    pace.met(3, 3 * seconds)

    assert pace.writers() == writers


def test_one_answer_that_hangs_brings_no_more_writers() -> None:
    pace = Pace(Rate(per_second=4, burst=10))
    for seconds in (0.05, 0.05, 0.05, 30.0, 0.05, 30.0):
        pace.met(1, seconds)

    assert pace.writers() == 1


def test_a_store_that_becomes_slow_gets_more_writers_after_a_few_answers() -> None:
    pace = Pace(Rate(per_second=4, burst=10))
    for seconds in (0.05,) * 9 + (2.0,) * 3:
        pace.met(1, seconds)

    assert pace.writers() == 10


def test_what_asked_for_nothing_tells_nothing() -> None:
    pace = Pace(Rate(per_second=4, burst=10))
    pace.met(0, 60.0)

    assert pace.writers() == 1


def test_results_come_in_order_and_no_more_are_at_work_than_wanted() -> None:
    lock, at_work, most = Lock(), 0, 0
    three = Barrier(3)

    def work(number: int) -> int:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        three.wait(timeout=30)  # all three are at work at once
        with lock:
            at_work -= 1
        return -number

    with ThreadPoolExecutor(max_workers=9) as pool:
        found = spread(pool, work, range(9), lambda: 3, lambda: False)

    assert found == [-number for number in range(9)]
    assert most == 3


def test_nothing_is_begun_after_a_fault_and_things_are_taken_as_they_are_begun() -> None:
    taken = []

    def things() -> Iterator[int]:
        for number in range(9):
            taken.append(number)
            yield number

    def work(number: int) -> None:
        if number == 2:
            raise ZeroDivisionError

    with ThreadPoolExecutor(max_workers=9) as pool, pytest.raises(ZeroDivisionError):
        spread(pool, work, things(), lambda: 1, lambda: False)

    assert taken == [0, 1, 2]
