"""Tokens from where the specs say they are: never from the specs, and never into a message."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError
from reconciler.model.settings import StoreSettings, TokenKind

LONGEST_COMMAND: Final = 60.0


def token(store: StoreSettings, environment: Mapping[str, str]) -> str:
    """Raises `ConfigError`. `command` is refused where CI is set: specs come from pull requests."""
    source = store.token
    match source.kind:
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
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError(
            f"{source.mark}: store {store.name} has no usable token: {where} holds characters that "
            "no token has",
            hint="put the access token there, and nothing else",
        )
    return text


def _from_file(store: StoreSettings) -> str:
    try:
        return Path(store.token.where[0]).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{store.token.mark}: the token file of store {store.name} cannot be read",
            hint="check the path and its permissions",
        ) from error


def _from_command(store: StoreSettings, environment: Mapping[str, str]) -> str:
    if environment.get("CI"):
        raise ConfigError(
            f"{store.token.mark}: a token command is refused where CI is set",
            hint="specs come from pull requests; use token: {env: NAME} in pipelines",
        )
    try:
        done = subprocess.run(  # noqa: S603 -- the user's own command, no shell
            store.token.where, capture_output=True, text=True, timeout=LONGEST_COMMAND, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{store.token.mark}: the token command of store {store.name} failed",
            hint="run it by hand and see that it prints the token",
        ) from error
    return done.stdout
