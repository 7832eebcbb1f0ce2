"""A process that dies at any line of its journal, and one that resumes what it left."""

from functools import partial
from typing import Final

from reconciler.testing.case import Case, told
from reconciler.testing.check import Check
from reconciler.testing.clock import Killed
from reconciler.testing.faults import KINDS, Kind, all_is_well, begun

_MOST_LINES: Final = 60


def _killed_at_every_line(kind: Kind, case: Case) -> None:
    for looks in range(_MOST_LINES):
        planned = begun(case, kind)
        bystander = case.people()["by@example.com"]
        try:
            case.apply(planned, dies_after=looks)
        except Killed:
            result = case.apply(planned, resume=True)
            assert result.complete, f"killed at {looks}: {told(result)}"
            assert all_is_well(case, kind, bystander) == "", f"killed at {looks}"
        else:
            return
    raise AssertionError(f"a {kind.name} does not end within {_MOST_LINES} lines")


CHECKS: Final = tuple(
    Check(partial(_killed_at_every_line, one), one.needs, name=f"killed_at_every_line_{one.name}")
    for one in KINDS
)
