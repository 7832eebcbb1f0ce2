"""How work grows with what there is to do, in operations and not in seconds."""

import sys
from collections.abc import Callable
from typing import Any, Final

MOST: Final = 2.3  # twice as much may cost this much more, which leaves room for a logarithm


def operations(work: Callable[[], object]) -> int:
    """Calls of functions, ours and Python's own, while it runs."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def growth(work: Callable[[int], Callable[[], object]], size: int) -> float:
    """How many times the operations of `size` those of twice as many take; set-up is not counted.

    The first run fills memos, and does not count.
    """
    work(size // 2)()
    few, many = operations(work(size)), operations(work(2 * size))
    return many / few
