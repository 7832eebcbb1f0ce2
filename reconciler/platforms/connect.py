"""A store's settings and token to a client that speaks its platform: one explicit table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.model.consent import Channel, ConsentState
from reconciler.model.settings import StoreSettings
from reconciler.platforms.base import Writer
from reconciler.platforms.genstore.client import Genstore
from reconciler.platforms.genstore.wire import Dictionary
from reconciler.platforms.http import Session
from reconciler.platforms.limiter import Limiter
from reconciler.platforms.shoplazza.client import Shoplazza
from reconciler.platforms.shopline.client import Shopline

Words = Iterable[tuple[Channel, ConsentState, str]]


@dataclass(frozen=True, slots=True)
class Connection:
    """A client and the session under it; close it when done."""

    client: Writer
    session: Session


def _genstore(session: Session, store: StoreSettings, words: Words) -> Writer:
    dictionary = Dictionary(store.consent_words)
    for channel, state, word in words:
        dictionary.seen[channel, state] = word
    return Genstore(session, version=store.api_version, timezone=store.timezone, words=dictionary)


def _shoplazza(session: Session, store: StoreSettings, words: Words) -> Writer:  # noqa: ARG001
    return Shoplazza(session, version=store.api_version, phone_region=store.phone_region)


def _shopline(session: Session, store: StoreSettings, words: Words) -> Writer:  # noqa: ARG001
    return Shopline(
        session, version=store.api_version, timezone=store.timezone, phone_region=store.phone_region
    )


_MAKE: Final[dict[str, Callable[[Session, StoreSettings, Words], Writer]]] = {
    "genstore": _genstore,
    "shoplazza": _shoplazza,
    "shopline": _shopline,
}
_HEADERS: Final[dict[str, Callable[[str], dict[str, str]]]] = {
    "genstore": lambda token: {"X-Genstore-Access-Token": token},
    "shoplazza": lambda token: {"access-token": token},
    "shopline": lambda token: {"Authorization": f"Bearer {token}"},
}


def connect(
    store: StoreSettings, *, base: str, token: str, limiter: Limiter, words: Words = ()
) -> Connection:
    """`base` is scheme and host as `hosts.base_url` allows it; `words` an earlier read's."""
    session = Session(
        store=store.name,
        base=base,
        headers=_HEADERS[store.platform](token),
        limiter=limiter,
    )
    return Connection(client=_MAKE[store.platform](session, store, words), session=session)
