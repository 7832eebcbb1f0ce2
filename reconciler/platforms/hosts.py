"""Which hosts may be sent the token. Specs come from pull requests, so they do not decide this."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from reconciler.errors import ConfigError
from reconciler.model.capabilities import Capabilities
from reconciler.model.settings import StoreSettings


def base_url(store: StoreSettings, table: Capabilities, allowed: Collection[str]) -> str:
    """Scheme and host to talk to. `allowed` are hosts from RECONCILER_HOSTS, with or without port.

    Raises `ConfigError` where the token would go anywhere but to the platform's own host over
    https, to loopback, or to an allowed host.
    """
    own = tuple(f"{store.shop}.{domain}" for domain in table.domains)
    if store.base_url is None:
        return f"https://{own[0]}"
    try:
        parts = urlsplit(store.base_url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise ConfigError(
            f"{store.mark}: the base_url of store {store.name} is no address",
            hint="write scheme, host and port, like http://127.0.0.1:8401",
        ) from None
    trusted = (
        is_loopback(host)
        or (host in own and parts.scheme == "https" and port in (None, 443))
        or host in allowed
        or parts.netloc.lower() in allowed
    )
    if not trusted:
        raise ConfigError(
            f"{store.mark}: store {store.name} points at a host that may not be sent its token",
            hint=f"use https and {own[0]}, or list the host in the environment variable "
            "RECONCILER_HOSTS",
        )
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
