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


def error(means: str, lifted_by: str) -> Rule:
    return Rule(level=RuleLevel.ERROR, means=means, lifted_by=lifted_by)


def warning(means: str, lifted_by: str) -> Rule:
    return Rule(level=RuleLevel.WARNING, means=means, lifted_by=lifted_by)


def hold(means: str, lifted_by: str = "", *, acknowledgeable: bool = False) -> Rule:
    return Rule(
        level=RuleLevel.HOLD, means=means, lifted_by=lifted_by, acknowledgeable=acknowledgeable
    )


def released(level: RuleLevel, means: str, *, acknowledgeable: bool = False) -> Rule:
    return Rule(
        level=level,
        means=means,
        lifted_by="a release",
        releasable=True,
        acknowledgeable=acknowledgeable,
    )


def warn(means: str, lifted_by: str) -> Rule:
    return Rule(level=RuleLevel.WARN, means=means, lifted_by=lifted_by)


def ceiling(what: str) -> Rule:
    return Rule(
        level=RuleLevel.BLOCK,
        means=f"more {what} than the ceiling of the store allows",
        lifted_by="a raise with the number that the verdict names",
    )
