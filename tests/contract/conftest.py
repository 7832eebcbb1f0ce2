"""Kills and faults differ by what a platform is asked, and not by which of its dialects is spoken."""

import pytest

_WIDE = ("killed_at_every_line", "under_every_fault")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The older dialect goes through them in `make test-slow`."""
    for one in items:
        if one.name.startswith("test_contract_of_2022[") and any(
            wide in one.name for wide in _WIDE
        ):
            one.add_marker(pytest.mark.slow)
