"""What the clients share about finding records: batches by id, and who bears a contact or may."""

from collections.abc import Callable, Iterable

from reconciler.model.customer import NOTHING_LEARNED, LiveCustomer
from reconciler.model.identity import (
    Identity,
    IdentityKind,
    email_key,
    email_reading,
    mask_fits,
    national,
    phone_key,
    phone_readings,
)
from reconciler.platforms.base import Found


def in_batches(
    remote_ids: Iterable[str],
    size: int,
    many: Callable[[list[str]], Iterable[LiveCustomer]],
    one: Callable[[str], LiveCustomer | None],
) -> dict[str, LiveCustomer]:
    """The records that exist. `many` asks for a batch; whoever it leaves out is asked for alone.

    Records that were not asked for are dropped: some stores ignore the filter.
    """
    wanted = list(dict.fromkeys(remote_ids))
    found: dict[str, LiveCustomer] = {}
    for start in range(0, len(wanted), size):
        batch = wanted[start : start + size]
        if len(batch) > 1:
            found |= {live.remote_id: live for live in many(batch) if live.remote_id in batch}
        for remote_id in batch:
            if remote_id not in found and (alone := one(remote_id)) is not None:
                found[remote_id] = alone
    return found


def sort_out(
    answered: Iterable[LiveCustomer], wanted: Identity, region: str | None, *, whole: bool
) -> Found:
    """Of whoever a search answered with, those whom the look-up may have meant.

    How stores compare is not documented, so everybody else is dropped. A record without any contact
    of the kind is one that hides it, unless the answer shows that the search finds others too.
    """
    customers: list[LiveCustomer] = []
    withheld: list[LiveCustomer] = []
    silent: list[LiveCustomer] = []
    loose = False
    teaches = NOTHING_LEARNED
    for live in answered:
        teaches = teaches.then(live.teaches)
        contact = live.email if wanted.kind is IdentityKind.EMAIL else live.phone
        shown = [text for kind, text in live.hidden if kind is wanted.kind]
        if bears(live, wanted, region) or may_bear(live, wanted, region):
            customers.append(live)
        elif any(text is not None for text in shown):
            if any(text is not None and mask_fits(text.reveal(), wanted) for text in shown):
                withheld.append(live)
        elif contact is None:
            silent.append(live)
        else:
            loose = True
    return Found(
        customers=tuple(customers),
        withheld=(*withheld, *(() if loose else silent)),
        whole=whole,
        teaches=teaches,
    )


def bears(live: LiveCustomer, wanted: Identity, region: str | None) -> bool:
    """Whether a record has surely this e-mail address or phone number."""
    by_email = wanted.kind is IdentityKind.EMAIL
    contact = live.email if by_email else live.phone
    if contact is None:
        return False
    text = contact.reveal()
    return wanted.key == (email_key(text) if by_email else phone_key(text, region))


def may_bear(live: LiveCustomer, wanted: Identity, region: str | None) -> bool:
    """Whether a record's contact may be this one, written in a way that nobody can be sure of."""
    by_email = wanted.kind is IdentityKind.EMAIL
    contact = live.email if by_email else live.phone
    if contact is None:
        return False
    text = contact.reveal()
    if by_email:
        return email_reading(text) == wanted.key
    if wanted.key in phone_readings(text, region):
        return True
    digits = "".join(one for one in text if one.isdigit())
    return region is None and not text.strip().startswith("+") and digits == national(wanted.key)
