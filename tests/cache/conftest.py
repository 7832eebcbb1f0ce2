"""Each test has a cache folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cache.specs import record
from tests.harness import Shop, opened


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "reconciler"


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path / "shop", "genstore") as found:
        found.reset(record(f"p{number}@example.com") for number in range(3))
        yield found
