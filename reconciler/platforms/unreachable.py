"""Why no answer came: a name, a port, a certificate, a proxy, or a wait that was too long."""

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from reconciler.errors import ConfigError
from reconciler.platforms import exchange
from reconciler.platforms.exchange import Garbled, TooLarge, TooSlow
from reconciler.platforms.library import httpx
from reconciler.platforms.trusted_hosts import is_loopback

_PORTS: Final = {"http": 80, "https": 443}
_OF_PROXY: Final = "check HTTPS_PROXY, NO_PROXY, and what the proxy allows"
_NO_WAY: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, and what a person can look at."""

    what: str
    hint: str = "check shop, base_url and network"


def trouble(error: Exception, base: str, timeout: httpx.Timeout) -> Trouble:
    """For anything that keeps an answer from coming; `base` is scheme and host of the store."""
    match error:
        case TooLarge():
            return Trouble(f"the answer is larger than {exchange.LARGEST // 1024**2} MiB")
        case TooSlow():
            return Trouble(f"the answer was not there after {exchange.DEADLINE:.0f} seconds")
        case Garbled():
            return Trouble("the answer is packed in another way than it says")
        case httpx.ProxyError():
            told = f"the proxy {_proxy(base)} does not let us through to {_place(base)}"
            return Trouble(told, _OF_PROXY)
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return _not_reached(base, f"it did not take the connection in {timeout.connect:.0f} s")
        case httpx.ReadTimeout():
            return Trouble(
                f"{_place(base)} sent nothing for {timeout.read:.0f} s", "try again later"
            )
        case httpx.WriteTimeout():
            told = f"{_place(base)} took nothing for {timeout.write:.0f} s"
            return Trouble(told, "try again later")
        case httpx.ConnectError():
            return _not_connected(error, base)
        case _:
            told = f"the connection to {_place(base)}{_through(base)} was lost"
            return Trouble(told, _OF_PROXY) if _proxy(base) else Trouble(told)


def check_proxy(base: str) -> None:
    """Raises `ConfigError` where requests to the store would go through what is no proxy."""
    found = _proxy_address(base)
    if found is None:
        return
    try:
        parts = urlsplit(found)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ConfigError(
            "the environment names a proxy that is none, or of a kind that is not spoken here",
            hint="HTTPS_PROXY and ALL_PROXY are written like http://proxy.example:3128",
        )


def _not_connected(error: Exception, base: str) -> Trouble:
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return Trouble(
                    f"{_place(base)} cannot be trusted (TLS): {cause.verify_message.rstrip('.')}",
                    "check base_url, the clock of this machine and, behind a proxy that opens TLS, "
                    "SSL_CERT_FILE",
                )
            case ssl.SSLError():
                why = (cause.reason or "it does not speak TLS").replace("_", " ").lower()
                return Trouble(
                    f"no safe connection to {_place(base)}{_through(base)} (TLS): {why}",
                    _OF_PROXY
                    if _proxy(base)
                    else "check base_url: is this the store's API, and the port of https?",
                )
            case socket.gaierror():
                return _not_reached(base, "nobody knows its name (DNS)")
            case ConnectionRefusedError():
                return _not_reached(base, "it refuses the connection")
            case OSError() if cause.errno in _NO_WAY:
                return _not_reached(base, "there is no way to it from here (no route)")
    return _not_reached(base, "no connection")


def _not_reached(base: str, why: str) -> Trouble:
    """Where a proxy stands between, it is the proxy that was asked."""
    proxy = _proxy(base)
    if proxy is None:
        return Trouble(f"{_place(base)} cannot be reached: {why}")
    return Trouble(
        f"the proxy {proxy} for {_place(base)} cannot be reached: {why}",
        "check HTTPS_PROXY and NO_PROXY",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _place(base: str) -> str:
    parts = urlsplit(base)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def _proxy(base: str) -> str | None:
    """The proxy that requests to the store go through, as host and port."""
    found = _proxy_address(base)
    return None if found is None else _place(found)


def _through(base: str) -> str:
    proxy = _proxy(base)
    return "" if proxy is None else f" through the proxy {proxy}"


def _proxy_address(base: str) -> str | None:
    """As httpx takes it from the environment; None for none."""
    parts = urlsplit(base)
    proxies = getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found or is_loopback(parts.hostname or "") or proxy_bypass(parts.hostname or ""):
        return None
    return found if "://" in found else f"http://{found}"
