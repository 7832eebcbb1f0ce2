"""Why a change is needed: from these files, from an older plan, or from an edit in the store."""

from enum import StrEnum
from typing import Final, TypeAlias

from reconciler.model.field_path import FieldPath


class Cause(StrEnum):
    """In the order in which the cause of a customer's change is told, where there are several.

    A field is in this change where the base and the files at hand want it otherwise. One that both
    want alike is left over where the revision last applied wanted it otherwise, and drift where
    that wanted it so too; where no such revision is known it is not in sync. An opt-out that
    another store of the controller showed needs no base to tell.
    """

    THIS_CHANGE = "this change"
    LEFT_OVER = "left over"
    DRIFT = "drift"
    NOT_IN_SYNC = "not in sync"
    CONTROLLER = "controller"


Causes: TypeAlias = tuple[tuple[FieldPath, Cause], ...]
NO_CAUSES: Final[Causes] = ()
