"""Whether twice the size costs twice the work: counted in calls, which no other process disturbs.

A call of a Python function counts one, and so does one of a function in C, whatever it does inside:
a list that is copied, or searched through, once for each of its items is not seen. Where that may
be, let the items be compared by a function of ours, or count what is copied.
"""

import itertools
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

MOST: Final = 2.3

Make = Callable[[int], Callable[[], object]]


def calls(work: Callable[[], object]) -> int:
    """In this thread and in those that are begun meanwhile."""
    counter = itertools.count()

    def seen(frame: FrameType, event: str, told: Any) -> None:
        del frame, told
        if event in ("call", "c_call"):
            next(counter)

    before = sys.getprofile()
    threading.setprofile(seen)
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    return next(counter)


def growth(make: Make, size: int) -> float:
    """How often the calls of half the work go into those of the whole.

    `make` prepares work of a size, which is not counted. Work of an eighth goes first, so that what
    is imported and made once is not counted either.
    """
    make(max(1, size // 8))()
    half, whole = make(size), make(2 * size)
    return calls(whole) / calls(half)


def grows_with_its_size(make: Make, size: int) -> None:
    """Asserts that work of 2 * `size` costs at most `MOST` times that of `size`."""
    found = growth(make, size)
    assert found <= MOST, f"twice the size costs {found:.1f} times the calls"
