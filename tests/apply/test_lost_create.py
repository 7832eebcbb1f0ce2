"""A create whose answer a kill swallowed, and that cannot be looked for right away."""

from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.sandbox.faults import Fault
from tests.harness import Json, Killed, Shop, opened


@pytest.mark.parametrize("dies_after", range(3, 9))
def test_a_resume_that_cannot_look_leaves_a_create_in_doubt(
    tmp_path: Path, dies_after: int
) -> None:
    """Here nobody can be searched for, and the list tells no contacts: there is but one way."""
    blind = {"search_scope": "403", "protected": "null", "duplicates": "accepted"}
    with opened(tmp_path, "genstore", [], blind) as shop:
        shop.want({"email": "dina@example.com", "first_name": "Zoë"})
        body = shop.plan()
        with pytest.raises(Killed):
            shop.apply(body, dies_after=dies_after)
        shop.box.fault(Fault("redirect", method="GET", nth=1, times=9))
        _resumed(shop, body)
        shop.box.clear_faults()
        _resumed(shop, body)

        assert len(shop.box.customers()) <= 1


def _resumed(shop: Shop, body: Json) -> None:
    try:
        shop.apply(body, resume=True)
    except ReconcilerError:
        return
