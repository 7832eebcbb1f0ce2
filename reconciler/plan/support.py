"""What a platform cannot hold or write, found at plan time by its table."""

from collections.abc import Iterator

from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import LiveCustomer
from reconciler.model.field_path import CUSTOMER, FieldPath
from reconciler.model.fields import BY_NAME
from reconciler.model.personal import in_clear
from reconciler.model.tags import carry_out
from reconciler.model.tax import TaxExemptions
from reconciler.plan.changes import (
    Action,
    AddressChange,
    ConsentChange,
    FieldChange,
    ScalarChange,
    TagChange,
)

Misfit = tuple[FieldPath, str]
"""The field that does not fit, and why."""


def unsupported(
    action: Action, live: LiveCustomer | None, changes: tuple[FieldChange, ...], table: Capabilities
) -> Iterator[Misfit]:
    if action is Action.DELETE and not table.deletes:
        yield CUSTOMER, f"{table.title} has no way to delete a customer"
        return
    yield from _fields(action, changes, table)
    yield from _tags(live, changes, table)
    lengths = dict(table.lengths)
    for change in changes:
        if isinstance(change, ScalarChange):
            most = lengths.get(change.path.name)
            text = in_clear(change.after)
            if most is not None and isinstance(text, str) and len(text) > most:
                yield change.path, f"{table.title} takes at most {most} characters here"
            if isinstance(change.after, TaxExemptions):
                for why in table.beyond_countries(change.after):
                    yield change.path, why
        if isinstance(change, AddressChange):
            yield from _addresses(change, table)


def _addresses(change: AddressChange, table: Capabilities) -> Iterator[Misfit]:
    most = table.addresses_at_most
    if most is not None and len(change.after) > most:
        yield change.path, f"{table.title} takes at most {most} addresses"
    lengths = dict(table.address_lengths)
    for one in change.after:
        for name, text in one.texts:
            if name in lengths and len(text.reveal()) > lengths[name] and one not in change.before:
                yield (
                    change.path,
                    f"{table.title} takes at most {lengths[name]} characters in `{name}`",
                )
        lacking = [name for name in table.address_needs if one.text(name) is None]
        if one.remote_id is None and lacking:
            names = " and ".join(f"`{name}`" for name in lacking)
            yield change.path, f"{table.title} needs {names} in a new address"


def _fields(
    action: Action, changes: tuple[FieldChange, ...], table: Capabilities
) -> Iterator[Misfit]:
    creating = action is Action.CREATE
    writable = table.creates if creating else table.updates
    contacts = [
        one.path for one in changes if isinstance(one, ScalarChange) and one.written is not None
    ]
    if creating and table.single_contact and len(contacts) > 1:
        yield contacts[1], f"{table.title} creates a customer with e-mail or phone, not with both"
    for change in changes:
        name = change.path.table
        if name in BY_NAME and name not in writable:
            yield change.path, table.cannot("set" if creating else "change", name)
        if isinstance(change, ConsentChange) and change.wanted.state not in table.consent_states:
            yield change.path, f"{table.title} has no consent state `{change.wanted.state}`"


def _tags(
    live: LiveCustomer | None, changes: tuple[FieldChange, ...], table: Capabilities
) -> Iterator[Misfit]:
    tags = live.tags if live is not None else ()
    added: list[str] = []
    names: list[FieldPath] = []
    for change in changes:
        if isinstance(change, TagChange):
            tags = carry_out(tags, change.delta)
            added.extend(change.delta.added)
            names.append(change.path)
    if not added:
        return
    field = names[-1]
    if table.tags_at_most is not None and len(tags) > table.tags_at_most:
        yield field, f"{table.title} holds at most {table.tags_at_most} tags a customer"
    if table.tag_length is not None and any(len(tag) > table.tag_length for tag in added):
        yield field, f"{table.title} takes tags of at most {table.tag_length} characters"
    if table.tags_length is not None and len(",".join(tags)) > table.tags_length:
        yield field, f"{table.title} takes at most {table.tags_length} characters of tags in all"
