"""Whose a live customer is, by the marks on it, and what of a plan that stops."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.model.customer import LiveCustomer
from reconciler.model.field_path import TAGS, FieldPath
from reconciler.model.settings import StoreSettings
from reconciler.plan.changes import FieldChange
from reconciler.plan.held_back import is_withdrawal
from reconciler.plan.store_rules import StoreRules

FOREIGN: Final = "ownership.foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedByOthers:
    """`fields` are those that are held; what takes somebody out of an audience is none of them."""

    message: str
    fields: tuple[FieldPath, ...]


def is_ours(live: LiveCustomer, store: StoreSettings) -> bool:
    """Whether a customer bears our mark; of tags that the store does not tell, nobody knows."""
    return "tags" not in live.unreadable and store.ownership.is_ours(live.tags)


def is_left_to_others(
    live: LiveCustomer, fields: Iterable[FieldChange], rules: StoreRules, *aliases: str
) -> bool:
    """Whether one of these changes is held, and nobody has released that for one of the aliases."""
    return marked_by_others(live, fields, rules) is not None and not rules.released(
        FOREIGN, *aliases
    )


def is_mark(path: FieldPath, rules: StoreRules) -> bool:
    """Whether a path, as plans show it, is that of our mark."""
    mark = rules.store.ownership.tag
    return mark is not None and path == rules.pseudonyms.path(FieldPath(TAGS.name, mark))


def marked_by_others(
    live: LiveCustomer, fields: Iterable[FieldChange], rules: StoreRules
) -> MarkedByOthers | None:
    """What is left to others of a customer's changes; None where nothing is.

    Where the store hides the tags, a mark of others may be among them.
    """
    ownership = rules.store.ownership
    hidden = bool(ownership.foreign) and "tags" in live.unreadable
    marks = ownership.others(live.tags)
    if not (hidden or marks):
        return None
    stopped = tuple(one.path for one in fields if not is_withdrawal(one))
    if not stopped:
        return None
    named = ", ".join(rules.pseudonyms.text(tag) for tag in marks)
    message = f"the customer bears the mark of others: {named}"
    if not marks:
        message = "the store does not tell the tags, and a mark of others may be among them"
    return MarkedByOthers(message=message, fields=stopped)
