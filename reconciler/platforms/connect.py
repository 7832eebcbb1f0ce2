"""A store's settings and token to a client that speaks its platform: one explicit table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reconciler.model.customer import NOTHING_LEARNED, Learned
from reconciler.model.settings import StoreSettings
from reconciler.platforms.base import Writer
from reconciler.platforms.genstore.client import Genstore
from reconciler.platforms.genstore.wire import ConsentVocabulary
from reconciler.platforms.guard import Guarded
from reconciler.platforms.http import Session
from reconciler.platforms.limiter import Limiter
from reconciler.platforms.shoplazza.client import Shoplazza
from reconciler.platforms.shopline.client import Shopline
from reconciler.platforms.times import StoreTimes


@dataclass(frozen=True, slots=True)
class Connection:
    """A client and the session under it; close it when done."""

    client: Writer
    session: Session


def _genstore(
    session: Session, store: StoreSettings, times: StoreTimes, learned: Learned
) -> Writer:
    dictionary = ConsentVocabulary(store.consent_words)
    for channel, state, word in learned.words:
        dictionary.remember(channel, state, word)
    return Genstore(
        session,
        version=store.api_version,
        times=times,
        phone_region=store.phone_region,
        words=dictionary,
    )


def _shoplazza(
    session: Session,
    store: StoreSettings,
    times: StoreTimes,  # noqa: ARG001 -- it tells no times of consents
    learned: Learned,  # noqa: ARG001
) -> Writer:
    return Shoplazza(session, version=store.api_version, phone_region=store.phone_region)


def _shopline(
    session: Session,
    store: StoreSettings,
    times: StoreTimes,
    learned: Learned,  # noqa: ARG001 -- the times know
) -> Writer:
    return Shopline(
        session, version=store.api_version, times=times, phone_region=store.phone_region
    )


_MAKE: Final[dict[str, Callable[[Session, StoreSettings, StoreTimes, Learned], Writer]]] = {
    "genstore": _genstore,
    "shoplazza": _shoplazza,
    "shopline": _shopline,
}
_HEADERS: Final[dict[str, Callable[[str], dict[str, str]]]] = {
    "genstore": lambda token: {
        "X-Genstore-Access-Token": token,
        "Content-Type": "application/json",
    },
    "shoplazza": lambda token: {"access-token": token},
    # Documented for every call, those without a body included.
    "shopline": lambda token: {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json; charset=utf-8",
    },
}


def connect(
    store: StoreSettings,
    *,
    base: str,
    token: str,
    limiter: Limiter,
    learned: Learned = NOTHING_LEARNED,
) -> Connection:
    """`base` is scheme and host as `hosts.base_url` allows it; `learned` is an earlier read's."""
    began = limiter.clock.now()
    times = StoreTimes(store.timezone, lambda: began, day_first=learned.day_first)
    session = Session(
        store=store.name,
        base=base,
        headers=_HEADERS[store.platform](token),
        limiter=limiter,
    )
    client = _MAKE[store.platform](session, store, times, learned)
    return Connection(client=Guarded(client, session), session=session)
