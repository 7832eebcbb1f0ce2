"""Signatures are those of OpenSSH, both ways; keys are read as strictly as ssh-keygen reads them."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.bundle.key_file import Trusted, allowed_signers, signer, trusted_key
from reconciler.bundle.ssh_signature import NAMESPACE, armour, fingerprint, holds, parsed
from reconciler.errors import ConfigError

WHAT = b"what was signed\n"
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOVzl5hgUjL/lGXQDq+xSh0gi88KTjTJoqFlR5YiFt9P vector\n"
SIGNED = b"""-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg5XOXmGBSMv+UZdAOr7FKHSCLzw
pONMmioWVHliIW308AAAAXYXVkaXQtYnVuZGxlQHJlY29uY2lsZXIAAAAAAAAABnNoYTUx
MgAAAFMAAAALc3NoLWVkMjU1MTkAAABATfTE7YlfCOdoZOgG/xm7Pbn2ZLNxR26Pb/Ssww
LG05okRM7yZ8albaAnxf9xyman6Oq1W45Y67mO2Gd/BsE7BQ==
-----END SSH SIGNATURE-----
"""
"""As ssh-keygen 9.2 made it, with a key that is gone."""
needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not here")


def made_key(folder: Path, *, kind: str = "ed25519", passphrase: str = "") -> Path:
    path = folder / f"{kind}-{len(list(folder.iterdir()))}"
    words = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "jobs", "-f", str(path)]
    subprocess.run(words, check=True)
    return path


def test_what_ssh_keygen_signed_is_proven(tmp_path: Path) -> None:
    (tmp_path / "v.pub").write_text(PUBLIC)
    (trusted,) = trusted_key(tmp_path / "v.pub")
    one = parsed(SIGNED)

    assert one is not None
    assert one.key == trusted.key
    assert trusted.name == fingerprint(one.key)
    assert holds(one, WHAT)
    assert not holds(one, WHAT + b"\n")
    assert armour(one) == SIGNED


@given(at=st.integers(0, len(SIGNED) - 1), by=st.integers(1, 255))
def test_a_signature_with_any_byte_changed_is_none_or_proves_nothing(at: int, by: int) -> None:
    changed = bytearray(SIGNED)
    changed[at] ^= by
    one = parsed(bytes(changed))
    trusted = parsed(SIGNED)

    assert trusted is not None
    assert one is None or one.key != trusted.key or not holds(one, WHAT)


@given(content=st.binary(max_size=400))
def test_anything_else_is_no_signature(content: bytes) -> None:
    begin, end = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"

    assert parsed(content) is None
    assert parsed(begin + content + b"\n" + end) is None


@needs_ssh
def test_ours_are_byte_for_byte_those_of_ssh_keygen_and_it_proves_them(tmp_path: Path) -> None:
    path = made_key(tmp_path)
    what = tmp_path / "what"
    what.write_bytes(WHAT)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(path), str(what)]
    subprocess.run(words, check=True, capture_output=True)
    ours = signer(path, None).sign(WHAT)
    (tmp_path / "ours.sig").write_bytes(ours)
    allowed = tmp_path / "allowed"
    public = path.with_name(f"{path.name}.pub").read_text()
    allowed.write_text(f'jobs@example.com namespaces="{NAMESPACE}" {public}')
    order = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "jobs@example.com"]
    order += ["-n", NAMESPACE, "-s", str(tmp_path / "ours.sig")]
    done = subprocess.run(order, input=WHAT, check=False, capture_output=True)

    assert ours == (tmp_path / "what.sig").read_bytes()
    assert done.returncode == 0, done.stderr
    assert [one.name for one in allowed_signers(allowed)] == ["jobs@example.com"]


@needs_ssh
def test_a_signature_of_something_else_is_none_of_a_bundle(tmp_path: Path) -> None:
    path, what = made_key(tmp_path), tmp_path / "what"
    what.write_bytes(WHAT)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(path), str(what)]
    subprocess.run(words, check=True, capture_output=True)
    one = parsed((tmp_path / "what.sig").read_bytes())

    assert one is not None
    assert not holds(one, WHAT)


@needs_ssh
def test_a_passphrase_is_asked_for_where_somebody_can_be(tmp_path: Path) -> None:
    path = made_key(tmp_path, passphrase="a secret of nine words")

    assert signer(path, lambda: "a secret of nine words").sign(WHAT)
    with pytest.raises(ConfigError, match="asked for at a terminal alone"):
        signer(path, None)
    with pytest.raises(ConfigError, match="its passphrase is another") as told:
        signer(path, lambda: "quite another secret")
    assert "quite" not in str(told.value)


def _open_to_others(folder: Path) -> Path:
    path = made_key(folder)
    path.chmod(0o640)
    return path


def _written(folder: Path, content: str) -> Path:
    path = folder / "key"
    path.write_text(content)
    path.chmod(0o600)
    return path


BAD_KEYS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "others may read it": (_open_to_others, "can be read or changed by others"),
    "of another kind": (lambda folder: made_key(folder, kind="ecdsa"), "is no Ed25519 key"),
    "a public one": (
        lambda folder: _written(folder, PUBLIC),
        "it is no private key of OpenSSH",
    ),
    "no key": (lambda folder: _written(folder, "hunter2-hunter2"), "it is no private key"),
    "too long": (lambda folder: _written(folder, "hunter2" * 20_000), "no regular file"),
    "a folder": (lambda folder: folder, "no regular file"),
    "not there": (lambda folder: folder / "none", "cannot be read"),
}


@needs_ssh
@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_key_that_may_not_sign_is_refused_and_nothing_of_it_told(
    tmp_path: Path, name: str
) -> None:
    make, message = BAD_KEYS[name]
    path = make(tmp_path)

    with pytest.raises(ConfigError, match=message) as told:
        signer(path, None)
    assert "hunter2" not in str(told.value)
    assert told.value.hint


def test_a_pipe_in_the_place_of_a_key_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)

    with pytest.raises(ConfigError, match="no regular file"):
        signer(tmp_path / "pipe", None)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"ada {PUBLIC}", "ada"),
        (f'"ada l" {PUBLIC}', "ada l"),
        (f'ada namespaces="git,{NAMESPACE}" {PUBLIC}', "ada"),
        (f'ada namespaces="audit-*" {PUBLIC}', "ada"),
        (f"# nobody\n\nada\t{PUBLIC}", "ada"),
    ],
)
def test_who_may_sign_is_read_as_ssh_keygen_reads_it(tmp_path: Path, line: str, name: str) -> None:
    (tmp_path / "allowed").write_text(line)
    one = parsed(SIGNED)

    assert one is not None
    assert allowed_signers(tmp_path / "allowed") == (Trusted(name, one.key),)


@pytest.mark.parametrize(
    "line",
    [
        "",
        PUBLIC,
        f"ada cert-authority {PUBLIC}",
        f'ada valid-before="20200101" {PUBLIC}',
        f'ada namespaces="git" {PUBLIC}',
        f'ada namespaces="!audit-*,*" {PUBLIC}',
        f"ada ssh-ed25519 {PUBLIC.split()[1][:-4]}",
        "ada ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ",
        "\0\ud7ff",
    ],
)
def test_who_may_not_sign_counts_for_nobody(tmp_path: Path, line: str) -> None:
    (tmp_path / "allowed").write_text(line)

    with pytest.raises(ConfigError, match="names nobody who may sign"):
        allowed_signers(tmp_path / "allowed")


@pytest.mark.parametrize("text", ["", "x", PUBLIC * 2, f"ada {PUBLIC}"])
def test_a_signers_key_is_one_key(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.pub").write_text(text)

    with pytest.raises(ConfigError, match="does not hold one public Ed25519 key"):
        trusted_key(tmp_path / "v.pub")
