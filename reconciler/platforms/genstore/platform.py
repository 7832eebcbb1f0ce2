"""Genstore as the registry knows it."""

from typing import TYPE_CHECKING, Final

from reconciler.model.customer import Learned
from reconciler.model.settings import StoreSettings
from reconciler.platforms.genstore.capabilities import GENSTORE
from reconciler.platforms.genstore.settings import check_settings
from reconciler.platforms.platform import Platform
from reconciler.platforms.rights import UNTOLD, Rights, Scopes

if TYPE_CHECKING:
    from reconciler.platforms.base import Writer
    from reconciler.platforms.http import Session
    from reconciler.platforms.times import StoreTimes

_SCOPES: Final = Scopes(read="read_customers", write="write_customers")


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


def _rights(session: "Session", store: StoreSettings) -> Rights:
    """Its search needs the scope to write. The list of scopes comes as a text that holds one."""
    from reconciler.platforms.coerce import as_written_tags

    path = f"/api/{store.api_version}/oauth2/access_scopes"
    body = session.get(path, (), "reading the token's scopes").body
    told = as_written_tags(body.get("accessScopes")) if isinstance(body, dict) else None
    if told is None:
        return UNTOLD
    writes = _SCOPES.write in told
    return Rights(reads=writes or _SCOPES.read in told, writes=writes, searches=writes)


PLATFORM: Final = Platform(
    capabilities=GENSTORE,
    headers=lambda token: {
        "X-Genstore-Access-Token": token,
        "Content-Type": "application/json",
    },
    connect=_connect,
    check_settings=check_settings,
    scopes=_SCOPES,
    rights=_rights,
)
