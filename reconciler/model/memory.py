"""What is remembered of a store's record that asked for nothing, and of the entry that it had."""

from collections.abc import Collection
from typing import NamedTuple

from reconciler.model.consent import Channel


class Memory(NamedTuple):
    """`email` and `phone` are the hashes of what the record can be matched by beside its id, and
    nobody can doubt these.

    `meaning` is the digest of the entry that it was as it should be for, empty where no entry was
    for it. `said` tells that the entry says all that the record is called, `contacts` that it has
    any, `foreign` how many of its tags are not ours.
    """

    email: int | None
    phone: int | None
    meaning: bytes
    subscribed: Collection[Channel]
    contacts: bool
    said: bool
    foreign: int
