"""What others' packages are asked with these checks, ours are tried on in `tests/matrices` too."""

import pytest

_KILLED = "killed_at_every_line"
_WIDE = (_KILLED, "under_every_fault")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The older dialect goes through them in `make test-slow`, and so do all but one platform
    through the kills.
    """
    for one in items:
        older = one.name.startswith("test_contract_of_2022[") and any(
            wide in one.name for wide in _WIDE
        )
        killed = _KILLED in one.name and "test_shopline" not in one.nodeid
        if older or killed:
            one.add_marker(pytest.mark.slow)
