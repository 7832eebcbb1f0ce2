"""What a live customer can be matched by, surely or perhaps, and whether that is an entry's."""

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.entries import Key
from reconciler.model.identity import (
    Identity,
    IdentityKind,
    email_key,
    email_reading,
    is_plain_email,
    mask_fits,
    national,
    number_of,
    phone_readings,
)


def keys_of(live: LiveCustomer, region: str | None) -> tuple[Key, ...]:
    """What a live customer can be matched by; unreadable contacts are no keys."""
    keys: list[Key] = [(IdentityKind.ID, live.remote_id)]
    if live.email is not None:
        keys.append((IdentityKind.EMAIL, email_key(live.email.reveal())))
    if live.phone is not None and (number := number_of(live.phone, region)) is not None:
        keys.append((IdentityKind.PHONE, number))
    return tuple(keys)


def doubts_of(live: LiveCustomer, region: str | None) -> tuple[Key, ...]:
    """What a live customer may be matched by, where a contact is no sure key."""
    doubts: set[Key] = set()
    if live.email is not None and not is_plain_email(text := live.email.reveal()):
        reading = email_reading(text)
        if reading != email_key(text):
            doubts.add((IdentityKind.EMAIL, reading))
    if live.phone is not None:
        if number_of(live.phone, region) is None:
            readings = phone_readings(live.phone.reveal(), region)
            doubts |= {(IdentityKind.PHONE, one) for one in readings}
        if region is None and not doubts and "*" not in (text := live.phone.reveal()):
            # Dialled inside a country that nobody named: kept apart from E.164 by its first sign.
            doubts.add((IdentityKind.PHONE, "".join(one for one in text if one.isdigit())))
    return tuple(sorted(doubts)) if doubts else ()


def meets(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    """Whether an entry and a record share any identity at all."""
    named = {(one.kind, one.key) for one in (*desired.identities, *desired.previously)}
    return not named.isdisjoint(keys_of(live, region))


def may_meet(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    """Whether a record may be an entry's: it shares an identity, or one in doubt, or hides one."""
    return (
        meets(desired, live, region)
        or in_doubt(desired, live, region)
        or any(
            (live.email if one.kind is IdentityKind.EMAIL else live.phone) is None
            for one in (*desired.identities, *desired.previously)
            if one.kind is not IdentityKind.ID
        )
    )


def in_doubt(desired: DesiredCustomer, live: LiveCustomer, region: str | None) -> bool:
    """Whether a record has a contact that may be one of the entry's, or hides such a one."""
    named = (*desired.identities, *desired.previously)
    hidden = dict(live.hidden)
    if any(
        shown is None or mask_fits(shown.reveal(), one)
        for one in named
        if one.kind in hidden
        for shown in (hidden[one.kind],)
    ):
        return True
    doubts = set(doubts_of(live, region))
    return not doubts.isdisjoint(key for one in named for key in _doubt_keys(one))


def _doubt_keys(one: Identity) -> tuple[Key, ...]:
    if one.kind is not IdentityKind.PHONE:
        return ((one.kind, one.key),)
    return ((one.kind, one.key), (one.kind, national(one.key)))
