"""Which hosts may be sent the token. Specs come from pull requests, so they do not decide this."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.errors import ConfigError
from reconciler.model.capabilities import Capabilities
from reconciler.model.settings import StoreSettings
from reconciler.model.web_address import address


@dataclass(frozen=True, slots=True)
class TrustedHosts:
    """Whom a token may be sent to beside the platforms themselves.

    `entries` are those of RECONCILER_HOSTS: `host`, `host:port` or `http://host:port`. Plain http
    and ports other than 443 only where an entry says so. `loopback` is off where CI is set, as
    somebody else's program may listen there.
    """

    entries: frozenset[str] = frozenset()
    loopback: bool = True

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "TrustedHosts":
        text = environment.get("RECONCILER_HOSTS", "")
        entries = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
        return cls(entries, loopback=not environment.get("CI"))

    def allow(self, scheme: str, host: str, port: int | None) -> bool:
        if self.loopback and is_loopback(host):
            return True
        shown = f"[{host}]" if ":" in host else host
        usual = {"https": 443, "http": 80}[scheme]
        full = f"{shown}:{port or usual}"
        names = {f"{scheme}://{full}"} | (
            {f"{scheme}://{shown}"} if port in (None, usual) else set()
        )
        if scheme == "https":
            names |= {full} | ({shown} if port in (None, usual) else set())
        return bool(names & self.entries)


def base_url(store: StoreSettings, table: Capabilities, trusted: TrustedHosts) -> str:
    """Scheme and host to talk to.

    Raises `ConfigError` where the token would go anywhere but to the platform's own host over
    https, or to a trusted host.
    """
    own = tuple(f"{store.shop}.{domain}" for domain in table.domains)
    if store.base_url is None:
        return f"https://{own[0]}"
    parts = address(store.base_url)
    if parts is None:
        raise ConfigError(
            f"{store.mark}: the base_url of store {store.name} is no address",
            hint="write scheme, host and port, like http://127.0.0.1:8401",
        )
    scheme, host, port = parts
    native = host in own and scheme == "https" and port in (None, 443)
    if not native and not trusted.allow(scheme, host, port):
        raise ConfigError(
            f"{store.mark}: store {store.name} points at a host that may not be sent its token",
            hint=f"use https and {own[0]}, or list the host in the environment variable "
            "RECONCILER_HOSTS; plain http and other ports are listed with scheme and port",
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{f':{port}' if port is not None else ''}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
