"""Genstore as the registry knows it."""

from typing import TYPE_CHECKING, Final

from reconciler.model.customer import Learned
from reconciler.model.settings import StoreSettings
from reconciler.platforms.genstore.capabilities import GENSTORE
from reconciler.platforms.genstore.settings import check_settings
from reconciler.platforms.platform import Platform

if TYPE_CHECKING:
    from reconciler.platforms.base import Writer
    from reconciler.platforms.http import Session
    from reconciler.platforms.times import StoreTimes


def _connect(
    session: "Session", store: StoreSettings, times: "StoreTimes", learned: Learned
) -> "Writer":
    from reconciler.platforms.genstore.client import Genstore
    from reconciler.platforms.genstore.wire import ConsentVocabulary

    words = ConsentVocabulary(store.consent_words)
    for channel, state, word in learned.words:
        words.remember(channel, state, word)
    return Genstore(
        session,
        version=store.api_version,
        times=times,
        phone_region=store.phone_region,
        words=words,
    )


PLATFORM: Final = Platform(
    capabilities=GENSTORE,
    headers=lambda token: {
        "X-Genstore-Access-Token": token,
        "Content-Type": "application/json",
    },
    connect=_connect,
    check_settings=check_settings,
)
