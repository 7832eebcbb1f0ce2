"""Says at the end how many interleavings were run."""

import pytest

from tests.laws.test_interleavings import RUNS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if RUNS:
        told = ", ".join(f"{platform} {count:,}" for platform, count in sorted(RUNS.items()))
        terminalreporter.write_line(f"interleavings run: {told}")
