"""The connections of one store: no redirects, no cookies, and a proxy only outside loopback."""

from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit

from reconciler.errors import ConfigError
from reconciler.platforms.exchange import ENCODINGS
from reconciler.platforms.library import httpx
from reconciler.platforms.trusted_hosts import is_loopback
from reconciler.platforms.unreachable import check_proxy

# Kept open between two requests of each thread that reads or writes at once.
_MOST_KEPT: Final = 64


def pool(base: str, headers: Mapping[str, str], timeout: httpx.Timeout) -> httpx.Client:
    """Raises `ConfigError` where the environment names a proxy or certificates that are none."""
    check_proxy(base)
    try:
        return httpx.Client(
            base_url=base,
            headers={
                **headers,
                "accept": "application/json",
                "accept-encoding": ENCODINGS,
                "user-agent": "reconciler",
            },
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=timeout,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=_MOST_KEPT),
            follow_redirects=False,
            verify=not base.startswith("http://"),  # no certificates are loaded for plain loopback
            trust_env=not is_loopback(urlsplit(base).hostname or ""),
        )
    except (OSError, ImportError, ValueError, httpx.InvalidURL) as error:
        raise ConfigError(
            "the certificates or proxies that the environment names cannot be used",
            hint="check SSL_CERT_FILE, SSL_CERT_DIR, HTTPS_PROXY, ALL_PROXY and NO_PROXY",
        ) from error
