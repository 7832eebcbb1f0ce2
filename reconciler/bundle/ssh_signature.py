"""Signatures as `ssh-keygen -Y sign` makes and `-Y verify` proves them, by an Ed25519 key.

The form is that of OpenSSH's PROTOCOL.sshsig. Keys are read and used by `cryptography`, which is
asked here and nowhere else; it knows no such signatures itself.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAMESPACE: Final = "audit-bundle@reconciler"
"""Keeps a signature of a bundle from being one of anything else, a commit say."""
KIND: Final = b"ssh-ed25519"
LARGEST: Final = 64 * 1024
_MAGIC: Final = b"SSHSIG"
_HASHES: Final = {"sha512": hashlib.sha512, "sha256": hashlib.sha256}
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_ARMOUR: Final = re.compile(
    rf"{_BEGIN}\n((?:[A-Za-z0-9+/]{{70}}\n)*[A-Za-z0-9+/]+={{0,2}}\n){_END}\n"
)
_COLUMNS: Final = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """`key` is the public key, as its 32 bytes; `bare` the 64 bytes that it has made."""

    key: bytes
    namespace: str
    algorithm: str
    bare: bytes


def is_here() -> bool:
    """Whether the extra that signatures need is installed."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: F401
    except ImportError:
        return False
    return True


def fingerprint(key: bytes) -> str:
    """As `ssh-keygen -l` tells it."""
    digest = hashlib.sha256(_public(key)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def parsed(armoured: bytes) -> Signature | None:
    """None for what is no signature by an Ed25519 key, byte for byte as ssh-keygen writes it."""
    try:
        found = _ARMOUR.fullmatch(armoured.decode("ascii"))
        blob = base64.b64decode(found[1].replace("\n", ""), validate=True) if found else b""
        one = _parsed(blob)
    except (ValueError, struct.error):
        return None
    return one if one is not None and armour(one) == armoured else None


def _parsed(blob: bytes) -> Signature | None:
    if not blob.startswith(_MAGIC):
        return None
    parts = []
    left = blob[len(_MAGIC) + 4 :]
    while left:
        (size,) = struct.unpack_from(">I", left)
        parts.append(left[4 : 4 + size])
        left = left[4 + size :]
    if len(parts) != 5:
        return None
    return Signature(
        key=parts[0][-32:],
        namespace=parts[1].decode("ascii"),
        algorithm=parts[3].decode("ascii"),
        bare=parts[4][-64:],
    )


def armour(one: Signature) -> bytes:
    blob = b"".join(
        (
            _MAGIC,
            struct.pack(">I", 1),
            _string(_public(one.key)),
            _string(one.namespace.encode()),
            _string(b""),
            _string(one.algorithm.encode()),
            _string(_string(KIND) + _string(one.bare)),
        )
    )
    text = base64.b64encode(blob).decode()
    lines = (text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS))
    return "\n".join((_BEGIN, *lines, _END, "")).encode()


def holds(one: Signature, content: bytes) -> bool:
    """Whether the key of a signature has made it, of this content, as that of a bundle."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if one.namespace != NAMESPACE or one.algorithm not in _HASHES:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(one.key)
        key.verify(one.bare, _signed(one.algorithm, content))
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(line: str) -> bytes | None:
    """The 32 bytes of an Ed25519 key as a `.pub` file has it; None for anything else."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    if not line.startswith(f"{KIND.decode()} "):
        return None
    try:
        found = load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return found.public_bytes_raw() if isinstance(found, Ed25519PublicKey) else None


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that was opened."""

    _key: "Ed25519PrivateKey"

    def sign(self, content: bytes) -> bytes:
        return armour(
            Signature(
                key=self.key,
                namespace=NAMESPACE,
                algorithm="sha512",
                bare=self._key.sign(_signed("sha512", content)),
            )
        )

    @property
    def key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()


def opened(content: bytes, name: str, ask: Callable[[], str] | None) -> Signer:
    """The private key of a file. `ask` gives its passphrase; None where nobody can be asked.

    Raises `ConfigError`.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        try:
            found = load_ssh_private_key(content, None)
        except TypeError:
            if ask is None:
                raise ConfigError(
                    f"the signing key {name} has a passphrase, which is asked for at a terminal "
                    "alone",
                    hint="sign at a terminal, or with a key without one that only the job can read",
                ) from None
            found = load_ssh_private_key(content, ask().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the library says may quote the file.
        raise ConfigError(
            f"the signing key {name} cannot be opened: it is no private key of OpenSSH, or its "
            "passphrase is another",
            hint="make one with: ssh-keygen -t ed25519 -f FILE",
        ) from None
    if not isinstance(found, Ed25519PrivateKey):
        raise ConfigError(
            f"the signing key {name} is no Ed25519 key",
            hint="make one with: ssh-keygen -t ed25519 -f FILE",
        )
    return Signer(found)


def _signed(algorithm: str, content: bytes) -> bytes:
    """What the key signs: a digest, and what it is a digest for."""
    parts = (NAMESPACE.encode(), b"", algorithm.encode(), _HASHES[algorithm](content).digest())
    return _MAGIC + b"".join(map(_string, parts))


def _public(key: bytes) -> bytes:
    return _string(KIND) + _string(key)


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content
