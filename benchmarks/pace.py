"""`python -m benchmarks.pace`: the request rate achieved of the rate that is documented.

Each platform's simulator keeps its documented bucket; every answer takes 0, 50, 200 or 500 ms. The
last rows have stores that are stricter than their documents. About two minutes, all cells at once.
"""

import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from reconciler.clock import system_clock
from reconciler.sandbox import Fault, Sandbox
from tests.harness import PLATFORMS, Json, Shop, person, states

LATENCIES = (0, 50, 200, 500)
DOCUMENTED = {"genstore": 2.0, "shoplazza": 2.0, "shopline": 4.0}
BURST = 10
PEOPLE = {"genstore": 70, "shoplazza": 70, "shopline": 180}


@dataclass(frozen=True, slots=True)
class Cell:
    """`actual` is the rate that the store really leaks at."""

    platform: str
    latency: int
    actual: float


@dataclass(frozen=True, slots=True)
class Measured:
    """`rate` is over the whole apply, without the burst that it begins with."""

    rate: float
    refused: int
    requests: int
    good: bool


def cells() -> Iterator[Cell]:
    for platform in PLATFORMS:
        yield from (Cell(platform, latency, DOCUMENTED[platform]) for latency in LATENCIES)
        yield Cell(platform, 50, DOCUMENTED[platform] / 2)


def measure(cell: Cell) -> Measured:
    box = Sandbox(cell.platform, rate=(cell.actual, 40))
    names = [f"c{n}@example.com" for n in range(PEOPLE[cell.platform])]
    box.seed(person(name) for name in names)
    with tempfile.TemporaryDirectory() as folder, box.serving() as url:
        shop = Shop(Path(folder), box, url, cell.platform)
        shop.settings = {"rate": None}
        shop.clock = system_clock()
        _want(shop, names)
        body = shop.plan()
        if cell.latency:
            box.fault(Fault("slow", times=10**9, seconds=cell.latency / 1000))
        box.forget_requests()
        good = all(state.good for state in states(shop.apply(body)))
        sent = [one.at.timestamp() for one in box.requests]
        refused = sum(one.status == 429 for one in box.requests)
    rate = (len(sent) - BURST - 1) / (sent[-1] - sent[BURST])
    return Measured(rate, refused, len(sent), good)


def _want(shop: Shop, names: list[str]) -> None:
    """Tags, which are read alone: three requests a customer. The rate is the program's own."""
    entries: list[Json] = [{"email": name, "tags": {"add": ["vip"]}} for name in names]
    shop.want(*entries)


def main() -> None:
    every = list(cells())
    with ThreadPoolExecutor(max_workers=len(every)) as pool:
        found = list(pool.map(measure, every))
    lines = ["platform   latency  store leaks  achieved          429s  requests"]
    for cell, seen in zip(every, found, strict=True):
        share = f"{seen.rate:.2f}/s {seen.rate / cell.actual:6.1%}"
        left = "" if seen.good else "  NOT ALL DONE"
        lines.append(
            f"{cell.platform:<10} {cell.latency:>4} ms  {cell.actual:>8.1f}/s  {share:>15}  "
            f"{seen.refused:>6}  {seen.requests:>8}{left}"
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
