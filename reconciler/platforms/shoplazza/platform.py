"""Shoplazza as the registry knows it."""

from typing import TYPE_CHECKING, Final

from reconciler.model.customer import Learned
from reconciler.model.settings import StoreSettings
from reconciler.platforms.platform import Platform
from reconciler.platforms.rights import Scopes
from reconciler.platforms.shoplazza.capabilities import SHOPLAZZA

if TYPE_CHECKING:
    from reconciler.platforms.base import Writer
    from reconciler.platforms.http import Session
    from reconciler.platforms.times import StoreTimes


def _connect(
    session: "Session",
    store: StoreSettings,
    times: "StoreTimes",  # noqa: ARG001 -- it tells no times of consents
    learned: Learned,  # noqa: ARG001
) -> "Writer":
    from reconciler.platforms.shoplazza.client import Shoplazza

    return Shoplazza(session, version=store.api_version, phone_region=store.phone_region)


PLATFORM: Final = Platform(
    capabilities=SHOPLAZZA,
    headers=lambda token: {"access-token": token},
    connect=_connect,
    scopes=Scopes(read="read_customer", write="write_customer"),
)
