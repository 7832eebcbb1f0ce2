"""What entries say that is of no more use, taken out."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from reconciler.desired.item import Item
from reconciler.desired.layout.remarks import Remarks

IsSpent: TypeAlias = Callable[[tuple[str, ...], Mapping[str, Any]], bool]
"""Whether the rename that an entry tells of is done in the stores that its file names."""
_KEY: Final = "previously"


def nothing_spent(stores: tuple[str, ...], entry: Mapping[str, Any]) -> bool:  # noqa: ARG001
    return False


def without_spent(data: dict[str, Any], remarks: Remarks, is_spent: IsSpent) -> dict[str, Any]:
    """The document without `previously` where the rename is done; its comments go to the entry."""
    named = data.get("store", ())
    stores = (named,) if isinstance(named, str) else tuple(named)
    kept: list[Any] = []
    for index, one in enumerate(data.get("customers", ())):
        entry = one.data() if isinstance(one, Item) else one
        if _KEY in entry and is_spent(stores, entry):
            _give_to_entry(remarks, index)
            kept.append({name: value for name, value in entry.items() if name != _KEY})
        else:
            kept.append(one)
    return {**data, "customers": kept} if "customers" in data else data


def _give_to_entry(remarks: Remarks, index: int) -> None:
    around = ("customers", index, _KEY)
    lines = remarks.before.setdefault(around[:2], [])
    for table in (remarks.before, remarks.after):
        for pointer in [one for one in table if one[:3] == around]:
            lines += filter(None, table.pop(pointer))
    for pointer in [one for one in remarks.beside if one[:3] == around]:
        lines.append(remarks.beside.pop(pointer)[1])
