"""What policies find: a block stops the apply, a hold takes items out, a warning only tells."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.diagnostics import SourceMark
from reconciler.model.cause import Cause
from reconciler.model.field_path import FieldPath
from reconciler.model.rules import by_release
from reconciler.model.settings import RiskClass

NO_OPT_OUT: Final = "withdraw.not-planned"
NO_ERASURE: Final = "erasure.not-planned"
OWED: Final = (NO_OPT_OUT, NO_ERASURE)
"""What the specs ask for and the plan does not do, though it is owed to a person."""


class Level(StrEnum):
    """A block stops the apply, a hold takes one item out, a warn only tells."""

    BLOCK = "block"
    HOLD = "hold"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`lifted_by` is the exact flag or the thing to add; None where nothing lifts it. `raises` is
    the class and number of a ceiling's flag.

    `released` says that a person has lifted it for this plan; it then holds and blocks nothing.
    `fields` are the field changes that a hold or block takes out; empty for the whole customer.
    `acknowledged` says that somebody knows of what is asked for and not carried out. `cause` is
    told where the files at hand want it and the base does not. `out_of_date` says that the files
    want somebody in who is known to be out.
    """

    rule: str
    level: Level
    store: str
    message: str
    alias: str | None = None
    mark: SourceMark | None = None
    lifted_by: str | None = None
    released: bool = False
    fields: tuple[FieldPath, ...] = ()
    remote_ids: tuple[str, ...] = ()
    acknowledged: bool = False
    raises: tuple[RiskClass, int] | None = None
    cause: Cause | None = None
    out_of_date: bool = False

    @property
    def approval(self) -> str | None:
        """What lifts it where there is no command line, under `approvals` of the protected branch;
        None where no flag and no approval does.
        """
        if self.raises is not None:
            risk, number = self.raises
            return f"raise: {{{risk}: {number}}}"
        if self.lifted_by is not None and self.lifted_by == by_release(self.rule):
            return f"release: {self.rule}"
        return None

    @property
    def owed(self) -> bool:
        """Whether an opt-out or an erasure is asked for and not planned."""
        return self.rule in OWED

    @property
    def in_force(self) -> bool:
        return not self.released and self.level is not Level.WARN
