"""Several stores at once, and not more threads than that takes."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from reconciler.model.settings import StoreSettings
from reconciler.platforms.limiter import RateLimiters

if TYPE_CHECKING:
    from concurrent.futures import Future

MOST_STORES: Final = 64
_A_LOOK: Final = 0.2

Result = TypeVar("Result")


def each_store(
    stores: Sequence[StoreSettings],
    work: Callable[[StoreSettings], Result],
    limiters: RateLimiters,
) -> "list[Future[Result]]":
    """What became of each, in their order, once all have ended.

    Stores of a controller wait for each other, so that all of them are at work together, and are
    begun first. Ctrl-C ends what is at work by its `limiters`, and begins nothing more.
    """
    from concurrent.futures import ThreadPoolExecutor, wait

    together = [one for one in stores if one.controller is not None]
    alone = [one for one in stores if one.controller is None]
    width = max(1, len(together), min(len(stores), MOST_STORES))
    with ThreadPoolExecutor(max_workers=width) as pool:
        try:
            begun = {one.name: pool.submit(work, one) for one in (*together, *alone)}
            # Ctrl-C is heard by this thread alone, and may have been caught by one that is at work.
            while wait(begun.values(), timeout=_A_LOOK).not_done:
                continue
        except KeyboardInterrupt:
            limiters.close()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [begun[one.name] for one in stores]
