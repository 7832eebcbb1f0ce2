"""Why the specs want a customer gone, as it may be shown: without names and contacts, which people
write into reasons.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.identity import IdentityKind
from reconciler.model.personal import Personal
from reconciler.model.redaction import Names, without_values
from reconciler.model.settings import DesiredState

_NAMES: Final = ("first_name", "last_name", "nickname")


def reason_of(desired: DesiredCustomer, live: LiveCustomer | None, names: Names) -> str | None:
    """`names` are those that others are called by."""
    if desired.reason is None:
        return None
    return without_values(desired.reason, _values(desired, live), names)


def names_in(customers: Iterable[DesiredCustomer | LiveCustomer]) -> Names:
    """What people are called by: their names, and their addresses for mail."""
    return Names(value for one in customers for value in _names(one))


def unsaid(desired: DesiredCustomer, live: LiveCustomer) -> Iterator[str]:
    """What a record is called by and its entry does not say, letter for letter."""
    said = dict(desired.scalars)
    for name in _NAMES:
        told = live.scalar(name)
        if isinstance(told, Personal) and said.get(name) != told:
            yield told.reveal()
    email = desired.identity(IdentityKind.EMAIL)
    if live.email is not None and (email is None or email.value != live.email):
        yield live.email.reveal()


def everybody(state: DesiredState) -> Iterator[DesiredCustomer]:
    """Of all stores: who writes a reason thinks of people, and not of shops."""
    return (one for _, every in state.customers for one in every)


def _names(one: DesiredCustomer | LiveCustomer) -> Iterator[str]:
    if isinstance(one, LiveCustomer):
        told = (one.first_name, one.last_name, one.nickname, one.email)
        yield from (value.reveal() for value in told if value is not None)
        return
    for name, value in one.scalars:
        if name in _NAMES and isinstance(value, Personal):
            yield value.reveal()
    email = one.identity(IdentityKind.EMAIL)
    if email is not None:
        yield email.value.reveal()


def _values(desired: DesiredCustomer, live: LiveCustomer | None) -> Iterator[Personal]:
    yield from (one.written for one in (*desired.identities, *desired.previously))
    for name, value in desired.scalars:
        if isinstance(value, Personal) and name != "note":
            yield value
    if live is not None:
        own = (
            live.email,
            live.phone,
            live.first_name,
            live.last_name,
            live.nickname,
            live.birthday,
        )
        yield from (one for one in own if one is not None)
        yield from (text for address in live.addresses for _, text in address.texts)
