"""Every fault against every kind of step: the outcome that the matrix names, and no damage."""

from pathlib import Path

import pytest

from tests.harness import VARIANTS, Shop
from tests.matrices.faults import Cell, cells, run

_CELLS = [cell for variant in VARIANTS for cell in cells(variant)]


@pytest.mark.parametrize("cell", _CELLS, ids=str)
def test_a_cell_of_the_fault_matrix(cell: Cell, shops: dict[str, Shop], tmp_path: Path) -> None:
    seen = run(cell, shops[cell.variant], tmp_path)

    assert (seen.first, seen.resumed) == cell.expected
    assert seen.stopped == (cell.fault in ("401 in the middle", "423"))
    assert (seen.duplicates, seen.lost, seen.unapproved, seen.wrong_reports) == (0, 0, 0, 0)
