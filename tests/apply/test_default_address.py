"""Which address of a new customer is the default: asked for in a way that is documented."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.plan.outcome import State
from tests.harness import opened, states

HOME = {"first_name": "Ada", "last_name": "L", "address1": "1 Home St", "city": "Bern"}
WORK = {"first_name": "Ada", "last_name": "L", "address1": "2 Work St", "city": "Bern"}
PLACE = {"country": "Switzerland", "country_code": "CH"}


@pytest.mark.parametrize("chosen", [0, 1])
@pytest.mark.parametrize("way", ["first", "last", "flagged"])
@pytest.mark.parametrize("variant", ["shoplazza", "shoplazza-2022"])
def test_whichever_a_store_makes_it_the_wanted_one_becomes_it(
    tmp_path: Path, variant: str, way: str, chosen: int
) -> None:
    with opened(tmp_path, variant, [], {"create_default_address": way}) as shop:
        addresses: list[dict[str, Any]] = [{**HOME, **PLACE}, {**WORK, **PLACE}]
        addresses[chosen]["default"] = True
        shop.want({"email": "ada@example.com", "addresses": addresses})
        body = shop.plan()

        result = shop.apply(body)

        assert states(result) == [State.DONE]
        live = shop.live("ada@example.com")["addresses"]
        assert [one["address1"] for one in live if one["default"]] == [
            addresses[chosen]["address1"]
        ]
        assert shop.plan()["changes"] == []
