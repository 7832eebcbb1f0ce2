"""Metafields that a store keeps as another type than an entry wants, which it may not change."""

from collections.abc import Iterator
from typing import Final

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.metafields import Metafields
from reconciler.model.pseudonyms import Pseudonyms

_KNOWN: Final = frozenset(
    {
        "boolean",
        "color",
        "date",
        "date_time",
        "json",
        "multi_line_text_field",
        "number_decimal",
        "number_integer",
        "rating",
        "single_line_text_field",
        "url",
    }
)


def other_types(
    desired: DesiredCustomer, live: LiveCustomer, pseudonyms: Pseudonyms
) -> Iterator[tuple[FieldPath, str]]:
    """Each with a sentence; a name that looks personal is an alias, and a type of the store's that
    nobody knows is not told.
    """
    wanted = dict(desired.scalars).get("metafields")
    if not isinstance(wanted, Metafields) or live.metafields is None:
        return
    for one in wanted.every:
        had = live.metafields.of(one.name)
        if had is not None and one.value is not None and had.type != one.type:
            name = pseudonyms.text(one.title)
            kind = had.type if had.type.removeprefix("list.") in _KNOWN else "another type"
            path = FieldPath("metafields", one.title)
            yield path, f"the store has {name} as {kind}, and not as {pseudonyms.text(one.type)}"
