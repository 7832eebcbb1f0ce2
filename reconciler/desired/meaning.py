"""What an entry asks for, whatever it is written like: order and comments do not count."""

import marshal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from reconciler.model.customer import Address, DesiredCustomer
from reconciler.model.managed import UNMANAGED
from reconciler.model.personal import in_clear
from reconciler.model.settings import MEANING
from reconciler.model.tags import TagIntent, TagSet, tag_key

_FORMAT: Final = 2  # of marshal: one text for one value, on every machine


def meaning(one: DesiredCustomer) -> bytes:
    """Of `MEANING` bytes, and not keyed: it may be kept in memory, and must not leave it."""
    return blake2b(marshal.dumps(_parts(one), _FORMAT), digest_size=MEANING).digest()


def _parts(one: DesiredCustomer) -> tuple[Any, ...]:
    return (
        [(str(identity.kind), identity.key) for identity in one.identities],
        [(str(identity.kind), identity.key) for identity in one.previously],
        one.absent,
        one.erases,
        one.creates,
        one.claims,
        [(name, in_clear(value)) for name, value in one.scalars],
        _intent(one.tags) if one.tags is not UNMANAGED else None,
        [_address(address) for address in one.addresses]
        if one.addresses is not UNMANAGED
        else None,
        [
            (str(channel), str(wanted.state), *wanted.evidence.parts())
            for channel, wanted in one.consents
        ],
    )


def _intent(intent: TagIntent) -> tuple[Any, ...]:
    sets = tuple(map(_set, intent.sets)) if intent.sets else ()
    return intent.present, intent.absent, intent.exact, sets


@lru_cache(maxsize=64)
def _set(tags: TagSet) -> bytes:
    """In few bytes, however many they are: what all customers of a store have in common."""
    keys = marshal.dumps(tuple(map(tag_key, tags.names)), _FORMAT)
    return blake2b(keys, digest_size=MEANING).digest()


def _address(address: Address) -> tuple[Any, ...]:
    return address.default, *[(name, text.reveal()) for name, text in address.texts]
