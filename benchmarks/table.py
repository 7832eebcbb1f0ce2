"""What was measured, as Markdown: every case, and the ratios that the targets speak of."""

import os
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.process import Cost

Key = tuple[str, int]

BEGIN: Final = "<!-- benchmarks: written by `make bench-write` -->"
END: Final = "<!-- benchmarks: end -->"


@dataclass(frozen=True, slots=True)
class Results:
    """By the name of a case and its size; a case that is `missing` has why."""

    costs: dict[Key, Cost] = field(default_factory=dict)
    missing: dict[Key, str] = field(default_factory=dict)
    requests: dict[Key, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ratio:
    """CPU seconds of one case over those of another, so many times, and the most that it is to be."""

    what: Key
    over: Key
    at_most: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class Peak:
    what: Key
    at_most: int


PASS: Final = ("`python -c pass`", 0)
RATIOS: Final = (
    Ratio(("`--help`", 0), PASS, 5),
    Ratio(("`--version`", 0), PASS, 5),
    Ratio(("validate", 30), PASS, 10),
    Ratio(("plan", 1_000), ("floor", 1_000), 8),
    Ratio(("plan", 1_000), ("octoDNS", 1_000), 1 / 2),
    Ratio(("plan", 1_000), ("Terraform", 1_000), 1 / 10),
    Ratio(("plan", 10_000), ("floor", 10_000), 5),
    Ratio(("plan", 10_000), ("octoDNS", 10_000), 1 / 6),
    Ratio(("plan", 10_000), ("the ordinary program", 10_000), 1 / 8),
    Ratio(("plan, warm", 10_000), ("octoDNS", 10_000), 1 / 20),
    Ratio(("plan", 100_000), ("floor", 100_000), 5),
    Ratio(("plan, warm", 100_000), ("floor", 100_000), 1.5),
    Ratio(("plan", 1_000_000), ("plan", 100_000), 11),
    Ratio(("plan `--base`", 10_000), ("plan in a repository", 10_000), 1.2),
    Ratio(("validate", 10_000), ("floor, YAML alone", 10_000), 4),
    Ratio(("validate", 100_000), ("floor, YAML alone", 100_000), 4),
    Ratio(("export, with specs", 10_000), ("export, no specs", 10_000), 1.1),
    Ratio(("plan of 100 stores", 2_500), ("plan of 1 store", 25), 1.2, times=100),
    Ratio(("plan of 100 stores", 2_500), ("plan", 2_500), 1.2),
)
PEAKS: Final = (Peak(("plan", 100_000), 300), Peak(("plan", 1_000_000), 1024))
REQUESTS: Final = ((("plan of 50 by e-mail", 1_000_000), 120),)


def text(results: Results, command: str) -> str:
    left_out = [
        f"Left out: {name}, {size:,} customers: {why}."
        for (name, size), why in results.missing.items()
    ]
    lines = [
        f"{time.strftime('%d %B %Y').lstrip('0')}, {machine()}; `{command}`. Medians of fresh "
        "processes; CPU seconds are user and system time of the whole process. The floor is all "
        "YAML events by libyaml and all pages decoded.",
        "",
        *_rows(("what", "over", "customers", "measured", "target"), _ratios(results)),
        "",
        *_rows(("what", "customers", "CPU s", "wall s", "peak MiB", "runs"), _cases(results)),
        *(["", *left_out] if left_out else []),
    ]
    return "\n".join(lines) + "\n"


def machine() -> str:
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = f" of {line.partition(':')[2].strip()}"
                break
    return f"{os.cpu_count()} cores{model}, Python {platform.python_version()}"


def _cases(results: Results) -> Iterable[Sequence[str]]:
    for (name, size), one in results.costs.items():
        yield (
            name,
            f"{size:,}" if size else "",
            f"{one.cpu:.3f}" if one.cpu < 1 else f"{one.cpu:.1f}",
            f"{one.wall:.3f}" if one.wall < 1 else f"{one.wall:.1f}",
            f"{one.peak:,.0f}",
            str(one.runs),
        )


def _ratios(results: Results) -> Iterable[Sequence[str]]:
    costs = results.costs
    for one in RATIOS:
        if one.what in costs and one.over in costs:
            found = costs[one.what].cpu / (one.times * costs[one.over].cpu)
            over = one.over[0] if one.times == 1 else f"{one.times} times: {one.over[0]}"
            if one.over[1] != one.what[1] and one.over[1]:
                over += f" of {one.over[1]:,}"
            yield one.what[0], over, _size(one.what), _times(found), _times(one.at_most)
    for peak in PEAKS:
        if peak.what in costs:
            found = costs[peak.what].peak
            yield peak.what[0], "", _size(peak.what), f"{found:,.0f} MiB", f"{peak.at_most:,} MiB"
    for key, at_most in REQUESTS:
        if key in results.requests:
            made = f"{results.requests[key]} requests"
            yield key[0], "", _size(key), made, f"{at_most} requests"


def _size(key: Key) -> str:
    return f"{key[1]:,}" if key[1] else ""


def _times(ratio: float) -> str:
    return f"{ratio:.1f} ×" if ratio >= 1 else f"1/{1 / ratio:.1f}"


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def into_readme(readme: Path, text: str, picture: str) -> None:
    """Between the marks, which stand there already; first the picture, a path beside the README."""
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{readme.name} has no place for it: {BEGIN} and {END}")
    shown = f"![CPU seconds and peak memory against the number of customers]({picture})\n\n"
    readme.write_text(f"{before}{BEGIN}\n{shown}{text}{END}{after}", encoding="utf-8")
