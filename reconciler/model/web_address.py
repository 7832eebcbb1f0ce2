"""Addresses of stores as everybody reads them alike: scheme, host and port, and nothing else."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

_ADDRESS: Final = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)


def address(text: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what has more in it, or is read otherwise by some program.

    Host names are plain ASCII, so that no two programs can disagree about whom they mean.
    """
    if not _ADDRESS.fullmatch(text):
        return None
    try:
        parts = urlsplit(text.rstrip("/"))
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or port == 0 or parts.username is not None:
        return None
    if "[" in text:
        try:
            return parts.scheme, str(ipaddress.IPv6Address(host)), port
        except ValueError:
            return None
    return (parts.scheme, host, port) if _HOST.fullmatch(host) else None
