"""The one real clock; everything that needs the time takes a Clock as an argument."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """`now` gives aware UTC, `monotonic` never runs backwards, `sleep` takes seconds."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


def system_clock() -> Clock:
    return Clock(
        now=lambda: datetime.now(UTC),  # noqa: TID251 -- the one place
        monotonic=time.monotonic,
        sleep=time.sleep,  # noqa: TID251 -- the one place
    )
