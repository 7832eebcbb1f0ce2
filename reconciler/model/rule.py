"""What a rule is: how much it weighs, what it means, and what lifts it."""

from dataclasses import dataclass
from enum import StrEnum


class RuleLevel(StrEnum):
    """What a rule does where it holds; the first two are of `validate`, the others of a plan."""

    ERROR = "error"
    WARNING = "warning"
    BLOCK = "block"
    HOLD = "hold"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`lifted_by` is empty where nothing lifts it. `releasable`: a person may lift it for one plan;
    `acknowledgeable`: it may keep an opt-out or an erasure from being carried out, and be known of.
    """

    level: RuleLevel
    means: str
    lifted_by: str = ""
    releasable: bool = False
    acknowledgeable: bool = False
