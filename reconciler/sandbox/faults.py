"""Faults on demand: what goes wrong, on which request, and how often."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

FaultKind = Literal[
    "status",
    "status_after",
    "html",
    "drop_before",
    "drop_after",
    "truncate",
    "hang",
    "slow",
    "redirect",
    "link",
    "rewrite",
    "late",
    "edit_before",
    "edit_after",
]
KINDS: tuple[str, ...] = get_args(FaultKind)
# What somebody else does meanwhile: with the shop at hand, or fields of one customer by its `id`.
Edit = Callable[[Any], object] | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """Which requests a fault may hit."""

    method: str | None
    path: str | None

    def covers(self, method: str, path: str) -> bool:
        if self.method is not None and self.method.upper() != method:
            return False
        return self.path is None or re.search(self.path, path) is not None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    It counts the requests that `method` and `path` (a regular expression, searched) cover, and hits
    `times` of them from the `nth` on. `headers` go with a `status`. Kinds:

    - `status` answers instead of working; `status_after` works first, `html` is a proxy's 502 page;
    - `drop_before` and `drop_after` close the connection without an answer;
    - `truncate` works, then sends half of the body under its full length;
    - `hang` waits `seconds` without work and closes; `slow` waits and goes on;
    - `redirect` answers 302 to the address in `body`, `link` puts that host in the link header;
    - `rewrite` works, then puts `put` for whatever the regular expression `find` meets in the body;
    - `late` hides what the request wrote from lists and searches for `seconds`;
    - `edit_before` and `edit_after` let somebody else edit, before or after the request's own work.
    """

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    nth: int = 1
    times: int = 1
    status: int = 500
    body: Any = None
    retry_after: float | None = None
    seconds: float = 0.0
    edit: Edit | None = None
    find: str = ""
    put: str = ""
    headers: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                f"fault kind {self.kind!r} is not known; use one of {', '.join(KINDS)}"
            )
        if self.kind.startswith("edit_") and self.edit is None:
            raise ValueError(f"fault {self.kind!r} has no edit; pass edit=a callable or a mapping")


class FaultList:
    """The armed faults with what each has counted so far."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._counts: list[int] = []

    def arm(self, fault: Fault) -> None:
        self._faults.append(fault)
        self._counts.append(0)

    def clear(self) -> None:
        self._faults.clear()
        self._counts.clear()

    def hits(self, method: str, path: str) -> tuple[Fault, ...]:
        """Count this request and return the faults that hit it, in the order they were armed."""
        hit = []
        for position, fault in enumerate(self._faults):
            if not _Where(method=fault.method, path=fault.path).covers(method, path):
                continue
            self._counts[position] += 1
            if fault.nth <= self._counts[position] < fault.nth + fault.times:
                hit.append(fault)
        return tuple(hit)


def first(faults: Iterable[Fault], *kinds: str) -> Fault | None:
    """Return the first fault of one of the kinds."""
    return next((fault for fault in faults if fault.kind in kinds), None)
