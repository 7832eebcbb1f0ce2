"""SHOPLINE passes the suite that every adapter must pass, also where its documents are silent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.testing import contract
from reconciler.testing.case import Case, opened
from reconciler.testing.footprints import (
    an_update_changes_its_field_and_nothing_else,
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


@pytest.mark.parametrize("missing", ["null", "error"])
@pytest.mark.parametrize("whole", ["list", "null"])
@pytest.mark.parametrize("unset", ["told", "null"])
def test_what_graphql_tells_is_read_under_every_reading(
    tmp_path: Path, unset: str, whole: str, missing: str
) -> None:
    switches = {"graph_unset": unset, "graph_whole": whole, "graph_missing": missing}
    with opened(simulated("shopline", switches), tmp_path / "case") as case:
        an_update_changes_its_field_and_nothing_else(case)


@pytest.mark.parametrize("graph_put", ["merge", "replace"])
@pytest.mark.parametrize("put", ["merge", "replace"])
@pytest.mark.parametrize("write", _WRITES)
def test_what_graphql_costs_is_told_under_both_readings_of_both_writes(
    tmp_path: Path, put: str, graph_put: str, write: str
) -> None:
    switches = {"put": put, "graph_put": graph_put, "tax_exempt": write}
    with opened(simulated("shopline", switches), tmp_path / "case") as case:
        what_an_update_costs_is_told_and_stops_the_store(case)


@pytest.mark.parametrize("pages", ["none", "fifty", "small", "silent"])
@pytest.mark.parametrize("put", ["merge", "replace"])
def test_metafields_are_read_and_written_however_they_are_paged(
    tmp_path: Path, put: str, pages: str
) -> None:
    switches = {"put": put, "metafield_pages": pages}
    with opened(simulated("shopline", switches), tmp_path / "case") as case:
        what_an_update_costs_is_told_and_stops_the_store(case)
