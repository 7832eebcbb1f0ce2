"""The seal of the cache and of receipts: what the holder of the key wrote for this program."""

import hmac
from collections.abc import Iterable, Iterator
from typing import Final

_FORM: Final = b"reconciler cache 1\n"
_SEAL: Final = 32


def sealed(
    content: Iterable[bytes | bytearray], key: bytes, stamp: bytes
) -> Iterator[bytes | bytearray]:
    """In pieces, as it comes, since it may be large; `stamp` is what the content is, and was made
    with.
    """
    yield _FORM
    seal = _begun(key, stamp)
    for piece in content:
        seal.update(piece)
        yield piece
    yield seal.digest()


def opened(text: bytes, key: bytes, stamp: bytes) -> memoryview | None:
    """The content; None where anything is not as it was written with this key and this stamp."""
    if len(text) < len(_FORM) + _SEAL or not text.startswith(_FORM):
        return None
    content = memoryview(text)[len(_FORM) : -_SEAL]
    seal = _begun(key, stamp)
    seal.update(content)
    return content if hmac.compare_digest(text[-_SEAL:], seal.digest()) else None


def derived(key: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose."""
    return hmac.digest(key, b"reconciler cache: " + purpose.encode(), "sha256")


def _begun(key: bytes, stamp: bytes) -> hmac.HMAC:
    """The seal of what is still to come."""
    seal = hmac.new(derived(key, "seal"), _FORM + len(stamp).to_bytes(8, "big"), "sha256")
    seal.update(stamp)
    return seal
