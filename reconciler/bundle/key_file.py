"""Files of keys: the private one that signs, and the public ones of whoever may have signed."""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from reconciler.bundle.ssh_signature import (
    LARGEST,
    NAMESPACE,
    Signer,
    fingerprint,
    is_here,
    opened,
    public_key,
)
from reconciler.errors import ConfigError
from reconciler.installation import with_extra

_TOLD: Final = r'(?:[^\s"]|"[^"]*")+'
_ALLOWED: Final = re.compile(
    rf"(?P<who>{_TOLD})[ \t]+(?:(?P<options>(?!ssh-|sk-|ecdsa-){_TOLD})[ \t]+)?"
    r"(?P<key>ssh-ed25519 .*)"
)
# No patterns that say who may not, and none that mean something to us alone.
_NAMESPACES: Final = re.compile('(?i:namespaces)="([^"![]*)"')


@dataclass(frozen=True, slots=True)
class Trusted:
    """Somebody whose signature counts: a name for people, and the 32 bytes of the public key."""

    name: str
    key: bytes


def check_extra() -> None:
    """Raises `ConfigError` where what signatures need is not installed."""
    if not is_here():
        raise ConfigError("signatures need one more package, with its own", hint=with_extra("sign"))


def signer(path: Path, ask: Callable[[], str] | None) -> Signer:
    """The private key that signs. Raises `ConfigError`, in which nothing of it stands."""
    check_extra()
    return opened(_content(path, "the signing key", private=True), str(path), ask)


def trusted_key(path: Path) -> tuple[Trusted, ...]:
    """Of a `.pub` file. Raises `ConfigError` where it holds no Ed25519 key, or several."""
    check_extra()
    lines = _lines(path, "the signer's key")
    keys = [public_key(one) for one in lines]
    if len(keys) != 1 or keys[0] is None:
        raise ConfigError(
            f"{path} does not hold one public Ed25519 key of OpenSSH",
            hint="name the .pub file of whoever signs; several keys go to --allowed-signers",
        )
    return (Trusted(fingerprint(keys[0]), keys[0]),)


def allowed_signers(path: Path) -> tuple[Trusted, ...]:
    """Of a file as `ssh-keygen -Y verify -f` takes it. A key under a condition that is not looked
    into here counts for nobody. Raises `ConfigError` where none is left.
    """
    check_extra()
    found = []
    for line in _lines(path, "the file of allowed signers"):
        told = _ALLOWED.fullmatch(line)
        key = public_key(told["key"]) if told and _may_sign(told["options"]) else None
        if told and key is not None:
            found.append(Trusted(told["who"].strip('"'), key))
    if not found:
        raise ConfigError(
            f"{path} names nobody who may sign a bundle with an Ed25519 key",
            hint=f'write lines like: NAME namespaces="{NAMESPACE}" ssh-ed25519 AAAA…',
        )
    return tuple(found)


def _may_sign(options: str | None) -> bool:
    if options is None:
        return True
    told = _NAMESPACES.fullmatch(options)
    return told is not None and any(fnmatchcase(NAMESPACE, one) for one in told[1].split(","))


def _lines(path: Path, what: str) -> list[str]:
    text = _content(path, what, private=False).decode("utf-8", "replace")
    lines = (one.strip() for one in text.splitlines())
    return [one for one in lines if one and not one.startswith("#")]


def _content(path: Path, what: str, *, private: bool) -> bytes:
    """Of a regular file: opening a pipe would wait for ever, and a device may never end."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            about, content = os.fstat(file), b""
            if stat.S_ISREG(about.st_mode):
                content = os.read(file, LARGEST + 1)
        finally:
            os.close(file)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{what} {path} cannot be read", hint="check the path and its permissions"
        ) from error
    if not stat.S_ISREG(about.st_mode) or len(content) > LARGEST:
        raise ConfigError(
            f"{what} {path} is no regular file of at most {LARGEST >> 10} KiB",
            hint="name a file with a key",
        )
    if private and stat.S_IMODE(about.st_mode) & 0o077:
        raise ConfigError(
            f"{what} {path} can be read or changed by others",
            hint=f"if nobody has: chmod 600 {path}; else sign with another key",
        )
    return content
