"""A create whose answer a kill swallowed, and that cannot be looked for right away."""

from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.sandbox.faults import Fault
from tests.harness import Json, Killed, Shop, opened

# Nobody can be found by a contact: it cannot be searched for, or is told masked.
BLIND = {
    "genstore": {"search_scope": "403", "protected": "null", "duplicates": "accepted"},
    "shoplazza": {"masked": "all", "duplicates": "accepted"},
    "shoplazza-2022": {"masked": "all", "duplicates": "accepted"},
    "shopline": {"masked": "all", "duplicates": "accepted"},
}


@pytest.mark.parametrize("dies_after", range(3, 9))
@pytest.mark.parametrize("variant", BLIND)
def test_a_resume_that_cannot_look_leaves_a_create_in_doubt(
    tmp_path: Path, variant: str, dies_after: int
) -> None:
    with opened(tmp_path, variant, [], BLIND[variant]) as shop:
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
