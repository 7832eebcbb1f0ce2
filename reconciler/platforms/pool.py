"""The connections of one store: no redirects, no cookies, and a proxy only outside loopback."""

from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

from reconciler.errors import ConfigError
from reconciler.platforms.exchange import ENCODINGS, Received, TooSlow, exchange
from reconciler.platforms.library import httpx
from reconciler.platforms.trusted_hosts import is_loopback
from reconciler.platforms.unreachable import check_proxy


class Pool:
    """Thread-safe: as many connections as there were ever requests at once, each in a client of its
    own. A client looks through all its connections for each of its requests, several times over.
    """

    def __init__(self, base: str, headers: Mapping[str, str], timeout: httpx.Timeout) -> None:
        """`base` is scheme and host. Raises `ConfigError` where the environment names a proxy or
        certificates that are none.
        """
        check_proxy(base)
        self._base = base
        self._timeout = timeout
        self._trusts = not is_loopback(urlsplit(base).hostname or "")
        self._headers = {
            **headers,
            "accept": "application/json",
            "accept-encoding": ENCODINGS,
            "user-agent": "reconciler",
        }
        try:
            self._certificates = httpx.create_ssl_context(
                verify=not base.startswith("http://"),  # none are loaded for plain loopback
                trust_env=self._trusts,
            )
            self._first = self._made()
        except (OSError, ImportError, ValueError, httpx.InvalidURL) as error:
            raise ConfigError(
                "the certificates or proxies that the environment names cannot be used",
                hint="check SSL_CERT_FILE, SSL_CERT_DIR, HTTPS_PROXY, ALL_PROXY and NO_PROXY",
            ) from error
        self._free = [self._first]
        self._all = [self._first]

    def request(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]
    ) -> httpx.Request:
        """`target` is the path and the questions after it, as they are sent."""
        # Whole at once: an address that httpx has to join is parsed four times over.
        return self._first.build_request(
            method, f"{self._base}{target}", content=content, headers=headers
        )

    def sent(self) -> list[str]:
        """What the headers of every request hold."""
        return list(self._first.headers.values())

    def exchange(self, request: httpx.Request) -> Received:
        """Raises what `exchange.exchange` does."""
        client = self._taken()
        try:
            received = exchange(client, request)
        except TooSlow:
            raise  # the request still runs in there
        except BaseException:
            self._free.append(client)
            raise
        self._free.append(client)
        return received

    def close(self) -> None:
        for one in self._all:
            one.close()

    def _taken(self) -> httpx.Client:
        """The one that was used last, whose connection is the likeliest to be open still."""
        try:
            return self._free.pop()
        except IndexError:
            made = self._made()
            self._all.append(made)
            return made

    def _made(self) -> httpx.Client:
        return httpx.Client(
            base_url=self._base,
            headers=self._headers,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=self._timeout,
            follow_redirects=False,
            verify=self._certificates,
            trust_env=self._trusts,
        )
