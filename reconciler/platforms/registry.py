"""All platforms: those of this program, and those that installed packages add.

A package adds one by an entry point of the group `reconciler.platforms`, whose name is the
platform's and whose object is a `Platform`. Packages are looked through only where a platform is
named that is none of ours, or all of them are asked for: it takes longer than to check small specs.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, TypeVar

from reconciler import schemas
from reconciler.errors import ConfigError
from reconciler.model.capabilities import Capabilities
from reconciler.model.settings import CheckSettings
from reconciler.platforms.genstore.platform import PLATFORM as GENSTORE
from reconciler.platforms.platform import Platform
from reconciler.platforms.shoplazza.platform import PLATFORM as SHOPLAZZA
from reconciler.platforms.shopline.platform import PLATFORM as SHOPLINE

T = TypeVar("T")

GROUP: Final = "reconciler.platforms"
_OWN: Final = {one.capabilities.platform: one for one in (GENSTORE, SHOPLAZZA, SHOPLINE)}


def is_ours(name: str) -> bool:
    """Whether a platform is one of this program, and not of a package that may change by itself."""
    return name in _OWN


@cache
def _all() -> Mapping[str, Platform]:
    """Raises `ConfigError` where a package adds what is no platform, or one of ours again."""
    from importlib.metadata import entry_points

    found = dict(_OWN)
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


class _ByName(Mapping[str, T]):
    """A part of each platform. Raises `ConfigError` where a package adds none that can be used."""

    def __init__(self, part: Callable[[Platform], T]) -> None:
        self._part = part

    def __getitem__(self, name: str) -> T:
        return self._part(_OWN[name] if name in _OWN else _all()[name])

    def __iter__(self) -> Iterator[str]:
        return iter(_all())

    def __len__(self) -> int:
        return len(_all())


PLATFORMS: Final[Mapping[str, Platform]] = _ByName(lambda one: one)
TABLES: Final[Mapping[str, Capabilities]] = _ByName(lambda one: one.capabilities)
CHECKS: Final[Mapping[str, CheckSettings]] = _ByName(lambda one: one.check_settings)
schemas.know_platforms(lambda: tuple(PLATFORMS))
