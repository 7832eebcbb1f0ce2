"""How this program came to be here, so that people are told the command that fits."""

import json
import sys
from importlib import metadata
from shlex import quote
from typing import Final
from urllib.parse import unquote

DISTRIBUTION: Final = "customer-reconciler"
FOREIGN: Final = "reconciler"
"""What somebody else publishes under this program's short name."""


def with_extra(extra: str) -> str:
    """The command that installs it again with an extra, the way it was installed."""
    try:
        noted = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        noted = None
    installer = "pipx install --force" if "pipx" in sys.prefix.split("/") else "pip install"
    return f"{installer} {_again(noted, extra)}"


def _again(noted: str | None, extra: str) -> str:
    """What pip noted of where it had this from, as it takes that again."""
    try:
        told = json.loads(noted or "")
        address, editable = str(told["url"]), bool(told.get("dir_info", {}).get("editable"))
        digest = told.get("archive_info", {}).get("hashes", {}).get("sha256")
    except (ValueError, KeyError, AttributeError, TypeError):
        return f"'PATH_OR_ADDRESS_OF_ITS_WHEEL[{extra}]'"
    path = unquote(address.removeprefix("file://"))
    if address.startswith("file://"):
        return f"{'-e ' if editable else ''}{quote(f'{path}[{extra}]')}"
    return quote(f"{DISTRIBUTION}[{extra}] @ {address}{f'#sha256={digest}' if digest else ''}")


def has_foreign() -> bool:
    """Whether somebody else's distribution of the short name is installed here too."""
    try:
        metadata.distribution(FOREIGN)
    except metadata.PackageNotFoundError:
        return False
    return True
