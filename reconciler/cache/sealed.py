"""The seal of the cache and of receipts: what the holder of the key wrote for this program."""

import hmac
from collections.abc import Iterator
from typing import Final

_FORM: Final = b"reconciler cache 1\n"
_SEAL: Final = 32


def sealed(content: bytes, key: bytes, stamp: bytes) -> Iterator[bytes]:
    """In pieces, since it may be large; `stamp` is what the content is, and was made with."""
    yield _FORM
    yield content
    yield _seal(content, key, stamp)


def opened(text: bytes, key: bytes, stamp: bytes) -> memoryview | None:
    """The content; None where anything is not as it was written with this key and this stamp."""
    if len(text) < len(_FORM) + _SEAL or not text.startswith(_FORM):
        return None
    content = memoryview(text)[len(_FORM) : -_SEAL]
    same = hmac.compare_digest(text[-_SEAL:], _seal(content, key, stamp))
    return content if same else None


def derived(key: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose."""
    return hmac.digest(key, b"reconciler cache: " + purpose.encode(), "sha256")


def _seal(content: bytes | memoryview, key: bytes, stamp: bytes) -> bytes:
    seal = hmac.new(derived(key, "seal"), _FORM + len(stamp).to_bytes(8, "big"), "sha256")
    seal.update(stamp)
    seal.update(content)
    return seal.digest()
