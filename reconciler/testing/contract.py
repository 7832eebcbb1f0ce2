"""All checks, from easy to hard, as one parametrised test."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from reconciler.platforms.registry import TABLES
from reconciler.testing import client_rules, faults, footprints, kills, laws
from reconciler.testing.case import opened
from reconciler.testing.check import Check
from reconciler.testing.subject import Subject

CHECKS: Final[tuple[Check, ...]] = (
    *client_rules.CHECKS,
    *footprints.CHECKS,
    *laws.CHECKS,
    *faults.CHECKS,
    *kills.CHECKS,
)


def contract(subject: Subject) -> Callable[[Check, Path], None]:
    """The test of a subject, for a name that pytest collects.

    Raises `LookupError` where no platform of that name is installed.
    """
    if subject.platform not in TABLES:
        known = ", ".join(sorted(TABLES))
        raise LookupError(f"no platform {subject.platform!r} is installed; there are {known}")
    table = TABLES[subject.platform]

    def cases() -> list[object]:
        found: list[object] = []
        for one in CHECKS:
            why = one.needs(table)
            marks = [pytest.mark.skip(reason=why)] if why else []
            found.append(pytest.param(one, id=str(one), marks=marks))
        return found

    @pytest.mark.parametrize("check", cases())
    def test_contract(check: Check, tmp_path: Path) -> None:
        with opened(subject, tmp_path / "case") as case:
            check.run(case)

    return test_contract
