"""Whether twice the size costs twice the work: counted in steps, which no other process disturbs.

A step is a line of Python that runs, once for each turn of a loop or a comprehension, or a call of
a function in C, whatever it does inside. So what C copies or searches through, once for each item,
is not seen: `dict(pairs)`, `one in tuple`, `text + text`.
"""

import itertools
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

# What is linear takes 1.95 to 2.02 times the steps, and what looks at each of the others once, with a
# single step beside a thousand of its own, 2.3.
MOST: Final = 2.05

Make = Callable[[int], Callable[[], object]]


def steps(work: Callable[[], object]) -> int:
    """In this thread and in those that are begun meanwhile."""
    counter = itertools.count()

    def called(frame: FrameType, event: str, told: Any) -> None:
        del frame, told
        if event == "c_call":
            next(counter)

    def ran(frame: FrameType, event: str, told: Any) -> Any:
        del frame, told
        if event == "line":
            next(counter)
        return ran

    before = sys.getprofile(), sys.gettrace()
    threading.setprofile(called)
    threading.settrace(ran)
    sys.setprofile(called)
    sys.settrace(ran)
    try:
        work()
    finally:
        sys.settrace(before[1])
        sys.setprofile(before[0])
        threading.settrace(None)
        threading.setprofile(None)
    return next(counter)


def growth(make: Make, size: int) -> float:
    """How often the steps of half the work go into those of the whole.

    `make` prepares work of a size, which is not counted. Work of almost the whole goes first, so that
    what is imported, made once or kept at hand is not counted either.
    """
    make(2 * size - 1)()
    half, whole = make(size), make(2 * size)
    return steps(whole) / steps(half)


def grows_with_its_size(make: Make, size: int) -> None:
    """Asserts that work of 2 * `size` takes at most `MOST` times the steps of `size`."""
    found = growth(make, size)
    assert found <= MOST, f"twice the size takes {found:.2f} times the steps"
