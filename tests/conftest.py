"""For every test: only loopback is reachable, the environment is scrubbed, retries do not wait."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import stamina
from hypothesis import HealthCheck, settings

from tests.harness import VARIANTS, Shop, opened

settings.register_profile(
    "quick",
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
settings.register_profile(
    "deep",
    max_examples=2000,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

_HERE = Path(__file__).parent
_MEASURED = ("cli", "report", "state", "sandbox", "outside", "test_meta.py", "test_docs.py")
_OURS = ("CI", "NO_COLOR", "GITHUB_", "CI_", "RECONCILER_", "ACME_", "HTTP_PROXY", "HTTPS_PROXY")


@pytest.fixture(autouse=True)
def _scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name == "CI" or name.startswith(_OURS[1:]):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache-home")


@pytest.fixture(autouse=True)
def _caches_of_tests_alone(cache_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))


@pytest.fixture(autouse=True)
def _measured_where_commands_are_tested(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coverage of a process that a test starts costs as much again, so few rooms pay for it."""
    if request.path.relative_to(_HERE).parts[0] not in _MEASURED:
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of this process reaches another machine, whatever it was made to believe."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        internet = self.family in (socket.AF_INET, socket.AF_INET6)
        if internet and not ipaddress.ip_address(address[0]).is_loopback:
            raise PermissionError(f"a test asked for {address[0]}, and only loopback is there")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=5, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shop]]:
    """One server a variant for all examples of a module; each example resets its own."""
    with ExitStack() as stack:
        yield {
            variant: stack.enter_context(opened(tmp_path_factory.mktemp(variant), variant))
            for variant in VARIANTS
        }
