"""What the headers of a store's answers tell: how its clock differs, and how it counts requests.

A stranger writes them, so only what is known is shown: names of known words, and small numbers.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from reconciler.model.finding import Finding, Level
from reconciler.platforms.http_date import http_date

_FAR_OFF: Final = timedelta(minutes=1)
_OF_RATE: Final = frozenset(
    ("rate", "ratelimit", "limit", "limits", "quota", "remaining", "bucket", "throttle")
)
_KNOWN: Final = _OF_RATE | {
    *("x", "api", "app", "shop", "store", "client", "user", "call", "calls", "request", "requests"),
    *("retry", "after", "reset", "used", "available", "maximum", "max", "minimum", "min", "cost"),
    *("per", "second", "minute", "policy", "window", "restore"),
}
_NUMBERS: Final = re.compile(r"\d{1,5}(?:\.\d{1,3})?(?:[/,; =]+\d{1,5}(?:\.\d{1,3})?){0,2}")
_MOST: Final = 6


@dataclass(slots=True)
class AnswerHeaders:
    """Those of the last answer that had any of a kind. `platform` may stand in names."""

    platform: str
    now: Callable[[], datetime]
    difference: timedelta | None = None
    rate: dict[str, str] = field(default_factory=dict)

    def hear(self, headers: Mapping[str, str]) -> None:
        told = http_date(headers.get("date", ""))
        if told is not None:
            self.difference = told - self.now()
        for name, value in headers.items():
            words = set(name.lower().split("-"))
            if words & _OF_RATE and words <= _KNOWN | {self.platform} and len(self.rate) < _MOST:
                self.rate[name.lower()] = value if _NUMBERS.fullmatch(value) else "…"

    def findings(self) -> Iterator[Finding]:
        yield self._clock()
        if self.rate:
            told = ", ".join(f"{name}: {value}" for name, value in sorted(self.rate.items()))
            yield Finding(check="rate", level=Level.OK, message=told)
        else:
            yield Finding(
                check="rate",
                level=Level.UNTOLD,
                message="the store's answers do not tell how it counts requests",
            )

    def _clock(self) -> Finding:
        if self.difference is None:
            return Finding(
                check="clock", level=Level.UNTOLD, message="the store's answers tell no time"
            )
        seconds = self.difference.total_seconds()
        if abs(self.difference) <= _FAR_OFF:
            told = f"the store's differs by {abs(seconds):.0f} s"
            return Finding(check="clock", level=Level.OK, message=told)
        way = "ahead of" if seconds > 0 else "behind"
        return Finding(
            check="clock",
            level=Level.WARN,
            message=f"the store's is {_long(self.difference)} {way} the one of this machine",
            advice="set the clock of this machine: which consent is newer, when a plan expires and "
            "when approvals end is told by it",
        )


def _long(difference: timedelta) -> str:
    seconds = abs(difference.total_seconds())
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172800 else f"{seconds / 86400:.0f} days"
