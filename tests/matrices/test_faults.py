"""Every fault against every kind of step: the outcome that the matrix names, and no damage."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.matrices.faults import Cell, cells, run, shop
from tests.shop import VARIANTS, Shop

_CELLS = [cell for variant in VARIANTS for cell in cells(variant)]


@pytest.fixture(scope="module")
def stalls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shop]]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield {
            variant: stack.enter_context(shop(tmp_path_factory.mktemp(variant), variant))
            for variant in VARIANTS
        }


@pytest.mark.parametrize("cell", _CELLS, ids=str)
def test_a_cell_of_the_fault_matrix(cell: Cell, stalls: dict[str, Shop], tmp_path: Path) -> None:
    seen = run(cell, stalls[cell.variant], tmp_path)

    assert (seen.first, seen.resumed) == cell.expected
    assert seen.stopped == (cell.fault in ("401 in the middle", "423"))
    assert (seen.duplicates, seen.lost, seen.unapproved, seen.wrong_reports) == (0, 0, 0, 0)
