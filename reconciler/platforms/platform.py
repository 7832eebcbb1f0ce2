"""What makes a platform known here: one object, in a folder of ours or in a package of others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import Learned
from reconciler.model.settings import CheckSettings, SettingsComplaint, StoreSettings
from reconciler.platforms.rights import Scopes, TellRights, untold

if TYPE_CHECKING:
    from reconciler.platforms.answer import Answer, CostOf, Judge
    from reconciler.platforms.base import Writer
    from reconciler.platforms.http import Session
    from reconciler.platforms.times import StoreTimes

Connect: TypeAlias = "Callable[[Session, StoreSettings, StoreTimes, Learned], Writer]"


def _nothing_wrong(store: StoreSettings) -> tuple[SettingsComplaint, ...]:  # noqa: ARG001
    return ()


def believed(answer: "Answer") -> None:
    """Where an answer with a good status is one."""


def uncounted(answer: "Answer") -> None:
    """Where every request counts as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """`headers` gives those of every request, from the token. `connect` makes a client that speaks
    through the session; the times are in the store's zone, and what was learned is an earlier
    reading's. `check_settings` says, offline, what is wrong with a store's settings. `judge` says
    of an answer with a good status where it is none all the same, `cost_of` what it has cost.
    `scopes` are what a token needs, where they have names; `rights` asks what it has, with one
    request at most, and may raise `PlatformError`.
    """

    capabilities: Capabilities
    headers: Callable[[str], Mapping[str, str]]
    connect: Connect
    check_settings: CheckSettings = _nothing_wrong
    judge: "Judge" = believed
    cost_of: "CostOf" = uncounted
    scopes: Scopes | None = None
    rights: TellRights = untold
