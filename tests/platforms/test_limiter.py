"""The limiter stays below its rate, uses it, and waits as long as the store says."""

import threading
import time
from itertools import pairwise

import pytest

from reconciler.clock import Clock, system_clock
from reconciler.model.settings import Rate
from reconciler.platforms.answer import Cost
from reconciler.platforms.limiter import Cancelled, Limiter, RateLimiters
from tests.harness import quick_clock


class Hands:
    """A clock that stands still but for sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> Clock:
        return Clock(now=quick_clock().now, monotonic=lambda: self.now, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("per_second", [1.94, 3.88, 20.0])
def test_a_full_bucket_leaks_at_the_rate(per_second: float) -> None:
    hands = Hands()
    limiter = Limiter(Rate(per_second=per_second, burst=10), hands.clock())

    for _ in range(110):
        limiter.take()

    assert hands.now == pytest.approx(100 / per_second)


def test_a_burst_goes_out_at_once() -> None:
    hands = Hands()
    limiter = Limiter(Rate(per_second=2, burst=10), hands.clock())

    for _ in range(10):
        limiter.take()

    assert hands.now == 0


def test_nobody_asks_before_the_store_said() -> None:
    hands = Hands()
    limiter = Limiter(Rate(per_second=2, burst=10), hands.clock())
    limiter.take()

    limiter.refused(30)
    limiter.take()

    assert hands.now == pytest.approx(30)


def test_a_refusal_slows_down_and_the_rate_comes_back() -> None:
    hands = Hands()
    limiter = Limiter(Rate(per_second=2, burst=1), hands.clock())
    limiter.take()
    limiter.refused(None)
    limiter.take()
    start = hands.now
    limiter.take()

    assert hands.now - start == pytest.approx(1 / (2 * 0.7))
    for _ in range(200):
        limiter.take()
    start = hands.now
    limiter.take()
    assert hands.now - start == pytest.approx(0.5)


def test_one_limiter_goes_on_for_the_same_host_and_token() -> None:
    rate_limiters, clock, rate = RateLimiters(), Hands().clock(), Rate(per_second=2, burst=1)

    first = rate_limiters.of("http://a", "t", rate, clock)

    assert rate_limiters.of("http://a", "t", rate, clock) is first
    assert rate_limiters.of("http://a", "other", rate, clock) is not first


def test_turns_taken_before_the_store_asked_to_wait_are_taken_anew() -> None:
    """Five threads wait for turns at 2 a second; a refusal with Retry-After holds all of them."""
    clock, sent = system_clock(), []
    limiter = Limiter(Rate(per_second=10, burst=1), clock)
    start = clock.monotonic()

    def ask() -> None:
        limiter.take()
        sent.append(clock.monotonic() - start)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for one in threads:
        one.start()
    time.sleep(0.15)  # noqa: TID251 -- real threads
    limiter.refused(1)
    for one in threads:
        one.join()

    late = sorted(at for at in sent if at > 0.16)
    assert late
    assert late[0] >= 1.1
    assert all(after - before > 0.1 for before, after in pairwise(late))


def test_refusals_that_come_together_count_once() -> None:
    hands = Hands()
    limiter = Limiter(Rate(per_second=2, burst=1), hands.clock())
    for _ in range(8):
        limiter.refused(None)
    limiter.take()
    start = hands.now
    limiter.take()

    assert hands.now - start == pytest.approx(1 / (2 * 0.7), rel=0.01)


def test_a_long_wait_ends_when_the_run_is_broken_off() -> None:
    hands, flag = Hands(), threading.Event()
    limiter = Limiter(Rate(per_second=2, burst=1), hands.clock(), flag)
    limiter.refused(100)
    flag.set()

    with pytest.raises(Cancelled):
        limiter.take()


def test_a_cost_is_counted_and_what_is_left_is_believed_downwards() -> None:
    hands = Hands()
    limiter = Limiter(Rate(per_second=2, burst=10), hands.clock())
    limiter.take()
    limiter.spent(Cost(spent=4))
    for _ in range(6):
        limiter.take()
    assert hands.now == 0  # 4 + 6 fill the bucket

    limiter.spent(Cost(left=50))
    limiter.take()
    assert hands.now == pytest.approx(0.5)

    limiter.spent(Cost(left=0))
    limiter.take()
    assert hands.now == pytest.approx(1.0)


def test_a_store_that_restores_less_slows_down_and_never_speeds_up() -> None:
    hands = Hands()
    limiter = Limiter(Rate(per_second=2, burst=1), hands.clock())
    for told, between in ((1.0, 1.0), (50.0, 0.5), (0.0, 0.5)):
        limiter.spent(Cost(per_second=told))
        limiter.take()
        start = hands.now
        limiter.take()
        assert hands.now - start == pytest.approx(between)


@pytest.mark.parametrize(
    "cost",
    [
        Cost(spent=1e18),
        Cost(spent=float("nan")),
        Cost(spent=float("-inf")),
        Cost(left=float("nan")),
        Cost(left=-1e18),
        Cost(per_second=1e-18),
        Cost(per_second=float("nan")),
    ],
)
def test_costs_without_sense_hold_nobody_for_long(cost: Cost) -> None:
    hands = Hands()
    limiter = Limiter(Rate(per_second=2, burst=10), hands.clock())
    limiter.take()
    limiter.spent(cost)
    limiter.take()

    assert 0 <= hands.now <= 60
