"""A spec that wants a secret sent somewhere: no key is a token, and no foreign host is trusted."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.app import Environment, load_or_raise, pseudonyms_for
from reconciler.clock import system_clock
from reconciler.errors import ConfigError, JournalError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.model.settings import StoreSettings, TokenKind, TokenSource
from reconciler.platforms.credentials import LARGEST_FILE, token
from reconciler.platforms.registry import TABLES
from reconciler.platforms.trusted_hosts import TrustedHosts, base_url
from reconciler.state.key import key, read_key
from reconciler.state.proof import prove
from reconciler.state.trail import Trail, trail_path
from tests.attacks.test_git import git
from tests.builders import MARK, settings

KEY = "k" * 40
WORLD = {"TOKEN": "shop-token", "RECONCILER_KEY": KEY, "RECONCILER_REGISTER_KEY": "r" * 40}


def store(kind: TokenKind, *where: str) -> StoreSettings:
    return replace(settings(), token=TokenSource(kind=kind, where=where, mark=MARK))


@pytest.mark.parametrize("name", ["RECONCILER_KEY", "RECONCILER_REGISTER_KEY"])
def test_a_key_is_no_token(name: str) -> None:
    with pytest.raises(ConfigError) as told:
        token(store(TokenKind.ENV, name), WORLD)
    assert WORLD[name] not in str(told.value)


def test_a_key_in_a_file_or_from_a_command_is_no_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(KEY + "\n")
    for source in (store(TokenKind.FILE, str(file)), store(TokenKind.COMMAND, "echo", KEY)):
        with pytest.raises(ConfigError, match="is a key of reconciler"):
            token(source, WORLD)


def test_the_key_that_is_kept_is_no_token(tmp_path: Path) -> None:
    made = key(tmp_path, {})
    with pytest.raises(ConfigError, match="is a key of reconciler"):
        token(store(TokenKind.FILE, str(tmp_path / "key")), {}, made)


def test_a_token_command_gets_no_key() -> None:
    given = token(
        store(TokenKind.COMMAND, "sh", "-c", 'echo "t$RECONCILER_KEY$TOKEN"'),
        {**WORLD, "PATH": os.environ["PATH"]},
    )
    assert given == "tshop-token"


def test_a_token_file_that_is_a_pipe_a_device_or_a_flood_is_refused(tmp_path: Path) -> None:
    pipe, flood, zeros = tmp_path / "pipe", tmp_path / "flood", tmp_path / "zeros"
    os.mkfifo(pipe)
    flood.write_text("x" * (LARGEST_FILE + 1))
    zeros.write_bytes(b"shop\0token")
    for path in (pipe, Path("/dev/zero"), flood, zeros, tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigError, match="the token file"):
            token(store(TokenKind.FILE, str(path)), WORLD)


def test_a_token_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("shop-token\n")
    assert token(store(TokenKind.FILE, str(tmp_path / "token")), WORLD) == "shop-token"


def sent_to(url: str, **environment: str) -> str:
    pointed = replace(settings(), base_url=url)
    return base_url(pointed, TABLES[pointed.platform], TrustedHosts.of(environment))


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://proxy.example", "proxy.example"),
        ("https://proxy.example:8443", "proxy.example:8443"),
        ("http://proxy.example", "http://proxy.example"),
        ("http://127.0.0.1:8401", "other.example, http://127.0.0.1:8401"),
        ("http://[::1]:8401", "http://[::1]:8401"),
    ],
)
def test_what_is_listed_is_trusted(url: str, hosts: str) -> None:
    assert sent_to(url, CI="true", RECONCILER_HOSTS=hosts) == url


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://proxy.example", "proxy.example"),
        ("https://proxy.example:8443", "proxy.example"),
        ("https://proxy.example.evil.example", "proxy.example"),
        ("https://evil.example", ""),
        ("http://127.0.0.1:8401", ""),
        ("http://localhost:8401", "127.0.0.1"),
        ("http://[::1]", ""),
    ],
)
def test_what_is_not_listed_gets_no_token_in_a_pipeline(url: str, hosts: str) -> None:
    with pytest.raises(ConfigError, match="may not be sent its token"):
        sent_to(url, CI="true", RECONCILER_HOSTS=hosts)


@pytest.mark.parametrize(
    "url",
    [
        "https://proxy.example@evil.example",
        "https://evil.example#.proxy.example",
        "https://evil.example\\@proxy.example",
        "https://proxy.example/path",
        "https://proxy.example?x=1",
        "https://proxy。example",
        "https://proxy.example:0",
        "https://proxy.example:99999",
        "https://[proxy.example]",
        "ftp://proxy.example",
        "https://proxy.example\n",
        "//proxy.example",
    ],
)
def test_an_address_that_programs_read_differently_is_none(url: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        sent_to(url, RECONCILER_HOSTS="proxy.example,evil.example")


def test_a_key_file_that_others_can_have_is_refused(tmp_path: Path) -> None:
    made = key(tmp_path, {})
    kept = tmp_path / "key"
    assert read_key(tmp_path, {}) == made
    for mode in (0o644, 0o640, 0o602, 0o620):
        kept.chmod(mode)
        with pytest.raises(ConfigError, match="can be read or changed by others"):
            read_key(tmp_path, {})
    kept.chmod(0o600)
    twin = tmp_path / "twin"
    os.link(kept, twin)
    with pytest.raises(ConfigError, match="no file of its own"):
        read_key(tmp_path, {})
    kept.unlink()
    kept.symlink_to(twin)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_key(tmp_path, {})
    kept.unlink()
    os.mkfifo(kept, 0o600)
    with pytest.raises(ConfigError, match="no file of its own"):
        read_key(tmp_path, {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    key(tmp_path, {})
    os.chown(tmp_path / "key", 12345, -1)
    with pytest.raises(ConfigError, match="belongs to somebody else"):
        read_key(tmp_path, {})


def test_a_key_file_that_a_commit_brought_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    environment = Environment(clock=system_clock(), variables={}, folder=tmp_path / ".reconciler")
    (tmp_path / "a.yaml").write_text(
        "stores: {shop: {platform: genstore, shop: acme, token: {env: T}}}"
    )
    state = load_or_raise(tmp_path, environment, print)
    pseudonyms_for(environment, state)
    git(tmp_path, "add", "-f", ".reconciler/key")
    for one in (environment, replace(environment, variables={"RECONCILER_KEY": KEY})):
        with pytest.raises(ConfigError, match="came with a commit"):
            pseudonyms_for(one, state)


def test_the_key_for_plans_adds_nothing_to_a_trail_of_the_other(tmp_path: Path) -> None:
    """Whoever holds what pull-request jobs hold can write no line that passes for the apply's."""
    plans, records = Pseudonyms(b"p" * 32), Pseudonyms(b"r" * 32)
    clock = system_clock()
    Trail(tmp_path, "shop", plans, clock).append("began", plan="old")
    Trail(tmp_path, "shop", records, clock, (plans,)).append("began", plan="one")
    path = trail_path(tmp_path, "shop")
    assert prove(path, (records, plans)).flaws == ()
    with pytest.raises(JournalError, match="sealed with another key"):
        Trail(tmp_path, "shop", plans, clock).append("began", plan="unawares")
    Trail(tmp_path, "shop", plans, clock, (records,)).append("began", plan="forged")
    assert [one.line for one in prove(path, (records, plans)).flaws] == [3]
