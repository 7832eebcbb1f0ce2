"""SHOPLINE passes the suite that every adapter must pass, also where its documents are silent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.testing import contract
from reconciler.testing.case import Case, opened
from reconciler.testing.footprints import (
    what_an_update_costs_is_told_and_stops_the_store,
    what_is_only_tried_is_done_or_told,
)
from tests.contract.box import simulated

test_contract = contract(simulated("shopline"))

_WRITES = ("ignored", "honoured", "refused")


@pytest.mark.parametrize("gender", ["numbers", "words", "no secret"])
@pytest.mark.parametrize("write", _WRITES)
@pytest.mark.parametrize("put", ["merge", "replace"])
@pytest.mark.parametrize(
    "run",
    [what_is_only_tried_is_done_or_told, what_an_update_costs_is_told_and_stops_the_store],
    ids=lambda run: run.__name__,
)
def test_under_every_reading_a_loss_is_told(
    tmp_path: Path, run: Callable[[Case], None], put: str, write: str, gender: str
) -> None:
    switches = {"put": put, "nick_name": write, "language": write, "gender": gender}
    with opened(simulated("shopline", switches), tmp_path / "case") as case:
        run(case)
