"""How often Python looks for circles of garbage, in the one place where it was measured to matter.

Reading specs and stores makes millions of values that all live on and none that point back; looking
through them again and again was a sixth of a plan's time. The HTTP library leaves a few circles
behind with each page, so the search is made rare and is not switched off.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SELDOM: Final = (500_000, 50, 1_000)


@contextmanager
def seldom() -> Iterator[None]:
    """What is there already is not looked through, and what comes is looked through seldom; what is
    there at the end counts as old, or the search would begin with all of it.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*before)
        gc.unfreeze()
