"""Several threads wait for the disk, and one sync is enough for all who wrote before it."""

import json
import os
import threading
from pathlib import Path

import pytest

from reconciler.clock import system_clock
from reconciler.errors import JournalError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.state.journal import Event, Journal, JournalState, read
from reconciler.state.shared_sync import SharedSync
from reconciler.state.trail import Trail
from tests.harness import KEY

THREADS = 64
PATIENCE = 30.0


class SlowDisk:
    """A sync that takes until it is let go."""

    def __init__(self) -> None:
        self.syncs = 0
        self.begun = threading.Event()
        self.go = threading.Event()

    def sync(self) -> None:
        self.syncs += 1
        self.begun.set()
        assert self.go.wait(PATIENCE)


def test_all_who_wrote_while_one_synced_share_the_next_sync() -> None:
    disk = SlowDisk()
    shared = SharedSync(disk.sync)
    first = threading.Thread(target=shared.wait, args=(shared.wrote(),))
    first.start()
    assert disk.begun.wait(PATIENCE)
    others = [threading.Thread(target=shared.wait, args=(shared.wrote(),)) for _ in range(THREADS)]
    for one in others:
        one.start()
    assert all(one.is_alive() for one in (first, *others))  # nobody goes on before the disk has it
    disk.go.set()
    for one in (first, *others):
        one.join(PATIENCE)

    assert disk.syncs == 2


def test_nobody_waits_for_what_is_on_disk() -> None:
    disk = SlowDisk()
    disk.go.set()
    shared = SharedSync(disk.sync)
    number = shared.wrote()
    for _ in range(3):
        shared.wait(number)
        shared.wait()

    assert disk.syncs == 1


def test_after_a_sync_that_failed_nothing_counts_as_on_disk() -> None:
    """The next one may succeed and say nothing of what the first has lost."""
    answers = [OSError(5, "Input/output error")]

    def sync() -> None:
        if answers:
            raise answers.pop()

    shared = SharedSync(sync)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            shared.wait(shared.wrote())


def _syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    really = os.fsync

    def fsync(file: int) -> None:
        found.append(file)
        really(file)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_an_intent_takes_the_lines_before_it_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.shop.jsonl"
    journal = Journal(path, system_clock(), JournalState())
    syncs = _syncs(monkeypatch)
    journal.add(Event.OPENED, steps=1)
    assert syncs == []
    journal.write(Event.INTENDED, step="s", customer="c", said_no=[])
    assert len(syncs) == 1
    journal.add(Event.ENDED, step="s", customer="c", state="done", collateral=[])
    assert len(syncs) == 1
    journal.write(Event.CLOSED, finished=True)
    journal.close()

    assert len(syncs) == 2
    assert read(path).finished


def test_the_lines_of_many_threads_stay_whole_and_in_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "p.shop.jsonl"
    journal = Journal(path, system_clock(), JournalState())
    trail = Trail(tmp_path, "shop", Pseudonyms(KEY), system_clock())

    def work(name: int) -> None:
        for number in range(10):
            journal.write(Event.INTENDED, step=f"{name}-{number}", customer="c", said_no=[])
            trail.add([("step", {"step": f"{name}-{number}"})])
        trail.sync()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(PATIENCE)
    journal.close()

    assert len(read(path).intended) == THREADS * 10
    rows = [json.loads(line) for line in trail.path.read_bytes().splitlines()]
    assert [one["number"] for one in rows] == list(range(1, THREADS * 10 + 1))
    assert [one["previous"] for one in rows[1:]] == [one["seal"] for one in rows[:-1]]


def test_a_line_that_found_no_room_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line would be the beginning of the next one, and the journal damaged."""
    path = tmp_path / "p.shop.jsonl"
    journal = Journal(path, system_clock(), JournalState())
    really = os.write
    monkeypatch.setattr(os, "write", lambda file, data: really(file, data[: len(data) // 2]))
    with pytest.raises(JournalError, match="no space left"):
        journal.write(Event.INTENDED, step="s", customer="c", said_no=[])
    monkeypatch.undo()
    journal.write(Event.OPENED, steps=7)
    journal.close()

    assert read(path).steps == 7
