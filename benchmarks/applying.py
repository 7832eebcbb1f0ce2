"""`make bench-apply`: what carrying out a plan costs, in requests, in time, on disk and at Ctrl-C.

Stores are processes of their own, so that their work is not the program's. What share of a
documented rate is used, `benchmarks.pace` says.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count, product
from pathlib import Path
from typing import Final

from benchmarks import process, store
from benchmarks.data import STORE, stores
from benchmarks.pages import Served
from benchmarks.scene import PROGRAM, Scene
from reconciler.apply.pace import MOST_WRITERS
from reconciler.clock import system_clock
from reconciler.state.journal import Event, Journal, JournalState
from tests.harness import PLATFORMS

OPEN: Final = 1_000
_BURST: Final = 10
_LINES: Final = 1_920
_PATIENCE: Final = 600


@dataclass(frozen=True, slots=True)
class Folder:
    """Specs of so many customers who all get a tag, and a saved plan of it."""

    size: int
    url: str
    scene: Scene

    @property
    def command(self) -> list[str]:
        at = self.scene
        words = (
            "apply",
            at.home / "out/plan.json",
            "--specs",
            at.specs,
            "--state-dir",
            at.home / "state",
            "--quiet",
        )
        return [PROGRAM, *map(str, words)]

    def plan(self) -> None:
        case = self.scene.plan()
        case.before()
        process.cost(case.command, env=case.env)
        self.asked()

    def asked(self) -> list[dict[str, str]]:
        """All requests of the store so far."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/requests") as answer:
            found: list[dict[str, str]] = json.load(answer)["requests"]
        return found

    def lines(self, pattern: str) -> tuple[int, int]:
        """How many lines and bytes the files of the state folder hold."""
        files = [one.read_bytes() for one in (self.scene.home / "state").rglob(pattern)]
        return sum(one.count(b"\n") for one in files), sum(map(len, files))


@contextmanager
def wanted(platform: str, size: int, milliseconds: int, per_second: int = OPEN) -> Iterator[Folder]:
    with (
        tempfile.TemporaryDirectory() as home,
        store.opened(platform, size, milliseconds) as url,
    ):
        port = int(url.rpartition(":")[2])
        specs = Path(home) / "specs"
        specs.mkdir()
        (specs / "stores.yaml").write_text(
            stores(
                port,
                platform=platform,
                shop="acme",
                rate={"per_second": per_second, "burst": _BURST},
            ),
            encoding="utf-8",
        )
        people = "".join(
            f"  - email: {store.email(number)}\n    tags: {{add: [vip]}}\n"
            for number in range(size)
        )
        (specs / "all.yaml").write_text(f"store: {STORE}\ncustomers:\n{people}", encoding="utf-8")
        at = Scene(size=size, data=specs, specs=specs, home=Path(home), served=Served(port))
        folder = Folder(size, url, at)
        folder.plan()
        yield folder


def applied(platform: str, size: int, milliseconds: int, per_second: int) -> str:
    """Requests of a change, and how many of each in a second at a rate."""
    with wanted(platform, size, milliseconds, per_second) as folder:
        before = len(folder.asked())
        cost = process.cost(folder.command, env=folder.scene.env)
        asked = folder.asked()[before:]
        journal, trail = folder.lines("journals/**/*.jsonl"), folder.lines("audit/*.jsonl")
    kinds = Counter(one["method"] for one in asked)
    first, last = (datetime.fromisoformat(asked[place]["at"]) for place in (0, -1))
    seconds = (last - first).total_seconds()
    beyond = len(asked) - _BURST  # of fewer requests than the bucket holds there is no rate
    met = f"{beyond / seconds:.0f}" if beyond > 0 else "–"
    told = " + ".join(f"{count / size:.2f} {method}" for method, count in sorted(kinds.items()))
    return (
        f"| {platform} | {size:,} | {milliseconds} ms | {len(asked) / size:.2f} ({told}) | "
        f"{met} of {per_second:,} | {size / seconds:.0f} | {cost.cpu / size * 1000:.1f} ms | "
        f"{(journal[0] - trail[0]) / size:.1f} + {trail[0] / size:.1f} | "
        f"{journal[1] / size:,.0f} |"
    )


def interrupted(platform: str, size: int) -> str:
    """Seconds from Ctrl-C, a moment after the first change, to the end of the process."""
    with wanted(platform, size, 50) as folder:
        running = subprocess.Popen(
            folder.command,
            env=folder.scene.env,
            cwd=process.ROOT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        clock = system_clock()
        begun = time.monotonic()
        while running.poll() is None and folder.lines("*.jsonl")[0] < 50:
            if time.monotonic() - begun > _PATIENCE:
                running.kill()
                return f"{platform}, {size:,} changes: nothing was written in {_PATIENCE} s"
            clock.sleep(0.05)
        asked = time.monotonic()
        running.send_signal(signal.SIGINT)
        code = running.wait()
        seconds = time.monotonic() - asked
        left = folder.lines("*.jsonl")
    return (
        f"{platform}, {size:,} changes: {seconds:.1f} s from Ctrl-C to the end (code {code}); "
        f"{left[0]:,} lines and {left[1] / 1024:,.0f} KiB stand in journal and trail"
    )


def journal(threads: int) -> str:
    """What a line costs that waits for the disk, where so many threads write."""
    syncs, really = count(), os.fsync

    def fsync(file: int) -> None:
        next(syncs)
        really(file)

    def write(thread: int) -> None:
        for number in range(_LINES // threads):
            step = f"{thread:06}{number:010}"
            kept.write(Event.INTENDED, step=step, customer="cus_aaaaaaaaaa", said_no=[])

    with tempfile.TemporaryDirectory() as folder:
        kept = Journal(Path(folder) / "journals/0.shop.jsonl", system_clock(), JournalState())
        vars(os)["fsync"] = fsync
        begun, used = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(max_workers=threads) as pool:
            list(pool.map(write, range(threads)))
        wall, cpu = time.perf_counter() - begun, time.process_time() - used
        vars(os)["fsync"] = really
        kept.close()
    return (
        f"| {threads} | {wall / _LINES * 1000:.2f} ms | {cpu / _LINES * 1_000_000:.0f} µs | "
        f"{next(syncs) / _LINES:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.applying")
    parser.add_argument("--changes", type=int, default=500, help="of each platform")
    parser.add_argument("--latency", type=int, default=50, help="of an answer, in milliseconds")
    parser.add_argument("--large", type=int, default=10_000, help="changes to be interrupted")
    parser.add_argument(
        "--rates", type=int, nargs="+", default=[50, 100, 200, OPEN], help="requests a second"
    )
    told = parser.parse_args()
    sys.stdout.write(
        f"{MOST_WRITERS} threads at most:\n\n"
        "| store | changes | answers take | requests a change | requests/s | changes/s | "
        "CPU a change | lines a change, journal + trail | bytes a change |\n" + "|---" * 9 + "|\n"
    )
    for platform, rate in product(PLATFORMS, told.rates):
        sys.stdout.write(applied(platform, told.changes, told.latency, rate) + "\n")
        sys.stdout.flush()
    sys.stdout.write(
        "\nA line of the journal that waits for the disk:\n\n"
        "| threads | a line | CPU | syncs a line |\n" + "|---" * 4 + "|\n"
    )
    for threads in (1, 8, 64):
        sys.stdout.write(f"{journal(threads)}\n")
    sys.stdout.write(f"\n{interrupted('genstore', told.large)}\n")


if __name__ == "__main__":
    main()
