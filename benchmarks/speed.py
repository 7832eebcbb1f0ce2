"""`make bench`: what planning costs, beside its floor and other tools, as tables in Markdown.

Each run is a fresh process; CPU seconds are those of the whole process, and all cases of a size
take turns, so that a machine that is shared is unfair to all of them alike.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks import chart, peers, table
from benchmarks.data import cache
from benchmarks.process import ROOT, Cost, Failed, cost, median
from benchmarks.scene import (
    PROGRAM,
    PYTHON,
    Case,
    NothingToMeasure,
    bare,
    committed,
    named,
    scene,
    several,
)
from benchmarks.table import Results

SIZES: Final = (1_000, 10_000, 100_000)
FULL: Final = (*SIZES, 1_000_000)
_PEERS_AT_MOST: Final = {"octoDNS": 10_000, "ordinary": 10_000, "Terraform": 1_000}


def _start(told: argparse.Namespace, home: Path, stack: ExitStack) -> Iterator[Case]:
    yield Case(name="`python -c pass`", size=0, command=(PYTHON, "-c", "pass"))
    few = stack.enter_context(scene(30, told.cache, home))
    for word in ("--help", "--version"):
        yield Case(name=f"`{word}`", size=0, command=(PROGRAM, word), env=few.env)
    yield few.validate()


def _sized(size: int) -> Callable[[argparse.Namespace, Path, ExitStack], Iterator[Case]]:
    def cases(told: argparse.Namespace, home: Path, stack: ExitStack) -> Iterator[Case]:
        at = stack.enter_context(scene(size, told.cache, home))
        yield at.floor("both", "floor")
        yield at.floor("yaml", "floor, YAML alone")
        yield at.floor("json", "floor, JSON alone")
        yield at.plan()
        yield at.warm()
        if size > min(SIZES):
            yield at.validate()
        if size <= _PEERS_AT_MOST["ordinary"]:
            yield at.ordinary()
        if size <= _PEERS_AT_MOST["octoDNS"]:
            yield _peer("octoDNS", peers.octodns, size, told.cache)
        if size <= _PEERS_AT_MOST["Terraform"]:
            yield _peer("Terraform", peers.terraform, size, told.cache)

    return cases


def _base(told: argparse.Namespace, home: Path, stack: ExitStack) -> Iterator[Case]:
    at = committed(stack.enter_context(scene(told.aside, told.cache, home)))
    yield at.plan("plan in a repository", folder=at.specs.parent)
    yield at.plan("plan `--base`", "--base", "main", folder=at.specs.parent)


def _export(told: argparse.Namespace, home: Path, stack: ExitStack) -> Iterator[Case]:
    at = stack.enter_context(scene(told.aside, told.cache, home))
    yield bare(at).export("export, no specs")
    yield at.export("export, with specs")


def _calls(told: argparse.Namespace, home: Path, stack: ExitStack) -> Iterator[Case]:
    del told
    yield stack.enter_context(named(50, 1_000_000, home))


def _stores(told: argparse.Namespace, home: Path, stack: ExitStack) -> Iterator[Case]:
    yield stack.enter_context(scene(2_500, told.cache, home)).plan()
    yield stack.enter_context(several(1, 25, home / "one"))
    yield stack.enter_context(several(100, 25, home / "several"))


def _peer(name: str, make: Callable[[int, Path], peers.Peer], size: int, folder: Path) -> Case:
    try:
        peer = make(size, folder)
    except peers.Missing as missing:
        return Case(name=name, size=size, missing=str(missing))
    return Case(
        name=name,
        size=size,
        command=peer.command,
        folder=peer.folder,
        env=peer.env,
        ends=peer.ends,
        most_runs=peer.most_runs,
    )


GROUPS: Final = {
    "start": _start,
    **{str(size): _sized(size) for size in FULL},
    "base": _base,
    "export": _export,
    "calls": _calls,
    "stores": _stores,
}


def measure(told: argparse.Namespace) -> Results:
    """Every group by itself; its cases take turns."""
    results = Results()
    for name in told.only:
        with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
            cases = list(GROUPS[name](told, Path(home), stack))
            _take_turns(cases, told.runs, results)
    return results


def _take_turns(cases: list[Case], runs: int, results: Results) -> None:
    found: dict[tuple[str, int], list[Cost]] = {}
    for turn in range(runs):
        for case in cases:
            key = (case.name, case.size)
            if case.missing:
                results.missing[key] = case.missing
            most = 1 if case.size >= max(FULL) else case.most_runs
            if key in results.missing or turn >= most:
                continue
            try:
                case.before()
                seen = cost(case.command, folder=case.folder, env=case.env or None, ends=case.ends)
            except NothingToMeasure as nothing:
                results.missing[key] = str(nothing)
                continue
            except Failed as failed:
                results.missing[key] = "it failed"
                sys.stderr.write(f"{failed}\n")
                continue
            found.setdefault(key, []).append(seen)
            if case.asks is not None:
                results.requests[key] = case.asks()
            sys.stderr.write(
                f"{case.name} of {case.size}: {seen.cpu:.2f} s of CPU, {seen.wall:.2f} s, "
                f"{seen.peak:.0f} MiB\n"
            )
    results.costs.update({key: median(costs) for key, costs in found.items()})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--cache", type=Path, default=cache(), help="where data and peers are kept")
    parser.add_argument("--runs", type=int, default=3, help="of each case; one from a million on")
    parser.add_argument("--full", action="store_true", help="a million customers too")
    parser.add_argument("--only", nargs="+", choices=GROUPS, help="some groups of cases")
    parser.add_argument("--aside", type=int, default=10_000, help="the size for --base and export")
    parser.add_argument("--write", action="store_true", help="into the README, and the picture")
    told = parser.parse_args()
    left_out = () if told.full else (str(max(FULL)),)
    told.only = told.only or [name for name in GROUPS if name not in left_out]
    results = measure(told)
    words = [word for word in sys.argv[1:] if word != "--write"]
    text = table.text(results, " ".join(["python -m benchmarks.speed", *words]))
    sys.stdout.write(text)
    if told.write:
        table.into_readme(ROOT / "README.md", text, chart.FILE)
        (ROOT / chart.FILE).write_text(chart.drawn(results), encoding="utf-8")


if __name__ == "__main__":
    main()
