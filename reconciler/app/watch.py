"""How far a command has come, for whoever shows it."""

from dataclasses import dataclass, field
from threading import Lock


@dataclass(frozen=True, slots=True)
class Stage:
    """`total` is None where nobody knows it; `unit` is what is counted, empty for nothing."""

    title: str
    unit: str = ""
    done: int = 0
    total: int | None = None

    def __str__(self) -> str:
        if not self.unit:
            return self.title
        of = "" if self.total is None else f" of {self.total:,}"
        return f"{self.title}: {self.done:,}{of} {self.unit}"


@dataclass(slots=True)
class Watch:
    """Safe for threads. What runs beside each other has a stage each, by title."""

    _stages: dict[str, Stage] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def at(self, title: str, unit: str = "", done: int = 0, total: int | None = None) -> None:
        with self._lock:
            self._stages[title] = Stage(title, unit, done, total)

    def ended(self, title: str) -> None:
        with self._lock:
            self._stages.pop(title, None)

    def stages(self) -> tuple[Stage, ...]:
        with self._lock:
            return tuple(self._stages.values())
