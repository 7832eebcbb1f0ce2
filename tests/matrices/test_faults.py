"""Every fault against every kind of step: the outcome that the matrix names, and no damage.

Each cell is tried on every third variant, in turn; `make test-slow` tries it on all.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import VARIANTS, Shop
from tests.matrices.faults import Cell, cells, run


def _cells() -> Iterator[Any]:
    for turn, variant in enumerate(VARIANTS):
        for place, cell in enumerate(cells(variant)):
            often = (turn + place) % 3 == 0
            yield pytest.param(cell, id=str(cell), marks=() if often else pytest.mark.slow)


@pytest.mark.parametrize("cell", list(_cells()))
def test_a_cell_of_the_fault_matrix(cell: Cell, shops: dict[str, Shop], tmp_path: Path) -> None:
    seen = run(cell, shops[cell.variant], tmp_path)

    assert (seen.first, seen.resumed) == cell.expected
    assert seen.stopped == (cell.fault in ("401 in the middle", "423"))
    assert (seen.duplicates, seen.lost, seen.unapproved, seen.wrong_reports) == (0, 0, 0, 0)
