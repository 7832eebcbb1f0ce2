"""Which revisions want a field as the files at hand do, and so why it has to be changed."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, TypeAlias

from reconciler.model.cause import NO_CAUSES, Cause, Causes
from reconciler.model.customer import DesiredCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.fields import BY_NAME
from reconciler.model.former import Before, Said
from reconciler.model.identity import IdentityKind
from reconciler.model.managed import UNMANAGED
from reconciler.model.tags import TagIntent, tag_key
from reconciler.plan.changes import (
    AddressChange,
    ConsentChange,
    FieldChange,
    Presence,
    ScalarChange,
    TagChange,
)
from reconciler.plan.compare import parts_of


def causes(desired: DesiredCustomer, fields: Collection[FieldChange], before: Before) -> Causes:
    """The cause of each field change of one customer; where no base was given, of those alone that
    another store of the controller asks for.
    """
    carried = tuple((one.path, Cause.CONTROLLER) for one in fields if _is_carried(one))
    if before.compared is None:
        return carried or NO_CAUSES
    own = [one for one in fields if not _is_carried(one)]
    if desired.unnamed:
        return (*carried, *((one.path, _cause_of_document(one, before)) for one in own))
    base, applied = _heard(before.base, desired), _heard(before.applied, desired)
    found = (
        (one.path, _became_ours(one, desired, before) or _cause(one, desired, base, applied))
        for one in own
    )
    return (*carried, *found)


def _is_carried(field: FieldChange) -> bool:
    return isinstance(field, ConsentChange) and field.elsewhere is not None


def _became_ours(field: FieldChange, desired: DesiredCustomer, before: Before) -> Cause | None:
    """Where a tag goes off a list that is exact because the files name it now, for whomever: that
    is no edit in the store.
    """
    if not isinstance(field, TagChange) or before.base is None:
        return None
    left = {tag_key(tag) for tag in desired.left_tags}
    removed = (tag for tag in field.delta.removed if tag_key(tag) not in left)
    stances = _Stances(desired)
    unlisted = [tag for tag in removed if stances.of(tag) == "unlisted"]
    for owns, cause in (
        (before.base_owns, Cause.THIS_CHANGE),
        (before.applied_owns, Cause.LEFT_OVER),
    ):
        if owns is not None and not all(map(owns, unlisted)):
            return cause
    return None


def differs_from_base(desired: DesiredCustomer, before: Before) -> bool:
    """Whether the base wanted this customer in any other way; false where there is none."""
    if before.compared is None or before.base is None:
        return False
    former = before.base(desired)
    if former is None or desired.departed:
        return (former is None) is not desired.departed
    return _everything(former) != _everything(desired)


def _cause_of_document(field: FieldChange, before: Before) -> Cause:
    """Of what a document asks of everybody whom no entry names."""
    tags = set(map(tag_key, field.delta.removed)) if isinstance(field, TagChange) else set[str]()
    if before.base is None:
        return Cause.NOT_IN_SYNC
    if not tags <= before.base_tags:
        return Cause.THIS_CHANGE
    if before.applied is None:
        return Cause.NOT_IN_SYNC
    return Cause.DRIFT if tags <= before.applied_tags else Cause.LEFT_OVER


_Heard: TypeAlias = tuple[DesiredCustomer | None] | None
"""What a revision said, or None where there is no such revision."""


def _heard(said: Said | None, desired: DesiredCustomer) -> _Heard:
    return None if said is None else (said(desired),)


def _cause(field: FieldChange, desired: DesiredCustomer, base: _Heard, applied: _Heard) -> Cause:
    wanted = _said(field, None if desired.departed else desired)
    if base is None:
        return Cause.NOT_IN_SYNC
    if _said(field, base[0]) != wanted:
        return Cause.THIS_CHANGE
    if applied is None:
        return Cause.NOT_IN_SYNC
    if isinstance(field, TagChange) and _has_ended(field, desired):
        return Cause.LEFT_OVER  # all three revisions say when, and that has come since
    return Cause.DRIFT if _said(field, applied[0]) == wanted else Cause.LEFT_OVER


def _has_ended(change: TagChange, customer: DesiredCustomer) -> bool:
    """Whether a tag goes because the membership has ended."""
    ended = {tag_key(tag) for tag in customer.ended_tags}
    return any(tag_key(tag) in ended for tag in change.delta.removed)


def _said(field: FieldChange, customer: DesiredCustomer | None) -> Any:
    """What an entry says of what a field change is about; comparable, never to be shown."""
    if customer is None:
        return None
    match field:
        case Presence():
            return [customer.creates, customer.absent]
        case ScalarChange():
            return [_scalar(field.path, customer)]
        case TagChange(claims=True):
            return [customer.creates, customer.absent, customer.claims]
        case TagChange():
            return list(map(_Stances(customer).of, (*field.delta.added, *field.delta.removed)))
        case ConsentChange():
            return [customer.absent, customer.consent(field.channel)]
        case AddressChange():
            return [None if customer.addresses is UNMANAGED else customer.addresses]


def _scalar(path: FieldPath, customer: DesiredCustomer) -> Any:
    for kind in IdentityKind:
        if kind.value == path.name:
            one = customer.identity(kind)
            return None if one is None else one.key
    normalise = BY_NAME[path.name].normalise
    said = dict(customer.scalars)
    parts = dict(parts_of(said[path.name])) if path.name in said else {}
    return ("said", normalise(parts[path.member], None)) if path.member in parts else None


class _Stances:
    """What an entry wants of tags, of which one change may have many."""

    def __init__(self, customer: DesiredCustomer) -> None:
        intent = TagIntent() if customer.tags is UNMANAGED else customer.tags
        left = {tag_key(tag) for tag in customer.left_tags}
        self._present = {tag_key(tag) for tag in intent.present}
        self._absent = {tag_key(tag) for tag in intent.absent} - left
        self._in_sets = intent.has_in_sets
        self._else = "unlisted" if intent.exact else "nothing"

    def of(self, tag: str) -> str:
        key = tag_key(tag)
        if key in self._present:
            return "present"
        return "absent" if key in self._absent or self._in_sets(key) else self._else


def _everything(customer: DesiredCustomer) -> list[Any]:
    return [
        customer.identities,
        customer.previously,
        customer.creates,
        customer.claims,
        customer.absent,
        customer.scalars,
        customer.addresses,
        customer.consents,
        _asked(customer),
    ]


def _asked(customer: DesiredCustomer) -> Any:
    """What the files themselves want of tags, without those that left them."""
    if customer.tags is UNMANAGED:
        return None
    left = {tag_key(tag) for tag in customer.left_tags}
    absent = tuple(tag for tag in customer.tags.absent if tag_key(tag) not in left)
    asked = replace(customer.tags, absent=absent)
    return asked if asked != TagIntent() else None
