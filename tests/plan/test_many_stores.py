"""Many stores are read some at a time, but those that wait for each other."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, Lock

import pytest

from reconciler.app.at_once import MOST_STORES, each_store
from reconciler.model.settings import StoreSettings
from reconciler.platforms.limiter import RateLimiters
from reconciler.sandbox import Fault
from tests.builders import rules
from tests.harness import opened, person

ALONE = rules().store


def named(count: int, controller: str | None = None) -> list[StoreSettings]:
    return [
        replace(ALONE, name=f"{controller or 'alone'}-{number}", controller=controller)
        for number in range(count)
    ]


def test_no_more_are_at_work_than_there_is_room_for() -> None:
    lock, quiet, now, most = Lock(), Event(), 0, 0

    def work(store: StoreSettings) -> str:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        quiet.wait(0.001)
        with lock:
            now -= 1
        return store.name

    stores = named(3 * MOST_STORES)
    assert [one.result() for one in each_store(stores, work, RateLimiters())] == [
        one.name for one in stores
    ]
    assert most <= MOST_STORES


def test_those_that_wait_for_each_other_are_all_at_work_whoever_stands_before_them() -> None:
    meeting = named(MOST_STORES + 5, "acme")
    all_there = Barrier(len(meeting))

    def work(store: StoreSettings) -> None:
        if store.controller is not None:
            all_there.wait(timeout=30)

    for one in each_store([*named(2 * MOST_STORES), *meeting], work, RateLimiters()):
        one.result()


def test_what_was_not_begun_is_not_begun_once_it_is_broken_off() -> None:
    begun: list[str] = []
    broken_off = Event()

    def work(store: StoreSettings) -> None:
        begun.append(store.name)
        broken_off.wait(timeout=30)

    def ctrl_c() -> None:
        while len(begun) < MOST_STORES:
            broken_off.wait(0.001)
        signal.raise_signal(signal.SIGINT)

    def ask(*_: object) -> None:
        broken_off.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        threading.Thread(target=ctrl_c).start()
        with pytest.raises(KeyboardInterrupt):
            each_store(named(3 * MOST_STORES), work, RateLimiters())
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(begun) < 2 * MOST_STORES


@contextmanager
def watched() -> Iterator[list[int]]:
    """How many threads there were, looked at again and again."""
    seen, ended = [0], Event()

    def look() -> None:
        while not ended.wait(0.002):
            seen[0] = max(seen[0], threading.active_count())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        ended.set()
        looking.join()


@pytest.mark.parametrize("stores", [120])
def test_a_plan_of_many_stores_has_few_threads(tmp_path: Path, stores: int) -> None:
    with opened(tmp_path, "genstore", [person()]) as shop:
        shop.want()
        file = shop.specs / "all.yaml"
        document = json.loads(file.read_text(encoding="utf-8"))
        one = document["stores"]["shop"]
        document["stores"] = {f"shop-{number}": one for number in range(stores)}
        document |= {"store": list(document["stores"]), "customers": [{"email": "ada@example.com"}]}
        file.write_text(json.dumps(document), encoding="utf-8")
        shop.box.fault(Fault("slow", times=10**6, seconds=0.02))
        before = threading.active_count()

        with watched() as threads:
            body = shop.plan()

    assert len(body["stores"]) == stores
    assert not any(part["error"] for part in body["stores"])
    # Each store has a thread, one that reads ahead, and one for the request that is on its way.
    assert threads[0] - before <= 3 * MOST_STORES + 3
