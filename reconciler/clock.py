"""The one real clock; everything that needs the time takes a Clock as an argument."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """`now` gives aware UTC, `monotonic` never runs backwards, `sleep` takes seconds."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


def system_clock() -> Clock:
    """The real one. Waiting cannot be cut short; see `woken_by`."""
    return Clock(
        now=lambda: datetime.now(UTC),  # noqa: TID251 -- the one place
        monotonic=time.monotonic,
        sleep=time.sleep,  # noqa: TID251 -- the one place
    )


def woken_by(clock: Clock, flag: Event) -> Clock:
    """The same clock, but whoever waits goes on as soon as the flag is set."""

    def sleep(seconds: float) -> None:
        flag.wait(seconds)

    return replace(clock, sleep=sleep)
