"""What a store answers, and what a platform makes of it beyond the status.

Some platforms say all in the body: with a 200 they refuse, ask to slow down or withhold a right,
and tell what a request has cost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`headers` are in lower case."""

    body: Any
    link: str | None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Fate(StrEnum):
    """What became of a request that was not carried out as asked.

    `stopped`: nothing more may be sent in this run. `not_found`, `refused` and `throttled`: nothing
    was done; the last is asked again. `costly`: nothing was done, and less at once may be.
    `failed`: a read is asked again, and of a write nobody knows.
    """

    STOPPED = "stopped"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    THROTTLED = "throttled"
    COSTLY = "costly"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`message` and `hint` are for people and hold nothing that the store said; empty is the usual
    text. `retry_after` is in seconds, where the store told it.
    """

    fate: Fate
    message: str = ""
    hint: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """All in requests of the usual cost, in which a store's rate is given too.

    `spent` is what this one took, `left` what the store says may be sent at once now, `per_second`
    what comes back.
    """

    spent: float = 1.0
    left: float | None = None
    per_second: float | None = None


Judge: TypeAlias = Callable[[Answer], Judgement | None]
CostOf: TypeAlias = Callable[[Answer], Cost | None]
