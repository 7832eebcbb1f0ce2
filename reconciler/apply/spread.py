"""Work for several threads that can be broken off, for as many as are wanted while it goes on."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def spread(
    pool: ThreadPoolExecutor,
    do: Callable[[Thing], Result],
    things: Iterable[Thing],
    width: Callable[[], int],
    is_over: Callable[[], bool],
) -> list[Result]:
    """What became of the things that were begun, in their order: none any more once it `is_over`.

    `width` is asked before each thing, which is taken only then. What `do` raises is raised here;
    nothing more is begun then.
    """
    begun: list[Future[Result]] = []
    ended: SimpleQueue[Future[Result]] = SimpleQueue()
    running = 0
    for thing in things:
        if is_over():
            break
        one = pool.submit(do, thing)
        one.add_done_callback(ended.put)
        begun.append(one)
        running += 1
        while running and (running >= width() or not ended.empty()):
            ended.get().result()
            running -= 1
    for _ in range(running):
        ended.get().result()
    return [one.result() for one in begun]
