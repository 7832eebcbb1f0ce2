"""What lifts a limit, as a value: allowed by whom, where, why, until when, and whether needed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.diagnostics import SourceMark


class LiftKind(StrEnum):
    """The last two are limits and evidence rules of the specs that are not the default."""

    RAISE = "raise"
    RELEASE = "release"
    ACKNOWLEDGE = "acknowledge"
    LIMIT = "limit"
    POLICY = "policy"


class Origin(StrEnum):
    """Who lifts it: the command line, the specs at hand, or those of the base."""

    FLAG = "flag"
    SPECS = "specs"
    BASE = "base"


class LiftState(StrEnum):
    """What became of it in this plan; limits and policies are in force, needed or not."""

    USED = "used"
    UNUSED = "unused"
    EXPIRED = "expired"
    IN_FORCE = "in force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """`what` is a risk class, a rule or a setting; `store` None is for all of them.

    `customers` are the aliases of those it is for, None for everybody. `digest` is there for an
    approval, so that it can be found again where the plan is applied.
    """

    kind: LiftKind
    what: str
    origin: Origin
    state: LiftState
    value: str = ""
    store: str | None = None
    customers: tuple[str, ...] | None = None
    mark: SourceMark | None = None
    reason: str | None = None
    until: datetime | None = None
    digest: str | None = None
