"""The order of keys: that of the schema; where it names none, the author's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from reconciler.schemas import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Of one kind of value: its keys with what they hold, what other keys hold, and items."""

    keys: Mapping[str, "Order"]
    others: "Order | None" = None
    items: "Order | None" = None

    def names(self, data: Mapping[str, Any]) -> list[str]:
        named = [name for name in self.keys if name in data]
        if len(named) < len(data):
            named += [name for name in data if name not in self.keys]
        return named

    def of(self, name: str) -> "Order":
        return self.keys.get(name) or self.others or FREE

    @property
    def item(self) -> "Order":
        return self.items or FREE


FREE: Final = Order(keys={})


@cache
def order() -> Order:
    """Of a whole document."""
    return _order(load("spec"))


def _order(schema: Any) -> Order:
    keys: dict[str, Order] = {}
    others = items = None
    for one in _branches(schema):
        keys |= {name: _order(inner) for name, inner in one.get("properties", {}).items()}
        if isinstance(one.get("additionalProperties"), dict):
            others = _order(one["additionalProperties"])
        if "items" in one:
            items = _order(one["items"])
    return Order(keys=keys, others=others, items=items)


def _branches(schema: Any) -> Iterator[Any]:
    yield schema
    if "$ref" in schema:
        yield from _branches(load("spec")["$defs"][schema["$ref"].rpartition("/")[2]])
    for one in schema.get("anyOf", ()):
        yield from _branches(one)
