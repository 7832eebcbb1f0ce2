"""What `doctor` finds: values that say where, how bad, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`untold`: it cannot be told from here. `fail`: plan or apply would fail, or a record that is
    to prove something does not.
    """

    OK = "ok"
    UNTOLD = "untold"
    WARN = "warn"
    FAIL = "fail"


class Purpose(StrEnum):
    """What the token at hand is meant for."""

    PLAN = "plan"
    APPLY = "apply"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`check` is what was looked at, in a word or two; `advice` is empty where nothing is to do.
    Neither holds a person's data or a secret.
    """

    check: str
    level: Level
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCheckup:
    """One store, with how many requests it took."""

    name: str
    platform: str
    findings: tuple[Finding, ...]
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """`folder` is about the specs, the state folder and this machine."""

    folder: tuple[Finding, ...]
    stores: tuple[StoreCheckup, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.folder, *(one for store in self.stores for one in store.findings))

    @property
    def failed(self) -> bool:
        return any(one.level is Level.FAIL for one in self.findings)
