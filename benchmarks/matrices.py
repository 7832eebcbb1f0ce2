"""`python -m benchmarks.matrices`: the crash matrix and the fault matrix, as tables with counts.

Every point and every cell is carried out anew; nothing here is taken from a list of expectations.
About four minutes.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

import stamina

from tests.harness import VARIANTS, opened
from tests.matrices import crashes, faults
from tests.matrices.launcher import launcher

_WRONGS = ("duplicates", "lost", "unapproved", "wrong_reports")
_HEADS = ("duplicates", "lost", "unapproved", "wrong reports")


def crash_matrix(folder: Path) -> list[str]:
    places = (*crashes.PLACES, *crashes.MOMENTS)
    rows: list[tuple[str, ...]] = [("store", *places, "points", *_HEADS)]
    total: Counter[str] = Counter()
    with launcher(folder / "launcher") as starter:
        for variant in VARIANTS:
            tried: Counter[str] = Counter()
            with crashes.scene(folder / variant, variant, starter) as stage:
                for point in stage.points():
                    verdict = stage.judge(point)
                    tried[point.where] += 1
                    tried["points"] += 1
                    tried.update({name: getattr(verdict, name) for name in _WRONGS})
            rows.append(_row(variant, (*places, "points", *_WRONGS), tried))
            total.update(tried)
    rows.append(_row("all", (*places, "points", *_WRONGS), total))
    return _table(rows)


def fault_matrix(folder: Path) -> list[str]:
    """First a table of outcomes, then the counts. `a, then b`: `b` is after the resume."""
    kinds = [kind.name for kind in faults.KINDS]
    outcomes: dict[tuple[str, str], dict[str, str]] = {}
    counts: list[tuple[str, ...]] = [("store", "cells", *_HEADS)]
    total: Counter[str] = Counter()
    for variant in VARIANTS:
        tried: Counter[str] = Counter()
        with opened(folder / f"faults-{variant}", variant) as shop:
            for number, cell in enumerate(faults.cells(variant)):
                seen = faults.run(cell, shop, folder / f"{variant}-{number}")
                tried["cells"] += 1
                tried.update({name: getattr(seen, name) for name in _WRONGS})
                told = str(seen.first)
                if seen.resumed is not seen.first:
                    told += f", then {seen.resumed}"
                outcomes.setdefault((cell.fault, cell.kind.name), {})[variant] = told
        counts.append(_row(variant, ("cells", *_WRONGS), tried))
        total.update(tried)
    counts.append(_row("all", ("cells", *_WRONGS), total))
    rows: list[tuple[str, ...]] = [("fault", *kinds)]
    for fault in faults.FAULTS:
        rows.append((fault, *(_agreed(outcomes.get((fault, kind), {})) for kind in kinds)))
    return [*_table(rows), "", *_table(counts)]


def _agreed(by_variant: dict[str, str]) -> str:
    """One outcome where the platforms agree; else those that differ are named."""
    if not by_variant:
        return "-"
    most, _ = Counter(by_variant.values()).most_common(1)[0]
    others = [f"{variant}: {told}" for variant, told in by_variant.items() if told != most]
    return "; ".join([most, *others])


def _row(name: str, columns: tuple[str, ...], counted: Counter[str]) -> tuple[str, ...]:
    return (name, *(str(counted[column]) for column in columns))


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def main() -> None:
    stamina.set_testing(True, attempts=5, cap=True)
    with tempfile.TemporaryDirectory() as folder:
        for title, table in (
            ("Kill -9 of the real process, then --resume", crash_matrix),
            ("Faults against steps: the outcome, and the one after --resume", fault_matrix),
        ):
            sys.stdout.write("\n".join(["", title, "", *table(Path(folder)), ""]))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
