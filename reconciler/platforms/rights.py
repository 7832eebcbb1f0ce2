"""What a token may do, as far as a platform tells."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.model.settings import StoreSettings

if TYPE_CHECKING:
    from reconciler.platforms.http import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Each None where the platform does not tell; `searches` is whether it may look people up."""

    reads: bool | None = None
    writes: bool | None = None
    searches: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """The platform's names for what a token needs to read and to write customers."""

    read: str
    write: str


UNTOLD: Final = Rights()
TellRights: TypeAlias = "Callable[[Session, StoreSettings], Rights]"


def untold(session: "Session", store: StoreSettings) -> Rights:  # noqa: ARG001
    """Where no endpoint tells, and nothing is asked."""
    return UNTOLD
