"""What policies find: a block stops the apply, a hold takes items out, a warning only tells."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.diagnostics import SourceMark


class Level(StrEnum):
    BLOCK = "block"
    HOLD = "hold"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`lifted_by` is the exact flag or the thing to add; None where nothing lifts it.

    `released` says that a person has lifted it for this plan; it then holds and blocks nothing.
    `fields` are the field changes that a hold or block takes out; empty for the whole customer.
    """

    rule: str
    level: Level
    store: str
    message: str
    alias: str | None = None
    mark: SourceMark | None = None
    lifted_by: str | None = None
    released: bool = False
    fields: tuple[str, ...] = ()
    remote_ids: tuple[str, ...] = ()

    @property
    def in_force(self) -> bool:
        return not self.released and self.level is not Level.WARN
