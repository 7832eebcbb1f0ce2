"""Addresses and shop names that want the token sent elsewhere, or the program to stumble."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.program import Done, run

TOKEN = "t0ken-of-the-shop"
# Each is no address at all: some program would read another host, port or scheme in it than another.
NO_ADDRESS: tuple[Any, ...] = (
    "",
    " ",
    "x",
    "//evil.example",
    "ftp://acme.genmystore.com",
    "HTTPS://evil.example",
    "https:/evil.example",
    "https:evil.example",
    "https://",
    "https://?x",
    "https://user@",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://acme.genmystore.com@evil.example",
    "https://acme.genmystore.com:x@evil.example",
    "https://evil.example#acme.genmystore.com",
    "https://evil.example?acme.genmystore.com",
    "https://evil.example/acme.genmystore.com",
    "https://evil.example\\@acme.genmystore.com",
    "https://evil.example\\.acme.genmystore.com",
    "https://acme.genmystore.com.",
    "https://acme.genmystore.com\n",
    "https://acme.genmystore.com\r\nHost: evil.example",
    "https://acme.genmystore.com\t",
    "https://acme.genmystore.com\x00.evil.example",
    "https://acme.genmystore.com%2eevil.example",
    "https://acme。genmystore。com",
    "https://\u0430cme.genmystore.com",
    "https://acme.genmystore.com:0",
    "https://acme.genmystore.com:65536",
    "https://acme.genmystore.com:",
    "https://acme.genmystore.com:+443",
    "https://[::1",
    "https://[::1]:1]",
    "https://[evil.example]",
    "https://[fe80::1%25eth0]",
    "https://-acme.genmystore.com",
    "https://acme..genmystore.com",
    "https://" + "a" * 300 + ".com",
    "https://evil.example:443:443",
    "https://acme.genmystore.com;.evil.example",
    "https://\u202emoc.elpmaxe",
    5,
    True,
    ["https://evil.example"],
    {"a": 1},
)
# Each is an address, and of another host than the platform's own over https.
FOREIGN = (
    "https://evil.example",
    "https://acme.genmystore.com.evil.example",
    "https://evilacme.genmystore.com",
    "https://genmystore.com",
    "https://other.genmystore.com",
    "https://acme.genmystore.com:8443",
    "http://acme.genmystore.com",
    "https://[::ffff:93.184.216.34]",
    "https://169.254.169.254",
    "https://2130706433",
    "https://0x7f.0.0.1",
    "https://localhost.evil.example",
    "https://127.0.0.1.evil.example",
)
NO_SHOP: tuple[Any, ...] = (
    "",
    " ",
    "acme\n",
    "acme\r\n",
    "acme.evil.example/",
    "acme/",
    "acme#",
    "acme?x",
    "acme@evil",
    "acme:8080",
    "..",
    "-acme",
    "acme%00",
    "\u0430cme",
    "a" * 64,
    "acme evil",
    "acme\\",
    "acme.genmystore.com",
    "\u202eacme",
    "acme\x00",
    5,
    None,
    ["acme"],
)


def tried(folder: Path, *words: str, **settings: Any) -> Done:
    specs = folder / "specs"
    specs.mkdir(exist_ok=True)
    store = {"platform": "genstore", "shop": "acme", "token": {"env": "TOKEN"}, **settings}
    document = {"stores": {"x": store}, "store": "x", "customers": [{"email": "a@example.com"}]}
    (specs / "a.yaml").write_text(json.dumps(document))
    done = run(*words, "--specs", specs, env={"TOKEN": TOKEN, "RECONCILER_KEY": "k" * 40})
    assert TOKEN not in done.everything
    assert "\n::" not in f"\n{done.everything}"
    return done


def assert_diagnosed(folder: Path, name: str, value: Any) -> None:
    for command in ("validate", "plan"):
        done = tried(folder, command, **{name: value})
        assert done.code == 1
        assert "a.yaml:1:" in done.everything
        assert name in done.everything


@pytest.mark.parametrize("text", NO_ADDRESS, ids=repr)
def test_what_is_no_address_is_a_diagnostic(tmp_path: Path, text: Any) -> None:
    assert_diagnosed(tmp_path, "base_url", text)


@pytest.mark.parametrize("text", FOREIGN)
def test_a_foreign_host_gets_no_token(tmp_path: Path, text: str) -> None:
    done = tried(tmp_path, "plan", base_url=text)

    assert done.code == 1
    assert "may not be sent its token" in done.everything


@pytest.mark.parametrize("text", NO_SHOP, ids=repr)
def test_what_is_no_shop_is_a_diagnostic(tmp_path: Path, text: Any) -> None:
    assert_diagnosed(tmp_path, "shop", text)


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x85", "\u2028"])
def test_no_setting_may_end_in_a_line(tmp_path: Path, end: str) -> None:
    for name, value in (
        ("phone_region", "CN"),
        ("api_version", "202412"),
        ("timezone", "UTC"),
        ("token", {"env": "TOKEN" + end}),
    ):
        changed = value if isinstance(value, dict) else value + end
        assert tried(tmp_path, "validate", **{name: changed}).code == 1, name
