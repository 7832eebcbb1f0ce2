"""What the clients share about finding records: batches by id, and who bears an address exactly."""

from collections.abc import Callable, Iterable

from reconciler.model.customer import LiveCustomer
from reconciler.model.identity import Identity, IdentityKind, email_key, phone_key


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


def bears(live: LiveCustomer, wanted: Identity, region: str | None) -> bool:
    """Whether a record has exactly this e-mail address or phone number."""
    by_email = wanted.kind is IdentityKind.EMAIL
    contact = live.email if by_email else live.phone
    if contact is None:
        return False
    text = contact.reveal()
    return wanted.key == (email_key(text) if by_email else phone_key(text, region))
