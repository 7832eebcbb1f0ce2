"""A store that cannot be reached: what stands in the way, where, and for how long it was tried."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from reconciler.errors import OutcomeUnknown, Unavailable
from reconciler.model.settings import Rate
from reconciler.platforms import http
from reconciler.platforms.http import Session
from reconciler.platforms.limiter import Limiter
from tests.harness import KEY, opened, quick_clock
from tests.ports import refusing
from tests.program import run

# A certificate that nobody has signed, for a store that does not exist.
UNTRUSTED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgN1zV0PZMp9odQ2xR
P6zH209CGUYGFpWhUy+Sp+TgSqehRANCAAR6+IYum4Sz2B/lijo5bTqAVOUy465W
gqYDgaoSMwk7u4nhtnraUJPjC0z+5TuXfNf6TD0EdUznjbvovFgHFCBZ
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUWs5OQShoc2MKzhVT4YyAfB1IXiowCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNc3RvcmUuZXhhbXBsZTAgFw0yNjExMjYwNDEyMzRaGA8yMTI2
MTEwMjA0MTIzNFowGDEWMBQGA1UEAwwNc3RvcmUuZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABHr4hi6bhLPYH+WKOjltOoBU5TLjrlaCpgOBqhIzCTu7
ieG2etpQk+MLTP7lO5d81/pMPQR1TOeNu+i8WAcUIFmjUzBRMB0GA1UdDgQWBBRN
AvSVLUPFuuTUZojRXdme9O2F4zAfBgNVHSMEGDAWgBRNAvSVLUPFuuTUZojRXdme
9O2F4zAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCcaxXxXK2w
LjQb4w5PLnyTBZIRM8kOITJLWARjVqpvjgIgC5zjg3sfq6gcjW6559jrJGaTQSlq
KNJJVq2Z3lpQ37M=
-----END CERTIFICATE-----
"""
Answer = Callable[[socket.socket], object]


@contextmanager
def _listening(answer: Answer) -> Iterator[int]:
    """A port on loopback that gives each connection to `answer`."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        answer(connection)
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _session(base: str) -> Session:
    limiter = Limiter(Rate(per_second=1000, burst=1000), quick_clock())
    return Session(store="shop", base=base, headers={}, limiter=limiter)


def _failure(base: str) -> Unavailable:
    session = _session(base)
    try:
        with pytest.raises(Unavailable) as raised:
            session.get("/x", (), "listing customers")
    finally:
        session.close()
    return raised.value


def test_an_unknown_name() -> None:
    found = _failure("https://no-such-shop.invalid")

    assert "no-such-shop.invalid:443 cannot be reached: nobody knows its name (DNS)" in str(found)
    assert "; tried 5 times in " in found.message
    assert found.message.endswith(" s")


def test_a_port_where_nobody_listens() -> None:
    with refusing() as port:
        found = _failure(f"http://127.0.0.1:{port}")

    assert f"127.0.0.1:{port} cannot be reached: it refuses the connection" in found.message


def test_a_certificate_that_nobody_has_signed(tmp_path: Path) -> None:
    (tmp_path / "store.pem").write_text(UNTRUSTED)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "store.pem")

    def answer(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True)

    with _listening(answer) as port:
        found = _failure(f"https://127.0.0.1:{port}")

    assert f"127.0.0.1:{port} cannot be trusted (TLS): self-signed certificate" in found.message
    assert "SSL_CERT_FILE" in found.hint


def test_a_port_that_does_not_speak_tls() -> None:
    with _listening(lambda one: one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        found = _failure(f"https://127.0.0.1:{port}")

    assert f"no safe connection to 127.0.0.1:{port} (TLS): " in found.message


def test_a_store_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.1))
    with _listening(lambda one: one.recv(1 << 16) and one.recv(1)) as port:
        found = _failure(f"http://127.0.0.1:{port}")

    assert f"127.0.0.1:{port} sent nothing for 0 s" in found.message


def test_a_connection_that_breaks_off() -> None:
    with _listening(lambda one: one.recv(1 << 16)) as port:
        found = _failure(f"http://127.0.0.1:{port}")

    assert f"the connection to 127.0.0.1:{port} was lost" in found.message


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing() as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        found = _failure("https://no-such-shop.invalid")

    assert (
        f"the proxy 127.0.0.1:{port} for no-such-shop.invalid:443 cannot be reached: it refuses"
        in found.message
    )
    assert "HTTPS_PROXY" in found.hint


def test_a_proxy_that_lets_nobody_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")

    with _listening(answer) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        found = _failure("https://no-such-shop.invalid")

    assert f"the proxy 127.0.0.1:{port} does not let us through" in found.message


def test_a_write_that_never_left_did_nothing() -> None:
    with refusing() as port:
        session = _session(f"http://127.0.0.1:{port}")
        with pytest.raises(Unavailable, match="it refuses the connection"):
            session.write("PUT", "/x", {}, "updating a customer")
        session.close()
    with _listening(lambda one: one.recv(1 << 16)) as port:
        session = _session(f"http://127.0.0.1:{port}")
        with pytest.raises(OutcomeUnknown, match="was lost"):
            session.write("PUT", "/x", {}, "updating a customer")
        session.close()


@pytest.mark.parametrize("form", ["text", "markdown", "json", "html", "github", "gitlab", "csv"])
def test_it_is_told_once_on_stderr_and_on_top_of_the_rendering(tmp_path: Path, form: str) -> None:
    with opened(tmp_path, "genstore") as shop, refusing() as port:
        shop.url = f"http://127.0.0.1:{port}"
        shop.want({"email": "ada@example.com"})
        done = run(
            "plan",
            "--specs",
            shop.specs,
            "--format",
            form,
            env={"TOKEN": "t", "RECONCILER_KEY": KEY.decode()},
        )

    assert done.code == 1
    assert done.err.count("it refuses the connection") == 1
    assert "it refuses the connection" in done.out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "socks5://127.0.0.1:9"),
        ("HTTPS_PROXY", "ftp://127.0.0.1:9"),
        ("HTTPS_PROXY", "http://127.0.0.1:abc"),
        ("HTTPS_PROXY", "http://[::1:9"),
        ("HTTPS_PROXY", "http://127.0.0.1:99999"),
        ("NO_PROXY", "[::1"),
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_FILE", "/etc/passwd"),
    ],
)
def test_settings_of_the_environment_that_are_none_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with opened(tmp_path, "genstore") as shop:
        shop.url = "https://no-such-shop.invalid"
        shop.want({"email": "ada@example.com"})
        done = run(
            "plan",
            "--specs",
            shop.specs,
            env={
                "TOKEN": "t",
                "RECONCILER_KEY": KEY.decode(),
                "RECONCILER_HOSTS": "no-such-shop.invalid",
            },
        )

    assert done.code == 1
    assert name in done.err


def test_an_address_of_numbers_has_its_brackets() -> None:
    assert "[::1]:1 cannot be reached" in _failure("http://[::1]:1").message
