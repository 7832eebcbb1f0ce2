"""One state folder and one signed bundle for all tests of bundles; none of them changes either."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.bundle.bundles import applied, exported, members
from tests.harness import Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with applied(tmp_path_factory.mktemp("shop")) as one:
        yield one


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key, with its public one beside it."""
    made = Ed25519PrivateKey.from_private_bytes(b"a key that signs bundles, 32 byt")
    path = tmp_path_factory.mktemp("key") / "jobs"
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    public = made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b" jobs\n")
    return path


@pytest.fixture(scope="session")
def signed(shop: Shop, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "applies.tar"
    done = exported(shop, "--out", path, "--sign", key)
    assert done.code == 0, done.err
    return path


@pytest.fixture
def parts(signed: Path) -> dict[str, bytes]:
    return members(signed.read_bytes())
