"""Everything that is derived with the key: aliases of customers, digests of changes, seals.

A bare hash of an e-mail address can be guessed back; with the key it is a pseudonym that only the
holder of the key can make.
"""

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

from reconciler.model.customer import DesiredCustomer, LiveCustomer
from reconciler.model.field_path import FieldPath
from reconciler.model.shapes import shape_of

_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def canonical(value: object) -> bytes:
    """One byte string for one JSON value."""
    return _encode(value).encode()


class Pseudonyms:
    """All methods give the same answer for the same key and input, on every machine.

    `regions` are the countries of the stores, whose national phone numbers are no harmless text.
    """

    def __init__(self, key: bytes, regions: Iterable[str] = ()) -> None:
        self._key = key
        self._regions = frozenset(regions)
        self._of_meanings = hmac.digest(key, b"meanings", "sha256")

    @cached_property
    def name(self) -> str:
        """Which key it is, for whoever has it; it tells nothing of the key."""
        return self.digest("key", "register")[:16]

    def identity(self, controller: str, channel: str, contact: str) -> str:
        """Somebody's normal form as the register names it: without the key nobody can guess it."""
        text = f"register {len(controller)} {controller} {channel} {contact}"
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()

    def digest(self, purpose: str, value: Any) -> str:
        return self._digest(purpose, canonical(value))

    def digest_of_parts(self, purpose: str, parts: Mapping[str, bytes]) -> str:
        """The same of a mapping whose values are canonical already: each may be in several."""
        inner = b",".join(canonical(name) + b":" + parts[name] for name in sorted(parts))
        return self._digest(purpose, b"{" + inner + b"}")

    def digest_of_text(self, purpose: str, text: bytes) -> str:
        """The same of a value that is canonical already."""
        return self._digest(purpose, text)

    def _digest(self, purpose: str, value: bytes) -> str:
        text = b"[" + canonical(purpose) + b"," + value + b"]"
        return hmac.digest(self._key, text, "sha256").hex()

    def meaning(self, digest: bytes) -> bytes:
        """A digest of what somebody is asked for, of as many bytes, as it may leave memory."""
        return blake2b(digest, key=self._of_meanings, digest_size=len(digest)).digest()

    def live_alias(self, store: str, live: LiveCustomer) -> str:
        return self._alias("cus", ["live", store, live.remote_id])

    def entry_alias(self, desired: DesiredCustomer) -> str:
        """For a customer that does not exist yet: of the strongest identity in the specs."""
        strongest = desired.identities[0]
        return self._alias("cus", ["entry", desired.store, strongest.kind.value, strongest.key])

    def text(self, text: str) -> str:
        """Free text as it may be shown: replaced by an alias where it looks like personal data."""
        if shape_of(text, self._regions) is not None:
            return self.hidden(text)
        return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)

    def path(self, path: FieldPath) -> FieldPath:
        """The same as it may be shown."""
        return replace(path, member=self.text(path.member)) if path.member else path

    def hidden(self, text: str) -> str:
        """An alias for a text that may not be shown, whatever it looks like."""
        return self._alias("text", ["text", text])

    def _alias(self, prefix: str, value: list[str]) -> str:
        code = hmac.digest(self._key, canonical(value), "sha256")
        return f"{prefix}_{base64.b32encode(code).decode().lower()[:10]}"
