"""Time and memory of a plan against the number of customers, as an SVG with two log axes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.process import Cost
from benchmarks.table import Results

FILE: Final = "examples/pictures/plan-speed.svg"
_LINES: Final = ("plan", "plan, warm", "floor", "octoDNS", "the ordinary program", "Terraform")
_COLOURS: Final = ("#0b7a5b", "#4fa98d", "#8b98a2", "#b45309", "#7c3aed", "#be185d")
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 380, 260, 60, 40, 90
_STYLE: Final = """<style>
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.grid { stroke: #d0d7de; } .title { font-weight: 600; }
@media (prefers-color-scheme: dark) { text { fill: #d7dde1; } .grid { stroke: #3a424a; } }
</style>"""

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """One drawing: `low` and `high` are powers of ten of its upright axis."""

    title: str
    left: int
    low: int
    high: int
    unit: str

    def at(self, size: float, value: float) -> tuple[float, float]:
        across = (math.log10(size) - 3) / 3 * _WIDTH
        up = (math.log10(value) - self.low) / (self.high - self.low) * _HEIGHT
        return round(self.left + across, 1), round(_TOP + _HEIGHT - up, 1)

    def frame(self) -> Iterator[str]:
        yield f'<text class="title" x="{self.left}" y="{_TOP - 16}">{self.title}</text>'
        for power in range(self.low, self.high + 1):
            x, y = self.at(1_000, 10.0**power)
            yield f'<line class="grid" x1="{x}" y1="{y}" x2="{x + _WIDTH}" y2="{y}"/>'
            shown = f"{10.0**power:,g} {self.unit}"
            yield f'<text x="{x - 6}" y="{y + 4}" text-anchor="end">{shown}</text>'
        for power, shown in enumerate(("1,000", "10,000", "100,000", "1,000,000"), 3):
            x, y = self.at(10**power, 10.0**self.low)
            yield f'<line class="grid" x1="{x}" y1="{y}" x2="{x}" y2="{y - _HEIGHT}"/>'
            yield f'<text x="{x}" y="{y + 18}" text-anchor="middle">{shown}</text>'

    def line(self, points: Points, colour: str) -> Iterator[str]:
        places = [self.at(size, value) for size, value in points]
        if len(places) > 1:
            told = " ".join(f"{x},{y}" for x, y in places)
            yield f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in places:
            yield f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>'


def drawn(results: Results) -> str:
    """The whole picture, readable on light and on dark."""
    second = _LEFT + _WIDTH + _GAP
    time = _Panel(title="CPU seconds", left=_LEFT, low=-1, high=4, unit="s")
    memory = _Panel(title="Peak memory", left=second, low=1, high=5, unit="MiB")
    width, height = second + _WIDTH + 30, _TOP + _HEIGHT + 70
    parts = [*time.frame(), *memory.frame()]
    place = _LEFT
    for name, colour in zip(_LINES, _COLOURS, strict=True):
        costs = _of(results, name)
        if not costs:
            continue
        parts += time.line([(size, one.cpu) for size, one in costs], colour)
        parts += memory.line([(size, one.peak) for size, one in costs], colour)
        parts.append(f'<circle cx="{place}" cy="{height - 20}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{place + 10}" y="{height - 16}">{name}</text>')
        place += 40 + 7 * len(name)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            "<title>Time and memory of a plan against the number of customers</title>",
            _STYLE,
            *parts,
            "</svg>\n",
        )
    )


def _of(results: Results, name: str) -> list[tuple[int, Cost]]:
    return sorted(
        (size, one) for (told, size), one in results.costs.items() if told == name and size >= 1_000
    )
