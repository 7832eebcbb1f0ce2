"""Metafields of a customer: values that a store keeps by namespace and key, each of a type."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.model.personal import Personal

_NUMBERS: Final = ("number_integer", "number_decimal", "rating_number")
_BOOLEAN: Final = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metafield:
    """`value` is None where there is to be none, or is none; `remote_id` and `description` are the
    store's.
    """

    namespace: str
    key: str
    type: str
    value: "Personal | None"
    remote_id: str | None = field(default=None, compare=False)
    description: "Personal | None" = field(default=None, compare=False)

    @property
    def name(self) -> tuple[str, str]:
        return self.namespace, self.key

    @property
    def title(self) -> str:
        """As plans name it; text of somebody else where it is the store's."""
        return f"{self.namespace}.{self.key}"

    def means(self, other: "Metafield") -> bool:
        """Whether both say the same in their type."""
        if self.value is None or other.value is None:
            return self.value is other.value
        told, wanted = self.value.reveal(), other.value.reveal()
        same = told == wanted or _meaning(self.type, told) == _meaning(other.type, wanted)
        return self.type == other.type and same


@dataclass(frozen=True, slots=True)
class Metafields:
    """By namespace and key, each once: `metafields` makes them. Values are personal, whatever they
    are.
    """

    every: tuple[Metafield, ...]

    def __str__(self) -> str:
        return f"{len(self.every)} metafields"

    @property
    def nothing(self) -> bool:
        """Whether none of them has a value."""
        return all(one.value is None for one in self.every)

    def parts(self) -> Iterator[tuple[str, "Metafields"]]:
        """Each by itself, under the name that plans have for it."""
        for one in self.every:
            yield one.title, Metafields((one,))

    def only(self, names: Collection[str]) -> "Metafields":
        """Those of some namespaces, or called so."""
        return Metafields(
            tuple(one for one in self.every if {one.namespace, one.title} & set(names))
        )

    def of(self, name: tuple[str, str]) -> Metafield | None:
        return next((one for one in self.every if one.name == name), None)

    def held_in(self, live: "Metafields | None") -> "Metafields":
        """What a store has of those that are named here, and no other; written as here where it
        means the same.
        """
        held = {one.name: one for one in (() if live is None else live.every)}
        return Metafields(tuple(_held(one, held.get(one.name)) for one in self.every))

    def plain(self) -> list[dict[str, Any]]:
        """As a spec says them, values in clear."""
        return [
            {
                "namespace": one.namespace,
                "key": one.key,
                "type": one.type,
                "value": None if one.value is None else one.value.reveal(),
            }
            for one in self.every
        ]


NONE: Final = Metafields(())


def metafields(every: Iterable[Metafield]) -> Metafields:
    """Raises `ValueError` where one stands twice, without saying which."""
    found = sorted(every, key=lambda one: one.name)
    if len({one.name for one in found}) < len(found):
        raise ValueError("a metafield stands twice")
    return Metafields(tuple(found))


def repeated(rows: Iterable[Mapping[str, Any]]) -> int | None:
    """The place of the first that another before it has named."""
    seen: set[tuple[str, str]] = set()
    for place, one in enumerate(rows):
        name = (one["namespace"], one["key"])
        if name in seen:
            return place
        seen.add(name)
    return None


def from_spec(value: Any) -> Metafields | None:
    """What a spec says, which its schema has accepted; of two of one name, the first."""
    from reconciler.model.personal import Personal  # noqa: PLC0415 -- it knows all values

    found: dict[tuple[str, str], Metafield] = {}
    for one in value or ():
        told = one["value"]
        made = Metafield(
            namespace=one["namespace"],
            key=one["key"],
            type=one["type"],
            value=None if told is None else Personal(told),
        )
        found.setdefault(made.name, made)
    return metafields(found.values()) if found else None


def _held(wanted: Metafield, live: Metafield | None) -> Metafield:
    if live is None:
        return Metafield(namespace=wanted.namespace, key=wanted.key, type=wanted.type, value=None)
    return wanted if wanted.means(live) else live


def _meaning(kind: str, text: str) -> object:
    """Numbers, flags and JSON by what they say; any other type by its text."""
    try:
        if kind in _NUMBERS:
            number = Decimal(text.strip())
            return number if number.is_finite() else text
        if kind == _BOOLEAN:
            return text.strip().lower()
        if kind.startswith(("json", "list.")):
            return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, ArithmeticError, RecursionError):
        return text
    return text
