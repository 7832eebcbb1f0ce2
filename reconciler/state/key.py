"""The keys: of the environment, or one that is made and kept in the folder."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError
from reconciler.state.folder import prepare

KEY_VARIABLE: Final = "RECONCILER_KEY"
REGISTER_KEY_VARIABLE: Final = "RECONCILER_REGISTER_KEY"
FORMER_KEYS_VARIABLE: Final = "RECONCILER_REGISTER_KEYS_BEFORE"
SHORTEST_KEY: Final = 32
LARGEST_KEY: Final = 64 * 1024


def read_key(folder: Path | None, environment: Mapping[str, str]) -> bytes | None:
    """The key from the environment, or the one kept in the folder; None where there is neither."""
    given = _given(KEY_VARIABLE, environment)
    if given is not None or folder is None:
        return given
    path = folder / "key"
    kept = _kept(path)
    if kept is not None and len(kept) < SHORTEST_KEY:
        raise ConfigError(
            f"the key file {path} holds less than {SHORTEST_KEY} bytes",
            hint="remove it; plans that were made with its former key can only be shown",
        )
    return kept


def record_keys(folder: Path | None, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """The keys that the trail may be sealed with, the one for new lines first; empty for none.

    The key for plans alone seals it where there is no other, and did before there was one. Of
    former keys the latest comes first: a trail goes on under a later key, and never back.
    """
    plans = read_key(folder, environment)
    own = _register_key(environment)
    former = _former_keys(environment)
    found = (plans, *former) if own is None else (own, *former, plans)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def register_keys(folder: Path | None, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """The keys that people may be known under in the register, the one for new lines first; empty
    for none.

    Without one of its own it has one that is derived from the key for plans, so that whoever is
    given the one does not hold the other. A former key, one a line, may have been either.
    """
    plans = read_key(folder, environment)
    own = _register_key(environment)
    former = _former_keys(environment)
    found = (
        own,
        None if plans is None else _derived(plans),
        *former,
        *(_derived(one) for one in former),
    )
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _former_keys(environment: Mapping[str, str]) -> list[bytes]:
    text = environment.get(FORMER_KEYS_VARIABLE, "")
    return [_usable(FORMER_KEYS_VARIABLE, one) for one in text.splitlines() if one.strip()]


def has_register_key(environment: Mapping[str, str]) -> bool:
    """Whether the register's own key is given."""
    return _register_key(environment) is not None


def _register_key(environment: Mapping[str, str]) -> bytes | None:
    """Pipelines give an empty text for a secret that is not set."""
    given = environment.get(REGISTER_KEY_VARIABLE)
    return _given(REGISTER_KEY_VARIABLE, environment) if given else None


def _derived(key: bytes) -> bytes:
    import hmac

    return hmac.digest(key, b"the register of opt-outs", "sha256")


def _given(name: str, environment: Mapping[str, str]) -> bytes | None:
    text = environment.get(name)
    return None if text is None else _usable(name, text)


def _usable(name: str, text: str) -> bytes:
    key = text.encode("utf-8", "surrogateescape")
    if len(key) < SHORTEST_KEY:
        raise ConfigError(
            f"{name} is shorter than {SHORTEST_KEY} bytes",
            hint="make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return key


def _kept(path: Path) -> bytes | None:
    """The content of a key file that nobody else can have read or put there; None for no file."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"the key file {path} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint=f"check what is in its place and its permissions, or set {KEY_VARIABLE}",
        ) from error
    with os.fdopen(file, "rb") as stream:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise _foreign(path, "is no file of its own")
        if about.st_uid != os.geteuid():
            raise _foreign(path, "belongs to somebody else")
        if stat.S_IMODE(about.st_mode) & 0o077:
            raise ConfigError(
                f"the key file {path} can be read or changed by others",
                hint=f"if nobody has: chmod 600 {path}; else remove it, and plan again",
            )
        return stream.read(LARGEST_KEY).strip()


def _foreign(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"the key file {path} {why}, so somebody else may know the key",
        hint=f"remove it and plan again, or set {KEY_VARIABLE}",
    )


def key(folder: Path, environment: Mapping[str, str]) -> bytes:
    """The key; a random one is made and kept where there is none yet."""
    known = read_key(folder, environment)
    if known is not None:
        return known
    import secrets

    made = secrets.token_hex(32).encode()
    try:
        prepare(folder)
        file = os.open(folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(made)
    except FileExistsError:
        return key(folder, environment)
    except OSError as error:
        raise ConfigError(
            f"the state folder {folder} cannot be written: {(error.strerror or '').lower()}",
            hint=f"name another with --state-dir, or set {KEY_VARIABLE}",
        ) from error
    return made
