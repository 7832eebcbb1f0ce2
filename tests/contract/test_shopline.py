"""SHOPLINE passes the suite that every adapter must pass, also where its documents are silent."""

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

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

_PUTS = ("merge", "replace")
_WRITES = ("ignored", "honoured", "refused")


def _turns(every: int, *switches: Sequence[Any]) -> list[Any]:
    """One in so many of all combinations, each value in some; `make test-slow` tries the rest."""
    found = []
    for places in product(*(range(len(one)) for one in switches)):
        values = [one[place] for one, place in zip(switches, places, strict=True)]
        name = "-".join(getattr(one, "__name__", None) or str(one) for one in values)
        often = sum(places) % every == 0
        found.append(pytest.param(*values, id=name, marks=() if often else pytest.mark.slow))
    return found


@pytest.mark.parametrize(
    ("run", "put", "write", "gender"),
    _turns(
        3,
        (what_is_only_tried_is_done_or_told, what_an_update_costs_is_told_and_stops_the_store),
        _PUTS,
        _WRITES,
        ("numbers", "words", "no secret"),
    ),
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


@pytest.mark.parametrize(("put", "graph_put", "write"), _turns(2, _PUTS, _PUTS, _WRITES))
def test_what_graphql_costs_is_told_under_both_readings_of_both_writes(
    tmp_path: Path, put: str, graph_put: str, write: str
) -> None:
    switches = {"put": put, "graph_put": graph_put, "tax_exempt": write}
    with opened(simulated("shopline", switches), tmp_path / "case") as case:
        what_an_update_costs_is_told_and_stops_the_store(case)


@pytest.mark.parametrize(("put", "pages"), _turns(2, _PUTS, ("none", "fifty", "small", "silent")))
def test_metafields_are_read_and_written_however_they_are_paged(
    tmp_path: Path, put: str, pages: str
) -> None:
    switches = {"put": put, "metafield_pages": pages}
    with opened(simulated("shopline", switches), tmp_path / "case") as case:
        what_an_update_costs_is_told_and_stops_the_store(case)
