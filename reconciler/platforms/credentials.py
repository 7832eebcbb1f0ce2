"""Tokens from where the specs say they are: never from the specs, and never into a message."""

import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError
from reconciler.model.settings import StoreSettings, TokenKind

LONGEST_COMMAND: Final = 60.0
LARGEST_FILE: Final = 64 * 1024
# What seals plans, trail and register: never a token, and nothing that another program gets.
KEYS: Final = frozenset({"RECONCILER_KEY", "RECONCILER_REGISTER_KEY"})


def token(
    store: StoreSettings, environment: Mapping[str, str], kept_key: bytes | None = None
) -> str:
    """Raises `ConfigError`. `command` is refused where CI is set: specs come from pull requests.

    `kept_key` is the key of the state folder, which is no more a token than one of a variable.
    """
    source = store.token
    match source.kind:
        case TokenKind.ENV if source.where[0] in KEYS:
            raise ConfigError(
                f"{source.mark}: store {store.name} names a key of reconciler as its token",
                hint="a key is sent nowhere; name the variable that holds the store's token",
            )
        case TokenKind.ENV:
            text = environment.get(source.where[0], "")
            where = f"the environment variable {source.where[0]}"
        case TokenKind.FILE:
            text = _from_file(store)
            where = "the token file"
        case TokenKind.COMMAND:
            text = _from_command(store, environment)
            where = "the token command's output"
    text = text.strip()
    if not text:
        raise ConfigError(
            f"{source.mark}: store {store.name} has no token: {where} is empty or not set",
            hint="put the access token of the store's app there",
        )
    keys = {environment[name].strip() for name in KEYS if name in environment}
    if text in keys or text.encode("utf-8", "surrogateescape") == kept_key:
        raise ConfigError(
            f"{source.mark}: the token of store {store.name} is a key of reconciler",
            hint="put the access token of the store's app there",
        )
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError(
            f"{source.mark}: store {store.name} has no usable token: {where} holds characters that "
            "no token has",
            hint="put the access token there, and nothing else",
        )
    return text


def _from_file(store: StoreSettings) -> str:
    """A regular file: opening a pipe would wait for ever, and a device may never end."""
    try:
        path = Path(store.token.where[0]).expanduser()
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as stream:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise _bad_file(store, "is no regular file", "name a file that holds the token")
            content = stream.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE or b"\0" in content:
            raise _bad_file(store, "is no token's", "put the token there, and nothing else")
        return content.decode()
    except (OSError, ValueError, RuntimeError) as error:
        raise _bad_file(store, "cannot be read", "check the path and its permissions") from error


def _bad_file(store: StoreSettings, what: str, hint: str) -> ConfigError:
    return ConfigError(
        f"{store.token.mark}: the token file of store {store.name} {what}", hint=hint
    )


def _from_command(store: StoreSettings, environment: Mapping[str, str]) -> str:
    if environment.get("CI"):
        raise ConfigError(
            f"{store.token.mark}: a token command is refused where CI is set",
            hint="specs come from pull requests; use token: {env: NAME} in pipelines",
        )
    try:
        done = subprocess.run(  # noqa: S603 -- the user's own command, no shell
            store.token.where,
            env={name: text for name, text in environment.items() if name not in KEYS},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_COMMAND,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ConfigError(
            f"{store.token.mark}: the token command of store {store.name} failed",
            hint="run it by hand and see that it prints the token",
        ) from error
    return done.stdout
