"""Provinces of exemptions from tax, which are the same with their country before them or without."""

from collections.abc import Sequence

from tests.harness import Shop, told


def added(shop: Shop, email: str, wanted: Sequence[str]) -> set[str]:
    """What a store that is exempt in the first of these tells once all are wanted. Neither before
    nor after that is anything to change.
    """

    def want(codes: Sequence[str]) -> None:
        rows = [{"country": "CA", "subdivisions": list(codes)}]
        shop.want({"email": email, "tax_exemptions": rows})

    want(wanted[:1])
    assert shop.plan()["changes"] == []
    want(wanted)
    result = shop.apply(shop.plan())
    assert result.complete, told(result)
    assert shop.plan()["changes"] == []
    (row,) = shop.box.customers()[0]["tax_exemptions"]["taxExemptionRegions"]
    return set(row["subdivisions"])
