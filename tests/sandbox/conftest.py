"""A plain HTTP client for one served simulator, with the right token for its platform."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import httpx
import pytest

from reconciler.sandbox import Sandbox

TOKENS = {
    "genstore": {"X-Genstore-Access-Token": "t0ken"},
    "shoplazza": {"access-token": "t0ken"},
    "shopline": {
        "Authorization": "Bearer t0ken",
        "Content-Type": "application/json; charset=utf-8",
    },
}


class Shop(Protocol):
    def __call__(
        self, platform: str, *records: dict[str, Any], **options: Any
    ) -> AbstractContextManager[tuple[Sandbox, httpx.Client]]: ...


@contextmanager
def _shop(
    platform: str, *records: dict[str, Any], **options: Any
) -> Iterator[tuple[Sandbox, httpx.Client]]:
    box = Sandbox(platform, **{"rate": "off", **options})
    box.seed(records)
    with (
        box.serving() as url,
        httpx.Client(base_url=url, headers=TOKENS[platform], timeout=5, trust_env=False) as client,
    ):
        yield box, client


@pytest.fixture
def shop() -> Shop:
    """A context manager: a seeded simulator and a client of it; the rate is off unless given."""
    return _shop
