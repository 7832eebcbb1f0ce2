"""What is left of a customer's field changes when some of them are held."""

from collections.abc import Iterable, Iterator

from reconciler.model.consent import Channel
from reconciler.model.customer import LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.settings import RiskClass
from reconciler.plan.changes import ConsentChange, FieldChange, ScalarChange
from reconciler.plan.consent_rules import is_told


def is_withdrawal(change: FieldChange) -> bool:
    """Whether a change does nothing but take somebody out of an audience."""
    moves = isinstance(change, ConsentChange) and change.moves
    return change.risk is RiskClass.WITHDRAW and not moves


def without(out: set[FieldPath], fields: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """The rest; a consent that moves with its address goes out with it, and the reverse."""
    fields = tuple(fields)
    held_moves = {
        one.channel
        for one in fields
        if isinstance(one, ConsentChange)
        and one.moves
        and (one.path in out or contact_of(one.channel) in out)
    }
    for one in fields:
        if one.path in out:
            continue
        if isinstance(one, ConsentChange) and one.moves and one.channel in held_moves:
            continue
        if isinstance(one, ScalarChange) and any(
            contact_of(channel) == one.path for channel in held_moves
        ):
            continue
        yield one


def contact_of(channel: Channel) -> FieldPath:
    return FieldPath("email" if channel is Channel.EMAIL else "phone")


def sent_blindly(fields: Iterable[FieldChange], live: LiveCustomer) -> tuple[Channel, ...]:
    """The consents that the store does not tell, and that a whole record would send along."""
    written = {one.channel for one in fields if isinstance(one, ConsentChange)}
    return tuple(
        channel
        for channel in Channel
        if channel not in written and not is_told(live.consent(channel), live.contact(channel))
    )
