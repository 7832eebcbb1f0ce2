"""All platforms: those of this program, and those that installed packages add.

A package adds one by an entry point of the group `reconciler.platforms`, whose name is the
platform's and whose object is a `Platform`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from reconciler import schemas
from reconciler.errors import ConfigError
from reconciler.model.capabilities import Capabilities
from reconciler.model.customer import NOTHING_LEARNED, Learned
from reconciler.model.settings import CheckSettings, StoreSettings
from reconciler.platforms.genstore.platform import PLATFORM as GENSTORE
from reconciler.platforms.platform import Platform
from reconciler.platforms.shoplazza.platform import PLATFORM as SHOPLAZZA
from reconciler.platforms.shopline.platform import PLATFORM as SHOPLINE

if TYPE_CHECKING:
    from reconciler.platforms.base import Writer
    from reconciler.platforms.http import Session
    from reconciler.platforms.limiter import Limiter

GROUP: Final = "reconciler.platforms"
_OWN: Final = (GENSTORE, SHOPLAZZA, SHOPLINE)


def _all() -> Mapping[str, Platform]:
    """Raises `ConfigError` where a package adds what is no platform, or one of ours again."""
    found = {one.capabilities.platform: one for one in _OWN}
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            made = point.load()
        except Exception as error:  # a stranger's module may raise anything
            raise _unusable(point.name, f"it cannot be loaded ({type(error).__name__})") from error
        if not isinstance(made, Platform) or made.capabilities.platform != point.name:
            raise _unusable(point.name, "it is no Platform of that name")
        if point.name in found:
            raise _unusable(point.name, "there is one of that name already")
        found[point.name] = made
    return MappingProxyType(found)


def _unusable(name: str, why: str) -> ConfigError:
    return ConfigError(
        f"an installed package adds a platform {name!r} that cannot be used: {why}",
        hint=f"mend or remove the package with this entry point of {GROUP}",
    )


PLATFORMS: Final = _all()
TABLES: Final[Mapping[str, Capabilities]] = {
    name: one.capabilities for name, one in PLATFORMS.items()
}
CHECKS: Final[Mapping[str, CheckSettings]] = {
    name: one.check_settings for name, one in PLATFORMS.items()
}
schemas.know_platforms(tuple(PLATFORMS))


@dataclass(frozen=True, slots=True)
class Connection:
    """A client and the session under it; close it when done."""

    client: "Writer"
    session: "Session"


def connect(
    store: StoreSettings,
    *,
    base: str,
    token: str,
    limiter: "Limiter",
    learned: Learned = NOTHING_LEARNED,
) -> Connection:
    """`base` is scheme and host as `trusted_hosts.base_url` allows it; `learned` is an earlier
    reading's.
    """
    from reconciler.platforms.guard import Guarded
    from reconciler.platforms.http import Session
    from reconciler.platforms.times import StoreTimes

    platform = PLATFORMS[store.platform]
    began = limiter.clock.now()
    times = StoreTimes(store.timezone, lambda: began, day_first=learned.day_first)
    session = Session(
        store=store.name,
        base=base,
        headers=platform.headers(token),
        limiter=limiter,
        judge=platform.judge,
        cost_of=platform.cost_of,
    )
    client = platform.connect(session, store, times, learned)
    return Connection(client=Guarded(client, session), session=session)
